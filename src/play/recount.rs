//! A scenario that counts over a directory shared with others is believed only when it fails twice: somebody may have been
//! added or removed between two of its requests.

use super::outcome::{CheckResult, CheckStatus, ScenarioResult, StepResult};
use super::player::status;
use crate::scenario::Scenario;

/// Did something fail that a stranger's change could have caused?
pub(super) fn doubtful(scenario: &Scenario, result: &ScenarioResult) -> bool {
    result.steps.iter().flat_map(|s| &s.checks).any(|check| lost_count(scenario, check))
}

/// What is told of a scenario played twice: the first playing, but a count that held the second time, and what was blocked
/// by it, is no failure.
pub(super) fn settled(scenario: &Scenario, mut first: ScenarioResult, second: &ScenarioResult) -> ScenarioResult {
    for step in &mut first.steps {
        let held = |check: &CheckResult| {
            let found = second.steps.iter().flat_map(|s| &s.checks).find(|other| other.id == check.id);
            found.filter(|other| other.status == CheckStatus::Passed).cloned()
        };
        let StepResult { note, checks, .. } = step;
        for check in checks {
            let doubted = lost_count(scenario, check) || check.status == CheckStatus::Blocked;
            let Some(again) = Some(&*check).filter(|_| doubted).and_then(held) else { continue };
            if check.status == CheckStatus::Failed {
                let said = format!(
                    "{} failed at first ({}) and held when the scenario was played again: the directory may have been \
                     changed by somebody else",
                    check.id, check.message
                );
                *note = Some(note.take().map_or_else(|| said.clone(), |before| format!("{before}; {said}")));
            }
            *check = again;
        }
    }
    first.status = status(&first.steps);
    first
}

/// A check that counts and failed.
fn lost_count(scenario: &Scenario, check: &CheckResult) -> bool {
    let counts = || {
        let own = check.id.strip_prefix(&scenario.id).and_then(|rest| rest.strip_prefix('/'));
        let id = own.and_then(|id| id.split('@').next());
        scenario.steps.iter().flat_map(|s| &s.checks).any(|c| Some(c.id.as_str()) == id && c.expect.counts())
    };
    check.status == CheckStatus::Failed && counts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Judgement};
    use crate::play::ScenarioStatus;
    use crate::scenario::{Capability, Level, load};

    /// `import.users` played: these checks failed, these were blocked.
    fn played(failed: &[&str], blocked: &[&str]) -> ScenarioResult {
        let check = |id: &&str| {
            let id = format!("import.users/{id}");
            CheckResult::passed(id, Capability::ImportUsers, Level::Must, vec![], "")
        };
        let finding = || Judgement::Failed(Finding { message: "no".into(), ..Finding::default() });
        let all = ["counted", "no-repeats", "each-name"];
        let checks = all.iter().map(|id| {
            if failed.contains(id) {
                check(id).judged(finding())
            } else if blocked.contains(id) {
                check(id).blocked("so")
            } else {
                check(id)
            }
        });
        let step = StepResult {
            id: "whole".into(),
            title: String::new(),
            exchanges: vec![],
            judged: None,
            note: None,
            checks: checks.collect(),
        };
        ScenarioResult {
            id: "import.users".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::ImportUsers,
            source: "builtin".into(),
            status: status(std::slice::from_ref(&step)),
            reason: None,
            seconds: 0.0,
            steps: vec![step],
        }
    }

    #[test]
    fn only_a_count_that_fails_twice_is_told() {
        let catalogue = load(None, None).expect("catalogue");
        let scenario = catalogue.scenarios.iter().find(|s| s.id == "import.users").expect("scenario");
        assert!(doubtful(scenario, &played(&["counted"], &[])));
        assert!(!doubtful(scenario, &played(&["each-name"], &["counted"])));
        let told = settled(scenario, played(&["counted"], &["no-repeats"]), &played(&[], &[]));
        assert_eq!(told.status, ScenarioStatus::Passed);
        assert!(told.steps[0].note.as_ref().is_some_and(|note| note.contains("played again")));
        let told = settled(scenario, played(&["counted", "no-repeats"], &[]), &played(&["counted"], &[]));
        let failed = told.steps[0].checks.iter().filter(|c| c.status == CheckStatus::Failed).count();
        assert_eq!((told.status, failed), (ScenarioStatus::Failed, 1));
        // What does not count is told whatever the second playing says.
        let told = settled(scenario, played(&["each-name", "counted"], &[]), &played(&[], &[]));
        assert_eq!(told.status, ScenarioStatus::Failed);
    }
}
