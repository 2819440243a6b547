//! A bare client: one connection while the server keeps it, one request at a time. Shared by tests and benchmarks.

#![allow(dead_code, unreachable_pub, reason = "each test and benchmark uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

pub struct Client {
    host: String,
    path: String,
    token: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    /// For a base URL of plain HTTP.
    pub fn new(url: &str, token: &str) -> Self {
        let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
        Self { host: host.into(), path: format!("/{path}"), token: token.into(), stream: None }
    }

    /// Head and body of the answer; a connection that the server has closed meanwhile is opened again.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> String {
        if self.stream.is_some()
            && let Some(text) = self.once(method, path, body)
        {
            return text;
        }
        self.once(method, path, body).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// The same, sent one time; `None` when no answer came.
    pub fn once(&mut self, method: &str, path: &str, body: &str) -> Option<String> {
        let (base, host, token) = (&self.path, &self.host, &self.token);
        let request = format!(
            "{method} {base}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = if let Some(stream) = self.stream.take() {
            stream
        } else {
            let stream = TcpStream::connect(&self.host).ok()?;
            stream.set_nodelay(true).ok()?;
            BufReader::new(stream)
        };
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
