//! A target that refuses Okta's create or update body is told which part it is, and the rest is tested all the same.

mod support;

use serde_json::Value;
use support::{checks, report, run};

/// The report of a run against the reference server with these faults.
fn played(faults: &[&str], app: &str, select: &[&str]) -> Value {
    let mut arguments = vec!["--reference", "--app", app];
    arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    arguments.extend(select);
    let (_, folder) = run(&arguments);
    report(folder.path())
}

fn check<'r>(report: &'r Value, id: &str) -> &'r Value {
    checks(report).into_iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{id} was not judged"))
}

/// Ids of the checks that failed or were blocked.
fn wrong(report: &Value) -> Vec<&str> {
    let wrong = checks(report).into_iter().filter(|c| c["status"] == "failed" || c["status"] == "blocked");
    wrong.filter_map(|c| c["id"].as_str()).collect()
}

#[test]
fn a_refused_attribute_of_the_create_is_named() {
    for (fault, named) in [
        ("create_refuses_groups", "refuses `groups`:"),
        ("create_refuses_password", "refuses `password`:"),
        ("create_refuses_locale", "refuses `locale`:"),
        ("create_refuses_email_type", "refuses `emails.type`:"),
        ("create_demands_formatted", "demands `name.formatted`:"),
    ] {
        let report = played(&[fault], "oin", &["users.create"]);
        let message = check(&report, "users.create/accepted")["message"].as_str().expect("message").to_owned();
        assert!(message.contains(named), "{fault}: {message}");
    }
}

#[test]
fn several_refusals_are_all_named_and_everything_else_is_still_tested() {
    let faults = ["create_refuses_locale", "create_refuses_email_type", "create_demands_formatted"];
    for app in ["oin", "aiw"] {
        let report = played(&faults, app, &[]);
        let message = check(&report, "users.create/accepted")["message"].as_str().expect("message");
        assert!(message.contains("refuses `locale` and `emails.type` and demands `name.formatted`"), "{message}");
        // What sends its bodies as they are written fails, a create of the userName alone lacks the demanded name, and
        // bad-json is refused by these faults before it is read.
        let spared = ["users.create/", "users.create-small/bare-accepted", "okta-suites.", "protocol.bad-json/"];
        let others: Vec<_> =
            wrong(&report).into_iter().filter(|id| !spared.iter().any(|s| id.starts_with(s))).collect();
        assert!(others.is_empty(), "{app}: {others:?}");
        assert!(report["cleanup"]["left"].as_array().is_some_and(Vec::is_empty));
    }
}

#[test]
fn what_is_picked_by_a_refused_attribute_is_skipped() {
    let report = played(&["create_refuses_email_type"], "oin", &["protocol.patch-forms", "users.create-small"]);
    assert!(wrong(&report).is_empty(), "{:?}", wrong(&report));
    for id in ["picked-accepted", "picked-read-readable", "picked-stored", "picked-alone", "picked-no-more"] {
        let check = check(&report, &format!("protocol.patch-forms/{id}"));
        let reason = check["message"].as_str().unwrap_or_default();
        assert!(check["status"] == "skipped" && reason.contains("refuses `emails.type`"), "{check}");
    }
    for id in ["protocol.patch-forms/by-value-kept", "users.create-small/suite-body-accepted"] {
        assert_eq!(check(&report, id)["status"], "passed", "{id}");
    }
}

#[test]
fn an_error_is_told_once_and_not_by_what_is_about_a_body_that_did_not_come() {
    let report = played(&["filter_nomatch_500"], "oin", &["users.lookup-cut"]);
    assert_eq!(check(&report, "users.lookup-cut/quote-answered")["status"], "failed");
    let nobody = check(&report, "users.lookup-cut/quote-nobody");
    assert_eq!(nobody["status"], "skipped", "nobody was listed: {nobody}");
}

#[test]
fn a_given_person_is_made_with_what_is_accepted_even_when_creation_was_not_selected() {
    let report = played(&["create_refuses_password"], "aiw", &["users.deactivate"]);
    assert!(wrong(&report).is_empty(), "{:?}", wrong(&report));
}

#[test]
fn a_refused_attribute_of_the_update_is_named() {
    let report = played(&["update_refuses_title"], "oin", &["users.update"]);
    let message = check(&report, "users.update/push-accepted")["message"].as_str().expect("message");
    assert!(message.contains("without `title` the same body is accepted"), "{message}");
}
