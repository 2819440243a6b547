//! What one telling of a scenario knows: its variables, its earlier answers, and whether it is blocked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kept::KNOWN_BODY;
use super::outcome::{CheckResult, CheckStatus, Spec, StepResult};
use crate::check::{Judgement, spec_url};
use crate::exchange::Exchange;
use crate::scenario::template::Scope;
use crate::scenario::{App, Case, Check, Expect, Scenario, Step};

/// The state of one case of a scenario while it is played.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) case: &'a Case,
    /// Which playing of the scenario this is.
    attempt: usize,
    pub(super) scope: Scope,
    /// The judged exchange of each earlier step.
    pub(super) answers: BTreeMap<String, Exchange>,
    /// The ids of each given.
    pub(super) given: BTreeMap<String, Vec<String>>,
    /// Why nothing more can be judged.
    pub(super) blocked: Option<String>,
    /// The extensions that given people were made without, because the target refuses them.
    pub(super) refused: Vec<String>,
    /// Why the last step that writes was not sent, where the target cannot know what it is about.
    pub(super) moot: Option<String>,
    /// The last step that wrote something.
    pub(super) last_write: Option<String>,
    /// What was played so far.
    pub(super) steps: Vec<StepResult>,
}

/// The run as a later attempt names it: what an earlier one made is still there, and names may be taken by it.
fn replayed(mut run: Value, attempt: usize) -> Value {
    if attempt > 0
        && let Some(token) = run["token"].as_str().map(|token| format!("{token}-{attempt}"))
    {
        run["token"] = token.into();
    }
    run
}

impl<'a> Scene<'a> {
    pub(super) fn new(scenario: &'a Scenario, case: &'a Case, attempt: usize, run: Value) -> Self {
        let mut scope = Scope::default();
        scope.set("run", replayed(run, attempt));
        scope.set("case", Value::Object(case.values.clone().into_iter().collect()));
        Self {
            scenario,
            case,
            attempt,
            scope,
            answers: BTreeMap::new(),
            given: BTreeMap::new(),
            blocked: None,
            refused: Vec::new(),
            moot: None,
            last_write: None,
            steps: Vec::new(),
        }
    }

    /// A step or check id within this case: `persisted`, or `persisted@accents`.
    pub(super) fn named(&self, id: &str) -> String {
        self.case.named(id)
    }

    /// The full id of a check.
    pub(super) fn check_id(&self, check: &str) -> String {
        format!("{}/{}", self.scenario.id, self.named(check))
    }

    /// What identities of this scene are made from.
    pub(super) fn key(&self, name: &str, number: usize) -> String {
        let again = if self.attempt == 0 { String::new() } else { format!("/{}", self.attempt) };
        format!("{}/{}/{name}/{number}{again}", self.scenario.id, self.case.id)
    }

    /// Why an expectation is not judged: it is about an extension that the target refuses.
    pub(super) fn refuses(&self, expect: &Expect) -> Option<String> {
        let (Expect::At { at, .. } | Expect::Includes { at, .. }) = expect else { return None };
        let about = |urn: &&String| at.strip_prefix('/').is_some_and(|at| at.starts_with(urn.as_str()));
        self.refused.iter().find(about).map(|urn| format!("the target refuses a create with {urn}"))
    }

    /// Files a step that has no checks of its own.
    pub(super) fn record(&mut self, step: &str, title: String, exchange: Exchange) {
        self.record_after(step, title, Vec::new(), exchange);
    }

    /// The same after tries that were throttled.
    pub(super) fn record_after(&mut self, step: &str, title: String, throttled: Vec<Exchange>, exchange: Exchange) {
        let exchanges = throttled.into_iter().chain([exchange.clone()]).collect();
        self.record_all(step, title, exchanges, None);
        self.remember(step, exchange);
    }

    /// Keeps a judged answer for later steps.
    pub(super) fn remember(&mut self, step: &str, mut answer: Exchange) {
        answer.shorten(KNOWN_BODY);
        self.answers.insert(step.to_owned(), answer);
    }

    /// Files several requests as one step without checks.
    pub(super) fn record_all(&mut self, step: &str, title: String, exchanges: Vec<Exchange>, note: Option<String>) {
        let judged = exchanges.len().checked_sub(1);
        let id = self.named(step);
        self.steps.push(StepResult { id, title, exchanges, judged, note, checks: Vec::new() });
    }

    /// Judges a check's outcome into its result.
    pub(super) fn result(&self, check: &Check, judgement: Judgement, caused_by: Option<&str>) -> CheckResult {
        let failed = matches!(judgement, Judgement::Failed(_));
        let caused_by = caused_by.filter(|_| failed).map(|step| self.named(step));
        CheckResult { caused_by, ..self.blank(check).judged(judgement) }
    }

    /// A check that could not be judged.
    pub(super) fn blocked_result(&self, check: &Check, reason: &str) -> CheckResult {
        self.blank(check).blocked(reason)
    }

    /// A step that was not sent: all its checks are blocked.
    pub(super) fn blocked_step(&self, step: &Step, app: App, reason: &str) -> StepResult {
        let checks = self.scenario.judged(step, self.case, app);
        StepResult {
            id: self.named(&step.id),
            title: step.title.clone(),
            exchanges: Vec::new(),
            judged: None,
            note: Some(format!("not sent: {reason}")),
            checks: checks.map(|c| self.blocked_result(c, reason)).collect(),
        }
    }

    /// A step that this run must not send: its checks do not apply.
    pub(super) fn left_out_step(&self, step: &Step, app: App, reason: &str) -> StepResult {
        let mut left_out = self.blocked_step(step, app, reason);
        for check in &mut left_out.checks {
            check.status = CheckStatus::Skipped;
        }
        left_out
    }

    fn blank(&self, check: &Check) -> CheckResult {
        let capability = check.capability.unwrap_or(self.scenario.capability);
        let spec = specs(check.spec.iter().map(String::as_str));
        CheckResult::passed(self.check_id(&check.id), capability, check.level, spec, &check.fix)
    }
}

/// Names of authorities with their addresses.
pub(super) fn specs<'s>(names: impl Iterator<Item = &'s str>) -> Vec<Spec> {
    names.map(|name| Spec { name: name.to_owned(), url: spec_url(name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_later_attempt_uses_names_of_its_own_that_still_hold_the_token() {
        let run = json!({ "token": "abc", "prefix": "p-" });
        assert_eq!(replayed(run.clone(), 0), run);
        assert_eq!(replayed(run, 1), json!({ "token": "abc-1", "prefix": "p-" }));
    }
}
