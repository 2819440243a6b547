//! TLS as companies have it: private authorities, broken certificates, plain HTTP where TLS is meant and the other way round.

mod support;
#[path = "support/tls.rs"]
mod tls_end;

use std::path::Path;
use std::process::Output;

use support::{fixed, folded, host, report, scimulate, serve, stderr, stdout};

use tls_end::{Authority, terminated};

const YEARS: (i32, i32) = (2020, 2100);

/// Plays something small and gives exit code and text.
fn play(url: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("folder");
    let mut command = scimulate();
    command.args(["run", "users.create", "--color", "never", "--timeout", "5s", "--url", url, "--report-dir"]);
    command.arg(folder.path()).args(arguments).env("SCIM_TOKEN", "Bearer secret-token-0815");
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    let output: Output = command.envs(environment.iter().copied()).output().expect("run");
    if folder.path().join("report.json").exists() {
        report(folder.path());
    }
    (output.status.code(), folded(&(stdout(&output) + &stderr(&output))))
}

/// A file with this text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), text).expect("write");
    file
}

#[test]
fn a_private_authority_is_trusted_by_ca_or_as_one_of_the_systems() {
    let (_served, url) = serve(&[]);
    let authority = Authority::new("One");
    let port = terminated(authority.server(&["localhost"], YEARS), "127.0.0.1:0", host(&url));
    let url = format!("https://localhost:{port}/scim/v2");
    let ca = file(&authority.pem);
    let path = ca.path().to_str().expect("path");
    let (code, text) = play(&url, &["--ca", path], &[]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = play(&url, &[], &[("SSL_CERT_FILE", ca.path())]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = play(&url, &["--insecure"], &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Warning: --insecure accepts any certificate"), "{text}");
}

#[test]
fn certificate_problems_are_told_in_plain_words() {
    let (_served, url) = serve(&[]);
    let [authority, other, namesake] = ["One", "Other", "One"].map(Authority::new);
    let ca = file(&authority.pem);
    let path = ca.path().to_str().expect("path");
    let table = [
        (other.server(&["localhost"], YEARS), "issuer is not trusted; give its CA with --ca FILE"),
        (namesake.server(&["localhost"], YEARS), "another one of the same name"),
        (authority.server(&["localhost"], (2020, 2021)), "the certificate has expired"),
        (authority.server(&["localhost"], (2090, 2100)), "the certificate is not valid yet"),
        (authority.server(&["other.example"], YEARS), "the certificate is for another host name"),
        (authority.server(&["other.example"], YEARS), "other.example"),
        (authority.mutual(&["localhost"]), "does it want a client certificate?"),
    ];
    for (config, words) in table {
        let port = terminated(config, "127.0.0.1:0", host(&url));
        let (code, text) = play(&format!("https://localhost:{port}/scim/v2"), &["--ca", path], &[]);
        assert_eq!(code, Some(3), "{words}: {text}");
        assert!(
            text.contains("Cannot start: no secure connection to localhost") && text.contains(words),
            "{words}: {text}"
        );
        assert!(text.contains("Nothing was created"), "{text}");
    }
}

#[test]
fn plain_http_on_a_tls_port_and_the_other_way_round() {
    let (_served, url) = serve(&[]);
    let (code, text) = play(&url.replace("http://", "https://"), &[], &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("is it plain http://?"), "{text}");

    let port = terminated(Authority::new("One").server(&["localhost"], YEARS), "127.0.0.1:0", host(&url));
    let (code, text) = play(&format!("http://localhost:{port}/scim/v2"), &[], &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("https"), "{text}");

    let polite = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let (code, text) = play(&fixed(polite), &[], &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("this port speaks https") && text.contains("https://"), "{text}");
}

#[test]
fn a_file_without_certificates_and_a_system_without_any_are_told() {
    let empty = file("");
    let folder = tempfile::tempdir().expect("folder");
    for (arguments, words) in [
        (["--ca", empty.path().to_str().expect("path")], "holds no certificate"),
        (["--ca", "/nowhere/ca.pem"], "--ca /nowhere/ca.pem"),
    ] {
        let (code, text) = play("https://localhost:1/scim", &arguments, &[]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
    if cfg!(target_os = "linux") {
        let nothing = [("SSL_CERT_FILE", empty.path()), ("SSL_CERT_DIR", folder.path())];
        let (code, text) = play("https://localhost:1/scim", &[], &nothing);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("trusts no certificate authority") && text.contains("--ca FILE"), "{text}");
    }
}

#[test]
fn addresses_of_ipv6_are_hosts_like_others() {
    // Not every machine has IPv6.
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let (_served, url) = serve(&[]);
    let authority = Authority::new("One");
    let port = terminated(authority.server(&["::1"], YEARS), "[::1]:0", host(&url));
    let ca = file(&authority.pem);
    let (code, text) =
        play(&format!("https://[::1]:{port}/scim/v2"), &["--ca", ca.path().to_str().expect("path")], &[]);
    assert_eq!(code, Some(0), "{text}");
}
