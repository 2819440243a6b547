//! HTTP as bytes: the one place where tests read requests, and where they pass them on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Reads one request from a stream. Its connection will not be kept and its answer not be compressed, so that a middle man
/// can read the whole answer and change it.
pub(crate) fn request(stream: impl Read) -> Option<Vec<u8>> {
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
        match lower.split(':').next() {
            Some("connection") => text.push_str("Connection: close\r\n"),
            Some("accept-encoding") => {}
            _ => text.push_str(&line),
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some([text.into_bytes(), body].concat())
}

/// Head and body of a request or an answer.
pub(crate) fn parted(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&message[..end], &message[end + 4..]))
}

/// Method and path of a request.
pub(crate) fn line(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned()
}

/// Accepts connections and hands each with its request, one a connection, to `answer`. Gives host and port.
pub(crate) fn listen(answer: impl Fn(&mut TcpStream, &[u8]) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                if let Some(request) = request(&client) {
                    answer(&mut client, &request);
                }
            });
        }
    });
    address
}

/// What the server at `host` answers to these bytes before it closes.
pub(crate) fn pass_on(host: &str, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(host).expect("server");
    server.write_all(request).expect("request");
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).expect("answer");
    bytes
}
