//! What integration tests share: the binary, a served target, a slow middle man.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod hostile;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use serde_json::Value;

pub(crate) fn scimulate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scimulate"));
    for name in ["SCIM_BASE_URL", "SCIM_TOKEN", "NO_COLOR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CI"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    let output = scimulate()
        .arg("run")
        .args(arguments)
        .arg("--report-dir")
        .arg(folder.path())
        .env("SCIM_TOKEN", "Bearer secret-token-0815")
        .output()
        .expect("run");
    (output, folder)
}

pub(crate) fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("report.json")).expect("report.json");
    assert!(!text.contains("secret-token-0815"), "the credential is in the report");
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Text with its line breaks and indents folded, as one reads it.
pub(crate) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

pub(crate) fn checks(report: &Value) -> Vec<&Value> {
    let list = |v: &'_ Value| v.as_array().cloned();
    assert!(list(&report["scenarios"]).is_some());
    let scenarios = report["scenarios"].as_array().expect("scenarios");
    let steps = scenarios.iter().flat_map(|s| s["steps"].as_array().expect("steps"));
    steps.flat_map(|s| s["checks"].as_array().expect("checks")).collect()
}

/// A server child that is ended when the test is.
pub(crate) struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `scimulate serve` and gives its base URL.
pub(crate) fn serve(arguments: &[&str]) -> (Served, String) {
    let mut child = scimulate()
        .args(["serve", "--port", "0", "--token", "secret-token-0815"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("serve");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("line");
    let url = line.trim().strip_prefix("listening on ").expect("listening on").to_owned();
    (Served(child), url)
}

/// A target that answers every request with these bytes and closes.
pub(crate) fn fixed(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let url = format!("http://{}/scim", listener.local_addr().expect("address"));
    thread::spawn(move || {
        for stream in listener.incoming().take(20) {
            let mut stream = stream.expect("stream");
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(answer);
        }
    });
    url
}

/// Everything in the directory, as text.
pub(crate) fn directory(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let mut all = String::new();
    for collection in ["Users", "Groups"] {
        let mut stream = TcpStream::connect(host).expect("connect");
        write!(
            stream,
            "GET /{path}/{collection}?startIndex=1&count=1000 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer secret-token-0815\r\nConnection: close\r\n\r\n"
        )
        .expect("request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer");
        all.push_str(answer.split_once("\r\n\r\n").expect("body").1);
    }
    assert!(all.contains("totalResults"), "{all}");
    all
}

/// Passes requests on after 20 ms each; gives its own base URL.
pub(crate) fn delayed(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let (host, path) = (host.to_owned(), path.to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let own = format!("http://{}/{path}", listener.local_addr().expect("address"));
    thread::spawn(move || {
        for client in listener.incoming().take(1000) {
            let client = client.expect("client");
            let server = TcpStream::connect(&host).expect("server");
            let (mut from, mut to) = (client.try_clone().expect("clone"), server.try_clone().expect("clone"));
            thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(n @ 1..) = from.read(&mut buffer) {
                    thread::park_timeout(std::time::Duration::from_millis(20));
                    if to.write_all(&buffer[..n]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
            let (mut from, mut to) = (server, client);
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
            });
        }
    });
    own
}

/// Reads one request from a stream, its Connection header turned to `close`.
fn request(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        text.push_str(if lower.starts_with("connection:") { "Connection: close\r\n" } else { &line });
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some([text.into_bytes(), body].concat())
}

/// Stands between the program and a server: hands every request to `answer`, which may ask the server.
pub(crate) fn between(
    url: &str,
    answer: impl Fn(&[u8], &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let host = host.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let own = format!("http://{}/{path}", listener.local_addr().expect("address"));
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for client in listener.incoming().take(5000) {
            let (mut client, host, answer) = (client.expect("client"), host.clone(), Arc::clone(&answer));
            thread::spawn(move || {
                let Some(request) = request(&client) else { return };
                let server = |request: &[u8]| {
                    let mut server = TcpStream::connect(&host).expect("server");
                    server.write_all(request).expect("request");
                    let mut bytes = Vec::new();
                    server.read_to_end(&mut bytes).expect("answer");
                    bytes
                };
                let _ = client.write_all(&answer(&request, &server));
            });
        }
    });
    own
}
