//! A target that throttles: waited for as Okta waits, and never a failure by itself.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use support::{checks, report, run, serve, stdout};

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

/// Passes every second request on and answers the others with this.
fn throttling(url: &str, answer: &'static str) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let host = host.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let own = format!("http://{}/{path}", listener.local_addr().expect("address"));
    let count = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for client in listener.incoming().take(5000) {
            let (mut client, host, count) = (client.expect("client"), host.clone(), Arc::clone(&count));
            thread::spawn(move || {
                let Some(request) = request(&client) else { return };
                if count.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                    let _ = client.write_all(answer.as_bytes());
                    return;
                }
                let mut server = TcpStream::connect(host).expect("server");
                server.write_all(&request).expect("request");
                let mut bytes = Vec::new();
                server.read_to_end(&mut bytes).expect("answer");
                let _ = client.write_all(&bytes);
            });
        }
    });
    own
}

#[test]
fn a_polite_429_costs_nothing() {
    let (_served, url) = serve(&["--seed-users", "2"]);
    let polite = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Type: application/scim+json\r\n\
                  Connection: close\r\n\r\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"429\",\"detail\":\"slow down\"}";
    let (output, folder) =
        run(&["--url", &throttling(&url, polite), "--jobs", "1", "users.deactivate", "users.update"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    // Behind the middle man the server's resources give an address that is not the one they are reached at.
    let bad = checks(&report).into_iter().filter(|c| c["status"] == "failed").filter_map(|c| c["id"].as_str());
    let bad: Vec<_> = bad.filter(|id| !id.ends_with("/always.address")).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let told =
        checks(&report).iter().any(|c| c["id"] == "users.deactivate/always.retry-after" && c["status"] == "passed");
    assert!(told, "the 429s were not judged");
}

#[test]
fn a_429_that_asks_for_too_much_blocks_and_does_not_fail() {
    let (_served, url) = serve(&[]);
    let endless =
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 86400\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let slow = throttling(&url, endless);
    let (output, folder) = run(&["--url", &slow, "--max-wait", "0s", "users.deactivate"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let musts: Vec<_> = checks(&report)
        .into_iter()
        .filter(|c| c["status"] == "failed" && c["level"] == "must")
        .map(|c| &c["id"])
        .collect();
    assert!(musts.is_empty(), "{musts:?}");
    assert!(checks(&report).iter().any(|c| c["status"] == "blocked"));
}
