//! How a run is told. Every format is rendered from one [`Report`], which is also exactly the JSON report.

pub mod command;
pub mod diff;
pub mod escape;
pub mod finding;
pub mod format;
pub mod github;
pub mod har;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod pace;
pub mod progress;
pub mod repro;
pub mod schema;
pub mod suites;
pub mod terminal;
pub mod told;

#[cfg(test)]
pub(crate) mod sample;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::play::{Cleanup, ScenarioResult};
pub use crate::play::{Preflight, Problem};
use crate::scenario::{App, Capability};

/// The version of the JSON report's shape; raised only when something is removed or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// One run, whole: what was asked, what was played, what was found, what it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// What was asked for and how it went.
    pub run: Run,
    /// What was tested.
    pub target: Target,
    /// The connection test before everything else.
    pub preflight: Preflight,
    /// Would Okta work.
    pub verdict: Verdict,
    /// Did the run pass, by the options it was given.
    pub gate: Gate,
    /// The figure.
    pub score: Score,
    /// Okta's features, one by one.
    pub capabilities: Vec<CapabilityResult>,
    /// How many checks came out how.
    pub counts: Counts,
    /// Everything that was played.
    pub scenarios: Vec<ScenarioResult>,
    /// What was removed at the end and what was not.
    pub cleanup: Cleanup,
}

/// Name and version of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `scimulate`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was asked for and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Run id: the report folder's name. Start time unless `--run-id` fixes it.
    pub id: String,
    /// The word in every name the run created.
    pub token: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// Wall time.
    pub seconds: f64,
    /// What people and order were made from.
    pub seed: u64,
    /// The dialect played.
    pub app: App,
    /// False when the run was interrupted or could not be completed.
    pub complete: bool,
    /// Why it is not complete, or a remark on the run as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// True when the run was narrowed (selection, skip) so that readiness cannot be told.
    pub narrowed: bool,
    /// What of the catalogue was asked for.
    #[serde(default, skip_serializing_if = "Selection::is_everything")]
    pub selection: Selection,
    /// How many requests were sent.
    pub requests: usize,
    /// The features the verdict is about.
    pub features: Vec<Capability>,
}

/// The words and options that decide what of the catalogue is played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Selection {
    /// What was selected; everything when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub select: Vec<String>,
    /// `--skip`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// `--read-only`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// `--import-size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_size: Option<u16>,
}

impl Selection {
    /// True when nothing was chosen.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// What was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The base URL, without a trailing slash.
    pub base_url: String,
    /// What was built into it, when it was the built-in reference server of that run, which ended with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// The built-in reference server as `--reference` started it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Ids of its faults.
    pub faults: Vec<String>,
    /// Ids of its variants.
    pub variants: Vec<String>,
}

/// Would Okta work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every feature asked for works.
    Ready,
    /// One does not.
    NotReady,
    /// The run was narrowed, so readiness cannot be told.
    Partial,
}

/// Did the run pass, by the options it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// True when the exit code is 0.
    pub passed: bool,
    /// Which rule decided, one sentence each; never empty.
    pub reasons: Vec<String>,
    /// True when `--deny should` was set: a failed `should` fails the gate too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny_should: bool,
}

/// The figure. It never decides; the verdict does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// 0 to 100; absent when nothing could be scored.
    pub value: Option<u8>,
    /// Weight of passed checks over all features.
    pub passed_weight: u32,
    /// Weight of applicable checks over all features.
    pub applicable_weight: u32,
    /// Okta's published suites: their own figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub okta_suites: Option<u8>,
    /// RFC rules beside Okta: their own figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilityResult {
    /// Which.
    pub id: Capability,
    /// Its name in Okta's admin console.
    pub title: String,
    /// Would it work.
    pub status: CapabilityStatus,
    /// True when `--features` asks for it.
    pub feature: bool,
    /// Its own figure, 0 to 100; absent when nothing applied.
    pub score: Option<u8>,
    /// Checks passed.
    pub passed: usize,
    /// `must` checks failed.
    pub failed: usize,
    /// `should` checks failed.
    pub warned: usize,
    /// Checks blocked.
    pub blocked: usize,
    /// Checks that did not apply.
    pub skipped: usize,
}

/// Would a feature work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapabilityStatus {
    /// Every check passed.
    Works,
    /// Only `should` checks failed.
    WorksWithWarnings,
    /// A `must` failed or is blocked.
    Broken,
    /// The target says it has none.
    NotOffered,
    /// No check was played.
    NotTested,
}

/// How many checks came out how; rules that always hold are counted once per rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Scenarios played (not skipped).
    pub scenarios: usize,
    /// All checks.
    pub checks: usize,
    /// Held.
    pub passed: usize,
    /// `must` failed.
    pub failed_must: usize,
    /// `should` failed.
    pub failed_should: usize,
    /// `info` failed: told, never scored.
    pub informed: usize,
    /// Could not be judged.
    pub blocked: usize,
    /// Did not apply.
    pub skipped: usize,
    /// Failed, but excused at the gate by a known-failures entry.
    pub known: usize,
}
