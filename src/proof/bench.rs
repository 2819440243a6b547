//! Plays one fault under one app kind: was it seen by the checks that must see it, and did it break no more than it may?

use std::time::Duration;

use super::examine::{Examined, Subject};
use super::expectation::Expectation;
use super::inventory::Inventory;
use super::trial::{Rules, Trial, config, trial};
use crate::play::Left;
use crate::scenario::{App, Catalogue, Scenario, select};
use crate::server::fault;

/// How much is played against each fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The scenarios whose checks must see the fault.
    Expected,
    /// The whole catalogue; the volumes, whose many resources cost more than all else, for faults of an import and those
    /// that they must see.
    Thorough,
}

/// What every examination shares.
#[derive(Clone, Debug)]
pub struct Bench {
    /// What is played.
    pub catalogue: Catalogue,
    /// Its checks.
    pub inventory: Inventory,
    /// How much of it.
    pub depth: Depth,
}

impl Bench {
    /// Plays the healthy server: nothing may fail or be blocked, nothing may be left behind.
    pub async fn healthy(&self, app: App) -> Result<Examined, String> {
        let plan = self.all(app);
        let trial = trial(config(Vec::new()), Rules::new(app), &self.catalogue, &plan).await?;
        let mut complaints = Vec::new();
        for id in trial.failed.keys().chain(&trial.blocked) {
            complaints.push(format!("healthy ({}): {id} does not pass", app.id()));
        }
        left(&trial.cleanup.left, &format!("healthy ({})", app.id()), &mut complaints);
        Ok(Examined {
            subject: Subject::Healthy,
            app,
            complaints,
            failed: trial.failed,
            seconds: trial.seconds,
            requests: trial.requests,
        })
    }

    /// Plays one fault; again when something was missing, since on a busy machine one trial may be late by chance. None when
    /// it shows in no check of this app kind.
    pub async fn fault(&self, expected: &Expectation, app: App) -> Result<Option<Examined>, String> {
        let first = self.fault_once(expected, app).await?;
        if first.as_ref().is_none_or(|one| one.complaints.is_empty()) {
            return Ok(first);
        }
        let again = self.fault_once(expected, app).await?;
        Ok(again.filter(|one| one.complaints.is_empty()).or(first))
    }

    async fn fault_once(&self, expected: &Expectation, app: App) -> Result<Option<Examined>, String> {
        let fault = fault::by_id(&expected.id).ok_or_else(|| format!("{}: there is no such fault", expected.id))?;
        let wanted: Vec<&str> = expected.checks.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = wanted.into_iter().filter(|id| self.inventory.has_under(app, id)).collect();
        if wanted.is_empty() || !expected.shows_in(app) {
            return Ok(None);
        }
        let plan = match self.depth {
            Depth::Thorough => self
                .all(app)
                .into_iter()
                .filter(|one| !is_volume(one) || import(&wanted) || wants(&wanted, one))
                .collect(),
            Depth::Expected => self.named(app, &wanted)?,
        };
        let usual = Rules::new(app);
        let rules = Rules { timeout: expected.timeout_ms.map_or(usual.timeout, Duration::from_millis), ..usual };
        let trial = trial(config(vec![fault]), rules, &self.catalogue, &plan).await?;
        let name = format!("{} ({})", fault.id, app.id());
        let mut complaints = Vec::new();
        for id in wanted.iter().filter(|id| !failed(&trial, id)) {
            let seen: Vec<&str> = trial.failed.keys().map(String::as_str).collect();
            complaints.push(format!("{name}: {id} did not fail; what did: {}", few(&seen)));
        }
        for capability in trial.broken.iter().filter(|c| !expected.may_break(**c)) {
            complaints.push(format!("{name}: breaks {}, which it may not", capability.id()));
        }
        left(&trial.cleanup.left, &name, &mut complaints);
        Ok(Some(Examined {
            subject: Subject::Fault(fault),
            app,
            complaints,
            failed: trial.failed,
            seconds: trial.seconds,
            requests: trial.requests,
        }))
    }

    /// The whole catalogue of an app kind.
    fn all(&self, app: App) -> Vec<&Scenario> {
        self.catalogue.scenarios.iter().filter(|s| s.apps.contains(&app)).collect()
    }

    /// The scenarios of these checks.
    pub(super) fn named(&self, app: App, checks: &[&str]) -> Result<Vec<&Scenario>, String> {
        let words: Vec<String> =
            checks.iter().filter(|id| !id.starts_with("preflight/")).map(|id| (*id).to_owned()).collect();
        if words.is_empty() {
            return Ok(self.all(app).into_iter().take(1).collect());
        }
        select::select(&self.catalogue, app, &words, &[]).map_err(|unknown| unknown.to_string())
    }
}

/// A scenario that makes more than twenty resources at once.
fn is_volume(scenario: &Scenario) -> bool {
    scenario.cases.iter().any(|case| case.volume.is_some_and(|size| size > 20))
}

/// Is one of these checks the scenario's?
fn wants(checks: &[&str], scenario: &Scenario) -> bool {
    checks.iter().any(|id| id.split('/').next() == Some(&scenario.id))
}

/// Is one of these checks about an import?
fn import(checks: &[&str]) -> bool {
    checks.iter().any(|id| id.starts_with("import."))
}

/// Did this check fail? An id without a case stands for all its cases, a rule for the scenario it is named with.
pub(super) fn failed(trial: &Trial, id: &str) -> bool {
    let of_a_case = |other: &String| other.strip_prefix(id).is_some_and(|rest| rest.starts_with('@'));
    trial.failed.contains_key(id) || trial.failed.keys().any(of_a_case)
}

fn left(left: &[Left], name: &str, complaints: &mut Vec<String>) {
    complaints.extend(left.iter().map(|one| format!("{name}: leaves {} behind: {}", one.path, one.reason)));
}

/// The first few of a list, and how many there are.
fn few(ids: &[&str]) -> String {
    const SHOWN: usize = 5;
    match ids {
        [] => "nothing".to_owned(),
        ids if ids.len() <= SHOWN => ids.join(", "),
        ids => format!("{} and {} more", ids[..SHOWN].join(", "), ids.len() - SHOWN),
    }
}
