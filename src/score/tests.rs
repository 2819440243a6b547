//! What findings add up to.

use super::*;
use crate::report::sample::{check, scenario};
use CheckStatus::{Blocked, Failed, Passed, Skipped};

const CREATE: Capability = Capability::CreateUsers;

fn played(capability: Capability, checks: &[(&str, Level, CheckStatus)]) -> ScenarioResult {
    let id = checks.first().map_or("s.x", |(id, ..)| id.split_once('/').map_or(*id, |(s, _)| s));
    scenario(id, capability, checks.iter().map(|(id, level, status)| check(id, capability, *level, *status)).collect())
}

fn status(scored: &Scored, id: Capability) -> CapabilityStatus {
    scored.capabilities.iter().find(|c| c.id == id).unwrap().status
}

fn run(scenarios: &[ScenarioResult], features: &[Capability]) -> Scored {
    score(scenarios, features, &[], false)
}

#[test]
fn a_run_without_failures_is_ready_with_100() {
    let scored = run(&[played(CREATE, &[("a.b/c", Level::Must, Passed), ("a.b/d", Level::Info, Failed)])], &[CREATE]);
    assert_eq!((scored.verdict, scored.score.value), (Verdict::Ready, Some(100)));
    assert_eq!(status(&scored, CREATE), CapabilityStatus::Works);
    assert_eq!((scored.counts.informed, scored.counts.passed), (1, 1));
}

#[test]
fn weights_are_five_two_and_zero_and_blocked_is_not_passed() {
    let checks = [
        ("a.b/must", Level::Must, Passed),
        ("a.b/should", Level::Should, Failed),
        ("a.b/info", Level::Info, Failed),
        ("a.b/blocked", Level::Must, Blocked),
        ("a.b/skipped", Level::Must, Skipped),
    ];
    let scored = run(&[played(CREATE, &checks)], &[CREATE]);
    assert_eq!((scored.score.passed_weight, scored.score.applicable_weight), (5, 12));
    assert_eq!(scored.score.value, Some(41));
    assert_eq!(scored.verdict, Verdict::NotReady);
    assert_eq!(scored.counts.checks, 5);
}

#[test]
fn a_should_failure_alone_warns_and_keeps_ready_but_never_100() {
    let many: Vec<String> = (0..200).map(|n| format!("a.b/{n}")).collect();
    let mut checks: Vec<_> = many.iter().map(|id| (id.as_str(), Level::Must, Passed)).collect();
    checks.push(("a.b/late", Level::Should, Failed));
    let scored = run(&[played(CREATE, &checks)], &[CREATE]);
    assert_eq!((scored.verdict, scored.score.value), (Verdict::Ready, Some(99)));
    assert_eq!(status(&scored, CREATE), CapabilityStatus::WorksWithWarnings);
    assert_eq!(scored.capabilities[1].score, Some(99));
}

#[test]
fn the_score_is_the_floor_of_the_mean_over_tested_features() {
    let scenarios = [
        played(CREATE, &[("a.b/c", Level::Must, Passed)]),
        played(Capability::PushGroups, &[("g.b/c", Level::Must, Passed), ("g.b/d", Level::Must, Failed)]),
        played(Capability::ImportUsers, &[("i.b/c", Level::Must, Skipped)]),
    ];
    let scored = run(&scenarios, &[CREATE]);
    assert_eq!(scored.score.value, Some(75));
    assert_eq!(scored.verdict, Verdict::Ready, "a broken feature nobody asked for does not decide");
    assert_eq!(status(&scored, Capability::ImportUsers), CapabilityStatus::NotTested);
}

#[test]
fn suites_and_protocol_have_figures_of_their_own_outside_the_mean() {
    let scenarios = [
        played(CREATE, &[("a.b/c", Level::Must, Passed)]),
        played(Capability::Protocol, &[("p.b/c", Level::Must, Failed), ("p.b/d", Level::Must, Passed)]),
        played(Capability::OktaSuites, &[("o.b/c", Level::Must, Passed)]),
    ];
    let scored = run(&scenarios, &[CREATE]);
    assert_eq!((scored.score.value, scored.score.protocol, scored.score.okta_suites), (Some(100), Some(50), Some(100)));
    assert_eq!(scored.score.applicable_weight, 5);
    assert_eq!(scored.verdict, Verdict::Ready);
}

#[test]
fn a_whole_mean_of_thirds_is_not_rounded_down() {
    let scenarios = [
        played(
            CREATE,
            &[("a.b/1", Level::Must, Passed), ("a.b/2", Level::Must, Failed), ("a.b/3", Level::Must, Failed)],
        ),
        played(
            Capability::PushGroups,
            &[("g.b/1", Level::Must, Passed), ("g.b/2", Level::Must, Passed), ("g.b/3", Level::Must, Failed)],
        ),
    ];
    assert_eq!(run(&scenarios, &[CREATE]).score.value, Some(50));
}

#[test]
fn a_rule_that_always_holds_counts_once_per_capability_and_run() {
    let protocol = Capability::Protocol;
    let scenarios = [
        played(protocol, &[("a.a/always.type", Level::Should, Passed), ("a.a/always.size", Level::Must, Skipped)]),
        played(protocol, &[("a.b/always.type", Level::Should, Failed), ("a.b/always.size", Level::Must, Passed)]),
        played(protocol, &[("a.c/always.type@odd", Level::Should, Failed), ("a.c/always.size", Level::Must, Skipped)]),
        played(CREATE, &[("a.d/always.type", Level::Should, Passed)]),
    ];
    let checks = counted(&scenarios);
    assert_eq!(checks.len(), 3);
    assert_eq!((checks[0].status, checks[0].id(), checks[0].scenarios()), (Failed, "a.b/always.type", 2));
    assert_eq!((checks[1].status, checks[1].id(), checks[1].scenarios()), (Passed, "a.b/always.size", 1));
    let scored = run(&scenarios, &[CREATE]);
    assert_eq!((scored.counts.checks, scored.counts.failed_should, scored.counts.passed), (3, 1, 2));
    assert_eq!(scored.score.protocol, Some(71));
}

#[test]
fn the_heaviest_level_of_a_broken_rule_wins() {
    let scenarios = [
        played(CREATE, &[("a.a/always.size", Level::Should, Failed)]),
        played(CREATE, &[("a.b/always.size", Level::Must, Failed)]),
        played(CREATE, &[("a.c/always.size", Level::Must, Passed)]),
    ];
    let checks = counted(&scenarios);
    assert_eq!((checks[0].level, checks[0].id(), checks[0].scenarios()), (Level::Must, "a.b/always.size", 2));
}

#[test]
fn a_feature_asked_for_that_is_not_offered_is_not_ready_and_one_not_tested_is_partial() {
    let scenarios = [played(CREATE, &[("a.b/c", Level::Must, Passed)])];
    let groups = Capability::PushGroups;
    let scored = score(&scenarios, &[CREATE, groups], &[groups], false);
    assert_eq!((scored.verdict, status(&scored, groups)), (Verdict::NotReady, CapabilityStatus::NotOffered));
    assert_eq!(scored.score.value, Some(100), "what is not offered is not scored");
    assert_eq!(run(&scenarios, &[CREATE, groups]).verdict, Verdict::Partial);
    assert_eq!(run(&[], &[CREATE]).score.value, None);
}

#[test]
fn a_narrowed_run_is_partial_whatever_it_found() {
    let scenarios = [played(CREATE, &[("a.b/c", Level::Must, Failed)])];
    let scored = score(&scenarios, &[CREATE], &[], true);
    assert_eq!((scored.verdict, status(&scored, CREATE)), (Verdict::Partial, CapabilityStatus::Broken));
}

#[test]
fn known_failures_are_counted_and_still_told() {
    let mut scenarios = [played(CREATE, &[("a.b/c", Level::Must, Failed), ("a.b/d", Level::Must, Failed)])];
    scenarios[0].steps[0].checks[0].known = Some("reason".to_owned());
    let scored = run(&scenarios, &[CREATE]);
    assert_eq!((scored.counts.known, scored.counts.failed_must, scored.score.value), (1, 2, Some(0)));
}

#[test]
fn skipped_scenarios_are_not_counted_as_played() {
    let mut scenarios = [played(CREATE, &[("a.b/c", Level::Must, Skipped)]), played(CREATE, &[])];
    scenarios[0].status = ScenarioStatus::Skipped;
    assert_eq!(run(&scenarios, &[CREATE]).counts.scenarios, 1);
}
