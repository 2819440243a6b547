//! What people see: golden texts of the program's own output, without colour, with times, ports and ids taken out.
//! `UPDATE_GOLDEN=1 cargo test --test terminal` writes them anew; read the difference before committing it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex_lite::Regex;
use support::{fixed, scimulate, serve, stderr, stdout};

const SELECTED: [&str; 4] = ["connection.credentials", "users.deactivate", "users.reactivate", "groups.push-now"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text without what no two runs share.
fn normal(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "DIR");
    [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{0,26}", "UUID"),
        // The whole run.
        (r"([·-]) (?:\d+|\d+\.\d+) m?s\n$", "$1 TIME\n"),
        (r" +\d+\.\d+ ?s\b", " TIME"),
        (r"time=\d+\.\d+s", "time=TIME"),
        (r"\d+ ms\b", "N ms"),
    ]
    .into_iter()
    .fold(text, |text, (pattern, name)| Regex::new(pattern).expect("pattern").replace_all(&text, name).into_owned())
}

fn golden(name: &str, text: &str) {
    let path = root().join("tests/golden/terminal").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("folder")).expect("folder");
        fs::write(&path, text).expect("write");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}

/// The program with nothing of these surroundings in its output.
fn plain() -> Command {
    let mut command = scimulate();
    command.env_remove("COLUMNS").env("LC_ALL", "C.UTF-8").env("SCIM_TOKEN", "Bearer secret-token-0815");
    command
}

fn played(command: &mut Command) -> (Output, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    let output = command.args(["--run-id", "golden", "--jobs", "1", "--report-dir"]).arg(folder.path()).output();
    (output.expect("run"), folder.path().to_owned(), folder)
}

#[test]
fn a_saved_report_at_every_width() {
    let report = root().join("reports/example/report.json");
    for (columns, more, name) in [
        ("120", vec![], "example-120.txt"),
        ("80", vec![], "example-80.txt"),
        ("40", vec![], "example-40.txt"),
        ("80", vec!["--ascii"], "example-ascii.txt"),
        ("100", vec!["--verbose"], "example-all.txt"),
    ] {
        let output = plain().arg("report").arg(&report).args(&more).env("COLUMNS", columns).output().expect("report");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(!text.contains('\u{1b}') && (!more.contains(&"--ascii") || text.is_ascii()), "{text}");
        golden(name, &normal(&text, root()));
    }
    let log = plain().arg("report").arg(&report).env("CI", "true").output().expect("report");
    golden("example-ci.txt", &normal(&stdout(&log), root()));
}

#[test]
fn a_healthy_run_line_by_line() {
    let (output, folder, _kept) = played(plain().args(["run", "--reference"]).args(SELECTED));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    golden("healthy.txt", &normal(&stdout(&output), &folder));
    let (output, folder, _kept) = played(plain().args(["run", "--reference", "--quiet"]).args(SELECTED));
    golden("healthy-quiet.txt", &normal(&stdout(&output), &folder));
}

#[test]
fn a_failing_run_in_a_workflow() {
    let broken = ["run", "--reference", "--fault", "deactivate_noop"];
    let (output, folder, _kept) =
        played(plain().args(broken).args(SELECTED).env("CI", "true").env("GITHUB_ACTIONS", "true"));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("::error title=users.deactivate/persisted::"), "{text}");
    golden("failing-ci.txt", &normal(&text, &folder));
}

#[test]
fn runs_that_cannot_start() {
    let refused = fixed(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let page = fixed(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>Hi</html>",
    );
    for (url, name) in [(refused, "refused.txt"), (page, "html.txt")] {
        let (output, folder, _kept) = played(plain().args(["run", "--url", &url]));
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        golden(name, &normal(&stdout(&output), &folder));
    }
}

#[test]
fn the_bar_of_a_terminal_is_gone_when_the_run_is_over() {
    if !cfg!(target_os = "linux") || Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no script(1) of util-linux");
        return;
    }
    let (_served, url) = serve(&[]);
    let folder = tempfile::tempdir().expect("folder");
    let program = format!(
        "{} run --url {url} users.deactivate --report-dir {}",
        env!("CARGO_BIN_EXE_scimulate"),
        folder.path().display()
    );
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &program, "/dev/null"]).env_remove("CI").env_remove("GITHUB_ACTIONS");
    let output = command.env("SCIM_TOKEN", "Bearer secret-token-0815").env("TERM", "xterm").output().expect("script");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.trim_end().lines().last().unwrap_or_default();
    // What is drawn after the bar was cleared has no trace of it.
    assert!(last.contains("PARTIAL for Okta") && !last.contains("scenarios  "), "{text:?}");
    let bar = text.rfind("/1 scenarios").expect("a bar was drawn");
    assert!(text[bar..].contains("\u{1b}[2K") || text[bar..].contains("\u{1b}[K"), "{text:?}");
}
