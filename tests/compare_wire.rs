//! The simulation is kept true: what public captures and Okta's reference show is what the simulated client sends, and what
//! differs is told.

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use support::{run, scimulate, serve, stderr, stdout};

fn archive(app: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/wire/{app}.har"));
    fs::read_to_string(path).expect("archive")
}

fn compare(text: &str, app: &str) -> Output {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("okta.har");
    fs::write(&file, text).expect("write");
    scimulate().args(["compare-wire", "--app", app]).arg(file).output().expect("compare-wire")
}

#[test]
fn what_okta_is_known_to_send_is_what_we_send() {
    for (app, operations) in [("oin", 15), ("aiw", 12)] {
        let output = compare(&archive(app), app);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).ends_with(&format!("\n0 of {operations} operations differ\n")), "{}", stdout(&output));
    }
}

#[test]
fn each_kind_of_difference_is_told_at_its_operation() {
    let table = [
        ("Okta SCIM Client 1.0.0", "Okta SCIM Client 2.0.0", "header user-agent: Okta sends Okta SCIM Client 2.0.0"),
        ("userName%20eq%20", "userName+eq+", "query: Okta sends filter=userName+eq+%22"),
        ("count=2", "count=1", "query: Okta sends startIndex=1&count=1"),
        (r#"\"op\":\"add\""#, r#"\"op\":\"Add\""#, "body /Operations/*/op: Okta sends \"Add\""),
        (
            r#"\"active\":false}}]}"#,
            r#"\"active\":\"false\"}}]}"#,
            r#"body /Operations/*/value/active: Okta sends "false""#,
        ),
        (r#"\"locale\":\"en-US\","#, "", "body /locale: we send a string, Okta does not"),
    ];
    let known = archive("oin");
    for (from, to, told) in table {
        assert!(known.contains(from), "{from}");
        let output = compare(&known.replace(from, to), "oin");
        let differs = stdout(&output).contains(told);
        assert!(output.status.code() == Some(1) && differs, "{from}: {}{}", stdout(&output), stderr(&output));
    }
    let output = compare(&archive("aiw"), "oin");
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("DIFFERS deactivate a user (PUT)"), "{}", stdout(&output));
}

#[test]
fn what_is_no_archive_is_told() {
    let none = archive("oin").replace("/scim/v2/", "/other/").replace("Users", "People").replace("Groups", "Teams");
    for (text, told) in
        [("{", "1:1: not an HTTP archive"), ("[]", "not an HTTP archive"), (&none, "no request in it goes to")]
    {
        let output = compare(text, "oin");
        assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}

#[test]
fn what_the_server_archives_is_what_the_client_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("sent.har");
    let words = ["connection.credentials", "users.create", "users.deactivate", "users.password", "groups.members"];
    let (served, url) = serve(&["--log", "har", "--log-file", file.to_str().expect("UTF-8")]);
    let played = run(&[&["--url", &url][..], &words].concat()).0;
    assert_eq!(played.status.code(), Some(0), "{}", stdout(&played));
    drop(served);
    let text = fs::read_to_string(&file).expect("archive");
    assert!(!text.contains("secret-token-0815") && text.contains("\\\"password\\\":\\\"[8 characters]\\\""));
    let output = scimulate().arg("compare-wire").arg(&file).output().expect("compare-wire");
    let told = stdout(&output);
    assert!(told.contains("same    create a user") && told.contains("same    sync a password (PATCH)"), "{told}");
    // Clean-up is not Okta: it deletes users, and sends no media type with nothing to label.
    let differing: Vec<_> = told.lines().filter(|line| line.starts_with("DIFFERS")).collect();
    assert_eq!(differing.len(), 2, "{told}");
    assert!(
        differing.iter().all(|line| line.contains("DELETE /Users/{id}") || line.contains("delete a group")),
        "{told}"
    );
}

#[test]
fn an_archive_is_never_written_over() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("sent.har");
    fs::write(&file, "mine").expect("write");
    let output = scimulate().args(["serve", "--log", "har", "--log-file"]).arg(&file).output().expect("serve");
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("it is there already"), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&file).expect("file"), "mine");
    let output = scimulate().args(["serve", "--log", "har"]).output().expect("serve");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
