//! Imports: volumes, servers that send shorter pages than asked for, and a directory that others change.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use support::{between, checks, report, run, serve, stdout};

/// The ids of the checks that failed or were blocked.
/// What failed or was blocked; that a middle man has another address than the server is none of it.
fn bad(report: &Value) -> Vec<&str> {
    let address = |c: &Value| c["id"].as_str().is_some_and(|id| id.ends_with("/always.address"));
    let bad = |c: &&&Value| (c["status"] == "failed" || c["status"] == "blocked") && !address(c);
    checks(report).iter().filter(bad).filter_map(|c| c["id"].as_str()).collect::<Vec<_>>()
}

fn notes(report: &Value) -> Vec<&str> {
    let scenarios = report["scenarios"].as_array().expect("scenarios");
    let steps = scenarios.iter().flat_map(|s| s["steps"].as_array().expect("steps"));
    steps.filter_map(|s| s["note"].as_str()).collect()
}

#[test]
fn a_volume_is_made_played_and_removed() {
    let (output, folder) = run(&["--reference", "--import-size", "30", "import.users-volume", "import.groups-volume"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(bad(&report), Vec::<&str>::new());
    for size in [0, 1, 30, 100, 101] {
        for kind in ["users", "groups"] {
            // Where nobody is, nobody is looked for.
            let check = if size == 0 { "complete" } else { "everybody" };
            let id = format!("import.{kind}-volume/{check}@{size}");
            assert!(checks(&report).iter().any(|c| c["id"] == id && c["status"] == "passed"), "{id}");
        }
    }
    assert_eq!((&report["cleanup"]["deleted"], &report["cleanup"]["left"]), (&json!(2 * 232), &json!([])));
}

#[test]
fn a_server_may_send_shorter_pages_than_it_is_asked_for() {
    let (_served, url) = serve(&["--seed-users", "3"]);
    let capped = between(&url, |request, server| {
        let text = String::from_utf8_lossy(request).replace("count=100 ", "count=50 ");
        server(text.as_bytes())
    });
    let (output, folder) = run(&["--url", &capped, "import.users-volume"]);
    let report = report(folder.path());
    assert_eq!((output.status.code(), bad(&report)), (Some(0), vec![]), "{}", stdout(&output));
    assert!(notes(&report).iter().any(|note| note.contains("a page held 50 of the 100")), "{:?}", notes(&report));
}

/// Leaves the first user out of a page that he is on, as a server does that hides an account after it has cut the page.
fn without_the_first(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").expect("body");
    let mut list: Value = serde_json::from_str(body).expect("JSON");
    if let Some(resources) = list["Resources"].as_array_mut() {
        resources.retain(|resource| resource["userName"] != "ann.archer.0@people.example");
        list["itemsPerPage"] = json!(resources.len());
    }
    let body = list.to_string();
    let head: Vec<&str> =
        head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length")).collect();
    format!("{}\r\nContent-Length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes()
}

#[test]
fn a_page_may_be_short_because_somebody_on_it_is_hidden() {
    let (_served, url) = serve(&["--seed-users", "3"]);
    let hiding = between(&url, |request, server| {
        let list = request.starts_with(b"GET") && String::from_utf8_lossy(request).contains("/Users?");
        if list { without_the_first(&server(request)) } else { server(request) }
    });
    let (output, folder) = run(&["--url", &hiding, "import.users-volume"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(bad(&report).iter().all(|id| id.starts_with("import.users-volume/complete@")), "{:?}", bad(&report));
    assert!(notes(&report).iter().any(|note| note.contains("steps of 100 here")), "{:?}", notes(&report));
}

#[test]
fn a_directory_that_somebody_changes_meanwhile_is_counted_again() {
    let (_served, url) = serve(&["--seed-users", "3"]);
    let moved = AtomicBool::new(false);
    let busy = between(&url, move |request, server| {
        let text = String::from_utf8_lossy(request);
        // As if two had been put before everybody else between two pages.
        if text.contains("startIndex=3&count=2 ") && !moved.swap(true, Ordering::Relaxed) {
            return server(text.replace("startIndex=3&", "startIndex=1&").as_bytes());
        }
        server(request)
    });
    let (output, folder) = run(&["--url", &busy, "--settle", "0s", "import.users"]);
    let report = report(folder.path());
    assert_eq!((output.status.code(), bad(&report)), (Some(0), vec![]), "{}", stdout(&output));
    assert!(notes(&report).iter().any(|note| note.contains("played again")), "{:?}", notes(&report));
}
