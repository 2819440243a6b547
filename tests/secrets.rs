//! Whatever a target echoes, no credential, no password and nothing of a stranger's is told or written.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use support::{between, scimulate, serve, serve_for};

const TOKEN: &str = "S3cret/t0ken+0815=odd~x";

fn hex(text: &str, before: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "{before}{byte:02x}");
        all
    })
}

/// The token in every spelling that a server may choose.
fn spellings() -> Vec<String> {
    let percent = "S3cret%2Ft0ken%2B0815%3Dodd~x";
    vec![
        TOKEN.to_owned(),
        TOKEN.to_lowercase(),
        percent.to_owned(),
        percent.to_lowercase(),
        percent.replace('%', "%25"),
        TOKEN.replace('/', "\\/"),
        STANDARD.encode(TOKEN),
        URL_SAFE_NO_PAD.encode(TOKEN),
        STANDARD.encode(format!("Bearer {TOKEN}")),
        STANDARD.encode(format!("user:{TOKEN}!")),
        hex(TOKEN, ""),
        hex(TOKEN, "%"),
        hex(TOKEN, "\\u00"),
    ]
}

/// Parts of spellings that would give the token away.
fn telltales() -> Vec<String> {
    let inner = |text: String| text[8..text.len() - 6].to_owned();
    let mut all: Vec<String> = spellings().into_iter().take(6).collect();
    all.extend([TOKEN, &format!("Bearer {TOKEN}"), &format!("user:{TOKEN}!")].map(|text| inner(STANDARD.encode(text))));
    all.extend([inner(hex(TOKEN, "")), inner(hex(TOKEN, "%"))]);
    all.iter().map(|text| text.to_lowercase()).collect()
}

/// Puts the token, in every spelling, into the header and the body of an answer. Every seventh answer is an error that
/// quotes it.
fn echoing(answer: &[u8], number: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    let mut head: Vec<&str> = head.lines().filter(|l| !l.to_ascii_lowercase().starts_with("content-length")).collect();
    let spelt = spellings();
    let headers: Vec<String> = spelt.iter().enumerate().map(|(n, s)| format!("X-Echo-{n}: {s}")).collect();
    let mut body = serde_json::from_str(body).unwrap_or(Value::Null);
    if number.is_multiple_of(7) {
        head[0] = "HTTP/1.1 400 Bad Request";
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
        body = json!({ "schemas": schemas, "status": "400", "detail": format!("Bearer {TOKEN} is not liked") });
    }
    let mut body = if body.is_null() { String::new() } else { body.to_string() };
    if let Some(rest) = body.strip_prefix('{') {
        // Escapes that only a reader of JSON undoes.
        let escaped = hex(TOKEN, "\\u00");
        let values: Vec<String> = spelt[..12].iter().map(|s| Value::from(s.as_str()).to_string() + ",").collect();
        let values = values.concat();
        body = format!("{{\"echo\":[{values}\"{escaped}\",\"{}\"],\"{escaped}\":1,{rest}", TOKEN.replace('/', "\\/"));
    }
    let length = format!("Content-Length: {}", body.len());
    let mut lines: Vec<&str> = head;
    lines.extend(headers.iter().map(String::as_str));
    lines.push(&length);
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

/// Everything in a folder, as text.
fn written(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    files.map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("file")).into_owned()).collect()
}

#[test]
fn no_spelling_of_the_credential_and_no_password_is_told_or_written() {
    let (_served, url) = serve_for(TOKEN, &["--seed-users", "2"]);
    let (count, passwords) = (std::sync::atomic::AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let sent = Arc::clone(&passwords);
    let echo = between(&url, move |request, server| {
        let text = String::from_utf8_lossy(request);
        if let Some(Ok(Value::Object(body))) = text.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str(body)) {
            sent.lock().expect("lock").extend(body.get("password").and_then(Value::as_str).map(str::to_owned));
        }
        echoing(&server(request), count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    });
    for (form, token) in [("header", format!("Bearer {TOKEN}")), ("bearer", TOKEN.to_owned())] {
        let folder = tempfile::tempdir().expect("folder");
        let secret = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(secret.path(), format!("{token}\n")).expect("written");
        let mut command = scimulate();
        command.args(["run", "--url", &echo, "--auth", form, "--keep", "-v", "--token-file"]).arg(secret.path());
        let output = command.args(["users", "connection", "--report-dir"]).arg(folder.path()).output().expect("run");
        let streams = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let files = written(folder.path());
        assert!(files.contains("[redacted]") && files.contains("\"create\""), "report and journal are there");
        let told = (streams.concat() + &files).to_lowercase();
        for telltale in telltales() {
            let at = told.find(&telltale);
            let around = at.map(|at| told[at.saturating_sub(120)..].chars().take(260).collect::<String>());
            assert!(at.is_none(), "{form}: {telltale} in {around:?}");
        }
        let told = streams.concat() + &files;
        let passwords = passwords.lock().expect("lock");
        assert!(passwords.len() > 10);
        // What a scenario writes itself, such as a weak password, is no secret; what is generated is.
        let generated = |p: &&String| {
            p.len() == 8
                && p.is_ascii()
                && p[1..2].parse::<u8>().is_ok()
                && p[2..3].contains(['^', '!', '*', '.', '_', '~'])
        };
        for password in passwords.iter().filter(generated) {
            assert!(!told.contains(password.as_str()), "{form}: the password {password}");
        }
    }
}

#[test]
fn nothing_of_a_strangers_is_told_or_written_nor_of_the_account_that_is_named() {
    let (_served, url) = serve(&["--seed-users", "3"]);
    let folder = tempfile::tempdir().expect("folder");
    let mut command = scimulate();
    command.args(["run", "--url", &url, "-v", "--existing-user", "ann.archer.0@people.example", "--report-dir"]);
    command.arg(folder.path()).args(["users.existing", "import", "connection", "protocol"]);
    let output = command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("run");
    let streams = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let told = (streams.concat() + &written(folder.path())).to_lowercase();
    assert!(told.contains("users.existing"));
    for private in ["people.example", "archer", "ann.archer", "%40people", "weaver"] {
        let at = told.find(private);
        let around = at.map(|at| told[at.saturating_sub(200)..].chars().take(400).collect::<String>());
        assert!(at.is_none(), "{private} in {around:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_credential_from_a_file_or_the_environment_is_not_in_the_process_list() {
    use std::sync::OnceLock;
    let (_served, url) = serve(&[]);
    let (id, seen) = (Arc::new(OnceLock::<u32>::new()), Arc::new(OnceLock::new()));
    let (process, list) = (Arc::clone(&id), Arc::clone(&seen));
    let proxy = between(&url, move |request, server| {
        while process.get().is_none() {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
        let path = format!("/proc/{}/cmdline", process.get().expect("id"));
        let _ = list.set(std::fs::read_to_string(path).unwrap_or_default());
        server(request)
    });
    let folder = tempfile::tempdir().expect("folder");
    let mut child = support::start(&["--url", &proxy, "users.read-unknown"], folder.path(), &id);
    assert!(child.wait().expect("wait").success());
    let list = seen.get().expect("seen");
    assert!(list.contains("users.read-unknown") && !list.contains("secret-token"), "{list:?}");
}
