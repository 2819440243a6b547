//! What must be seen of each fault: `fixtures/faults.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::scenario::{App, Capability};

/// The embedded file.
const FILE: &str = include_str!("../../fixtures/faults.toml");

/// Everything the file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// The file's format, 1.
    pub format: u8,
    /// One entry per fault.
    #[serde(rename = "fault")]
    pub faults: Vec<Expectation>,
    /// The cases of public reports that no fault stands for.
    pub not_shown: Vec<NotShown>,
}

/// What must be seen of one fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The fault.
    pub id: String,
    /// Checks that must fail, in each app kind that has them; `preflight/KIND` for a target that cannot be tested.
    pub checks: Vec<String>,
    /// The app kinds under which it can be seen; empty for both.
    #[serde(default)]
    pub apps: Vec<App>,
    /// Ids of the capabilities it may break; `all` for any.
    pub breaks: Vec<String>,
    /// Faults that cannot show beside it, since it answers the requests in which they would: they are never combined.
    #[serde(default)]
    pub hides: Vec<String>,
    /// How long an answer may take when the fault is played, in milliseconds, where the usual time would make a slow
    /// fault slow to prove.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// For a fault that is in no public report: was it caught before any check was changed for it?
    #[serde(default)]
    pub cousin: Option<FirstSeen>,
}

/// Whether a fault was caught when it was first tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstSeen {
    /// By a check that was there already.
    Caught,
    /// By none; a check was made better.
    Missed,
}

/// A public report that no fault stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotShown {
    /// Its number in the catalogue.
    pub case: String,
    /// Why it cannot be shown.
    pub why: String,
}

impl Expectation {
    /// Can the fault be seen under this app kind?
    pub fn shows_in(&self, app: App) -> bool {
        self.apps.is_empty() || self.apps.contains(&app)
    }

    /// Can this fault and the other one both be seen in one server?
    pub fn shows_beside(&self, other: &Self) -> bool {
        self.id != other.id && !self.hides.contains(&other.id) && !other.hides.contains(&self.id)
    }

    /// May the fault break this capability?
    pub fn may_break(&self, capability: Capability) -> bool {
        self.breaks.iter().any(|id| id == "all" || id == capability.id())
    }
}

/// Reads the embedded file. The error names the place.
pub fn expectations() -> Result<Expectations, String> {
    read(FILE)
}

fn read(text: &str) -> Result<Expectations, String> {
    let read: Expectations = toml::from_str(text).map_err(|error| format!("fixtures/faults.toml: {error}"))?;
    let mut seen = BTreeSet::new();
    for fault in &read.faults {
        if !seen.insert(&fault.id) {
            return Err(format!("fixtures/faults.toml: {} is there twice", fault.id));
        }
        if !(1..=3).contains(&fault.checks.len()) {
            return Err(format!("fixtures/faults.toml: {} needs one to three checks", fault.id));
        }
        let unknown = fault.breaks.iter().find(|id| *id != "all" && Capability::from_id(id).is_none());
        if let Some(id) = unknown {
            return Err(format!("fixtures/faults.toml: {} breaks `{id}`, which is no capability", fault.id));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\n[[not_shown]]\ncase = \"B1\"\nwhy = \"x\"\n";

    #[test]
    fn the_embedded_file_can_be_read() {
        assert!(expectations().is_ok_and(|read| read.format == 1 && read.faults.len() > 20));
    }

    #[test]
    fn a_fault_without_checks_or_with_an_unknown_capability_is_refused() {
        let fault = |checks: &str, breaks: &str| {
            read(&format!("{HEAD}[[fault]]\nid = \"a\"\nchecks = [{checks}]\nbreaks = [{breaks}]\n"))
        };
        assert!(fault("\"x/y\"", "\"push-groups\"").is_ok_and(|read| read.faults[0].may_break(Capability::PushGroups)));
        assert!(fault("", "").unwrap_err().contains("one to three"));
        assert!(fault("\"x/y\"", "\"flying\"").unwrap_err().contains("flying"));
    }
}
