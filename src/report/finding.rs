//! What a report tells of a run's findings, the same in every format: sorted by weight, each with what was expected and
//! what was there and the request that should have brought it about.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::play::{CheckStatus, StepResult};
use crate::scenario::{Capability, Level};
use crate::score::{Counted, Place, counted, rule_of};

use super::{CapabilityResult, Report};

/// The findings of a run, heaviest first.
#[derive(Clone, Debug, Default)]
pub struct Findings<'a> {
    /// Failed `must` checks that nothing excuses: features asked for first, RFC rules last.
    pub musts: Vec<Counted<'a>>,
    /// Failed `should` checks that nothing excuses, in the same order.
    pub shoulds: Vec<Counted<'a>>,
    /// Failed `must` and `should` checks that the known-failures file excuses at the gate.
    pub known: Vec<Counted<'a>>,
    /// Failed `info` checks.
    pub infos: Vec<Counted<'a>>,
    /// Causes of blocked checks and how many each blocked, the most first.
    pub blocked: Vec<(&'a str, usize)>,
}

impl<'a> Findings<'a> {
    /// The findings of a report.
    pub fn of(report: &'a Report) -> Self {
        let mut findings = Self::default();
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        let mut checks = counted(&report.scenarios);
        checks.sort_by_key(|c| order(c.capability, &report.capabilities));
        for check in checks {
            match (check.status, check.level) {
                (CheckStatus::Failed, Level::Info) => findings.infos.push(check),
                (CheckStatus::Failed, _) if check.is_known() => findings.known.push(check),
                (CheckStatus::Failed, Level::Must) => findings.musts.push(check),
                (CheckStatus::Failed, Level::Should) => findings.shoulds.push(check),
                (CheckStatus::Blocked, _) => *causes.entry(cause(&check.place)).or_default() += 1,
                (CheckStatus::Passed | CheckStatus::Skipped, _) => {}
            }
        }
        findings.blocked = causes.into_iter().collect();
        findings.blocked.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        findings
    }
}

/// Why a check is blocked.
fn cause<'a>(place: &Place<'a>) -> &'a str {
    let Place { scenario, step, check } = place;
    [Some(check.message.as_str()), step.note.as_deref(), scenario.reason.as_deref()]
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
        .unwrap_or("something before failed")
}

/// Features asked for, other features, Okta's suites, RFC rules.
fn order(capability: Capability, results: &[CapabilityResult]) -> u8 {
    match capability {
        Capability::Protocol => 3,
        Capability::OktaSuites => 2,
        asked if results.iter().any(|r| r.id == asked && r.feature) => 0,
        _ => 1,
    }
}

/// The exchange that a step's checks judged.
pub fn judged(step: &StepResult) -> Option<&Exchange> {
    step.judged.and_then(|index| step.exchanges.get(index)).or(step.exchanges.last())
}

/// The request that should have brought about what a finding read: the step's number (from 1), the step, its exchange.
pub fn cause_of<'a>(place: &Place<'a>) -> Option<(usize, &'a StepResult, &'a Exchange)> {
    let id = place.check.caused_by.as_deref().filter(|id| *id != place.step.id)?;
    let (index, step) = place.scenario.steps.iter().enumerate().find(|(_, step)| step.id == id)?;
    Some((index + 1, step, judged(step)?))
}

/// One differing place: where, expected, actual.
pub type Differing<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

/// Every differing place of a finding; empty when its message says it all.
pub fn differing<'a>(place: &Place<'a>) -> Vec<Differing<'a>> {
    let check = place.check;
    if !check.differences.is_empty() {
        return check.differences.iter().map(|d| (d.at.as_str(), d.expected.as_ref(), d.actual.as_ref())).collect();
    }
    let (expected, actual) = (check.expected.as_ref(), check.actual.as_ref());
    match &check.at {
        Some(at) if expected.is_some() || actual.is_some() => vec![(at, expected, actual)],
        _ => Vec::new(),
    }
}

/// What was found, in words; none where the places that differ say no less.
pub fn words<'a>(place: &Place<'a>) -> Option<&'a str> {
    let message = place.check.message.as_str();
    let told = match differing(place).as_slice() {
        [(at, Some(expected), Some(actual))] => {
            message == format!("{at} is {actual}, expected {expected}")
                || message == format!("{at}: expected {expected}, actual {actual}")
        }
        [(at, Some(expected), None)] => message == format!("{at} is missing, expected {expected}"),
        _ => false,
    };
    let again = told || repeats(message) && !differing(place).is_empty();
    (!message.is_empty() && !again).then_some(message)
}

/// True for a message that only says again what the table of differences says.
pub fn repeats(message: &str) -> bool {
    message.starts_with("expected ")
}

/// What a finding costs.
pub const fn breaks(capability: Capability) -> &'static str {
    match capability {
        Capability::Protocol => "an RFC rule that Okta does not depend on",
        Capability::OktaSuites => "an assertion of Okta's published test suites",
        feature => feature.title(),
    }
}

/// The first sentences of a scenario's `why`, at most about 240 characters; none for a rule that always holds, which has
/// nothing to do with the story it was broken in.
pub fn why(place: &Place<'_>) -> Option<String> {
    if rule_of(&place.check.id).is_some() {
        return None;
    }
    let text = place.scenario.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut end = 0;
    for (index, _) in text.match_indices(". ").chain([(text.len(), "")]) {
        let sentence = (index + 1).min(text.len());
        if end > 0 && sentence > 240 {
            break;
        }
        end = sentence;
    }
    (!text.is_empty()).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn features_asked_for_come_before_rfc_rules_and_blocked_checks_are_counted_by_cause() {
        let report = sample::failing();
        let findings = Findings::of(&report);
        let ids: Vec<_> = findings.musts.iter().map(Counted::id).collect();
        assert_eq!(ids, ["users.deactivate/persisted", "users.create/always.json-is-utf-8"]);
        assert_eq!(findings.shoulds.len(), 1);
        assert_eq!(findings.known.len(), 1);
        assert_eq!(findings.infos.len(), 1);
        assert_eq!(findings.blocked, [("groups.push/created failed before", 2)]);
    }

    #[test]
    fn the_request_that_should_have_changed_it_is_another_step() {
        let report = sample::failing();
        let findings = Findings::of(&report);
        let (number, step, exchange) = cause_of(&findings.musts[0].place).unwrap();
        assert_eq!((number, step.id.as_str(), exchange.request.method.as_str()), (2, "deactivate", "PATCH"));
        assert!(cause_of(&findings.shoulds[0].place).is_none());
    }

    #[test]
    fn what_the_differing_place_says_is_not_said_again() {
        let mut report = sample::failing();
        let told = |report: &Report| words(&Findings::of(report).musts[0].place).map(str::to_owned);
        assert_eq!(told(&report), None);
        let at = report.scenarios.iter().position(|s| s.id == "users.deactivate").unwrap();
        for (message, kept) in [
            ("/active is true, expected false", false),
            ("/active: expected false, actual true", false),
            ("/active is the string \"true\", expected false", true),
            ("", false),
        ] {
            message.clone_into(&mut report.scenarios[at].steps[2].checks[0].message);
            assert_eq!(told(&report).as_deref(), kept.then_some(message));
        }
    }

    #[test]
    fn why_is_cut_after_a_sentence() {
        let mut report = sample::failing();
        let at = report.scenarios.iter().position(|s| s.id == "users.deactivate").unwrap();
        report.scenarios[at].why = format!("Short one.\nAnother {}. Third.", "x".repeat(300));
        assert_eq!(why(&Findings::of(&report).musts[0].place).unwrap(), "Short one.");
        report.scenarios[at].why = format!("{}. Second.", "é".repeat(300));
        assert_eq!(why(&Findings::of(&report).musts[0].place).unwrap(), format!("{}.", "é".repeat(300)));
        report.scenarios[at].why.clear();
        assert_eq!(why(&Findings::of(&report).musts[0].place), None);
    }
}
