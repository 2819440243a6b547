//! What benchmarks of a server share: the served process and a bare client.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A create body.
pub(crate) fn user(name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}@example.com","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"primary":true,"value":"{name}@example.com","type":"work"}}],"displayName":"Ann Lee","active":true}}"#
    )
}

/// The id in an answer.
pub(crate) fn id(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"id\":").expect("an id");
    rest.split('"').nth(1).expect("a string").to_owned()
}

/// A running server, ended with the benchmark.
pub(crate) struct Server {
    url: String,
    token: String,
    ends: Ends,
}

enum Ends {
    Child(Child),
    Pid(String),
}

impl Server {
    pub(crate) fn ours(users: usize) -> Self {
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

    pub(crate) fn theirs() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/servers/scim2-server/start.sh");
        let folder = std::env::temp_dir().join("scimulate-interop/scim2-server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let output = Command::new("bash").arg(script).arg(folder).arg(port.to_string()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let said = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some(Self { url: said("BASE_URL=")?, token: said("TOKEN=")?, ends: Ends::Pid(said("PID=")?) })
    }
}

impl Server {
    /// Megabytes of memory that it has now, where the system tells it.
    pub(crate) fn memory(&self) -> Option<f64> {
        let Ends::Child(child) = &self.ends else { return None };
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
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
pub(crate) struct Client {
    host: String,
    path: String,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(server: &Server) -> Self {
        let (host, path) = server.url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
        Self { host: host.into(), path: format!("/{path}"), token: server.token.clone(), stream: None }
    }

    /// Head and body of the answer. A server may close a kept connection between two requests: then it is sent again.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> String {
        let kept = self.stream.is_some();
        let answer = self.once(method, path, body).or_else(|| kept.then(|| self.once(method, path, body)).flatten());
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// The same, sent once; none when no whole answer came.
    pub(crate) fn once(&mut self, method: &str, path: &str, body: &str) -> Option<String> {
        let (base, host, token) = (&self.path, &self.host, &self.token);
        let request = format!(
            "{method} {base}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(&self.host).ok()?),
        };
        stream.get_mut().set_nodelay(true).ok()?;
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let (text, keep) = answer(&mut stream)?;
        self.stream = keep.then_some(stream);
        Some(text)
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
