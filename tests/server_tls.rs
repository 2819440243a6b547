//! `run` against `serve` over TLS (with a made certificate, with a given one, beside clients that are no help) and with a limit
//! of the rate.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use rcgen::{CertificateParams, KeyPair};
use support::{folded, host, run, scimulate, stderr, stdout};

/// A server child, ended with the test, and what it has told.
struct Server {
    child: Child,
    url: String,
    told: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn encrypted(arguments: &[&str]) -> Server {
    served(arguments, Stdio::null())
}

fn served(arguments: &[&str], log: Stdio) -> Server {
    let mut command = scimulate();
    command.args(["serve", "--port", "0", "--token", "secret-token-0815"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("serve");
    let mut reader = BufReader::new(child.stdout.take().expect("stdout"));
    let mut told = String::new();
    while !told.contains("play against it") {
        assert_ne!(reader.read_line(&mut told).expect("line"), 0, "{told}");
    }
    let url = told.lines().next().and_then(|line| line.strip_prefix("listening on ")).expect("listening on").to_owned();
    Server { child, url, told }
}

/// The file that the server tells to trust.
fn authority(told: &str) -> &str {
    told.split_once("--ca ").expect("--ca").1.split_whitespace().next().expect("a file")
}

#[test]
fn a_run_is_ready_against_a_server_with_a_made_certificate() {
    let server = encrypted(&["--tls"]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    // One that says nothing, and one that speaks plain HTTP: neither gets an answer, nor holds up the others.
    let silent = TcpStream::connect(host(&server.url)).expect("connect");
    let mut plain = TcpStream::connect(host(&server.url)).expect("connect");
    plain.write_all(b"GET /scim/v2/ServiceProviderConfig HTTP/1.1\r\nHost: x\r\n\r\n").expect("request");
    let (mut answer, ca) = (Vec::new(), authority(&server.told));
    let (output, _folder) = run(&["users.create", "--url", &server.url, "--ca", ca]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "plain HTTP was answered");
    drop(silent);
    let (output, _folder) = run(&["users.create", "--url", &server.url]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(std::fs::read_to_string(ca).expect("the authority").contains("BEGIN CERTIFICATE"));
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let server = encrypted(&["--tls"]);
    let ca = reqwest::Certificate::from_pem(&std::fs::read(authority(&server.told)).expect("ca")).expect("PEM");
    let _ = rustls::crypto::ring::default_provider().install_default();
    for version in [reqwest::tls::Version::TLS_1_2, reqwest::tls::Version::TLS_1_3] {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca.clone()]);
        let client = client.tls_version_min(version).tls_version_max(version).build().expect("client");
        let answer = client.get(format!("{}/ServiceProviderConfig", server.url)).send().await.expect("answer");
        assert_eq!(answer.status(), 200);
    }
}

#[test]
fn a_given_certificate_is_used_and_what_is_none_is_told() {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("path").to_owned();
    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names");
    let certificate = params.self_signed(&key).expect("certificate").pem();
    let other = KeyPair::generate().expect("key").serialize_pem();
    for (name, text) in [("cert", &certificate), ("key", &key.serialize_pem()), ("other", &other), ("no", &"x".into())]
    {
        std::fs::write(path(name), text).expect("write");
    }
    let server = encrypted(&["--tls-cert", &path("cert"), "--tls-key", &path("key")]);
    assert!(!server.told.contains("--ca"), "{}", server.told);
    let (output, _folder) = run(&["users.create", "--url", &server.url, "--ca", &path("cert")]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    for (certificate, key, problem) in [
        ("cert", "other", "cannot be used together"),
        ("cert", "no", "must hold a private key in PEM"),
        ("no", "key", "must hold certificates in PEM"),
        ("none", "key", "none:"),
    ] {
        let mut command = scimulate();
        command.args(["serve", "--token", "t", "--tls-cert", &path(certificate), "--tls-key", &path(key)]);
        let output = command.output().expect("serve");
        assert!(matches!(output.status.code(), Some(2 | 4)), "{:?}", output.status);
        assert!(folded(&stderr(&output)).contains(problem), "{problem}: {}", stderr(&output));
    }
}

#[test]
fn a_run_is_ready_against_a_server_that_limits_the_rate() {
    let log = tempfile::NamedTempFile::new().expect("log");
    let server = served(&["--rate-limit", "5", "--log", "text"], log.reopen().expect("log").into());
    let (output, _folder) = run(&["users.create", "users.lookup-case", "--url", &server.url]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("nothing left behind"), "{}", stdout(&output));
    let lines = std::fs::read_to_string(log.path()).expect("log");
    assert!(lines.contains(" 429 ") && lines.matches(" 200 ").count() > 5, "the limit was not met: {lines}");
}
