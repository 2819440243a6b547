//! Requests per second of the reference server beside PyPI scim2-server, in one run: `cargo bench --bench
//! reference_server`. One keep-alive client, one request at a time. The second server is started by its script under
//! `tests/interop/servers/`; without Python only our own figures are shown.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long each measurement lasts.
const TIME: Duration = Duration::from_millis(1500);

fn main() {
    println!("| operation | reference server, requests/s | scim2-server 0.8.3, requests/s | ratio |");
    println!("|---|---|---|---|");
    let ours = Server::ours(0);
    let theirs = Server::theirs();
    for (name, measure) in OPERATIONS {
        let (fast, slow) = (measure(&ours), theirs.as_ref().map(measure));
        let (slow, ratio) = slow.map_or_else(
            || ("not installed".to_owned(), "-".to_owned()),
            |slow| (format!("{slow:.0}"), format!("{:.0}", fast / slow)),
        );
        println!("| {name} | {fast:.0} | {slow} | {ratio} |");
    }
    drop((ours, theirs));
    println!("\n| look-up by userName | requests/s | slower than at 1,000 |");
    println!("|---|---|---|");
    let rates: Vec<(usize, f64)> = [1_000, 100_000].map(|users| (users, lookup_among(users))).to_vec();
    for (users, rate) in &rates {
        println!("| {users} users | {rate:.0} | {:.2} |", rates[0].1 / rate);
    }
}

type Measure = fn(&Server) -> f64;
const OPERATIONS: [(&str, Measure); 3] =
    [("look-up by userName among 200", lookup), ("create a user", create), ("add a member, answered 204", add_member)];

fn lookup(server: &Server) -> f64 {
    let mut client = Client::new(server);
    for n in 0..200 {
        client.send("POST", "/Users", &user(&format!("lookup{n}")));
    }
    rate(|n| {
        let name = n % 200;
        let path = format!("/Users?filter=userName%20eq%20%22lookup{name}%40example.com%22&startIndex=1&count=100");
        let answer = client.send("GET", &path, "");
        assert!(answer.contains("\"totalResults\":1") || answer.contains("\"totalResults\": 1"), "{answer}");
    })
}

fn create(server: &Server) -> f64 {
    let mut client = Client::new(server);
    rate(|n| {
        let answer = client.send("POST", "/Users", &user(&format!("create{n}")));
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 201 "), "{answer}");
    })
}

fn add_member(server: &Server) -> f64 {
    let mut client = Client::new(server);
    let ids: Vec<String> = (0..500).map(|n| id(&client.send("POST", "/Users", &user(&format!("member{n}"))))).collect();
    let mut group = String::new();
    rate(|n| {
        // Every add changes something: a group that holds everybody is followed by a new one.
        if n % ids.len() == 0 {
            let body =
                format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"bench {n}"}}"#);
            group = id(&client.send("POST", "/Groups", &body));
        }
        let id = &ids[n % ids.len()];
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}]}}"#
        );
        let answer = client.send("PATCH", &format!("/Groups/{group}"), &body);
        assert!(answer.contains(" 204 "), "{answer}");
    })
}

fn lookup_among(users: usize) -> f64 {
    let server = Server::ours(users);
    let mut client = Client::new(&server);
    client.send("POST", "/Users", &user("needle"));
    rate(|_| {
        let path = "/Users?filter=userName%20eq%20%22needle%40example.com%22&startIndex=1&count=100";
        let answer = client.send("GET", path, "");
        assert!(answer.contains("\"totalResults\":1"), "{answer}");
    })
}

/// Calls per second, after a tenth of the time to warm up.
fn rate(mut call: impl FnMut(usize)) -> f64 {
    let mut n = 0;
    let mut run = |time: Duration| {
        let (started, first) = (Instant::now(), n);
        while started.elapsed() < time {
            call(n);
            n += 1;
        }
        f64::from(u32::try_from(n - first).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
    };
    run(TIME / 10);
    run(TIME)
}

fn user(name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}@example.com","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"primary":true,"value":"{name}@example.com","type":"work"}}],"displayName":"Ann Lee","active":true}}"#
    )
}

fn id(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"id\":").expect("an id");
    rest.split('"').nth(1).expect("a string").to_owned()
}

/// A running server, ended with the benchmark.
struct Server {
    url: String,
    token: String,
    ends: Ends,
}

enum Ends {
    Child(Child),
    Pid(String),
}

impl Server {
    fn ours(users: usize) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .args(["serve", "--port", "0", "--token", "benchmark", "--patch-answer", "204", "--seed-users"])
            .arg(users.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("serve");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("line");
        let url = line.trim().strip_prefix("listening on ").expect("listening").to_owned();
        Self { url, token: "benchmark".into(), ends: Ends::Child(child) }
    }

    fn theirs() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/servers/scim2-server/start.sh");
        let folder = std::env::temp_dir().join("scimulate-interop/scim2-server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let output = Command::new("bash").arg(script).arg(folder).arg(port.to_string()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let said = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some(Self { url: said("BASE_URL=")?, token: said("TOKEN=")?, ends: Ends::Pid(said("PID=")?) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.ends {
            Ends::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Ends::Pid(pid) => {
                let _ = Command::new("kill").arg(pid).status();
            }
        }
    }
}

/// A bare client: one connection while the server keeps it, a new one when it does not.
struct Client {
    host: String,
    path: String,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(server: &Server) -> Self {
        let (host, path) = server.url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
        Self { host: host.into(), path: format!("/{path}"), token: server.token.clone(), stream: None }
    }

    /// Head and body of the answer.
    fn send(&mut self, method: &str, path: &str, body: &str) -> String {
        let (base, host, token) = (&self.path, &self.host, &self.token);
        let request = format!(
            "{method} {base}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        loop {
            let fresh = self.stream.is_none();
            let mut stream = self.stream.take().unwrap_or_else(|| {
                let stream = TcpStream::connect(&self.host).expect("connect");
                stream.set_nodelay(true).expect("nodelay");
                BufReader::new(stream)
            });
            let sent = stream.get_mut().write_all(request.as_bytes());
            match sent.ok().and_then(|()| answer(&mut stream)) {
                Some((text, keep)) => {
                    self.stream = keep.then_some(stream);
                    return text;
                }
                None => assert!(!fresh, "no answer to {method} {path}"),
            }
        }
    }
}

fn answer(stream: &mut BufReader<TcpStream>) -> Option<(String, bool)> {
    let mut text = String::new();
    let (mut length, mut keep) = (None, true);
    while !text.ends_with("\r\n\r\n") {
        let start = text.len();
        if stream.read_line(&mut text).ok()? == 0 {
            return None;
        }
        let line = text[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        keep &= !(line.starts_with("http/1.0") || line.trim() == "connection: close");
    }
    let no_body = text.contains(" 204 ");
    match length {
        _ if no_body && keep => {}
        Some(length) => {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            text.push_str(&String::from_utf8_lossy(&body));
        }
        None => {
            stream.read_to_string(&mut text).ok()?;
        }
    }
    Some((text, keep))
}
