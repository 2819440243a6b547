//! The real binary over real sockets: the main job, broken servers, set-up problems.

mod support;

use std::net::TcpListener;

use serde_json::Value;
use support::{checks, directory, fixed, folded, report, run, scimulate, serve, stderr, stdout};

#[test]
fn the_reference_server_is_ready_under_both_apps_and_nothing_is_left() {
    for app in ["oin", "aiw"] {
        let (output, folder) = run(&["--reference", "--app", app]);
        assert_eq!(output.status.code(), Some(0), "{}\n{}", stdout(&output), stderr(&output));
        let report = report(folder.path());
        assert_eq!(report["verdict"], "ready");
        assert_eq!(report["score"]["value"], 100);
        assert_eq!(report["cleanup"]["left"], Value::Array(Vec::new()));
        assert_ne!(report["cleanup"]["deleted"], 0);
        let bad: Vec<_> =
            checks(&report).into_iter().filter(|c| c["status"] == "failed" || c["status"] == "blocked").collect();
        assert!(bad.is_empty(), "{bad:#?}");
        let last = stdout(&output).trim_end().lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("READY for Okta") && last.contains("100"), "{last}");
        assert!(!last.contains("NOT READY"), "{last}");
    }
}

#[test]
fn a_server_that_ignores_deactivation_is_not_ready() {
    for app in ["oin", "aiw"] {
        let (output, folder) = run(&["--reference", "--fault", "deactivate_noop", "--app", app]);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        let report = report(folder.path());
        assert_eq!(report["verdict"], "not_ready");
        let capability =
            report["capabilities"].as_array().expect("capabilities").iter().find(|c| c["id"] == "deactivate-users");
        assert_eq!(capability.expect("deactivate-users")["status"], "broken");
        let all = checks(&report);
        let persisted =
            all.iter().find(|c| c["id"] == "users.deactivate/persisted").expect("users.deactivate/persisted");
        assert_eq!(
            (&persisted["status"], &persisted["expected"], &persisted["actual"]),
            (&"failed".into(), &false.into(), &true.into())
        );
        let text = stdout(&output);
        for part in ["NOT READY", "Deactivate Users", "users.deactivate/persisted", "RFC 764", "curl", "$SCIM_TOKEN"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}

#[test]
fn a_server_that_creates_duplicates_is_seen() {
    let (output, folder) = run(&["--reference", "--fault", "dup_201"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let report = report(folder.path());
    let failed: Vec<_> = checks(&report).iter().filter(|c| c["status"] == "failed").map(|c| c["id"].clone()).collect();
    assert!(
        failed.iter().any(|id| id.as_str().is_some_and(|id| id.starts_with("users.create-duplicate/"))),
        "{failed:?}"
    );
    assert_eq!(report["cleanup"]["left"], Value::Array(Vec::new()));
}

#[test]
fn a_served_target_is_played_from_another_process_and_is_left_as_it_was() {
    let (_served, url) = serve(&["--base-path", "/scim/okta/v2", "--seed-users", "5"]);
    assert!(url.ends_with("/scim/okta/v2"), "{url}");
    let before = directory(&url);
    let (output, folder) = run(&["--url", &format!("{url}/")]);
    assert_eq!(output.status.code(), Some(0), "{}\n{}", stdout(&output), stderr(&output));
    assert_eq!(report(folder.path())["target"]["base_url"], url.as_str());
    assert_eq!(directory(&url), before);
}

#[test]
fn the_same_seed_and_run_id_send_the_same_requests() {
    let sent = || {
        let (output, folder) = run(&["--reference", "--run-id", "same-run", "--seed", "7"]);
        assert_eq!(output.status.code(), Some(0));
        let report = report(folder.path());
        let requests: Vec<Value> = report["scenarios"]
            .as_array()
            .expect("scenarios")
            .iter()
            .flat_map(|s| s["steps"].as_array().expect("steps"))
            .flat_map(|s| s["exchanges"].as_array().expect("exchanges"))
            .filter(|e| e["request"]["method"] == "POST")
            .map(|e| {
                let body = &e["request"]["body"]["value"];
                let part = |name: &str| body[name].clone();
                // Members carry ids, which the target gives.
                Value::Array(["userName", "displayName", "externalId", "name", "emails"].map(part).to_vec())
            })
            .collect();
        requests
    };
    assert_eq!(sent(), sent());
}

#[test]
fn what_cannot_be_tested_ends_3_with_a_plain_paragraph() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        format!("http://{}/scim", listener.local_addr().expect("address"))
    };
    let login = b"HTTP/1.1 302 Found\r\nLocation: https://app.example.com/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let html = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!doctype html><html><body>Welcome</body></html>";
    let empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let denied = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let cases: Vec<(String, &str)> = vec![
        (closed, "no connection"),
        ("http://no-such-host.invalid/scim".into(), "could not be resolved"),
        (fixed(login), "redirect"),
        (fixed(html), "web page"),
        (fixed(empty), "empty answer"),
        (fixed(denied), "rejected (401)"),
        (fixed(missing), "/Users"),
        (fixed(b"not http at all\r\n\r\n"), "HTTP"),
        (fixed(b"").replace("http://", "https://"), "secure connection"),
        ("http://127.0.0.1:9/scim/v2/Users".into(), "/scim/v2"),
    ];
    for (url, words) in cases {
        let (output, folder) = run(&["--url", &url, "--yes"]);
        let text = folded(&(stdout(&output) + &stderr(&output)));
        assert_eq!(output.status.code(), Some(3), "{url}: {text}");
        assert!(text.contains("Cannot start") && text.contains(words), "{url}: {words} is missing in {text}");
        assert!(text.contains("Nothing was created"), "{url}: {text}");
        assert!(!text.contains("panicked") && !text.contains("secret-token"), "{url}: {text}");
        assert_eq!(report(folder.path())["preflight"]["passed"], false, "{url}");
    }
}

#[test]
fn a_wrong_credential_and_its_traps_are_told() {
    let (_served, url) = serve(&[]);
    let attempt = |token: &str, auth: &str| {
        let output = scimulate()
            .args(["run", "--url", &url, "--auth", auth, "--no-report", "connection"])
            .env("SCIM_TOKEN", token)
            .output()
            .expect("run");
        (output.status.code(), folded(&(stdout(&output) + &stderr(&output))))
    };
    let (code, text) = attempt("Bearer something-else-entirely", "header");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("rejected (401)") && !text.contains("something-else"), "{text}");
    let (_, text) = attempt("Bearer secret-token-0815", "bearer");
    assert!(text.contains("sent twice"), "{text}");
    let (_, text) = attempt("secret-token-0815", "header");
    assert!(text.contains("no scheme"), "{text}");
}

#[test]
fn wrong_command_lines_end_2_and_unknown_selections_5() {
    let code = |arguments: &[&str]| {
        let (output, _folder) = run(arguments);
        (output.status.code(), stderr(&output))
    };
    assert_eq!(code(&["--reference", "--frobnicate"]).0, Some(2));
    assert_eq!(code(&["--url", "https://ann:pw@a.example/"]).0, Some(2));
    assert_eq!(code(&["--url", "http://192.0.2.1/scim"]).0, Some(2), "a host elsewhere needs --yes");
    assert_eq!(code(&["--reference", "--fault", "deactivate_nop"]).0, Some(2));
    let (five, text) = code(&["--reference", "users.deactivat"]);
    assert_eq!(five, Some(5), "{text}");
    assert!(text.contains("users.deactivate"), "{text}");
}

#[test]
fn a_bad_scenario_file_ends_4_with_file_line_column_and_the_allowed_keys() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(
        folder.path().join("mine.toml"),
        "format = 1\nid = \"users.mine\"\ntitle = \"Mine\"\ncapability = \"create-users\"\nwhy = \"x\"\nwhat = 1\n",
    )
    .expect("write");
    let (output, _report) = run(&["--reference", "--scenarios", folder.path().to_str().expect("path")]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("mine.toml:6:1"), "{text}");
    assert!(text.contains("what") && text.contains("capability") && text.contains("step"), "{text}");
}

#[test]
fn a_narrowed_run_is_partial() {
    let (output, folder) = run(&["--reference", "users.deactivate"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(report(folder.path())["verdict"], "partial");
    let (output, _folder) = run(&["--reference", "--fault", "deactivate_noop", "users.deactivate"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_deadline_or_budget_that_runs_out_ends_1_and_cleans_up() {
    for budget in [["--max-requests", "25"], ["--max-requests", "9"]] {
        let (output, folder) = run(&["--reference", budget[0], budget[1]]);
        let report = report(folder.path());
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert_eq!(report["run"]["complete"], false);
        assert_eq!(report["cleanup"]["left"], Value::Array(Vec::new()));
    }
}

#[test]
fn lists_are_arrays_of_objects_with_ids() {
    for what in ["scenarios", "checks", "faults", "capabilities"] {
        let output = scimulate().args(["list", what, "--json"]).output().expect("list");
        assert_eq!(output.status.code(), Some(0));
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(!rows.is_empty(), "{what}");
        let mut ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().expect("id")).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{what} has an id twice");
    }
}
