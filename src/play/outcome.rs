//! What was played and found: the part of the report that only the engine can write. Score, gate and every report are
//! pure functions of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{Finding, Judgement};
use crate::exchange::Exchange;
use crate::scenario::{Capability, Level};

/// One scenario as it was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioResult {
    /// Scenario id.
    pub id: String,
    /// What Okta does.
    pub title: String,
    /// Why Okta cares.
    pub why: String,
    /// The feature it belongs to.
    pub capability: Capability,
    /// `builtin`, or the path of the user's file.
    pub source: String,
    /// The worst of its checks.
    pub status: ScenarioStatus,
    /// Why it was skipped or blocked as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Wall time.
    pub seconds: f64,
    /// What was sent, in order.
    pub steps: Vec<StepResult>,
}

/// How a scenario came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioStatus {
    /// No check failed or was blocked.
    Passed,
    /// Only `should` or `info` checks failed.
    Warned,
    /// A `must` failed.
    Failed,
    /// No `must` failed, but one was blocked.
    Blocked,
    /// Does not apply to this target or run.
    Skipped,
}

/// One step as it was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepResult {
    /// Step id (`given.ann` for what the engine creates first; `id@case` within a case).
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The exchanges: one, or the pages of a walk, then what was tried to find out why it was refused; empty when it was
    /// not sent.
    pub exchanges: Vec<Exchange>,
    /// Index into `exchanges` of the one that the checks judged, usually the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<usize>,
    /// A remark, e.g. why it was not sent, or how late a write showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The checks on its answer.
    pub checks: Vec<CheckResult>,
}

/// One check as it was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Full id: `scenario/check`, with `@case` where the scenario has cases.
    pub id: String,
    /// What it counts under.
    pub capability: Capability,
    /// What a failure weighs.
    pub level: Level,
    /// How it came out.
    pub status: CheckStatus,
    /// What was found, in one sentence; for blocked and skipped checks the reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// JSON Pointer or `header Name` or `status` of what was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was expected there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What was there; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// All differing places, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Whose authority it rests on.
    pub spec: Vec<Spec>,
    /// What the server's developer changes.
    pub fix: String,
    /// Id of the step whose request should have brought about what this check reads, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// The known-failures entry that excuses it at the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
}

impl CheckResult {
    /// A check that held.
    pub(crate) fn passed(id: String, capability: Capability, level: Level, spec: Vec<Spec>, fix: &str) -> Self {
        Self {
            id,
            capability,
            level,
            status: CheckStatus::Passed,
            message: String::new(),
            at: None,
            expected: None,
            actual: None,
            differences: Vec::new(),
            spec,
            fix: fix.to_owned(),
            caused_by: None,
            known: None,
        }
    }

    /// The same check as a judge found it.
    pub(crate) fn judged(mut self, judgement: Judgement) -> Self {
        match judgement {
            Judgement::Passed => {}
            Judgement::Skipped(reason) => {
                self.status = CheckStatus::Skipped;
                self.message = reason;
            }
            Judgement::Failed(Finding { message, at, expected, actual, differences }) => {
                self.status = CheckStatus::Failed;
                (self.message, self.at, self.expected, self.actual) = (message, at, expected, actual);
                self.differences = differences;
            }
        }
        self
    }

    /// The same check, which could not be judged for this reason.
    pub(crate) fn blocked(mut self, reason: &str) -> Self {
        self.status = CheckStatus::Blocked;
        reason.clone_into(&mut self.message);
        self
    }
}

/// One place where actual and expected differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// JSON Pointer.
    pub at: String,
    /// What was expected; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What was there; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
}

/// A named authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// RFC section or Okta document.
    pub name: String,
    /// Where to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It held.
    Passed,
    /// It did not.
    Failed,
    /// It could not be judged: something before it failed.
    Blocked,
    /// It does not apply to this answer.
    Skipped,
}

/// What was removed at the end and what was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cleanup {
    /// How many resources were deleted.
    pub deleted: usize,
    /// How many could not be deleted and were deactivated instead (they are in `left` too).
    #[serde(default)]
    pub deactivated: usize,
    /// What is still there.
    pub left: Vec<Left>,
}

/// A resource the run created and could not remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Left {
    /// `/Users/{id}` or `/Groups/{id}`.
    pub path: String,
    /// userName or displayName.
    pub name: String,
    /// Why it is still there.
    pub reason: String,
}
