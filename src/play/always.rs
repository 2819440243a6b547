//! Rules that hold for every exchange, judged once per scenario: on the first step that breaks one, else on the last.

use super::outcome::{CheckResult, StepResult};
use super::player::Player;
use super::scene::specs;
use crate::check::Judgement;
use crate::check::always::{RULES, Rule, Seen, judge_always};
use crate::exchange::{Exchange, FailureKind};
use crate::scenario::Scenario;

impl Player<'_> {
    /// Adds one result per rule to a scenario's steps. Requests that were never answered are judged only when they timed out.
    pub(super) fn judge_always(&self, scenario: &Scenario, steps: &mut [StepResult]) {
        let seen: Vec<(usize, Seen<'_>)> = steps
            .iter()
            .enumerate()
            .flat_map(|(index, step)| step.exchanges.iter().filter(|e| judged(e)).map(move |e| (index, Seen::of(e))))
            .collect();
        let mut results = Vec::with_capacity(RULES.len());
        for rule in RULES {
            let mut last: Option<(usize, Judgement)> = None;
            for (index, seen) in &seen {
                let judgement = judge_always(rule, seen, &self.rules);
                let weight = |j: &Judgement| match j {
                    Judgement::Skipped(_) => 0,
                    Judgement::Passed => 1,
                    Judgement::Failed(_) => 2,
                };
                if last.as_ref().is_none_or(|(_, before)| weight(before) <= weight(&judgement)) {
                    last = Some((*index, judgement));
                }
                if matches!(last, Some((_, Judgement::Failed(_)))) {
                    break;
                }
            }
            results.extend(last.map(|(index, judgement)| (index, result(scenario, rule, judgement))));
        }
        for (index, result) in results {
            steps[index].checks.push(result);
        }
    }
}

/// A connection that fails is the scenario's own finding, and what the ledger refused was never sent.
fn judged(exchange: &Exchange) -> bool {
    exchange.failure.as_ref().is_none_or(|failure| failure.kind == FailureKind::Timeout)
}

fn result(scenario: &Scenario, rule: &Rule, judgement: Judgement) -> CheckResult {
    let id = format!("{}/always.{}", scenario.id, rule.id);
    let capability = rule.capability.unwrap_or(scenario.capability);
    CheckResult::passed(id, capability, rule.level, specs(rule.spec.iter().copied()), rule.fix).judged(judgement)
}
