//! Checks can fail: each fault of the reference server is caught by the checks that `fixtures/faults.toml` names for it, in
//! each app kind that has them, and nothing is left behind.

mod support;

use std::collections::BTreeSet;

use scimulate::proof::expectation::{Expectation, expectations};
use scimulate::proof::trial::{Rules, config, trial};
use scimulate::scenario::{App, Catalogue, select};
use scimulate::server::fault;
use support::{checks, report, run};

fn catalogue() -> Catalogue {
    scimulate::scenario::load(None, None).expect("catalogue")
}

/// Does the app kind have this check?
fn has(catalogue: &Catalogue, app: App, id: &str) -> bool {
    let Some((scenario, check)) = id.split_once('/') else { return false };
    let check = check.split('@').next().unwrap_or_default();
    if scenario == "preflight" {
        return true;
    }
    let Some(scenario) = catalogue.scenarios.iter().find(|s| s.id == scenario && s.apps.contains(&app)) else {
        return false;
    };
    let of_app = |apps: &[App]| apps.is_empty() || apps.contains(&app);
    let steps = scenario.steps.iter().filter(|s| of_app(&s.apps));
    check.starts_with("always.") || steps.flat_map(|s| &s.checks).any(|c| c.id == check && of_app(&c.apps))
}

/// What is wrong with how a fault was seen; empty when it was caught.
async fn complaints(catalogue: &Catalogue, expected: &Expectation) -> Vec<String> {
    let mut found = Vec::new();
    let Some(fault) = fault::by_id(&expected.id) else {
        return vec![format!("{}: there is no such fault", expected.id)];
    };
    let mut seen = BTreeSet::new();
    for app in [App::Oin, App::Aiw].into_iter().filter(|app| expected.shows_in(*app)) {
        let wanted: Vec<&String> = expected.checks.iter().filter(|id| has(catalogue, app, id)).collect();
        seen.extend(wanted.iter().copied());
        let words: Vec<String> =
            wanted.iter().filter(|id| !id.starts_with("preflight/")).map(ToString::to_string).collect();
        if wanted.is_empty() {
            continue;
        }
        let plan = select::select(catalogue, app, &words, &[]).expect("selection");
        let trial = trial(config(vec![fault]), Rules::new(app), catalogue, &plan).await.expect("trial");
        for id in wanted.iter().filter(|id| !trial.failed.contains_key(**id)) {
            found.push(format!("{} ({}): {id} did not fail, but {:?}", fault.id, app.id(), trial.failed.keys()));
        }
        if !trial.cleanup.left.is_empty() {
            found.push(format!("{} ({}) leaves something behind: {:?}", fault.id, app.id(), trial.cleanup.left));
        }
    }
    found.extend(
        expected.checks.iter().filter(|id| !seen.contains(id)).map(|id| format!("{}: no check {id}", fault.id)),
    );
    found
}

#[tokio::test]
async fn each_fault_fails_the_checks_its_story_names() {
    let catalogue = catalogue();
    let only = std::env::var("FAULT").unwrap_or_default();
    let mut found = Vec::new();
    for expected in expectations().expect("expectations").faults.iter().filter(|e| e.id.starts_with(&only)) {
        found.extend(complaints(&catalogue, expected).await);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_fault_has_an_expectation() {
    let expected = expectations().expect("expectations").faults;
    for fault in fault::all() {
        assert!(expected.iter().any(|e| e.id == fault.id), "fixtures/faults.toml does not name {}", fault.id);
    }
}

#[test]
fn a_fault_closes_the_gate_of_a_real_run_and_a_should_leaves_it_open() {
    for (fault, scenario, code) in
        [("deactivate_noop", "users.deactivate", 1), ("dup_case_variant_ok", "users.create-duplicate", 0)]
    {
        let (output, folder) = run(&["--reference", "--fault", fault, scenario]);
        let report = report(folder.path());
        let failed = checks(&report).into_iter().filter(|c| c["status"] == "failed").count();
        assert_eq!((output.status.code(), failed > 0), (Some(code), true), "{fault}");
    }
}
