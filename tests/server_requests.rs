//! Whole requests in any combination, and bytes that are none, over a real socket: never a failure of the server, never a
//! hang, and every refusal a whole SCIM Error. More of them: `PROPTEST_CASES=20000 cargo test --release --test
//! server_requests`.

mod server_target;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use scimulate::server::{self, Config, Running};
use serde_json::{Value, json};
use server_target::{TOKEN, okta_user, patch_op};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// The end of a test whose server hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request that HTTP allows.
#[derive(Clone, Debug)]
struct Sent {
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    chunked: bool,
}

impl Sent {
    fn bytes(&self) -> Vec<u8> {
        let framing = if self.chunked {
            "Transfer-Encoding: chunked".to_owned()
        } else {
            format!("Content-Length: {}", self.body.len())
        };
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        if self.chunked {
            for part in self.body.chunks(7) {
                bytes.extend([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(&self.body);
        }
        bytes
    }
}

fn method() -> impl Strategy<Value = String> {
    let known = prop_oneof![
        4 => Just("GET"), 4 => Just("POST"), 4 => Just("PATCH"), 2 => Just("PUT"), 2 => Just("DELETE"),
        1 => Just("HEAD"), 1 => Just("OPTIONS"), 1 => Just("TRACE"),
    ];
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => "[A-Z]{1,8}"]
}

fn target() -> impl Strategy<Value = String> {
    let endpoint = prop_oneof![
        6 => Just("/Users"), 4 => Just("/Groups"), 1 => Just("/.search"), 1 => Just("/Users/.search"),
        1 => Just("/ServiceProviderConfig"), 1 => Just("/ResourceTypes"), 1 => Just("/Schemas"), 1 => Just("/Bulk"),
        1 => Just("/Me"), 1 => Just("/Roles"), 1 => Just(""),
    ];
    let id = prop_oneof![
        3 => Just("/known-user".to_owned()), 3 => Just("/known-group".to_owned()),
        1 => "/[A-Za-z0-9._~%:@!$&'()*+,;=-]{0,12}", 1 => "(/[a-z%0-9.]{0,4}){1,3}",
    ];
    let name = prop_oneof![
        Just("filter"),
        Just("startIndex"),
        Just("count"),
        Just("sortBy"),
        Just("sortOrder"),
        Just("attributes"),
        Just("excludedAttributes"),
        Just("x"),
    ];
    let value = prop_oneof![
        Just("userName%20eq%20%22known%22".to_owned()),
        Just("members.value+pr".to_owned()),
        Just("emails%5Btype+eq+%22work%22%5D".to_owned()),
        Just("name,meta.created".to_owned()),
        "-?[0-9]{1,30}",
        "[A-Za-z0-9._~%:@!$'()*+,;/?-]{0,30}",
    ];
    let query = vec((name, value), 0..4)
        .prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
    let base = prop_oneof![9 => Just("/scim/v2".to_owned()), 1 => "(/[a-z0-9]{0,5}){1,2}"];
    (base, endpoint, of(id), of(query)).prop_map(|(base, endpoint, id, query)| {
        let path = format!("{base}{endpoint}{}", id.unwrap_or_default());
        let path = if path.is_empty() { "/".to_owned() } else { path };
        query.map_or(path.clone(), |query| format!("{path}?{query}"))
    })
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let media = prop_oneof![
        4 => Just(b"application/scim+json".to_vec()), 2 => Just(b"application/json; charset=utf-8".to_vec()),
        1 => Just(b"text/plain".to_vec()), 1 => anything(),
    ];
    let accept = prop_oneof![
        2 => Just(b"application/scim+json".to_vec()), 2 => Just(b"*/*;q=0.1, text/html".to_vec()), 1 => anything(),
    ];
    let authorization = prop_oneof![9 => Just(format!("Bearer {TOKEN}").into_bytes()), 1 => Just(b"Basic Og==".to_vec()), 1 => anything()];
    let name = prop_oneof![
        Just("If-Match"),
        Just("If-None-Match"),
        Just("Accept-Encoding"),
        Just("Content-Encoding"),
        Just("Cookie"),
        Just("X-HTTP-Method-Override"),
        Just("Range"),
        Just("Authorization"),
        Just("X-Odd"),
    ];
    let others = vec((name, anything()), 0..3);
    (of(media), of(accept), prop_oneof![9 => authorization.prop_map(Some), 1 => Just(None)], others).prop_map(
        |(media, accept, authorization, others)| {
            let first = [("Content-Type", media), ("Accept", accept), ("Authorization", authorization)];
            let first = first.into_iter().filter_map(|(name, value)| Some((name, value?)));
            first.chain(others).collect()
        },
    )
}

/// Bytes that a header may hold.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![9 => 0x20_u8..0x7f, 1 => 0x80_u8..=0xff], 0..30)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = || {
        prop_oneof![
            Just("schemas"),
            Just("userName"),
            Just("displayName"),
            Just("emails"),
            Just("members"),
            Just("value"),
            Just("type"),
            Just("active"),
            Just("name"),
            Just("Operations"),
            Just("op"),
            Just("path"),
            Just("id"),
            Just("meta"),
            Just("filter"),
            Just("count"),
            Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        "(add|remove|replace|known-user|known-group|[a-z.]{1,6})".prop_map(Value::from),
        Just(json!(["urn:ietf:params:scim:schemas:core:2.0:User"])),
        Just(json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"])),
    ];
    let value = leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), vec((name(), inner), 0..5).prop_map(object)]
    });
    // Something right, one member of which is something else.
    let right = prop_oneof![
        Just(okta_user("new")),
        Just(json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"new"})),
        Just(patch_op(json!([{"op":"replace","value":{"active":false}}]))),
        Just(patch_op(json!([{"op":"add","path":"members","value":[{"value":"known-user"}]}]))),
    ];
    let bent =
        (right.clone(), any::<prop::sample::Index>(), of(value.clone())).prop_map(|(mut right, index, other)| {
            if let (Some(members), Some(other)) = (right.as_object_mut(), other) {
                let name = members.keys().nth(index.index(members.len())).cloned().unwrap_or_default();
                members.insert(name, other);
            }
            right
        });
    let text = prop_oneof![2 => value.clone(), 2 => bent, 1 => right].prop_map(|value| value.to_string().into_bytes());
    let cut = (text.clone(), any::<prop::sample::Index>()).prop_map(|(mut text, index)| {
        text.truncate(index.index(text.len() + 1));
        text
    });
    prop_oneof![6 => text, 1 => cut, 1 => vec(any::<u8>(), 0..200), 1 => Just(Vec::new())]
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
}

fn sent() -> impl Strategy<Value = Sent> {
    (method(), target(), headers(), body(), any::<bool>()).prop_map(|(method, target, headers, body, chunked)| Sent {
        method,
        target,
        headers,
        body,
        chunked,
    })
}

async fn started() -> Running {
    let resources = vec![
        json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"known-user","userName":"known",
            "emails":[{"value":"a@example.com","type":"work"}],"active":true}),
        json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"known-group","displayName":"known",
            "members":[{"value":"known-user"}]}),
    ];
    server::start(Config { token: TOKEN.into(), resources, ..Config::default() }).await.unwrap()
}

async fn connected(server: &Running) -> TcpStream {
    let stream = TcpStream::connect(server.base_url.split('/').nth(2).unwrap()).await.unwrap();
    // Thousands of connections that have ended would use up the ports of this machine.
    stream.set_zero_linger().unwrap();
    stream
}

/// The answers to these requests, sent one after the other over one connection for as long as the server keeps it.
async fn answers(server: &Running, requests: &[Sent]) -> Vec<Vec<u8>> {
    let (mut kept, mut all) = (None, Vec::new());
    for sent in requests {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => connected(server).await,
        };
        stream.write_all(&sent.bytes()).await.unwrap();
        let answer = timeout(PATIENCE, one_answer(&mut stream, sent.method == "HEAD")).await.expect("the server hangs");
        if !read(&answer).1.contains("connection: close") {
            kept = Some(stream);
        }
        all.push(answer);
    }
    all
}

async fn one_answer(stream: &mut TcpStream, bare: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.expect("a whole head"));
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; if bare { 0 } else { length.unwrap_or(0) }];
    stream.read_exact(&mut body).await.expect("a whole body");
    [bytes, body].concat()
}

/// Everything that comes for these bytes until the server closes. They have an end, or the rest would be waited for.
async fn whatever_comes(server: &Running, bytes: &[u8]) -> Vec<u8> {
    let (mut stream, mut come) = (connected(server).await, Vec::new());
    let exchange = async {
        // A refusal may come, and the connection close, before everything was sent.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut come).await;
    };
    timeout(PATIENCE, exchange).await.expect("the server hangs");
    come
}

/// Status, head and body.
fn read(answer: &[u8]) -> (u16, String, &[u8]) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).expect("a head of text");
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|head| head[..3].parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), &answer[end + 4..])
}

/// What must hold of every answer to a request that HTTP allows.
fn judged(sent: &Sent, answer: &[u8]) {
    let (status, head, body) = read(answer);
    assert!((200..500).contains(&status) || status == 501, "{head}");
    assert!(!(300..400).contains(&status), "{head}");
    if sent.method == "HEAD" || status == 204 {
        assert!(body.is_empty(), "{head}");
        return;
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {head}"));
    assert!(head.contains("content-type: application/scim+json"), "{head}");
    if status >= 400 {
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{body}");
    }
    assert_eq!(status == 401, head.contains("www-authenticate:"), "{head}");
    assert_eq!(status == 405, head.contains("allow:"), "{head}");
    if status == 201 {
        assert!(head.contains("location: ") && body["id"].is_string(), "{head} {body}");
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(server_target::cases(100))]

    #[test]
    fn whole_requests_are_answered_or_refused_as_scim_says(requests in vec(sent(), 1..6)) {
        runtime().block_on(async {
            let server = started().await;
            for (sent, answer) in requests.iter().zip(answers(&server, &requests).await) {
                judged(sent, &answer);
            }
        });
    }

    #[test]
    fn bytes_that_are_no_request_harm_nobody(
        mut bytes in prop_oneof![1 => vec(any::<u8>(), 0..300), 3 => sent().prop_map(|sent| sent.bytes())],
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in of(any::<prop::sample::Index>()),
    ) {
        for (index, byte) in changes {
            if let Some(place) = (!bytes.is_empty()).then(|| index.index(bytes.len())) {
                bytes[place] = byte;
            }
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len() + 1));
        }
        runtime().block_on(async {
            let server = started().await;
            let answer = whatever_comes(&server, &bytes).await;
            if !answer.is_empty() {
                let (status, head, _) = read(&answer);
                assert!((100..500).contains(&status) || status == 501 || status == 505, "{head}");
            }
            let next = Sent {
                method: "GET".into(),
                target: "/scim/v2/ServiceProviderConfig".into(),
                headers: Vec::new(),
                body: Vec::new(),
                chunked: false,
            };
            assert_eq!(read(&answers(&server, &[next]).await[0]).0, 200);
        });
    }
}
