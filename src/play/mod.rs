//! How a plan is played: preflight, given, steps, paging, the ledger of what the run owns, clean-up, events, outcome.

mod always;
mod cleanup;
mod company;
mod diagnosis;
pub mod event;
mod existing;
mod given;
pub mod journal;
mod kept;
pub mod ledger;
mod mark;
mod offers;
pub mod outcome;
pub mod outline;
mod pages;
mod player;
pub mod preflight;
mod presence;
mod recount;
mod recovery;
mod reduction;
mod scene;
mod step;
mod strangers;
mod throttle;
mod volume;

use std::time::Duration;

use serde_json::Value;

pub use event::{Event, Observer};
pub use existing::Existing;
pub use outcome::*;
pub use player::{Cast, Enough, play};
pub use preflight::{Preflight, Problem, preflight};
pub use recovery::recover;

use crate::scenario::{App, Capability};

/// How to play.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The dialect.
    pub app: App,
    /// How long a read after our own write may show old data.
    pub settle: Duration,
    /// When the whole run ends; clean-up has ten seconds more.
    pub deadline: Duration,
    /// How long one request may wait for a target that throttles.
    pub max_wait: Duration,
    /// How many requests the run may send.
    pub max_requests: usize,
    /// How many scenarios are played at once.
    pub jobs: usize,
    /// The largest volume that was asked for; on this machine any may be made.
    pub import_size: Option<usize>,
    /// Only requests that change nothing are sent; scenarios that need others are skipped.
    pub read_only: bool,
    /// What the operator says was there before.
    pub existing: Existing,
    /// Leave what was created.
    pub keep: bool,
    /// Show values of resources the run does not own.
    pub keep_values: bool,
}

/// What came of playing.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Every scenario of the plan, in its order.
    pub scenarios: Vec<ScenarioResult>,
    /// Features the target says it has not.
    pub not_offered: Vec<Capability>,
    /// What was removed and what was not.
    pub cleanup: Cleanup,
    /// How many requests were sent.
    pub requests: usize,
    /// Why the run could not be completed.
    pub halt: Option<Halt>,
    /// What the user should know about the run, one sentence each.
    pub notes: Vec<String>,
}

/// Why a run ends before its plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// The run's deadline passed.
    #[error("the run's deadline passed (--deadline)")]
    Deadline,
    /// The request budget is used up.
    #[error("the request budget is used up (--max-requests)")]
    Requests,
    /// A `must` failed, and the user wants to know no more.
    #[error("a must check failed (--fail-fast)")]
    FailFast,
    /// Nobody answers any more.
    #[error("the target stopped answering, the connection test included, for longer than --max-wait")]
    Gone,
}

/// Okta's merge: objects member by member, everything else replaced.
pub(crate) fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(key) {
                    Some(old) => merge(old, value),
                    None => {
                        base.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merging_keeps_what_is_not_named() {
        let mut base = json!({ "name": { "givenName": "A", "familyName": "B" }, "emails": [1, 2], "x": 1 });
        merge(&mut base, &json!({ "name": { "givenName": "C" }, "emails": [3], "y": null }));
        assert_eq!(base, json!({ "name": { "givenName": "C", "familyName": "B" }, "emails": [3], "x": 1, "y": null }));
    }
}
