//! Okta's own suites as Okta counts them: how many of a suite's required assertions hold.

use crate::play::{CheckResult, CheckStatus, ScenarioResult};
use crate::scenario::{Capability, Level};

/// `SPEC 50/50 required, CRUD 13/13`; None when no suite was played. Optional assertions are not counted.
pub fn suites(scenarios: &[ScenarioResult]) -> Option<String> {
    let checks: Vec<&CheckResult> = scenarios
        .iter()
        .flat_map(|s| &s.steps)
        .flat_map(|s| &s.checks)
        .filter(|c| c.capability == Capability::OktaSuites && c.level == Level::Must)
        .collect();
    let counts = ["SPEC", "CRUD"].into_iter().filter_map(|suite| {
        let of_suite = |c: &&&CheckResult| {
            c.id.split_once('/').is_some_and(|(_, id)| id.strip_prefix(suite).is_some_and(|n| n.starts_with('-')))
        };
        let all = checks.iter().filter(of_suite).count();
        let held = checks.iter().filter(of_suite).filter(|c| c.status == CheckStatus::Passed).count();
        (all > 0).then(|| format!("{suite} {held}/{all}{}", if suite == "SPEC" { " required" } else { "" }))
    });
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Judgement};
    use crate::play::{ScenarioStatus, StepResult};

    #[test]
    fn required_assertions_are_counted_by_suite() {
        let check = |id: &str, level, held: bool| {
            let check = CheckResult::passed(id.to_owned(), Capability::OktaSuites, level, vec![], "");
            if held { check } else { check.judged(Judgement::Failed(Finding::default())) }
        };
        let checks = vec![
            check("okta-suites.spec/SPEC-01.01", Level::Must, true),
            check("okta-suites.spec/SPEC-01.02", Level::Must, false),
            check("okta-suites.spec/SPEC-10.02", Level::Should, false),
            check("okta-suites.crud/CRUD-04.01", Level::Must, true),
            check("okta-suites.crud/assign-accepted", Level::Must, true),
        ];
        let step =
            StepResult { id: "s".into(), title: String::new(), exchanges: vec![], judged: None, note: None, checks };
        let scenario = ScenarioResult {
            id: "okta-suites.spec".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::OktaSuites,
            source: "builtin".into(),
            status: ScenarioStatus::Failed,
            reason: None,
            seconds: 0.0,
            steps: vec![step],
        };
        assert_eq!(suites(&[scenario]).as_deref(), Some("SPEC 1/2 required, CRUD 1/1"));
        assert_eq!(suites(&[]), None);
    }
}
