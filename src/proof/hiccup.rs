//! Checks of a status that no fault makes fail, such as that of the fourth read in a story: proven by a healthy server that
//! answers the very request they judge with 500.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::json;

use super::bench::Bench;
use super::examine::{Examined, Subject};
use super::trial::{Rules, config, trial};
use crate::scenario::{App, Scenario};
use crate::server::Config;
use crate::server::fault::Hiccup;

/// Requests that are sent before the first step is: the connection test, and questions for what the target offers.
const BEFORE: usize = 8;

/// How often a scenario's requests are gone through: of those that are sent at once another comes first each time.
const ROUNDS: usize = 8;

/// The checks of one scenario that want a hiccup under one app kind.
#[derive(Clone, Debug)]
pub(super) struct Wanting {
    /// The scenario's id.
    pub(super) scenario: String,
    /// The dialect.
    pub(super) app: App,
    /// Full ids of the checks.
    pub(super) checks: BTreeSet<String>,
}

/// Of these checks those of a status, by scenario and app kind.
pub(super) fn wanting<'i>(bench: &Bench, unproven: impl Iterator<Item = &'i str>) -> Vec<Wanting> {
    let mut all: BTreeMap<(&str, App), BTreeSet<String>> = BTreeMap::new();
    for id in unproven.filter(|id| bench.inventory.is_of_status(id)) {
        let Some((scenario, _)) = id.split_once('/') else { continue };
        for app in App::ALL.into_iter().filter(|app| bench.inventory.has_under(*app, id)) {
            all.entry((scenario, app)).or_default().insert(id.to_owned());
        }
    }
    let one = |((scenario, app), checks): ((&str, App), _)| Wanting { scenario: scenario.to_owned(), app, checks };
    all.into_iter().map(one).collect()
}

impl Wanting {
    /// "a hiccup in users.deactivate (oin)".
    pub(super) fn name(&self) -> String {
        format!("a hiccup in {} ({})", self.scenario, self.app.id())
    }

    /// Plays the scenario again and again, each time with another request that fails, until each of the checks has failed.
    pub(super) async fn play(&self, bench: &Bench) -> Result<Examined, String> {
        let started = Instant::now();
        let found = bench.catalogue.scenarios.iter().find(|one| one.id == self.scenario);
        let scenario: &Scenario = found.ok_or_else(|| format!("{}: there is no such scenario", self.scenario))?;
        let healthy = trial(inhabited(), Rules::new(self.app), &bench.catalogue, &[scenario]).await?;
        let mut requests = healthy.requests;
        let mut failed = BTreeMap::new();
        let wants = |check: &str| {
            scenario.cases.iter().any(|case| self.checks.contains(&format!("{}/{}", scenario.id, case.named(check))))
        };
        let steps = scenario.steps.iter().filter(|step| step.checks.iter().any(|check| wants(&check.id)));
        let methods: BTreeSet<&str> = steps.map(|step| step.method.as_str()).collect();
        for method in std::iter::repeat_n(methods, ROUNDS).flatten() {
            let sent = healthy.sent.get(method).copied().unwrap_or_default();
            for number in 1..=sent + BEFORE {
                if failed.len() == self.checks.len() {
                    break;
                }
                let hiccup = Some(Hiccup { method: method.to_owned(), number });
                let server = Config { hiccup, ..inhabited() };
                let trial = trial(server, Rules::new(self.app), &bench.catalogue, &[scenario]).await?;
                requests += trial.requests;
                failed.extend(trial.failed.into_iter().filter(|(id, _)| self.checks.contains(id)));
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        Ok(Examined { subject: Subject::Hiccup, app: self.app, complaints: Vec::new(), failed, seconds, requests })
    }
}

/// A healthy server with a group of its own, which scenarios about existing groups ask for.
fn inhabited() -> Config {
    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "everyone",
        "displayName": "Everyone" });
    Config { resources: vec![group], ..config(Vec::new()) }
}
