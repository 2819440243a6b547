//! Checks can fail: each fault of the reference server is caught by the checks that `fixtures/faults.toml` names for it, in
//! each app kind that has them, breaks no more than it may, and nothing is left behind.

mod support;

use scimulate::proof::expectation::expectations;
use scimulate::proof::{Bench, Depth, Inventory, Scope, prove};
use support::{checks, report, run};

#[test]
fn a_fault_fails_the_checks_its_story_names() {
    let catalogue = scimulate::scenario::load(None, None).expect("catalogue");
    let bench = Bench { inventory: Inventory::new(&catalogue), catalogue, depth: Depth::Expected };
    let mut expectations = expectations().expect("expectations");
    let only = std::env::var("FAULT").unwrap_or_default();
    expectations.faults.retain(|one| one.id.starts_with(&only));
    // A fifth of them: `.ci/run` plays all, optimised.
    let sample = if only.is_empty() { 5 } else { 1 };
    let faults = expectations.faults.iter().step_by(sample).map(|one| one.id.clone()).collect();
    let scope = Scope { faults, combinations: 10, seed: 1 };
    let proof = prove(&bench, &expectations, &scope, |_, _, _| ()).expect("played");
    // Which checks no fault makes fail yet is what `self-test` tells; this test is about faults.
    let missing: Vec<_> = proof.missing.iter().filter(|one| !one.ends_with("no fault makes it fail")).collect();
    assert!(missing.is_empty(), "{missing:#?}");
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
