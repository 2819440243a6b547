//! A target that spoils answers: alone, or as a middle man in front of the reference server. It notes every request, so that
//! a test can tell what was written to.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use scimulate::server::{self, Config, Running};
use serde_json::Value;

use crate::support;

/// The token every run of these tests uses.
pub(crate) const TOKEN: &str = "secret-token-0815";

/// The path of its base URL.
const BASE: &str = "/scim/v2";

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query after the base path, encoded as sent.
    pub(crate) path: String,
    pub(crate) body: Value,
    raw: Vec<u8>,
}

/// A whole answer, to be changed.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Header lines without line breaks.
    pub(crate) headers: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

/// How a request is answered instead of rightly.
#[derive(Clone, Copy)]
pub(crate) enum Spoil {
    /// Writes to the connection as it likes.
    Wire(fn(&mut TcpStream)),
    /// Changes the right answer.
    Change(fn(&Asked, &mut Answer)),
}

/// Which requests are spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Every one, from the first byte on.
    Always,
    /// Every one but the first, which is the connection test.
    AfterTheFirst,
    /// Those with this method, but the first request.
    Only(&'static str),
    /// Those on the endpoints that tell about the server.
    Discovery,
    /// None, until the target is told to turn.
    Turned,
}

/// What was asked, and which ids the answer gave to what the run has made.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) told: Vec<String>,
}

/// A listening target.
pub(crate) struct Target {
    pub(crate) url: String,
    noted: Arc<Mutex<Vec<Noted>>>,
    /// Requests to be answered rightly still.
    rightly: Arc<AtomicUsize>,
    /// Keeps the server behind it.
    _server: Option<Running>,
}

impl Target {
    /// Every request so far.
    pub(crate) fn noted(&self) -> Vec<Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on, after so many more requests, answers as it should not.
    pub(crate) fn turn(&self, after: usize) {
        self.rightly.store(after, Ordering::SeqCst);
    }
}

/// Starts a target that spoils what it must and asks the reference server for the rest.
pub(crate) fn spoiling(spoil: Spoil, when: When) -> Target {
    let server = reference();
    let behind = server.base_url.clone();
    let first = AtomicUsize::new(0);
    let noted = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&noted);
    let rightly = Arc::new(AtomicUsize::new(usize::MAX));
    let left = Arc::clone(&rightly);
    let url = listen(move |stream, asked| {
        let number = first.fetch_add(1, Ordering::Relaxed);
        let spoiled = match when {
            When::Always => true,
            When::AfterTheFirst => number > 0,
            When::Only(method) => number > 0 && asked.method == method,
            When::Discovery => {
                ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"].iter().any(|p| asked.path.starts_with(p))
            }
            When::Turned => {
                let one_less = |left: usize| if left == usize::MAX { Some(left) } else { left.checked_sub(1) };
                left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err()
            }
        };
        let note = |told| {
            let (method, path) = (asked.method.clone(), asked.path.clone());
            log.lock().unwrap_or_else(PoisonError::into_inner).push(Noted { method, path, told });
        };
        match spoil {
            Spoil::Wire(write) if spoiled => {
                note(Vec::new());
                write(stream);
            }
            _ => {
                let Some(mut answer) = ask(&behind, asked) else { return };
                if let (Spoil::Change(change), true) = (spoil, spoiled) {
                    change(asked, &mut answer);
                }
                note(own(asked, &answer));
                let _ = stream.write_all(&answer.bytes());
            }
        }
    });
    Target { url, noted, rightly, _server: Some(server) }
}

/// Starts a target that answers rightly, but closes the connection of a request for which `away` is true.
pub(crate) fn absent(away: impl Fn() -> bool + Send + Sync + 'static) -> Target {
    let server = reference();
    let behind = server.base_url.clone();
    let noted = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&noted);
    let url = listen(move |stream, asked| {
        let answer = if away() { None } else { ask(&behind, asked) };
        let told = answer.as_ref().map(|answer| own(asked, answer)).unwrap_or_default();
        let (method, path) = (asked.method.clone(), asked.path.clone());
        log.lock().unwrap_or_else(PoisonError::into_inner).push(Noted { method, path, told });
        if let Some(answer) = answer {
            let _ = stream.write_all(&answer.bytes());
        }
    });
    Target { url, noted, rightly: Arc::default(), _server: Some(server) }
}

/// The ids of an answer to a create, or of listed resources that have a name of the run's.
fn own(asked: &Asked, answer: &Answer) -> Vec<String> {
    if answer.body.len() > 100_000 && asked.method != "POST" {
        return Vec::new();
    }
    let body = &answer.json();
    let id = |resource: &Value| resource.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), Into::into));
    let ours = |resource: &&Value| {
        let name = ["userName", "displayName"].iter().find_map(|name| resource.get(*name)?.as_str());
        name.is_some_and(|name| name.contains("scimulate-"))
    };
    if asked.method == "POST" {
        return id(body).into_iter().collect();
    }
    let listed = body.get("Resources").and_then(Value::as_array).into_iter().flatten();
    listed.filter(ours).filter_map(id).collect()
}

/// The reference server with a few people who must not be touched.
fn reference() -> Running {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime")
    });
    let config = Config { token: TOKEN.into(), people: 3, ..Config::default() };
    runtime.block_on(server::start(config)).expect("reference server")
}

/// Hands each request, one a connection, to `answer`. Gives the base URL.
fn listen(answer: impl Fn(&mut TcpStream, &Asked) + Send + Sync + 'static) -> String {
    let address = support::listen(move |client, request| {
        if let Some(asked) = asked(request) {
            answer(client, &asked);
        }
    });
    format!("http://{address}{BASE}")
}

fn asked(request: &[u8]) -> Option<Asked> {
    let (line, (_, body)) = (support::line(request), support::parted(request)?);
    let (method, path) = line.split_once(' ')?;
    let path = path.strip_prefix(BASE).unwrap_or(path).to_owned();
    let body = serde_json::from_slice(body).unwrap_or_default();
    Some(Asked { method: method.to_owned(), path, body, raw: request.to_vec() })
}

/// The reference server's answer.
fn ask(behind: &str, asked: &Asked) -> Option<Answer> {
    let bytes = support::pass_on(&support::host(behind), &asked.raw);
    let (head, body) = support::parted(&bytes)?;
    let mut lines = head.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l).to_vec());
    let status = String::from_utf8(lines.next()?).ok()?.split(' ').nth(1)?.parse().ok()?;
    let length = |line: &[u8]| line.to_ascii_lowercase().starts_with(b"content-length:");
    let headers = lines.filter(|line| !length(line)).collect();
    Some(Answer { status, headers, body: body.to_vec() })
}

impl Answer {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", self.status, self.body.len()).into_bytes();
        for header in &self.headers {
            bytes.extend_from_slice(header);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Puts this in place of the body.
    pub(crate) fn say(&mut self, status: u16, body: impl Into<Vec<u8>>) {
        (self.status, self.body) = (status, body.into());
    }
}
