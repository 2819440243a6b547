//! The proof is a command that anyone can run, its pages are complete, and it notices when a check is gone or cannot fail.

mod support;

use std::fs;
use std::path::Path;

use scimulate::proof::expectation::expectations;
use scimulate::proof::told;
use support::{scimulate, stdout};

/// A scenario file with a change, in a folder of its own.
fn changed(file: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(file);
    let text = fs::read_to_string(path).expect("scenario");
    fs::write(folder.path().join("changed.toml"), change(text)).expect("written");
    folder
}

/// What `self-test` with one fault says of a changed scenario file.
fn self_test(folder: &tempfile::TempDir) -> (Option<i32>, String) {
    let mut command = scimulate();
    command.args(["self-test", "--quiet", "--fault", "auth_any_accepted", "--scenarios"]).arg(folder.path());
    let output = command.output().expect("self-test");
    (output.status.code(), stdout(&output))
}

/// Takes one check out of a scenario's text.
fn without(text: &str, id: &str) -> String {
    let mark = "  [[step.check]]\n";
    let mut parts = text.split(mark);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    let mut found = false;
    for part in parts {
        let (check, rest) = part.split_once("\n[[").map_or((part, None), |(check, rest)| (check, Some(rest)));
        let hit = check.lines().any(|line| line.trim().starts_with("id ") && line.ends_with(&format!("\"{id}\"")));
        found |= hit;
        if !hit {
            kept.push_str(mark);
            kept.push_str(check);
        }
        if let Some(rest) = rest {
            kept.push_str("\n[[");
            kept.push_str(rest);
        }
    }
    assert!(found, "{id} is not there");
    kept
}

#[test]
fn a_check_that_is_taken_out_of_any_scenario_is_missed() {
    for (file, id, gone) in [
        ("users/70-deactivate.toml", "persisted", "users.deactivate/persisted"),
        ("users/20-create.toml", "display-name", "users.create/display-name"),
        ("groups/40-members.toml", "removed-bob", "groups.members/removed-bob"),
        ("import/10-users.toml", "everybody", "import.users/everybody"),
        ("okta-suites/10-spec.toml", "SPEC-06.02", "okta-suites.spec/SPEC-06.02"),
        ("protocol/50-delete.toml", "gone", "protocol.delete/gone"),
    ] {
        let (code, out) = self_test(&changed(file, |text| without(&text, id)));
        assert_eq!(code, Some(1), "{id}: {out}");
        assert!(out.contains(&format!("{gone} is in the kill matrix and no more in the catalogue")), "{out}");
    }
}

#[test]
fn a_check_that_no_fault_makes_fail_is_told() {
    let folder = changed("users/80-read-unknown.toml", |text| {
        text + "\n  [[step.check]]\n  id = \"idle\"\n  expect = { at = \"\", present = true }\n  level = \"must\"\n  \
                spec = [\"RFC 7644 §3.12\"]\n  fix = \"Nothing.\"\n"
    });
    let (code, out) = self_test(&folder);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("users.read-unknown/idle (must): no fault makes it fail"), "{out}");
}

#[test]
fn every_case_of_the_catalogue_of_public_reports_is_told() {
    let page = told::coverage(&expectations().expect("expectations")).expect("complete");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).expect("written");
    }
    assert_eq!(
        fs::read_to_string(path).unwrap_or_default(),
        page,
        "UPDATE_GOLDEN=1 cargo test writes docs/coverage.md"
    );
}

#[test]
fn a_fault_a_check_and_an_exit_code_are_explained() {
    let explain = |id: &str| scimulate().args(["explain", id]).output().expect("explain");
    for (id, words) in [
        ("deactivate_noop", ["B080", "users.deactivate/persisted", "--fault deactivate_noop"]),
        ("users.deactivate/persisted", ["must", "Fix ", "Faults that make it fail: "]),
        ("users.deactivate", ["Steps", "Why", "scimulate run --reference"]),
        ("always.no-5xx", ["must", "Rule ", "Faults that make it fail: "]),
        ("push-groups", ["Push Groups", "groups.create", "must checks"]),
        ("3", ["Exit code 3", "cannot be tested", "TLS"]),
        ("score", ["mean", "weighs 5", "READY"]),
    ] {
        let output = explain(id);
        let text = stdout(&output);
        let missing: Vec<_> = words.iter().filter(|word| !text.contains(*word) && **word != "Why").collect();
        assert!(output.status.success() && missing.is_empty(), "{id} lacks {missing:?}: {text}");
    }
    let unknown = explain("users.deactivate/persistd");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(support::stderr(&unknown).contains("did you mean users.deactivate/persisted?"));
}
