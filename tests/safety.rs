//! Safe on a real tenant: whatever ends a run, what it created is removed, and nothing else is touched.

#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{delayed, directory, inhabited, report, run, scimulate, serve, stderr, stdout};

/// Starts a run through a slow middle man and comes back when something has been created.
fn under_way(url: &str, folder: &Path) -> (Child, std::io::Lines<BufReader<std::process::ChildStdout>>) {
    let mut child = scimulate()
        .args(["run", "--url", url, "--progress", "lines", "--report-dir"])
        .arg(folder)
        .env("SCIM_TOKEN", "Bearer secret-token-0815")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("run");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    // Something of ours exists as soon as the journal says so. The lines of the run do not tell: the middle man is at another
    // address than the server's resources say, and what fails in company is told only after it was played again.
    let journal = folder.join("journal.jsonl");
    let created = (0..4000).any(|_| {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
        std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"created\""))
    });
    assert!(created);
    (child, lines)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn ctrl_c_and_sigterm_clean_up_write_a_partial_report_and_end_130() {
    for name in ["-INT", "-TERM"] {
        let (_served, url) = serve(&["--seed-users", "2"]);
        let before = directory(&url);
        let folder = tempfile::tempdir().expect("folder");
        let (mut child, lines) = under_way(&delayed(&url), folder.path());
        signal(&child, name);
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("wait").code(), Some(130), "{rest:#?}");
        let report = report(folder.path());
        assert_eq!(report["run"]["complete"], false);
        assert_eq!(report["cleanup"]["left"], Value::Array(Vec::new()));
        assert_eq!(directory(&url), before);
        assert!(!folder.path().join("journal.jsonl").exists());
    }
}

#[test]
fn after_a_kill_cleanup_removes_what_was_left_and_may_be_repeated() {
    let (_served, url) = serve(&["--seed-users", "2"]);
    let before = directory(&url);
    let folder = tempfile::tempdir().expect("folder");
    let slow = delayed(&url);
    let (mut child, _lines) = under_way(&slow, folder.path());
    signal(&child, "-KILL");
    child.wait().expect("wait");
    assert_ne!(directory(&url), before, "the kill came too late to leave anything");

    let cleanup = |url: &str| {
        let output = scimulate()
            .args(["cleanup", "--url", url, "--report-dir"])
            .arg(folder.path())
            .env("SCIM_TOKEN", "Bearer secret-token-0815")
            .output()
            .expect("cleanup");
        (output.status.code(), stdout(&output) + &stderr(&output))
    };
    let (code, text) = cleanup(&url);
    assert_eq!(code, Some(3), "a journal of another base URL is not followed: {text}");
    assert_ne!(directory(&url), before);
    let (code, text) = cleanup(&slow);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(directory(&url), before, "{text}");
    let (code, text) = cleanup(&slow);
    assert_eq!((code, text.contains("Nothing to clean up")), (Some(0), true), "{text}");
}

/// Of a directory's text the resources of before, each as it is now.
fn still_there(before: &str, now: &str) -> bool {
    let resources = |text: &str| -> Vec<Value> {
        let lists = serde_json::Deserializer::from_str(text).into_iter::<Value>().map_while(Result::ok);
        lists.flat_map(|list| list["Resources"].as_array().cloned().unwrap_or_default()).collect()
    };
    let now = resources(now);
    resources(before).iter().all(|one| now.contains(one))
}

#[test]
fn a_whole_run_changes_nothing_that_was_there_before() {
    unchanged(&[(&["--run-id", "dev"], 0)]);
}

#[test]
fn a_whole_run_as_the_other_kind_of_app_changes_nothing_that_was_there_before() {
    unchanged(&[(&["--app", "aiw", "--run-id", "dev"], 0)]);
}

#[test]
fn no_run_of_any_kind_changes_what_was_there_before() {
    unchanged(&[
        (&["--deadline", "300ms", "--run-id", "dev"], 1),
        (&["--max-requests", "60"], 1),
        (&["--read-only"], 0),
        (&["users.existing", "users.create", "--existing-user", "devon@example.com"], 0),
    ]);
}

/// Plays runs with these options and exit codes; the directory stays as it was.
fn unchanged(kinds: &[(&[&str], i32)]) {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    for (arguments, code) in kinds {
        let (output, folder) = run(&[&["--url", &url], *arguments].concat());
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", stdout(&output));
        assert_eq!(report(folder.path())["cleanup"]["left"], Value::Array(Vec::new()), "{arguments:?}");
        assert_eq!(directory(&url), before, "{arguments:?}");
    }
}

#[test]
fn a_target_with_faults_loses_nothing_of_its_own() {
    for fault in ["delete_only_deactivates", "filter_ignored", "create_empty_body", "dup_201", "lookup_wrong_user"] {
        let (_served, url) = inhabited(&["--fault", fault]);
        let before = directory(&url);
        let story =
            ["users.create-duplicate", "users.lookup-case", "users.retry-create", "groups.members", "protocol.delete"];
        run(&[&["--url", &url, "--run-id", "dev"], &story[..]].concat());
        let now = directory(&url);
        assert!(still_there(&before, &now), "{fault}: {before}\n{now}");
    }
}

#[test]
fn a_forged_journal_cannot_touch_what_the_run_did_not_create() {
    let (_served, url) = serve(&["--seed-users", "3"]);
    let before = directory(&url);
    let mut listings = serde_json::Deserializer::from_str(&before).into_iter::<Value>();
    let listing = listings.next().expect("a list").expect("JSON");
    let victim = listing["Resources"][0].clone();
    let folder = tempfile::tempdir().expect("folder");
    let lines = [
        serde_json::json!({ "run": { "base_url": url, "token": "abc123" } }),
        serde_json::json!({ "created": { "collection": "/Users", "id": victim["id"], "name": "x-abc123" } }),
        serde_json::json!({ "created": { "collection": "/Users", "id": "..", "name": "y-abc123" } }),
        serde_json::json!({ "created": { "collection": "/Bulk", "id": "1", "name": "z-abc123" } }),
        serde_json::json!({ "create": { "collection": "/Users", "name": victim["userName"] } }),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    std::fs::write(folder.path().join("journal.jsonl"), text + "\n").expect("write");
    scimulate()
        .args(["cleanup", "--url", &url, "--report-dir"])
        .arg(folder.path())
        .env("SCIM_TOKEN", "Bearer secret-token-0815")
        .output()
        .expect("cleanup");
    assert_eq!(directory(&url), before);
}
