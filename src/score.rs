//! Findings -> capabilities, verdict, score, counts. Pure: the same outcome gives the same bytes.

use std::collections::BTreeMap;

use crate::play::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus};
use crate::report::{CapabilityResult, CapabilityStatus, Counts, Score, Verdict};
use crate::scenario::{Capability, Level};

/// What the findings mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Okta's features, in their fixed order.
    pub capabilities: Vec<CapabilityResult>,
    /// Would Okta work.
    pub verdict: Verdict,
    /// The figure.
    pub score: Score,
    /// How many checks came out how.
    pub counts: Counts,
}

/// One thing that counts: a check, or a rule that always holds, seen in one or more scenarios.
struct Counted {
    capability: Capability,
    level: Level,
    status: CheckStatus,
    known: bool,
}

/// Weighs everything that was played. `features` are the boxes one will tick in Okta, `not_offered` what the target says it
/// has not, `narrowed` whether the run left something out.
pub fn score(
    scenarios: &[ScenarioResult],
    features: &[Capability],
    not_offered: &[Capability],
    narrowed: bool,
) -> Scored {
    let counted = counted(scenarios);
    let capabilities: Vec<CapabilityResult> =
        Capability::ALL.into_iter().map(|id| capability(id, &counted, features, not_offered)).collect();
    let figure = |id: Capability| capabilities.iter().find(|c| c.id == id).and_then(|c| c.score);
    let tested: Vec<u32> =
        capabilities.iter().filter(|c| c.id.is_feature()).filter_map(|c| c.score.map(u32::from)).collect();
    let weights = counted.iter().filter(|c| c.capability.is_feature()).map(weights);
    let (passed_weight, applicable_weight) = weights.fold((0, 0), |sum, w| (sum.0 + w.0, sum.1 + w.1));
    let value = (!tested.is_empty()).then(|| {
        let exact = figures_mean(&counted, &capabilities);
        if passed_weight < applicable_weight { exact.min(99) } else { exact }
    });
    Scored {
        verdict: verdict(&capabilities, narrowed),
        score: Score {
            value,
            passed_weight,
            applicable_weight,
            okta_suites: figure(Capability::OktaSuites),
            protocol: figure(Capability::Protocol),
        },
        counts: counts(scenarios, &counted),
        capabilities,
    }
}

/// Floor of the mean over tested features of their exact share, so that rounding is done once.
fn figures_mean(counted: &[Counted], capabilities: &[CapabilityResult]) -> u8 {
    let tested: Vec<Capability> =
        capabilities.iter().filter(|c| c.id.is_feature() && c.score.is_some()).map(|c| c.id).collect();
    // In hundredths of a per mille: exact enough for any number of checks, and no floating point.
    let sum: u64 = tested
        .iter()
        .map(|id| {
            let (passed, applicable) = weight(counted, *id);
            u64::from(passed) * 10_000_000 / u64::from(applicable.max(1))
        })
        .sum();
    u8::try_from(sum / (tested.len().max(1) as u64) / 100_000).unwrap_or(100)
}

/// Rules that always hold are judged once per scenario but count once per run and capability.
fn counted(scenarios: &[ScenarioResult]) -> Vec<Counted> {
    let mut rules: BTreeMap<(Capability, &str), Counted> = BTreeMap::new();
    let mut all = Vec::new();
    for check in scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks) {
        let one = Counted {
            capability: check.capability,
            level: check.level,
            status: check.status,
            known: check.known.is_some(),
        };
        match always(check) {
            None => all.push(one),
            Some(rule) => {
                rules
                    .entry((check.capability, rule))
                    .and_modify(|before| {
                        if rank(one.status) > rank(before.status) {
                            before.status = one.status;
                            before.known = one.known;
                        } else if rank(one.status) == rank(before.status) {
                            before.known &= one.known;
                        }
                    })
                    .or_insert(one);
            }
        }
    }
    all.extend(rules.into_values());
    all
}

/// The rule's name, when a check is one that always holds.
pub fn always(check: &CheckResult) -> Option<&str> {
    check.id.split_once('/')?.1.strip_prefix("always.")
}

const fn rank(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Skipped => 0,
        CheckStatus::Passed => 1,
        CheckStatus::Blocked => 2,
        CheckStatus::Failed => 3,
    }
}

/// (passed, applicable).
fn weights(counted: &Counted) -> (u32, u32) {
    let weight = match counted.level {
        Level::Must => 5,
        Level::Should => 2,
        Level::Info => 0,
    };
    match counted.status {
        CheckStatus::Passed => (weight, weight),
        CheckStatus::Failed | CheckStatus::Blocked => (0, weight),
        CheckStatus::Skipped => (0, 0),
    }
}

fn weight(counted: &[Counted], id: Capability) -> (u32, u32) {
    let of = counted.iter().filter(|c| c.capability == id).map(weights);
    of.fold((0, 0), |sum, w| (sum.0 + w.0, sum.1 + w.1))
}

fn capability(
    id: Capability,
    counted: &[Counted],
    features: &[Capability],
    not_offered: &[Capability],
) -> CapabilityResult {
    let of: Vec<&Counted> = counted.iter().filter(|c| c.capability == id).collect();
    let count = |test: &dyn Fn(&Counted) -> bool| of.iter().filter(|c| test(c)).count();
    let failed = count(&|c| c.status == CheckStatus::Failed && c.level == Level::Must);
    let warned = count(&|c| c.status == CheckStatus::Failed && c.level == Level::Should);
    let blocked = count(&|c| c.status == CheckStatus::Blocked);
    let blocked_must = count(&|c| c.status == CheckStatus::Blocked && c.level == Level::Must);
    let passed = count(&|c| c.status == CheckStatus::Passed);
    let (passed_weight, applicable) = weight(counted, id);
    let status = if failed + blocked_must > 0 {
        CapabilityStatus::Broken
    } else if not_offered.contains(&id) {
        CapabilityStatus::NotOffered
    } else if warned + blocked > 0 {
        CapabilityStatus::WorksWithWarnings
    } else if passed > 0 {
        CapabilityStatus::Works
    } else {
        CapabilityStatus::NotTested
    };
    let share = (applicable > 0).then(|| {
        let floor = u8::try_from(100 * passed_weight / applicable).unwrap_or(100);
        if passed_weight < applicable { floor.min(99) } else { floor }
    });
    CapabilityResult {
        id,
        title: id.title().to_owned(),
        status,
        feature: features.contains(&id),
        score: share,
        passed,
        failed,
        warned,
        blocked,
        skipped: count(&|c| c.status == CheckStatus::Skipped),
    }
}

fn verdict(capabilities: &[CapabilityResult], narrowed: bool) -> Verdict {
    let asked = || capabilities.iter().filter(|c| c.feature);
    if narrowed {
        Verdict::Partial
    } else if asked().all(|c| matches!(c.status, CapabilityStatus::Works | CapabilityStatus::WorksWithWarnings)) {
        Verdict::Ready
    } else {
        Verdict::NotReady
    }
}

fn counts(scenarios: &[ScenarioResult], counted: &[Counted]) -> Counts {
    let count = |test: &dyn Fn(&Counted) -> bool| counted.iter().filter(|c| test(c)).count();
    let failed = |level: Level| count(&|c| c.status == CheckStatus::Failed && c.level == level);
    Counts {
        scenarios: scenarios.iter().filter(|s| s.status != ScenarioStatus::Skipped).count(),
        checks: counted.len(),
        passed: count(&|c| c.status == CheckStatus::Passed),
        failed_must: failed(Level::Must),
        failed_should: failed(Level::Should),
        informed: failed(Level::Info),
        blocked: count(&|c| c.status == CheckStatus::Blocked),
        skipped: count(&|c| c.status == CheckStatus::Skipped),
        known: count(&|c| c.known && c.status == CheckStatus::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::StepResult;

    fn check(id: &str, capability: Capability, level: Level, status: CheckStatus) -> CheckResult {
        CheckResult {
            id: id.into(),
            capability,
            level,
            status,
            message: String::new(),
            at: None,
            expected: None,
            actual: None,
            differences: vec![],
            spec: vec![],
            fix: String::new(),
            caused_by: None,
            known: None,
        }
    }

    fn played(checks: Vec<CheckResult>) -> Vec<ScenarioResult> {
        vec![ScenarioResult {
            id: "x.y".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::CreateUsers,
            source: "builtin".into(),
            status: ScenarioStatus::Passed,
            reason: None,
            seconds: 0.0,
            steps: vec![StepResult {
                id: "s".into(),
                title: String::new(),
                exchanges: vec![],
                judged: None,
                note: None,
                checks,
            }],
        }]
    }

    const USERS: &[Capability] = &[Capability::CreateUsers];

    fn many(n: usize, status: CheckStatus) -> Vec<CheckResult> {
        (0..n).map(|i| check(&format!("x.y/{i}"), Capability::CreateUsers, Level::Must, status)).collect()
    }

    #[test]
    fn all_passed_is_ready_and_100() {
        let scored = score(&played(many(3, CheckStatus::Passed)), USERS, &[], false);
        assert_eq!((scored.verdict, scored.score.value), (Verdict::Ready, Some(100)));
    }

    #[test]
    fn one_failed_must_among_hundreds_is_not_ready_and_never_100() {
        let mut checks = many(500, CheckStatus::Passed);
        checks.push(check("x.y/bad", Capability::CreateUsers, Level::Must, CheckStatus::Failed));
        let scored = score(&played(checks), USERS, &[], false);
        assert_eq!((scored.verdict, scored.score.value), (Verdict::NotReady, Some(99)));
    }

    #[test]
    fn a_should_warns_and_a_blocked_must_breaks() {
        let mut checks = many(1, CheckStatus::Passed);
        checks.push(check("x.y/s", Capability::CreateUsers, Level::Should, CheckStatus::Failed));
        let scored = score(&played(checks.clone()), USERS, &[], false);
        assert_eq!((scored.verdict, scored.score.value), (Verdict::Ready, Some(71)));
        assert_eq!(scored.capabilities[1].status, CapabilityStatus::WorksWithWarnings);
        checks.push(check("x.y/b", Capability::CreateUsers, Level::Must, CheckStatus::Blocked));
        let scored = score(&played(checks), USERS, &[], false);
        assert_eq!(scored.capabilities[1].status, CapabilityStatus::Broken);
        assert_eq!(scored.verdict, Verdict::NotReady);
    }

    #[test]
    fn protocol_stays_outside_the_mean_and_the_verdict() {
        let mut checks = many(1, CheckStatus::Passed);
        checks.push(check("x.y/p", Capability::Protocol, Level::Must, CheckStatus::Failed));
        let scored = score(&played(checks), USERS, &[], false);
        assert_eq!((scored.verdict, scored.score.value, scored.score.protocol), (Verdict::Ready, Some(100), Some(0)));
    }

    #[test]
    fn a_rule_that_always_holds_counts_once_per_run() {
        let rule = |scenario: &str, status| {
            check(&format!("{scenario}/always.json"), Capability::CreateUsers, Level::Must, status)
        };
        let scored = score(
            &played(vec![
                rule("a.b", CheckStatus::Passed),
                rule("c.d", CheckStatus::Failed),
                rule("e.f", CheckStatus::Failed),
            ]),
            USERS,
            &[],
            false,
        );
        assert_eq!((scored.counts.checks, scored.counts.failed_must), (1, 1));
    }

    #[test]
    fn a_feature_not_offered_or_not_tested_is_not_ready_and_a_narrowed_run_is_partial() {
        let features = [Capability::CreateUsers, Capability::PushGroups];
        let scenarios = played(many(1, CheckStatus::Passed));
        let scored = score(&scenarios, &features, &[Capability::PushGroups], false);
        assert_eq!(scored.verdict, Verdict::NotReady);
        assert_eq!(scored.capabilities[8].status, CapabilityStatus::NotOffered);
        assert_eq!(score(&scenarios, &features, &[], false).verdict, Verdict::NotReady);
        assert_eq!(score(&scenarios, USERS, &[], true).verdict, Verdict::Partial);
        assert_eq!(score(&[], USERS, &[], false).score.value, None);
    }
}
