//! The options for a careful first run, and the files it leaves: `--dry-run`, `--read-only`, `--rate`, `--max-requests`,
//! `--existing-user`, `--existing-group`.

mod support;

use std::fs;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{between, checks, directory, folded, inhabited, line, report, run, scimulate, serve, stderr, stdout};

/// Lines of requests, and when they came.
type Noted = Arc<Mutex<Vec<(Instant, String)>>>;

/// A middle man that notes every request and when it came.
fn noting(url: &str) -> (String, Noted) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&noted);
    let own = between(url, move |request, server| {
        log.lock().expect("lock").push((Instant::now(), line(request)));
        server(request)
    });
    (own, noted)
}

fn dry(arguments: &[&str]) -> Output {
    scimulate().args(["run", "--dry-run", "--run-id", "dev"]).args(arguments).output().expect("run")
}

#[test]
fn a_dry_run_prints_what_a_run_sends_and_sends_nothing() {
    let (_served, url) = serve(&[]);
    for (app, scenarios) in [("oin", "users.deactivate"), ("aiw", "users.create-duplicate"), ("oin", "groups.members")]
    {
        let (proxy, noted) = noting(&url);
        let output = dry(&["--app", app, "--url", &proxy, scenarios]);
        let planned = stdout(&output);
        assert!(output.status.success() && noted.lock().expect("lock").is_empty(), "{planned}");
        assert!(!planned.contains("\"password\":\"") || planned.contains("[generated password]"), "{planned}");

        let (output, folder) = run(&["--app", app, "--url", &proxy, "--run-id", "dev", "--jobs", "1", scenarios]);
        let report = report(folder.path());
        let steps = report["scenarios"][0]["steps"].as_array().expect("steps");
        let sent = steps.iter().flat_map(|step| step["exchanges"].as_array().expect("exchanges"));
        for exchange in sent {
            let request = &exchange["request"];
            let (method, path) = (request["method"].as_str().expect("method"), request["path"].as_str().expect("path"));
            // Up to the id that only an answer tells.
            let known = if path.matches('/').count() > 1 { &path[..=path.rfind('/').expect("a slash")] } else { path };
            assert!(planned.contains(&format!("{method} {known}")), "{method} {path} is not in {planned}");
            let body = &request["body"]["value"];
            if method == "POST" && body.get("members").is_none() {
                assert!(planned.contains(&body.to_string()), "{body} is not in {planned}");
            }
        }
        assert!(output.status.success(), "{}", stdout(&output));
    }
}

#[test]
fn a_dry_run_needs_no_target_and_names_what_is_left_out() {
    let output = dry(&[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for part in
        ["GET /Users?startIndex=1&count=2", "{{ann.id}}", "--import-size", "--existing-user", "DELETE of everything"]
    {
        assert!(text.contains(part), "{part}");
    }
    let read_only = stdout(&dry(&["--read-only", "--reference"]));
    let writes = ["  POST ", "  PUT ", "  PATCH ", "  DELETE "].map(|method| read_only.matches(method).count());
    assert_eq!((writes, read_only.contains("about 0 users and 0 groups")), ([0; 4], true), "{read_only}");
}

#[test]
fn read_only_sends_nothing_but_reads_and_cannot_tell_readiness() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    let (proxy, noted) = noting(&url);
    let (output, folder) = run(&["--url", &proxy, "--read-only"]);
    let noted = noted.lock().expect("lock");
    assert!(noted.len() > 10 && noted.iter().all(|(_, line)| line.starts_with("GET ")), "{noted:?}");
    let report = report(folder.path());
    assert_eq!((output.status.code(), &report["verdict"]), (Some(0), &json!("partial")), "{}", stdout(&output));
    let scenarios = report["scenarios"].as_array().expect("scenarios");
    let skipped = scenarios.iter().find(|s| s["id"] == "users.deactivate").expect("scenario");
    assert!(skipped["reason"].as_str().is_some_and(|why| why.contains("--read-only")), "{skipped}");
    assert!(scenarios.iter().any(|s| s["status"] == "passed"));
    assert!(report["run"]["notes"].to_string().contains("--read-only"));
    assert_eq!(directory(&url), before);
    let elsewhere = scimulate()
        .args(["run", "--read-only", "--no-report", "--url", "http://192.0.2.1:9/scim", "--timeout", "50ms"])
        .env("SCIM_TOKEN", "Bearer secret-token-0815")
        .output()
        .expect("run");
    assert_eq!(elsewhere.status.code(), Some(3), "a run that changes nothing needs no consent: {}", stderr(&elsewhere));
}

#[test]
fn a_rate_is_kept_over_everything_that_is_sent() {
    let (_served, url) = serve(&[]);
    let (proxy, noted) = noting(&url);
    let (output, folder) =
        run(&["--url", &proxy, "--rate", "40", "--jobs", "8", "users.create", "users.update", "groups.create"]);
    assert!(output.status.success(), "{}", stdout(&output));
    assert_eq!(report(folder.path())["cleanup"]["left"], json!([]));
    let noted = noted.lock().expect("lock");
    let times: Vec<Instant> = noted.iter().map(|(at, _)| *at).collect();
    let gaps = u32::try_from(times.len() - 1).expect("few");
    let (first, last) = (times.iter().min().expect("times"), times.iter().max().expect("times"));
    assert!(gaps > 10 && *last - *first >= Duration::from_millis(24) * gaps, "{gaps} in {:?}", *last - *first);
}

#[test]
fn a_budget_is_kept_to_the_request_and_clean_up_is_outside_of_it() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    for budget in [1, 7, 40] {
        let (proxy, noted) = noting(&url);
        let (output, folder) = run(&["--url", &proxy, "--jobs", "8", "--max-requests", &budget.to_string()]);
        let report = report(folder.path());
        assert_eq!((output.status.code(), &report["run"]["complete"]), (Some(1), &json!(false)));
        let told = folded(&stdout(&output));
        assert!(told.contains("request budget is used up (--max-requests)"), "{told}");
        // The preflight is one more.
        assert_eq!(report["run"]["requests"], budget + 1);
        let removed = report["cleanup"]["deleted"].as_u64().expect("number");
        let sent = noted.lock().expect("lock").len() as u64;
        assert!(sent <= budget + 1 + 3 * (removed + 4), "{sent} for {budget}");
        assert_eq!(directory(&url), before);
    }
}

/// The checks of a run of one scenario that failed.
fn failed(report: &Value) -> Vec<String> {
    let failed = checks(report).into_iter().filter(|c| c["status"] == "failed" && c["level"] == "must");
    failed.filter_map(|c| c["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn an_existing_account_and_group_are_found_refused_and_left_as_they_are() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    let names = ["--existing-user", "DEVON@example.com", "--existing-group", "Administrators"];
    let (output, folder) = run(&[&["--url", &url, "users.existing", "groups.existing"], &names[..]].concat());
    let told = report(folder.path());
    assert_eq!((output.status.code(), failed(&told)), (Some(0), vec![]), "{}", stdout(&output));
    assert!(checks(&told).iter().any(|c| c["id"] == "users.existing/refused" && c["status"] == "passed"));
    assert!(checks(&told).iter().any(|c| c["id"] == "groups.existing/findable" && c["status"] == "passed"));
    assert_eq!(told["cleanup"]["left"], json!([]));
    assert_eq!(directory(&url), before);
    let written = fs::read_to_string(folder.path().join("report.json")).expect("report") + &stdout(&output);
    let lower = written.to_lowercase();
    assert!(!lower.contains("devon") && !lower.contains("administrators"), "the names are in the report");

    // Without a name there is nothing to try.
    let (_, folder) = run(&["--url", &url, "users.existing", "users.read-unknown"]);
    let told = report(folder.path());
    let reason =
        told["scenarios"].as_array().expect("scenarios").iter().find(|s| s["id"] == "users.existing").expect("it");
    assert!(reason["reason"].as_str().is_some_and(|why| why.contains("--existing-user NAME")), "{reason}");
}

#[test]
fn a_second_account_of_an_existing_name_is_removed_and_the_first_is_not() {
    let (_served, url) = inhabited(&["--fault", "dup_201"]);
    let before = directory(&url);
    let (output, folder) = run(&["--url", &url, "--existing-user", "devon@example.com", "users.existing"]);
    let told = report(folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(failed(&told).contains(&"users.existing/refused".to_owned()));
    assert_eq!((&told["cleanup"]["deleted"], &told["cleanup"]["left"]), (&json!(1), &json!([])));
    assert_eq!(directory(&url), before);
}

#[test]
fn what_was_there_before_and_is_hidden_is_found_out() {
    for (fault, scenario, found) in [
        ("filter_hides_preexisting", "users.existing", vec!["users.existing/found", "users.existing/findable"]),
        ("group_hidden_conflict", "groups.existing", vec!["groups.existing/findable"]),
    ] {
        let (_, folder) = run(&["--reference", "--fault", fault, scenario]);
        assert_eq!(failed(&report(folder.path())), found);
    }
    let (output, folder) = run(&["--reference", "users.existing"]);
    assert_eq!((output.status.code(), failed(&report(folder.path()))), (Some(0), vec![]));
}

#[cfg(unix)]
#[test]
fn report_files_are_their_owner_s_alone_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let outside = tempfile::tempdir().expect("folder");
    let victim = outside.path().join("victim");
    fs::write(&victim, "precious").expect("written");
    let folder = outside.path().join("new").join("report");
    fs::create_dir_all(&folder).expect("folder");
    for name in ["report.json", "journal.jsonl"] {
        symlink(&victim, folder.join(name)).expect("link");
    }
    let (_served, url) = serve(&[]);
    let run_into = |folder: &std::path::Path| {
        let mut command = scimulate();
        command
            .args(["run", "--url", &url, "--keep", "users.read-unknown", "users.update", "--report-dir"])
            .arg(folder);
        command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("run")
    };
    assert!(run_into(&folder).status.success());
    assert_eq!(fs::read_to_string(&victim).expect("victim"), "precious");
    let fresh = outside.path().join("fresh").join("report");
    assert!(run_into(&fresh).status.success());
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    for (path, wanted) in
        [(fresh.clone(), 0o700), (fresh.join("report.json"), 0o600), (fresh.join("journal.jsonl"), 0o600)]
    {
        assert_eq!(mode(&path), wanted, "{}", path.display());
    }
    assert!(fs::symlink_metadata(folder.join("report.json")).expect("there").is_file());
    // A journal that is a link is not followed either.
    fs::remove_file(folder.join("journal.jsonl")).expect("removed");
    symlink(&victim, folder.join("journal.jsonl")).expect("link");
    let mut command = scimulate();
    command.args(["cleanup", "--url", &url, "--report-dir"]).arg(&folder);
    let output = command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("cleanup");
    assert!(stderr(&output).contains("it is a link"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn the_link_to_the_latest_report_is_renewed_and_nothing_else_is_taken_for_it() {
    let place = tempfile::tempdir().expect("folder");
    let run = |id: &str| {
        let mut command = scimulate();
        command.current_dir(place.path()).args(["run", "--reference", "users.read-unknown", "--run-id", id]);
        assert!(command.output().expect("run").status.success());
        fs::read_link(place.path().join("reports/latest")).ok()
    };
    assert_eq!(run("first"), Some("first".into()));
    assert_eq!(run("second"), Some("second".into()));
    fs::remove_file(place.path().join("reports/latest")).expect("removed");
    fs::write(place.path().join("reports/latest"), "mine").expect("written");
    assert_eq!(run("third"), None);
    assert_eq!(fs::read_to_string(place.path().join("reports/latest")).expect("there"), "mine");
}

#[test]
fn a_folder_that_cannot_be_written_ends_with_6_before_anything_is_sent() {
    let (_served, url) = serve(&[]);
    let (proxy, noted) = noting(&url);
    let file = tempfile::NamedTempFile::new().expect("file");
    for target in [vec!["--reference"], vec!["--url", &proxy]] {
        let mut command = scimulate();
        command.arg("run").args(target).arg("--report-dir").arg(file.path().join("report"));
        let output = command.env("SCIM_TOKEN", "Bearer secret-token-0815").output().expect("run");
        let told = folded(&stderr(&output));
        assert_eq!(output.status.code(), Some(6), "{told}");
        assert!(told.contains("Nothing was sent") && told.contains("--report-dir"), "{told}");
    }
    assert!(noted.lock().expect("lock").is_empty());
}
