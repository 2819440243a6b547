//! Everything that was played, folded: areas, scenarios, steps with their checks and exchanges.

use std::collections::BTreeSet;

use serde::Serialize;

use super::link;
use super::message::{Extent, Message};
use crate::play::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus, StepResult};
use crate::report::Report;
use crate::report::finding::judged;
use crate::report::pace::duration;
use crate::report::told::{answer, count};
use crate::scenario::Level;

/// Scenarios whose ids begin alike.
#[derive(Debug, Serialize)]
pub(super) struct Area {
    name: String,
    tally: String,
    tone: &'static str,
    scenarios: Vec<Scenario>,
}

#[derive(Debug, Serialize)]
struct Scenario {
    id: String,
    title: String,
    why: String,
    /// The user's file it comes from.
    source: Option<String>,
    tone: &'static str,
    /// What the sign says, in a word.
    word: &'static str,
    tally: String,
    time: String,
    reason: Option<String>,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    title: String,
    request: Option<String>,
    answer: Option<String>,
    note: Option<String>,
    checks: Vec<Check>,
    messages: Vec<Message>,
    more_messages: usize,
}

#[derive(Debug, Serialize)]
struct Check {
    /// Of the element; none when a card has it.
    id: Option<String>,
    name: String,
    tone: &'static str,
    word: &'static str,
    level: Option<&'static str>,
    message: Option<String>,
    /// The card that tells the finding.
    href: Option<String>,
}

/// Exchanges of one step that are shown.
const EXCHANGES: usize = 12;

/// The areas in the order of playing; `told` are the ids that have a card.
pub(super) fn areas(report: &Report, told: &BTreeSet<&str>) -> Vec<Area> {
    let mut areas: Vec<(String, Vec<&ScenarioResult>)> = Vec::new();
    for scenario in &report.scenarios {
        let name = scenario.id.split('.').next().unwrap_or_default();
        match areas.iter_mut().find(|(known, _)| known == name) {
            Some((_, scenarios)) => scenarios.push(scenario),
            None => areas.push((name.to_owned(), vec![scenario])),
        }
    }
    areas.into_iter().map(|(name, scenarios)| area(name, &scenarios, told)).collect()
}

fn area(name: String, scenarios: &[&ScenarioResult], told: &BTreeSet<&str>) -> Area {
    let number = |wanted: &[ScenarioStatus]| scenarios.iter().filter(|s| wanted.contains(&s.status)).count();
    let failed = number(&[ScenarioStatus::Failed, ScenarioStatus::Blocked]);
    let warned = number(&[ScenarioStatus::Warned]);
    let parts =
        [(failed, "failed or blocked"), (warned, "with findings"), (number(&[ScenarioStatus::Skipped]), "skipped")];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}"));
    Area {
        tally: count(scenarios.len(), "scenario") + &parts.collect::<String>(),
        tone: if failed > 0 {
            "bad"
        } else if warned > 0 {
            "warn"
        } else {
            "good"
        },
        scenarios: scenarios.iter().map(|scenario| self::scenario(scenario, told)).collect(),
        name,
    }
}

fn scenario(scenario: &ScenarioResult, told: &BTreeSet<&str>) -> Scenario {
    let (tone, word) = match scenario.status {
        ScenarioStatus::Passed => ("good", "passed"),
        ScenarioStatus::Warned => ("warn", "has findings"),
        ScenarioStatus::Failed => ("bad", "failed"),
        ScenarioStatus::Blocked => ("blocked", "blocked"),
        ScenarioStatus::Skipped => ("none", "skipped"),
    };
    Scenario {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        why: scenario.why.split_whitespace().collect::<Vec<_>>().join(" "),
        source: (scenario.source != "builtin").then(|| scenario.source.clone()),
        tone,
        word,
        tally: tally(scenario),
        time: duration(scenario.seconds * 1000.0),
        reason: scenario.reason.clone(),
        steps: scenario.steps.iter().map(|step| self::step(step, told)).collect(),
    }
}

/// `11 checks`, `1 of 8 failed, 2 blocked`.
fn tally(scenario: &ScenarioResult) -> String {
    let checks = || scenario.steps.iter().flat_map(|s| &s.checks);
    let number = |status| checks().filter(|c| c.status == status).count();
    let total = checks().count();
    let parts = [(number(CheckStatus::Failed), "failed"), (number(CheckStatus::Blocked), "blocked")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if parts.is_empty() { count(total, "check") } else { format!("{}: {}", count(total, "check"), parts.join(", ")) }
}

fn step(step: &StepResult, told: &BTreeSet<&str>) -> Step {
    let shown = judged(step);
    let failed = step.checks.iter().any(|check| check.status == CheckStatus::Failed);
    // The cards tell whole what failed.
    let extent = if failed { Extent::Part } else { Extent::Short };
    Step {
        title: step.title.clone(),
        request: shown.map(|exchange| format!("{} {}", exchange.request.method, exchange.request.path)),
        answer: shown.map(answer),
        note: step.note.clone(),
        checks: step.checks.iter().map(|check| self::check(check, told)).collect(),
        messages: step.exchanges.iter().take(EXCHANGES).map(|exchange| Message::of(exchange, extent)).collect(),
        more_messages: step.exchanges.len().saturating_sub(EXCHANGES),
    }
}

fn check(check: &CheckResult, told: &BTreeSet<&str>) -> Check {
    let (tone, word) = match (check.status, check.level) {
        (CheckStatus::Passed, _) => ("good", "passed"),
        (CheckStatus::Failed, Level::Must) => ("bad", "failed"),
        (CheckStatus::Failed, Level::Should) => ("warn", "should be better"),
        (CheckStatus::Failed, Level::Info) => ("none", "to know"),
        (CheckStatus::Blocked, _) => ("blocked", "blocked"),
        (CheckStatus::Skipped, _) => ("none", "does not apply"),
    };
    let card = told.contains(check.id.as_str());
    Check {
        id: (!card).then(|| check.id.clone()),
        name: check.id.split_once('/').map_or(check.id.as_str(), |(_, name)| name).to_owned(),
        tone,
        word,
        level: (check.level != Level::Must).then(|| check.level.word()),
        message: Some(check.message.clone()).filter(|message| !message.is_empty()),
        href: card.then(|| link(&check.id)),
    }
}
