//! Proxies as companies have them: named by option or environment, with a password, never in front of this machine.

mod support;
#[path = "support/tls.rs"]
mod tls_end;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use support::{folded, host, listen, pass_on, report, scimulate, serve, stderr, stdout};

use tls_end::{Authority, terminated};

/// A host that only the proxy knows.
const ELSEWHERE: &str = "scim.example.test";

/// A proxy that sends everything to one place, whatever host is asked for. Gives its address and the heads it saw.
fn proxy(to: String, wants_password: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&seen);
    (listen(move |client, asked| served(client, asked, &to, wants_password, &heads)), seen)
}

fn served(client: &mut TcpStream, asked: &[u8], to: &str, wants_password: bool, heads: &Mutex<Vec<String>>) {
    let text = String::from_utf8_lossy(asked).into_owned();
    heads.lock().expect("lock").push(text.clone());
    if wants_password && !text.to_lowercase().contains("proxy-authorization: basic") {
        let refusal =
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
        let _ = client.write_all(refusal);
    } else if text.starts_with("CONNECT ") {
        let server = TcpStream::connect(to).expect("server");
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("answer");
        let (mut from, mut back) = (client.try_clone().expect("clone"), server.try_clone().expect("clone"));
        let mut there = server;
        thread::spawn(move || std::io::copy(&mut from, &mut there));
        let _ = std::io::copy(&mut back, client);
    } else {
        let plain = text.replacen(&format!("http://{ELSEWHERE}"), "", 1);
        let _ = client.write_all(&pass_on(to, plain.as_bytes()));
    }
}

fn play(url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("folder");
    let mut command = scimulate();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.args(["run", "users.create", "--yes", "--color", "never", "--timeout", "5s", "--url", url, "--report-dir"]);
    command.arg(folder.path()).args(arguments).env("SCIM_TOKEN", "Bearer secret-token-0815");
    let output = command.envs(environment.iter().copied()).output().expect("run");
    if folder.path().join("report.json").exists() {
        let report = report(folder.path()).to_string();
        assert!(!report.contains("pass-word"), "{report}");
    }
    let text = folded(&(stdout(&output) + &stderr(&output)));
    assert!(!text.contains("pass-word"), "{text}");
    (output.status.code(), text)
}

#[test]
fn plain_http_goes_through_the_named_proxy_or_the_environments() {
    let (_served, url) = serve(&[]);
    let (proxy, seen) = proxy(host(&url), false);
    let url = format!("http://{ELSEWHERE}/scim/v2");
    let (code, text) = play(&url, &["--proxy", &proxy], &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("plain http: the token travels unencrypted"), "{text}");
    assert!(seen.lock().expect("lock")[0].starts_with(&format!("GET {url}/Users?startIndex=1&count=2 ")));
    for name in ["http_proxy", "ALL_PROXY"] {
        let (code, text) = play(&url, &[], &[(name, &format!("http://{proxy}"))]);
        assert_eq!(code, Some(0), "{name}: {text}");
    }
}

#[test]
fn https_goes_through_a_tunnel_and_the_certificate_is_the_targets() {
    let (_served, url) = serve(&[]);
    let authority = Authority::new("One");
    let port = terminated(authority.server(&[ELSEWHERE], (2020, 2100)), "127.0.0.1:0", host(&url));
    let (proxy, seen) = proxy(format!("127.0.0.1:{port}"), true);
    let ca = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(ca.path(), &authority.pem).expect("write");
    let ca = ca.path().to_str().expect("path");
    let url = format!("https://{ELSEWHERE}/scim/v2");

    let (code, text) = play(&url, &["--ca", ca, "--proxy", &format!("http://{proxy}")], &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("wants a user name and a password (407)"), "{text}");

    let (code, text) = play(&url, &["--ca", ca, "--proxy", &format!("http://ann:pass-word@{proxy}")], &[]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = play(&url, &["--ca", ca], &[("HTTPS_PROXY", &format!("http://ann:pass-word@{proxy}"))]);
    assert_eq!(code, Some(0), "{text}");
    let seen = seen.lock().expect("lock");
    assert!(
        seen.iter()
            .all(|head| head.starts_with(&format!("CONNECT {ELSEWHERE}:443 ")) && !head.contains("secret-token"))
    );
}

#[test]
fn this_machine_is_never_reached_through_a_proxy() {
    let (_served, url) = serve(&[]);
    let (proxy, seen) = proxy(host(&url), false);
    let all = format!("http://{proxy}");
    let (code, text) =
        play(&url, &["--proxy", &proxy], &[("http_proxy", &all), ("HTTPS_PROXY", &all), ("ALL_PROXY", &all)]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("--proxy is not used for 127.0.0.1"), "{text}");
    assert!(seen.lock().expect("lock").is_empty());
}

#[test]
fn a_proxy_that_is_not_there_refuses_or_is_none_is_told() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        listener.local_addr().expect("address").to_string()
    };
    let refusing = listen(|client, _| {
        let _ = client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let url = format!("https://{ELSEWHERE}/scim/v2");
    for (proxy, code, words) in [
        (format!("http://ann:pass-word@{closed}"), 3, format!("through the proxy {closed}")),
        (refusing.clone(), 3, format!("the proxy {refusing} does not connect to {ELSEWHERE}")),
        ("socks5://ann:pass-word@127.0.0.1:1".into(), 2, "HTTP proxies only".into()),
        ("http://ann:pass-word@[::1".into(), 2, "--proxy is no URL".into()),
    ] {
        let (ended, text) = play(&url, &["--insecure", "--proxy", &proxy], &[]);
        assert_eq!(ended, Some(code), "{words}: {text}");
        assert!(text.contains(&words), "{words} is missing in {text}");
    }
    // The same when it is the environment that names the proxy, which one may not know of.
    for (name, proxy, words) in [
        ("HTTPS_PROXY", closed.clone(), format!("no connection through the proxy {closed} (named by the environment)")),
        ("all_proxy", refusing.clone(), format!("the proxy {refusing} (named by the environment) does not connect to")),
        (
            "HTTPS_PROXY",
            "proxy.invalid:3128".into(),
            "the proxy proxy.invalid:3128 (named by the environment) has no address".into(),
        ),
    ] {
        let (ended, text) = play(&url, &["--insecure"], &[(name, &format!("http://ann:pass-word@{proxy}"))]);
        assert_eq!(ended, Some(3), "{words}: {text}");
        assert!(text.contains(&words), "{words} is missing in {text}");
        let (ended, text) =
            play(&url, &["--insecure"], &[(name, &format!("http://ann:pass-word@{proxy}")), ("NO_PROXY", ELSEWHERE)]);
        assert_eq!(ended, Some(3), "{text}");
        assert!(!text.contains("(named by the environment)"), "{text}");
    }
}
