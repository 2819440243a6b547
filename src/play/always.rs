//! Rules that hold for every exchange, judged once per scenario: on the first step that breaks one, else on the last.

use super::outcome::{CheckResult, CheckStatus, StepResult};
use super::player::Player;
use super::scene::{fail, specs};
use crate::check::Judgement;
use crate::check::always::{RULES, Rule, Rules, judge_always};
use crate::exchange::redact;
use crate::scenario::Scenario;

impl Player<'_> {
    /// Adds one result per rule to a scenario's steps. Requests the ledger refused are not judged.
    pub(super) fn judge_always(&self, scenario: &Scenario, steps: &mut [StepResult]) {
        // Generated passwords are masked when an exchange is recorded, so the mask is what a leak looks like.
        let masks = [redact::PASSWORD.to_owned()];
        let rules = Rules { limit: self.client.timeout(), passwords: &masks };
        for rule in RULES {
            let mut last: Option<(usize, Judgement)> = None;
            'steps: for (index, step) in steps.iter().enumerate() {
                for exchange in step.exchanges.iter().filter(|e| e.response.is_some()) {
                    let judgement = judge_always(rule, exchange, &rules);
                    let weight = |j: &Judgement| match j {
                        Judgement::Skipped(_) => 0,
                        Judgement::Passed => 1,
                        Judgement::Failed(_) => 2,
                    };
                    if last.as_ref().is_none_or(|(_, before)| weight(before) <= weight(&judgement)) {
                        last = Some((index, judgement));
                    }
                    if matches!(last, Some((_, Judgement::Failed(_)))) {
                        break 'steps;
                    }
                }
            }
            if let Some((index, judgement)) = last {
                let result = result(scenario, rule, judgement);
                steps[index].checks.push(result);
            }
        }
    }
}

fn result(scenario: &Scenario, rule: &Rule, judgement: Judgement) -> CheckResult {
    let mut result = CheckResult {
        id: format!("{}/always.{}", scenario.id, rule.id),
        capability: rule.capability.unwrap_or(scenario.capability),
        level: rule.level,
        status: CheckStatus::Passed,
        message: String::new(),
        at: None,
        expected: None,
        actual: None,
        differences: Vec::new(),
        spec: specs(rule.spec.iter().copied()),
        fix: rule.fix.to_owned(),
        caused_by: None,
        known: None,
    };
    match judgement {
        Judgement::Passed => {}
        Judgement::Skipped(reason) => {
            result.status = CheckStatus::Skipped;
            result.message = reason;
        }
        Judgement::Failed(finding) => fail(&mut result, finding),
    }
    result
}
