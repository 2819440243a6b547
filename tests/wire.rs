//! What the simulated client really puts on the wire, read from a raw socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use scimulate::exchange::Body;
use scimulate::okta::client::{Limits, Network, Outgoing};
use scimulate::okta::{AuthForm, BaseUrl, Client, Credential};
use scimulate::scenario::StepCredential;
use serde_json::json;

/// Answers `answers` requests on one connection and gives what was read.
fn listen(answers: Vec<&'static [u8]>) -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    let handle = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("accept");
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        let mut writer = stream;
        let mut requests = Vec::new();
        for answer in answers {
            let mut text = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).expect("line") == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("length");
                }
                text.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("body");
            text.push_str("\r\n");
            text.push_str(&String::from_utf8(body).expect("UTF-8"));
            requests.push(text);
            writer.write_all(answer).expect("answer");
        }
        requests
    });
    (port, handle)
}

fn client(port: u16, form: AuthForm, credential: &str) -> Client {
    let base = BaseUrl::parse(&format!("http://127.0.0.1:{port}/scim/v2/")).expect("url");
    let credential = Credential::new(form, credential).expect("credential");
    Client::new(base, credential, Limits::default(), &Network::default()).expect("client")
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: 2\r\n\r\n{}";
const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn requests_look_like_oktas_and_share_a_connection() {
    let (port, requests) = listen(vec![OK, NO_CONTENT, OK]);
    let client = client(port, AuthForm::Bearer, "token-token");
    let path = "/Users?filter=userName%20eq%20%22ann.lee%40example.com%22&startIndex=1&count=100";
    client.send(Outgoing::new("GET", path)).await;
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "value": { "active": false } }] });
    let patched = client.send(Outgoing::new("PATCH", "/Users/42").json(&body)).await;
    assert_eq!(patched.response.expect("response").body, Body::Empty);
    let anonymous = Outgoing { credential: StepCredential::None, ..Outgoing::new("GET", "/Users") };
    client.send(anonymous).await;
    drop(client);

    let requests = requests.join().expect("listener");
    let (get, change, without) = (&requests[0], &requests[1], &requests[2]);
    assert!(get.starts_with(&format!("GET /scim/v2{path} HTTP/1.1\r\n")), "{get}");
    for line in [
        "User-Agent: Okta SCIM Client 1.0.0",
        "Accept: application/scim+json",
        "Accept-Charset: utf-8",
        "Accept-Encoding: gzip,deflate",
        "Authorization: Bearer token-token",
        "Connection: Keep-Alive",
    ] {
        assert!(get.contains(&format!("{line}\r\n")), "{line} is missing in {get}");
    }
    assert!(!get.to_lowercase().contains("content-type"), "{get}");
    assert!(change.contains("Content-Type: application/scim+json; charset=utf-8\r\n"), "{change}");
    assert!(change.to_lowercase().contains("content-length:"), "{change}");
    assert!(
        change.ends_with(
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}"#
        ),
        "{change}"
    );
    assert!(!without.to_lowercase().contains("authorization"), "{without}");
}

#[tokio::test]
async fn a_header_credential_goes_out_as_typed_and_basic_as_base64() {
    for (form, typed, line) in [
        (AuthForm::Header, "SSWS abc123def", "Authorization: SSWS abc123def\r\n"),
        (AuthForm::Basic, "ann:open sesame", "Authorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n"),
    ] {
        let (port, requests) = listen(vec![OK]);
        let exchange = client(port, form, typed).send(Outgoing::new("GET", "/Users")).await;
        let requests = requests.join().expect("listener");
        assert!(requests[0].contains(line), "{}", requests[0]);
        let told = serde_json::to_string(&exchange).expect("JSON");
        assert!(!told.contains("abc123def") && !told.contains("sesame") && !told.contains("YW5uOm9w"), "{told}");
    }
}

#[tokio::test]
async fn an_echoed_token_is_redacted() {
    let (port, requests) =
        listen(vec![b"HTTP/1.1 401 Unauthorized\r\nX-Echo: Bearer token-token\r\nContent-Length: 26\r\n\r\n{\"detail\":\"token-token ?\"}"]);
    let exchange = client(port, AuthForm::Bearer, "token-token").send(Outgoing::new("GET", "/Users")).await;
    requests.join().expect("listener");
    let told = serde_json::to_string(&exchange).expect("JSON");
    assert!(!told.contains("token-token"), "{told}");
    assert!(told.contains("[redacted]"), "{told}");
}
