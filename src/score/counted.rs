//! Checks as a run counts them: each check by itself, a rule that always holds once per capability and run.

use std::collections::HashMap;

use crate::play::{CheckResult, CheckStatus, ScenarioResult, StepResult};
use crate::scenario::{Capability, Level};

/// Where a check was judged.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The scenario.
    pub scenario: &'a ScenarioResult,
    /// Its step.
    pub step: &'a StepResult,
    /// The check on the step's answer.
    pub check: &'a CheckResult,
}

/// One check as it counts.
#[derive(Clone, Debug)]
pub struct Counted<'a> {
    /// What it counts under.
    pub capability: Capability,
    /// The heaviest level among its places.
    pub level: Level,
    /// How it came out: failed if it failed anywhere, else blocked, else passed; skipped only if skipped everywhere.
    pub status: CheckStatus,
    /// The first place that came out like this, at this level.
    pub place: Place<'a>,
    /// The other places that came out like this; empty unless it is a rule that always holds.
    pub also: Vec<Place<'a>>,
}

impl<'a> Counted<'a> {
    /// Full id of the check at its first place.
    pub fn id(&self) -> &'a str {
        &self.place.check.id
    }

    /// Every place that came out like this, the first one first.
    pub fn places(&self) -> impl Iterator<Item = &Place<'a>> {
        std::iter::once(&self.place).chain(&self.also)
    }

    /// In how many scenarios it came out like this.
    pub fn scenarios(&self) -> usize {
        1 + self.also.len()
    }

    /// True when a known-failures entry excuses it at every place.
    pub fn is_known(&self) -> bool {
        self.places().all(|p| p.check.known.is_some())
    }

    /// True when this is a check of the given level that failed.
    pub fn failed(&self, level: Level) -> bool {
        self.status == CheckStatus::Failed && self.level == level
    }

    fn merge(&mut self, place: Place<'a>) {
        let (check, mine) = (place.check, (rank(self.status), self.level));
        let theirs = (rank(check.status), check.level);
        if theirs.0 > mine.0 {
            return;
        }
        if theirs < mine {
            let old = std::mem::replace(&mut self.place, place);
            if theirs.0 < mine.0 {
                self.also.clear();
            } else {
                self.also.push(old);
            }
            (self.status, self.level) = (check.status, check.level);
        } else {
            self.also.push(place);
        }
    }
}

fn rank(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Failed => 0,
        CheckStatus::Blocked => 1,
        CheckStatus::Passed => 2,
        CheckStatus::Skipped => 3,
    }
}

/// The name of the rule when the id is that of a rule that always holds: `media-type` of `users.create/always.media-type`.
pub fn rule_of(check_id: &str) -> Option<&str> {
    let (_, check) = check_id.split_once('/')?;
    let rule = check.strip_prefix("always.")?;
    Some(rule.split_once('@').map_or(rule, |(rule, _)| rule))
}

/// Every check of a run as it counts, in the order they were first judged.
pub fn counted(scenarios: &[ScenarioResult]) -> Vec<Counted<'_>> {
    let mut all: Vec<Counted<'_>> = Vec::new();
    let mut rules: HashMap<(Capability, &str), usize> = HashMap::new();
    let places = scenarios.iter().flat_map(|scenario| {
        scenario.steps.iter().flat_map(move |step| step.checks.iter().map(move |check| Place { scenario, step, check }))
    });
    for place in places {
        let check = place.check;
        if let Some(rule) = rule_of(&check.id) {
            if let Some(&index) = rules.get(&(check.capability, rule)) {
                all[index].merge(place);
                continue;
            }
            rules.insert((check.capability, rule), all.len());
        }
        all.push(Counted {
            capability: check.capability,
            level: check.level,
            status: check.status,
            place,
            also: Vec::new(),
        });
    }
    all
}
