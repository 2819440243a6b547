//! What one run leaves to the next: known failures, what failed, and what a run that ended early did not play.

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use support::{between, checks, directory, folded, line, report, run, scimulate, serve, stderr, stdout};

const BROKEN: [&str; 3] = ["--reference", "--fault", "deactivate_noop"];
const PLAYED: [&str; 3] = ["users.update", "users.deactivate", "users.reactivate"];

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{}", stderr(output)))
}

fn ids(report: &Value) -> Vec<&str> {
    report["scenarios"].as_array().expect("scenarios").iter().filter_map(|s| s["id"].as_str()).collect()
}

#[test]
fn written_failures_pass_the_next_run_and_are_stale_once_they_are_mended() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("known.toml");
    let known = text(&file);
    let (output, _report) = run(&[&BROKEN[..], &PLAYED, &["--write-known", known]].concat());
    assert_eq!(code(&output), 1, "the run itself is judged as ever");
    let written = fs::read_to_string(&file).expect("known.toml");
    assert!(stderr(&output).contains("known.toml: "), "{}", stderr(&output));
    assert!(written.contains("id = \"users.deactivate/persisted\"\nreason = \"failed: /active is true"), "{written}");
    assert!(written.contains(", not looked into yet"), "{written}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).expect("file").permissions().mode() & 0o777, 0o600);
    }
    let (output, saved) = run(&[&BROKEN[..], &PLAYED, &["--known", known]].concat());
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    let saved = report(saved.path());
    let failed: Vec<_> =
        checks(&saved).into_iter().filter(|c| c["status"] == "failed" && c["level"] == "must").collect();
    assert!(!failed.is_empty() && failed.iter().all(|c| c["known"].is_string()), "{failed:#?}");

    let (output, _report) = run(&[&["--reference"][..], &PLAYED, &["--known", known]].concat());
    assert_eq!(code(&output), 1);
    let told = folded(&stdout(&output));
    assert!(told.contains("known failure users.deactivate/persisted passes now: delete lines 3 to 5 of "), "{told}");
}

#[test]
fn a_file_that_is_there_grows_and_keeps_what_it_says() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("known.toml");
    let known = text(&file);
    let before = "# Ours. Ask Ann.\n\n[[known]]\nid = \"users.deactivate/persisted\" # ticket 7\nreason = \"in May\"\nexpires = 2999-05-01";
    fs::write(&file, before).expect("write");
    let record = |more: &[&str]| {
        let (output, _report) = run(&[&BROKEN[..], &PLAYED, &["--write-known", known], more].concat());
        (code(&output), fs::read_to_string(&file).expect("known.toml"))
    };
    let (exit, written) = record(&[]);
    assert_eq!(exit, 1, "a file that is written does not excuse yet");
    assert!(written.starts_with(&format!("{before}\n\n[[known]]\n")), "{written}");
    assert_eq!(written.matches("users.deactivate/persisted").count(), 1, "{written}");
    assert_eq!(record(&["--known", known]), (0, written.clone()), "nothing is written twice");
    let (output, _report) = run(&[&BROKEN[..], &["users.deactivate", "--deny", "should", "--known", known]].concat());
    assert_eq!(code(&output), 1, "a should that nobody wrote down");
    let (_, more) = record(&["--deny", "should"]);
    assert!(more.starts_with(&written) && more.len() > written.len(), "{more}");
    let denied = run(&[&BROKEN[..], &PLAYED, &["--deny", "should", "--known", known]].concat()).0;
    assert_eq!(code(&denied), 0, "{}", stdout(&denied));
}

#[test]
fn what_the_server_says_stays_inside_its_reason() {
    let (_served, url) = serve(&[]);
    let target = between(&url, |request, server| {
        if !line(request).starts_with("PATCH") {
            return server(request);
        }
        let detail = "\\\"\\\"\\\"'''\\n[[known]]\\nid = 'x/y'\\u001b[2J\\u202e\\u0000";
        let body = format!(
            "{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"418\",\"detail\":\"{detail}\"}}"
        );
        let head = "HTTP/1.1 418 No\r\nContent-Type: application/scim+json\r\nConnection: close\r\nContent-Length:";
        format!("{head} {}\r\n\r\n{body}", body.len()).into_bytes()
    });
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("known.toml");
    let (output, _report) = run(&["--url", &target, "users.deactivate", "--write-known", text(&file)]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let written = fs::read_to_string(&file).expect("known.toml");
    assert!(written.contains("status 418") && written.lines().all(|l| !l.starts_with("id = 'x/y'")), "{written}");
    assert!(!written.contains(['\u{1b}', '\u{202e}', '\0']), "{written}");
    let (output, _report) = run(&["--url", &target, "users.deactivate", "--known", text(&file)]);
    assert_eq!(code(&output), 0, "{}\n{written}", stdout(&output));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    for (name, content) in
        [("broken.toml", "[[knwon]]\n"), ("array.toml", "known = [{ id = \"a/b\", reason = \"r\" }]\n")]
    {
        fs::write(at(name), content).expect("write");
        let (output, _report) = run(&["--reference", "users.create", "--write-known", text(&at(name))]);
        assert_eq!((code(&output), stdout(&output).as_str()), (4, ""), "{name}: {}", stderr(&output));
        assert_eq!(fs::read_to_string(at(name)).expect("text"), content);
    }
    let (output, _report) = run(&["--reference", "users.create", "--write-known", text(&at("no/known.toml"))]);
    assert_eq!((code(&output), stdout(&output).as_str()), (6, ""), "{}", stderr(&output));
    let early = run(&["--url", "http://127.0.0.1:9/scim", "--write-known", text(&at("early.toml"))]).0;
    assert_eq!((code(&early), at("early.toml").exists()), (3, false));
    assert!(stderr(&early).contains("early.toml was not written: the run is not complete"), "{}", stderr(&early));
}

#[test]
fn only_what_failed_is_played_again() {
    let (_, broken) = run(&[&BROKEN[..], &PLAYED].concat());
    let saved = broken.path().join("report.json");
    let again = |more: &[&str]| run(&[&BROKEN[..], more].concat());
    for named in [saved.as_path(), broken.path()] {
        let (output, folder) = again(&["--last-failed", text(named)]);
        let report = report(folder.path());
        assert_eq!(ids(&report), ["users.deactivate", "users.reactivate"], "{}", stderr(&output));
        assert_eq!((code(&output), &report["verdict"]), (1, &json!("partial")));
        assert_eq!(stderr(&output), "", "nothing differs");
        let expected = format!(
            "next scimulate run --reference --fault deactivate_noop --last-failed {}",
            text(&folder.path().join("report.json"))
        );
        assert!(folded(&stdout(&output)).contains(&expected), "{}", stdout(&output));
    }
    let (output, folder) = again(&["--last-failed", text(&saved), "--skip", "users.reactivate"]);
    assert_eq!((code(&output), ids(&report(folder.path()))), (1, vec!["users.deactivate"]));

    let mended = run(&["--reference", "--app", "aiw", "--seed", "5", "--last-failed", text(&saved)]).0;
    assert_eq!(code(&mended), 0, "{}", stdout(&mended));
    let notes = stderr(&mended);
    assert!(notes.contains("was played as --app oin, this run is --app aiw"), "{notes}");
    assert!(notes.contains("was played with --seed 4711, this run has 5"), "{notes}");
    let (_served, url) = serve(&[]);
    let elsewhere = run(&["--url", &url, "--last-failed", text(&saved)]).0;
    let notes = stderr(&elsewhere);
    assert!(notes.contains(&format!("was played against the built-in server, this run goes to {url}")), "{notes}");
}

#[test]
fn the_newest_report_is_found_and_a_good_one_leaves_nothing_to_play() {
    let here = tempfile::tempdir().expect("folder");
    let play =
        |arguments: &[&str]| scimulate().arg("run").args(arguments).current_dir(here.path()).output().expect("run");
    let none = play(&["--reference", "--last-failed"]);
    assert_eq!(code(&none), 4);
    assert!(stderr(&none).contains("there is no reports/latest/report.json. No run has written"), "{}", stderr(&none));
    let failed = play(&[&BROKEN[..], &PLAYED].concat());
    assert!(folded(&stdout(&failed)).contains("--fault deactivate_noop --last-failed scimulate explain"));
    if cfg!(unix) {
        let mended = play(&["--reference", "--last-failed"]);
        assert_eq!(code(&mended), 0, "{}", stderr(&mended));
        let nothing = play(&["--reference", "--last-failed"]);
        assert_eq!(code(&nothing), 5);
        assert!(stderr(&nothing).contains("nothing failed in reports/latest/report.json"), "{}", stderr(&nothing));
    }
    // The folder that a run writes to is also the one it reads.
    let own = [&BROKEN[..], &["--report-dir", "own"]].concat();
    play(&[&own[..], &["users.deactivate"]].concat());
    let again = play(&[&own[..], &["--last-failed"]].concat());
    assert_eq!((code(&again), ids(&report(&here.path().join("own")))), (1, vec!["users.deactivate"]));
    let word = play(&["--reference", "--last-failed", "users.create"]);
    assert_eq!(code(&word), 4);
    assert!(stderr(&word).contains("what to play cannot be selected beside it"), "{}", stderr(&word));
    assert_eq!(code(&play(&["--reference", "users.create", "--last-failed"])), 2);
}

#[test]
fn a_report_that_anybody_may_have_written_selects_known_scenarios_only() {
    let (_, folder) = run(&[&BROKEN[..], &PLAYED].concat());
    let file = folder.path().join("report.json");
    let mut forged = report(folder.path());
    forged["scenarios"][1]["id"] = json!("x\u{1b}[2J/../../etc");
    forged["target"] = json!({ "base_url": "http://evil.example/\u{1b}[2J\n" });
    forged["run"]["complete"] = json!(false);
    fs::write(&file, forged.to_string()).expect("write");
    let (output, played) = run(&["--reference", "--last-failed", text(&file)]);
    assert_eq!((code(&output), ids(&report(played.path()))), (0, vec!["users.reactivate"]), "{}", stderr(&output));
    let notes = stderr(&output);
    assert!(notes.contains(r"names 1 scenario that this run does not play: x\u{1b}[2J/../../etc"), "{notes}");
    assert!(notes.contains("was not completed") && notes.contains(r"http://evil.example/\u{1b}[2J\u{a}"), "{notes}");
    assert!(!notes.contains('\u{1b}'));
    for broken in ["", "[]", "{\"schema_version\":1}", "{\"schema_version\":99}"] {
        fs::write(&file, broken).expect("write");
        assert_eq!(code(&run(&["--reference", "--last-failed", text(&file)]).0), 4, "{broken}");
    }
}

#[test]
fn the_first_failure_ends_a_run_that_is_to_fail_fast() {
    let (_served, url) = serve(&["--fault", "deactivate_noop"]);
    let before = directory(&url);
    for jobs in ["1", "4"] {
        let (output, folder) = run(&["--url", &url, "--jobs", jobs, "--settle", "0s", "--fail-fast"]);
        let report = report(folder.path());
        assert_eq!((code(&output), &report["run"]["complete"]), (1, &json!(false)), "{}", stdout(&output));
        let played = ids(&report);
        assert!(played.contains(&"users.deactivate") && !played.contains(&"groups.create"), "{played:?}");
        assert!(jobs != "1" || played.last() == Some(&"users.deactivate"), "{played:?}");
        let left = |told: &str| {
            told.contains("a must check failed (--fail-fast).") && told.contains("scenarios were not played.")
        };
        assert!(left(&report["run"]["notes"][0].to_string()) && left(&folded(&stdout(&output))), "{}", stdout(&output));
        assert!(report["gate"]["reasons"].to_string().contains("the run was not completed"));
        assert_eq!((&report["cleanup"]["left"], directory(&url) == before), (&json!([]), true));
    }
}

#[test]
fn known_failures_and_the_last_scenario_end_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let known = folder.path().join("known.toml");
    run(&[&BROKEN[..], &PLAYED, &["--write-known", text(&known)]].concat());
    let (output, saved) = run(&[&BROKEN[..], &PLAYED, &["--fail-fast", "--known", text(&known)]].concat());
    assert_eq!((code(&output), ids(&report(saved.path())).len()), (0, 3), "{}", stdout(&output));
    let (output, saved) = run(&[&BROKEN[..], &["users.update", "users.deactivate", "--fail-fast"]].concat());
    assert_eq!((code(&output), &report(saved.path())["run"]["complete"]), (1, &json!(true)), "all was played");
}

#[test]
fn a_failure_in_company_that_is_none_alone_ends_nothing() {
    let (_served, url) = serve(&[]);
    let once = AtomicBool::new(false);
    let target = between(&url, move |request, server| {
        if line(request).starts_with("PATCH") && !once.swap(true, Ordering::SeqCst) {
            return b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
        }
        server(request)
    });
    let (output, folder) = run(&["--url", &target, "--jobs", "2", "--fail-fast", "users"]);
    let report = report(folder.path());
    assert_eq!((code(&output), &report["run"]["complete"]), (0, &json!(true)), "{}", stdout(&output));
    assert!(checks(&report).iter().any(|c| c["id"].as_str().is_some_and(|id| id.ends_with("/always.in-company"))));
    assert!(ids(&report).contains(&"users.existing"), "{:?}", ids(&report));
}
