//! Clients that are slow, silent or gone: each is bounded, and others are served meanwhile.

mod server_target;
mod support;

use scimulate::server::{Config, Limits};
use server_target::{TOKEN, Target, total};
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};
use support::{ask, host, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Far more than any limit of these tests, and the end of a test whose server has none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with short limits.
async fn short() -> Target {
    let limit = Duration::from_millis(300);
    let limits = Limits { head: limit, body: limit, answer: limit, ..Limits::default() };
    Target::with(Config { limits, people: 900, ..Config::default() }).await
}

async fn connect(target: &Target) -> TcpStream {
    let host = target.running.base_url.split('/').nth(2).unwrap();
    TcpStream::connect(host).await.unwrap()
}

fn head(method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} /scim/v2{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/scim+json\r\n{more}\r\n"
    )
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server never closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends byte by byte for as long as the server listens; what it said then.
async fn drip(stream: TcpStream, text: &[u8]) -> String {
    let (mut from, mut to) = stream.into_split();
    let dripping = async {
        for byte in text.iter().cycle() {
            if to.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut bytes = Vec::new();
    tokio::select! {
        () = dripping => {}
        ended = timeout(PATIENCE, from.read_to_end(&mut bytes)) => drop(ended.expect("the server never closed")),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_client_that_never_finishes_is_ended_and_others_are_served_meanwhile() {
    let target = short().await;
    let dripped_head = drip(connect(&target).await, b"GET /scim/v2/Users HTTP/1.1\r\nX: ".as_slice());
    let dripped_body = async {
        let mut stream = connect(&target).await;
        stream.write_all(head("POST", "/Users", "Content-Length: 5000\r\n").as_bytes()).await.unwrap();
        drip(stream, b" ").await
    };
    let unfinished = async |mut stream: TcpStream| {
        stream.write_all(b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        rest(&mut stream).await
    };
    let half_body = async {
        let mut stream = connect(&target).await;
        stream.write_all(head("POST", "/Users", "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
        stream.write_all(b"5\r\n{\"a\":").await.unwrap();
        rest(&mut stream).await
    };
    let kept = async |mut stream: TcpStream| {
        stream.write_all(head("GET", "/Users?count=0", "").as_bytes()).await.unwrap();
        rest(&mut stream).await
    };
    let others = async {
        for _ in 0..20 {
            assert_eq!(total(&target.get("/Users?count=1").await), 900);
        }
    };
    let silent = async |mut stream: TcpStream| rest(&mut stream).await;
    let (silent, unfinished, dripped, slow_body, half_body, kept, ()) = tokio::join!(
        silent(connect(&target).await),
        unfinished(connect(&target).await),
        dripped_head,
        dripped_body,
        half_body,
        kept(connect(&target).await),
        others
    );
    assert_eq!((silent.as_str(), unfinished.as_str(), dripped.as_str()), ("", "", ""));
    assert!(kept.starts_with("HTTP/1.1 200 OK"), "{kept}");
    for told in [slow_body, half_body] {
        assert!(
            told.starts_with("HTTP/1.1 408") && told.contains("The whole body has not come within 300ms"),
            "{told}"
        );
        assert!(told.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_is_never_read_is_given_up() {
    let target = short().await;
    let mut stream = connect(&target).await;
    let request = head("GET", "/Users?count=900", "");
    // Many requests at once: their answers are more than the system takes for somebody who reads nothing.
    let since = Instant::now();
    let sent = async {
        loop {
            stream.write_all(request.as_bytes()).await?;
        }
    };
    let ended: Result<std::io::Result<()>, _> = timeout(PATIENCE, sent).await;
    assert!(ended.expect("the server never closed").is_err());
    assert!(since.elapsed() >= Duration::from_millis(300));
    assert_eq!(total(&target.get("/Users?count=1").await), 900);
}

/// The real server with its own limits, for the tests that look at its memory.
fn served() -> (support::Served, String, std::net::SocketAddr) {
    let (served, url) = serve(&["--seed-users", "5"]);
    let address = host(&url).parse().expect("address");
    (served, url, address)
}

fn is_served(url: &str) {
    let answer = ask(url, "GET", "/Users?count=1", "");
    assert!(answer.contains("\"totalResults\":5"), "{answer}");
}

#[test]
fn thousands_of_silent_clients_lock_nobody_out() {
    let (served, url, address) = served();
    // Fewer are open at once here than a system usually lets one program have files; the server sees every one of them.
    let mut open = VecDeque::new();
    let mut memory = Vec::new();
    for number in 0..3_000 {
        let mut client = std::net::TcpStream::connect(address).expect("connect");
        let begun: &[u8] = if number % 2 == 0 { b"" } else { b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nX-Begun: " };
        client.write_all(begun).expect("write");
        open.push_back(client);
        if open.len() > 700 {
            open.pop_front();
        }
        if number % 100 == 99 {
            is_served(&url);
            memory.push(served.memory());
        }
    }
    // The oldest had to go for the newest.
    let mut first = open.pop_front().expect("a client");
    first.set_read_timeout(Some(PATIENCE)).expect("a limit");
    assert!(!matches!(first.read(&mut [0]), Ok(1..)), "something came");
    let (middle, end) = (memory[memory.len() / 2], memory[memory.len() - 1]);
    assert!(end <= middle + (8 << 20), "{memory:?}");
}

#[test]
fn clients_that_vanish_and_bodies_that_never_end_leave_nothing_behind() {
    let (served, url, address) = served();
    for number in 0..300 {
        let mut client = std::net::TcpStream::connect(address).expect("connect");
        let length = if number % 2 == 0 { 50_000 } else { 5 };
        let begun = head("POST", "/Users", &format!("Content-Length: {length}\r\n"));
        client.write_all((begun + "{\"a\":1").as_bytes()).expect("write");
    }
    is_served(&url);
    // Each sends almost as much as a body may be and waits; together far more than is held for them.
    let begun = head("POST", "/Users", &format!("Content-Length: {}\r\n", 16 << 20));
    let large = vec![b' '; 15 << 20];
    let mut waiting = Vec::new();
    for _ in 0..16 {
        let mut client = std::net::TcpStream::connect(address).expect("connect");
        // Some are ended while they send: that is what is asked for.
        let _ = client.write_all(begun.as_bytes()).and_then(|()| client.write_all(&large));
        waiting.push(client);
        is_served(&url);
    }
    assert!(served.memory() < 160 << 20, "{} MB", served.memory() >> 20);
    // One that does send everything is answered, though the others still wait.
    let answer = ask(&url, "POST", "/Users", &(" ".repeat(9 << 20) + "{}"));
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
