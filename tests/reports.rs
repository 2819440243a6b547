//! The files of a run as other programs read them: JUnit by its schema, HAR, Markdown, the script, the job summary; whatever
//! the target sends, and later from report.json.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pulldown_cmark::{Event, Options, Parser};
use scimulate::exchange::curl;
use scimulate::report::Report;
use serde_json::Value;
use support::{checks, hostile, report, run, scimulate, serve, stderr, stdout};

const ALL: [&str; 2] = ["--format", "json,html,junit,md,har"];
const FEW: [&str; 4] = ["connection.credentials", "users.create", "users.deactivate", "groups.push-now"];

/// A run of a broken and one of a hostile target, in every format.
fn bad_runs(look: impl Fn(&std::process::Output, &Path)) {
    let (_served, url) = hostile::target();
    for target in [vec!["--reference", "--fault", "deactivate_noop"], vec!["--url", &url]] {
        let (output, folder) = run(&[&target[..], &FEW, &ALL, &["--settle", "0s"]].concat());
        assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
        look(&output, folder.path());
    }
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_default_is_json_and_html_for_the_owner_alone() {
    let (output, folder) = run(&["--reference", "connection.credentials"]);
    assert!(stdout(&output).contains("report.html (+ report.json)"), "{}", stdout(&output));
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("folder")
        .map(|e| e.expect("entry").file_name().into_string().expect("name"))
        .collect();
    names.sort();
    assert_eq!(names, ["report.html", "report.json"]);
    #[cfg(unix)]
    for name in names {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = folder.path().join(&name).metadata().expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_saved_report_gives_the_same_files_later_and_tells_itself() {
    let (_, folder) = run(&[&["--reference", "--fault", "deactivate_noop", "users.deactivate"][..], &ALL].concat());
    let later = tempfile::tempdir().expect("folder");
    let saved = folder.path().join("report.json");
    let made = scimulate().arg("report").arg(&saved).args(ALL).arg("--report-dir").arg(later.path()).output();
    let made = made.expect("report");
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert_eq!(stdout(&made).lines().count(), 6, "{}", stdout(&made));
    for name in ["report.json", "report.html", "junit.xml", "report.md", "exchanges.har", "repro.sh"] {
        assert!(text(folder.path(), name) == text(later.path(), name), "{name} differs");
    }
    let told = scimulate().arg("report").arg(&saved).output().expect("report");
    assert!(
        stdout(&told).contains("users.deactivate/persisted") && stdout(&told).contains("PARTIAL"),
        "{}",
        stdout(&told)
    );

    for (content, why) in [("<html>", "not JSON"), ("{}", "not a report")] {
        let bad = later.path().join("bad.json");
        fs::write(&bad, content).expect("write");
        let output = scimulate().arg("report").arg(&bad).args(["--format", "html"]).output().expect("report");
        assert_eq!(output.status.code(), Some(4));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let nowhere = saved.join("below-a-file");
    let output = scimulate().arg("report").arg(&saved).args(["--format", "md", "--report-dir"]).arg(nowhere).output();
    assert_eq!(output.expect("report").status.code(), Some(6));
}

#[test]
fn junit_keeps_to_its_schema() {
    if Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "xmllint is not installed (Debian: libxml2-utils)");
        eprintln!("SKIPPED: xmllint is not installed, so junit.xml was not validated");
        return;
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit.xsd");
    let valid = |folder: &Path| {
        let mut lint = Command::new("xmllint");
        lint.args(["--noout", "--nonet", "--schema"]).arg(&schema).arg(folder.join("junit.xml"));
        let output = lint.output().expect("xmllint");
        assert!(output.status.success(), "{}", stderr(&output));
    };
    bad_runs(|_, folder| {
        valid(folder);
        let report = report(folder);
        let xml = text(folder, "junit.xml");
        assert_eq!(xml.matches("<testcase ").count(), checks(&report).len());
        let failed = checks(&report).iter().filter(|c| c["status"] == "failed" && c["level"] == "must").count();
        assert_eq!(xml.matches("<failure ").count() + xml.matches("<error ").count(), failed);
    });
    let (output, folder) = run(&[&["--url", "http://127.0.0.1:9/scim/v2"][..], &ALL].concat());
    assert_eq!(output.status.code(), Some(3));
    valid(folder.path());
    assert!(text(folder.path(), "junit.xml").contains("<error "));
}

#[test]
fn a_denied_should_is_a_failure_in_junit() {
    let failures = |deny: &[&str]| {
        let (_, folder) =
            run(&[&["--reference", "--fault", "location_wrong_host", "users.create"][..], &ALL, deny].concat());
        let report = report(folder.path());
        let shoulds = checks(&report).iter().filter(|c| c["status"] == "failed" && c["level"] == "should").count();
        (text(folder.path(), "junit.xml").matches("<failure ").count(), shoulds)
    };
    let (without, shoulds) = failures(&[]);
    assert_ne!(shoulds, 0);
    assert_eq!(failures(&["--deny", "should"]), (without + shoulds, shoulds));
}

#[test]
fn har_is_what_http_archive_demands() {
    let schema: Value = serde_json::from_str(include_str!("schemas/har.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("schema");
    bad_runs(|_, folder| {
        let har: Value = serde_json::from_str(&text(folder, "exchanges.har")).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&har).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let report = report(folder);
        let exchanges = report["scenarios"].as_array().expect("scenarios").iter();
        let steps = exchanges.flat_map(|s| s["steps"].as_array().expect("steps"));
        let count: usize = steps.map(|s| s["exchanges"].as_array().expect("exchanges").len()).sum();
        assert_eq!(har["log"]["entries"].as_array().expect("entries").len(), count);
        assert!(!text(folder, "exchanges.har").contains("secret-token-0815"));
    });
}

#[test]
fn markdown_holds_no_markup_but_its_own() {
    bad_runs(|_, folder| {
        let markdown = text(folder, "report.md");
        assert!(markdown.len() < 1024 * 1024);
        for event in Parser::new_ext(&markdown, Options::ENABLE_GFM | Options::ENABLE_TABLES) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    let own = html.starts_with("<details><summary>") || html.trim() == "</details>";
                    assert!(own && html.matches('<').count() <= 3, "{html}");
                }
                Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                    assert!(
                        dest_url.starts_with("https://www.rfc-editor.org/") || dest_url.contains("okta.com"),
                        "{dest_url}"
                    );
                }
                Event::Start(pulldown_cmark::Tag::Image { dest_url, .. }) => panic!("an image: {dest_url}"),
                _ => {}
            }
        }
        assert!(!markdown.contains(['\u{1b}', '\u{202e}', '\u{0}']));
    });
}

#[test]
fn nothing_a_target_sends_reaches_terminal_or_log_as_a_command() {
    bad_runs(|output, _| {
        let told = stdout(output);
        assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{7}', '\u{0}']), "{told}");
        assert!(told.lines().all(|line| !line.trim_start().starts_with("::")), "{told}");
    });
}

#[test]
fn the_script_sends_what_was_sent_and_runs_nothing_else() {
    bad_runs(|_, folder| {
        let place = tempfile::tempdir().expect("folder");
        // A curl that writes down its arguments, each ended by a NUL.
        fs::write(place.path().join("curl"), "#!/bin/sh\nprintf '%s\\0' \"$@\" >>\"$SENT\"\n").expect("write");
        let sent = place.path().join("sent");
        let play = |arguments: &[&str]| {
            let path = std::env::var("PATH").expect("PATH");
            let mut command = Command::new("sh");
            command.arg(folder.join("repro.sh")).args(arguments).current_dir(place.path()).env("SENT", &sent);
            command.env("PATH", format!("{}:{path}", place.path().display())).env("SCIM_TOKEN", "abc-0815");
            command.env_remove("SCIM_BASE_URL");
            let output = command.output().expect("sh");
            // The built-in server has ended with its run, so the script asks for another.
            if stderr(&output).contains("give the base URL in SCIM_BASE_URL") {
                assert!(text(folder, "repro.sh").contains("scimulate serve --fault"));
                return command.env("SCIM_BASE_URL", "http://127.0.0.1:9/scim/v2").output().expect("sh");
            }
            output
        };
        let _ = Command::new("chmod").arg("+x").arg(place.path().join("curl")).status();
        let listed = play(&[]);
        assert!(!sent.exists(), "listing sends nothing");
        let ids = stdout(&listed);
        let failed = checks(&report(folder)).iter().filter(|c| c["status"] == "failed" && c["level"] != "info").count();
        assert!(ids.lines().count() > 0 && ids.lines().count() <= failed, "{ids}");
        for id in ids.lines() {
            let output = play(&[id]);
            assert_eq!(output.status.code(), Some(0), "{id}: {}", stderr(&output));
            let arguments = fs::read_to_string(&sent).expect("sent");
            assert!(arguments.starts_with("-sS\0-i\0-X\0") && arguments.contains("abc-0815"), "{arguments:?}");
            let _ = fs::remove_file(&sent);
        }
        assert_eq!(play(&["no.such/check"]).status.code(), Some(2));
        assert!(!place.path().join("pwned").exists(), "something of the target's was run");
    });
}

#[test]
fn the_commands_of_a_run_are_those_the_script_trusts() {
    let (_served, url) = serve(&[]);
    for (auth, token) in [("header", "Bearer secret-token-0815"), ("bearer", "secret-token-0815")] {
        let folder = tempfile::tempdir().expect("folder");
        let mut command = scimulate();
        command
            .args(["run", "--url", &url, "--auth", auth, "connection", "users.create", "--report-dir"])
            .arg(folder.path());
        let output = command.env("SCIM_TOKEN", token).output().expect("run");
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        let saved: Report = serde_json::from_str(&text(folder.path(), "report.json")).expect("report");
        let exchanges = saved.scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.exchanges);
        let other: Vec<_> = exchanges.filter(|e| curl::trusted(e) != e.curl).map(|e| &e.curl).collect();
        assert!(other.is_empty(), "{auth}: {other:#?}");
    }
}

#[test]
fn the_job_summary_is_appended_and_bounded() {
    let folder = tempfile::tempdir().expect("folder");
    let summary = folder.path().join("summary.md");
    let play = || {
        let output = scimulate()
            .args(["run", "--reference", "--fault", "deactivate_noop", "users.deactivate", "--no-report"])
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary)
            .output()
            .expect("run");
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("::error title=users.deactivate/persisted::"), "{}", stdout(&output));
        output
    };
    fs::write(&summary, "before\n\n").expect("write");
    play();
    let text = fs::read_to_string(&summary).expect("summary");
    assert!(text.starts_with("before\n\n# Partly tested"), "{text}");
    assert!(text.contains("`users.deactivate/persisted`"));

    fs::write(&summary, "x".repeat(899 * 1024)).expect("write");
    play();
    assert!(fs::metadata(&summary).expect("summary").len() <= 900 * 1024);
    fs::write(&summary, "x".repeat(1000 * 1024)).expect("write");
    assert!(stderr(&play()).contains("The job summary could not be written: it is full already"));
    assert_eq!(fs::metadata(&summary).expect("summary").len(), 1000 * 1024);
}
