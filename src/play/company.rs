//! Scenarios played side by side. What fails in company is played again alone before it is told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::json;

use super::diagnosis::OWNER;
use super::event::Event;
use super::outcome::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus};
use super::player::Player;
use super::recount;
use super::scene::specs;
use super::{Halt, Outcome};
use crate::check::{Finding, Judgement};
use crate::scenario::{Level, Scenario};

impl Player<'_> {
    /// Plays the plan: exclusive scenarios alone, and the one that owns creation, since what it learns of a refusal is used
    /// by all after it; the others several at once. Results come in the plan's order.
    pub(super) async fn plan(&self, plan: &[&Scenario], outcome: &mut Outcome) {
        let mut rest = plan;
        while !rest.is_empty() && outcome.halt.is_none() {
            let alone = |s: &Scenario| s.exclusive || s.id == OWNER;
            let shared = rest.iter().take_while(|s| !alone(s)).count();
            if shared == 0 && rest[0].exclusive {
                self.tidy().await;
            }
            let before = outcome.scenarios.len();
            self.batch(&rest[..shared.max(1)], outcome).await;
            let played = &outcome.scenarios[before..];
            rest = &rest[played.len()..];
            if !rest.is_empty() && played.iter().any(|result| self.ends(result)) {
                outcome.halt = outcome.halt.or(Some(Halt::FailFast));
            }
        }
    }

    /// Whether no other scenario is begun after this one.
    fn ends(&self, result: &ScenarioResult) -> bool {
        self.enough.is_some_and(|enough| enough(result))
    }

    /// Plays a batch, or so much of it as was begun when a scenario came out so that the run may end: what is under way is
    /// played to its end.
    async fn batch(&self, batch: &[&Scenario], outcome: &mut Outcome) {
        let ending = AtomicBool::new(false);
        let in_company = self.settings.jobs > 1 && batch.len() > 1;
        let again = |index: usize, result: &ScenarioResult| {
            in_company && failed(result) || batch[index].exclusive && recount::doubtful(batch[index], result)
        };
        let played = stream::iter(batch)
            .take_while(|_| std::future::ready(!ending.load(Ordering::Relaxed)))
            .map(|scenario| async {
                self.observer.hear(Event::ScenarioStarted { id: &scenario.id, title: &scenario.title });
                let played = self.scenario(scenario, 0).await;
                ending.fetch_or(self.ends(&played.0), Ordering::Relaxed);
                played
            })
            .buffered(self.settings.jobs.max(1));
        // A failure seen in company is told only after the replay, so results wait until the whole batch is played.
        let mut done: Vec<(ScenarioResult, Option<Halt>)> = Vec::with_capacity(batch.len());
        let mut played = std::pin::pin!(played);
        while let Some(result) = played.next().await {
            let held = again(done.len(), &result.0) || done.iter().enumerate().any(|(i, (before, _))| again(i, before));
            if !held {
                self.observer.hear(Event::ScenarioDone(&result.0));
            }
            done.push(result);
        }
        // A rule that broke alone too needs no second proof: what breaks it breaks it everywhere.
        let mut proven: BTreeSet<String> = BTreeSet::new();
        let first_held = done.iter().enumerate().position(|(index, (result, _))| again(index, result));
        // What was created in company has the names that the replay creates again.
        if in_company && first_held.is_some() && outcome.halt.is_none() {
            self.tidy().await;
        }
        for (index, (mut result, mut halt)) in done.into_iter().enumerate() {
            let doubtful = failures(&result).any(|c| rule(&c.id).is_none_or(|rule| !proven.contains(rule)));
            if in_company && doubtful && halt.is_none() && outcome.halt.is_none() {
                let (alone, stopped) = self.scenario(batch[index], 1).await;
                halt = stopped;
                proven.extend(failures(&alone).filter_map(|c| rule(&c.id).map(str::to_owned)));
                result = compared(&result, alone);
            }
            if batch[index].exclusive && recount::doubtful(batch[index], &result) && halt.is_none() {
                self.tidy().await;
                let (second, stopped) = self.scenario(batch[index], 1).await;
                halt = stopped;
                result = recount::settled(batch[index], result, &second);
            }
            if first_held.is_some_and(|first| index >= first) {
                self.observer.hear(Event::ScenarioDone(&result));
            }
            outcome.scenarios.push(result);
            outcome.halt = outcome.halt.or(halt);
        }
    }
}

/// The name of a rule that always holds, from a check's id.
fn rule(id: &str) -> Option<&str> {
    id.split_once("/always.").map(|(_, rule)| rule)
}

/// A scenario in which something failed or was blocked.
fn failed(result: &ScenarioResult) -> bool {
    matches!(result.status, ScenarioStatus::Failed | ScenarioStatus::Blocked | ScenarioStatus::Warned)
}

fn failures(result: &ScenarioResult) -> impl Iterator<Item = &CheckResult> {
    let checks = result.steps.iter().flat_map(|s| &s.checks);
    checks.filter(|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Blocked))
}

/// What is told of a scenario that failed in company: its playing alone. What failed only in company becomes one `should`.
fn compared(company: &ScenarioResult, mut alone: ScenarioResult) -> ScenarioResult {
    let again: Vec<&str> = failures(&alone).map(|c| c.id.as_str()).collect();
    let only: Vec<&CheckResult> = failures(company).filter(|c| !again.contains(&c.id.as_str())).collect();
    let Some(first) = only.first() else { return alone };
    let ids: Vec<&str> = only.iter().map(|c| c.id.as_str()).collect();
    let finding = Finding {
        message: format!(
            "failed while other requests were under way, passed when played alone: {} ({})",
            first.id, first.message
        ),
        at: None,
        expected: Some(json!("the same answers as alone")),
        actual: Some(json!(ids)),
        differences: Vec::new(),
    };
    let id = format!("{}/always.in-company", company.id);
    let fix = "Give the same answers when several requests are under way: each request stands for itself.";
    let spec = specs(["RFC 9110 §3.3"].into_iter());
    let check = CheckResult::passed(id, company.capability, Level::Should, spec, fix);
    let finding = check.judged(Judgement::Failed(finding));
    if alone.status == ScenarioStatus::Passed {
        alone.status = ScenarioStatus::Warned;
    }
    if let Some(step) = alone.steps.last_mut() {
        step.checks.push(finding);
    }
    alone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::StepResult;
    use crate::scenario::Capability;

    fn result(failing: &[&str]) -> ScenarioResult {
        let check = |id: &&str| {
            let check = CheckResult::passed((*id).to_owned(), Capability::CreateUsers, Level::Must, vec![], "");
            check.judged(Judgement::Failed(Finding { message: "no".into(), ..Finding::default() }))
        };
        let checks: Vec<_> = failing.iter().map(check).collect();
        let status = if checks.is_empty() { ScenarioStatus::Passed } else { ScenarioStatus::Failed };
        let step =
            StepResult { id: "a".into(), title: String::new(), exchanges: vec![], judged: None, note: None, checks };
        ScenarioResult {
            id: "users.x".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::CreateUsers,
            source: "builtin".into(),
            status,
            reason: None,
            seconds: 0.0,
            steps: vec![step],
        }
    }

    #[test]
    fn what_fails_alone_too_is_told_as_it_was_alone() {
        let told = compared(&result(&["users.x/a"]), result(&["users.x/a"]));
        assert_eq!(failures(&told).map(|c| c.id.as_str()).collect::<Vec<_>>(), ["users.x/a"]);
        assert_eq!(told.status, ScenarioStatus::Failed);
    }

    #[test]
    fn what_fails_only_in_company_is_one_should() {
        let told = compared(&result(&["users.x/a", "users.x/b"]), result(&[]));
        let left: Vec<_> = failures(&told).collect();
        assert_eq!((left[0].id.as_str(), left[0].level), ("users.x/always.in-company", Level::Should));
        assert_eq!((left.len(), told.status), (1, ScenarioStatus::Warned));
    }
}
