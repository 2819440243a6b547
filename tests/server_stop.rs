//! Stopping `scimulate serve`: requests in flight finish, idle connections are closed at once, new ones are refused.

#![cfg(unix)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use support::{ask, host, serve, signal};

/// The end of a test whose server does not stop.
const PATIENCE: Duration = Duration::from_secs(20);

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(host(url)).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

/// Sends the head of a create; returns when the server has begun to read its body.
fn begun(url: &str, length: usize) -> TcpStream {
    let mut stream = connect(url);
    write!(
        stream,
        "POST /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret-token-0815\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    )
    .expect("head");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("an interim answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

fn to_the_end(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an end, and no reset");
    text
}

#[test]
fn requests_in_flight_finish_idle_connections_close_and_new_ones_are_refused() {
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"late"}"#;
    for name in ["-INT", "-TERM"] {
        let (mut served, url) = serve(&[]);
        let mut kept = connect(&url);
        write!(kept, "GET /scim/v2/ServiceProviderConfig HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("request");
        assert!(kept.read(&mut [0; 4096]).expect("an answer") > 0);
        let mut silent = connect(&url);
        let mut late = begun(&url, body.len());
        signal(&OnceLock::from(served.child().id()), name);
        // These two have nothing under way.
        to_the_end(&mut kept);
        assert_eq!(to_the_end(&mut silent), "");
        let refused = TcpStream::connect(host(&url)).map(|_| ()).expect_err("still listening").kind();
        assert_eq!(refused, std::io::ErrorKind::ConnectionRefused);
        late.write_all(body.as_bytes()).expect("the rest of the body");
        let answer = to_the_end(&mut late);
        assert!(answer.starts_with("HTTP/1.1 201 Created") && answer.contains("\"userName\":\"late\""), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        assert_eq!(served.child().wait().expect("wait").code(), Some(0));
    }
}

#[test]
fn a_request_that_does_not_finish_does_not_keep_the_server() {
    let (mut served, url) = serve(&[]);
    let mut hanging = begun(&url, 5000);
    assert!(ask(&url, "GET", "/Users", "").starts_with("HTTP/1.1 200"));
    let since = Instant::now();
    signal(&OnceLock::from(served.child().id()), "-TERM");
    assert_eq!(served.child().wait().expect("wait").code(), Some(0));
    // Two seconds by its own clock.
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(hanging.read(&mut [0; 10]).unwrap_or(0), 0);
}
