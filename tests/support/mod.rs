//! What integration tests share: the binary, a served target, a slow middle man.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod hostile;
pub(crate) mod wire;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;
#[allow(unused_imports, reason = "each test file uses its own part")]
pub(crate) use wire::{line, listen, parted, pass_on, request};

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

impl Served {
    /// Its process.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// The most memory it had so far, in bytes; 0 where the system does not tell it.
    pub(crate) fn memory(&self) -> u64 {
        high_water(self.0.id())
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as Ctrl-C does; dropping it is SIGKILL.
    pub(crate) fn stop(mut self) {
        signal(&std::sync::OnceLock::from(self.id()), "-TERM");
        assert!(self.0.wait().expect("wait").success());
    }
}

/// The high-water mark of a process's memory in bytes; 0 where the system does not tell it.
pub(crate) fn high_water(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() * 1024
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `scimulate serve` and gives its base URL.
pub(crate) fn serve(arguments: &[&str]) -> (Served, String) {
    serve_for("secret-token-0815", arguments)
}

/// The same with a token of its own.
pub(crate) fn serve_for(token: &str, arguments: &[&str]) -> (Served, String) {
    let mut child = scimulate()
        .args(["serve", "--port", "0", "--token", token])
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
    let address = listen(move |client, _| {
        let _ = client.write_all(answer);
    });
    format!("http://{address}/scim")
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

/// The host and port of a base URL.
pub(crate) fn host(url: &str) -> String {
    let rest = url.split_once("://").expect("url").1;
    rest.split('/').next().expect("host").to_owned()
}

/// Stands between the program and a server: hands every request to `answer`, which may ask the server.
pub(crate) fn between(
    url: &str,
    answer: impl Fn(&[u8], &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let host = host.to_owned();
    let address = listen(move |client, request| {
        let _ = client.write_all(&answer(request, &|request| pass_on(&host, request)));
    });
    format!("http://{address}/{path}")
}

/// Sends one request to a served target and gives the answer as it came.
pub(crate) fn ask(url: &str, method: &str, path: &str, body: &str) -> String {
    let (host, base) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    let length = body.len();
    let request = format!(
        "{method} /{base}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer secret-token-0815\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    String::from_utf8(pass_on(host, request.as_bytes())).expect("text")
}

/// A served target with people and groups of its own, some with names that look like those of a run with `--run-id dev`.
pub(crate) fn inhabited(arguments: &[&str]) -> (Served, String) {
    let (served, url) = serve(&[&["--seed-users", "3"], arguments].concat());
    let user = "\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"]";
    let group = "\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"]";
    for name in ["devon@example.com", "scimulate-boss@example.com", "scimulate-ann.dev1@example.com"] {
        let body = format!("{{{user},\"userName\":\"{name}\",\"emails\":[{{\"value\":\"{name}\"}}]}}");
        let answer = ask(&url, "POST", "/Users", &body);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    for name in ["scimulate-Paris Team devs", "Administrators"] {
        let answer = ask(&url, "POST", "/Groups", &format!("{{{group},\"displayName\":\"{name}\"}}"));
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    (served, url)
}

/// Requests that a middle man passes on: how many came, and whether all are answered.
#[derive(Default)]
pub(crate) struct Traffic {
    came: std::sync::atomic::AtomicUsize,
    open: std::sync::atomic::AtomicUsize,
}

impl Traffic {
    /// Notes a request; gives its number, from 1.
    pub(crate) fn begin(&self) -> usize {
        self.open.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.came.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1
    }

    /// Notes that one was answered.
    pub(crate) fn end(&self) {
        self.open.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
    }

    /// Waits until nothing is under way.
    pub(crate) fn calm(&self) {
        while self.open.load(std::sync::atomic::Ordering::SeqCst) > 0 {
            thread::park_timeout(std::time::Duration::from_millis(1));
        }
    }
}

/// Starts a run and tells its process id to whoever waits for it.
pub(crate) fn start(arguments: &[&str], folder: &Path, id: &std::sync::OnceLock<u32>) -> Child {
    let child = scimulate()
        .arg("run")
        .args(arguments)
        .arg("--report-dir")
        .arg(folder)
        .env("SCIM_TOKEN", "Bearer secret-token-0815")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run");
    id.set(child.id()).expect("once");
    child
}

/// Sends a signal to the process with this id, as soon as it is known.
pub(crate) fn signal(id: &std::sync::OnceLock<u32>, name: &str) {
    let id = loop {
        match id.get() {
            Some(id) => break id,
            None => thread::park_timeout(std::time::Duration::from_millis(1)),
        }
    };
    let sent = Command::new("kill").args([name, &id.to_string()]).status().expect("kill");
    assert!(sent.success());
}
