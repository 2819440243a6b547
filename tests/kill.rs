//! Killed at any moment, then `scimulate cleanup`: the directory is what it was.

#![cfg(unix)]

mod support;

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, OnceLock};

use support::{
    Traffic, ask, between, directory, inhabited, line, report, run, scimulate, signal, start, stderr, stdout,
};

/// What is played: creates, groups with members, deletes. One request after the other, so that none is still on its way when
/// the program is gone: what a server hears of only after the clean-up nobody can take back.
const STORY: [&str; 6] = ["--jobs", "1", "users.create-duplicate", "users.swap", "groups.members", "protocol.delete"];

fn cleanup(url: &str, folder: &Path) -> Output {
    let mut command = scimulate();
    command.args(["cleanup", "--url", url, "--report-dir"]).arg(folder);
    command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("cleanup")
}

#[test]
fn after_a_kill_at_any_request_cleanup_leaves_the_directory_as_it_was() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    let mut left_something = 0;
    for answered in [false, true] {
        for last in [1, 2, 3, 5, 8, 13, 21, 34] {
            let (id, traffic) = (Arc::new(OnceLock::new()), Arc::new(Traffic::default()));
            let (victim, seen) = (Arc::clone(&id), Arc::clone(&traffic));
            let proxy = between(&url, move |request, server| {
                let number = seen.begin();
                // Before the server hears of it, or after it has done it and before the answer is read.
                if number == last && !answered {
                    signal(&victim, "-KILL");
                }
                let answer = server(request);
                if number == last && answered {
                    signal(&victim, "-KILL");
                }
                seen.end();
                answer
            });
            let folder = tempfile::tempdir().expect("folder");
            let mut arguments = vec!["--url", &proxy, "--run-id", "dev"];
            arguments.extend(STORY);
            let mut child = start(&arguments, folder.path(), &id);
            assert_eq!(child.wait().expect("wait").code(), None, "it was not killed");
            traffic.calm();
            left_something += usize::from(directory(&url) != before);
            let output = cleanup(&proxy, folder.path());
            let told = stdout(&output) + &stderr(&output);
            assert_eq!((output.status.code(), directory(&url) == before), (Some(0), true), "{last} {answered}: {told}");
        }
    }
    assert!(left_something > 5, "the kills left something only {left_something} times");
}

#[test]
fn a_refused_delete_becomes_a_deactivation_and_is_told() {
    let (_served, url) = inhabited(&[]);
    let refusing = between(&url, |request, server| {
        if request.starts_with(b"DELETE") {
            b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        } else {
            server(request)
        }
    });
    for app in ["oin", "aiw"] {
        let (output, folder) = run(&["--url", &refusing, "--app", app, "users.update"]);
        let report = report(folder.path());
        let left = report["cleanup"]["left"].as_array().expect("left");
        assert!(!left.is_empty() && report["cleanup"]["deactivated"] == left.len(), "{left:?}");
        assert!(stdout(&output).contains("left behind"), "{}", stdout(&output));
        for one in left {
            let read = ask(&url, "GET", one["path"].as_str().expect("path"), "");
            assert!(read.contains("\"active\":false"), "{read}");
        }
        assert!(folder.path().join("journal.jsonl").exists(), "cleanup must be able to try again");
        assert_eq!(cleanup(&refusing, folder.path()).status.code(), Some(1));
    }
}

#[test]
fn cleanup_does_not_touch_what_a_running_run_created() {
    let (_served, url) = inhabited(&[]);
    let (id, folder) = (Arc::new(OnceLock::new()), tempfile::tempdir().expect("folder"));
    let path = folder.path().to_path_buf();
    let proxy_url: Arc<OnceLock<String>> = Arc::default();
    let (own, told) = (Arc::clone(&proxy_url), Arc::new(OnceLock::new()));
    let said = Arc::clone(&told);
    let proxy = between(&url, move |request, server| {
        // The run waits for the answer while somebody cleans up.
        if line(request).starts_with("PATCH") && said.get().is_none() {
            let output = cleanup(own.get().expect("known"), &path);
            let _ = said.set((output.status.code(), stdout(&output)));
        }
        server(request)
    });
    proxy_url.set(proxy.clone()).expect("once");
    let mut child = start(&["--url", &proxy, "--jobs", "1", "users.deactivate"], folder.path(), &id);
    child.wait().expect("wait");
    let (code, text) = told.get().expect("it was tried");
    assert!(*code == Some(1) && text.contains("its run goes on"), "{code:?} {text}");
    let persisted =
        support::checks(&report(folder.path())).iter().any(|c| c["status"] == "failed" && c["level"] == "must");
    assert!(!persisted, "the run was disturbed");
}

#[test]
fn an_older_journal_outlives_runs_that_have_none_of_their_own() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    let (_, folder) = run(&["--url", &url, "--keep", "users.update"]);
    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).expect("journal");
    for arguments in [
        &["--reference", "users.read-unknown"][..],
        &["--url", &url, "--read-only"],
        &["--url", "http://127.0.0.1:1/scim/Users"],
    ] {
        let mut command = scimulate();
        command.arg("run").args(arguments).arg("--report-dir").arg(folder.path());
        command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("run");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("journal.jsonl")).ok().as_ref(),
            Some(&journal),
            "{arguments:?}"
        );
    }
    // A run that has one moves it aside, and clean-up finds both.
    let mut command = scimulate();
    command.args(["run", "--url", &url, "users.read-unknown", "--report-dir"]).arg(folder.path());
    assert!(command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("run").status.success());
    let output = cleanup(&url, folder.path());
    assert!(output.status.success() && directory(&url) == before, "{}", stdout(&output));
    let left = std::fs::read_dir(folder.path()).expect("folder").flatten().map(|entry| entry.file_name());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, ["report.html", "report.json"]);
}
