//! Verdict + options + known-failures file -> did the run pass, and by which rule. Pure: the day is passed in.

mod known;
mod record;

pub use known::{Entry, KnownError, KnownFailures};
pub use record::{Recorded, takes_entries, with_failures};

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::play::{CheckStatus, ScenarioResult};
use crate::report::{CapabilityStatus, Gate, Verdict};
use crate::scenario::Level;
use crate::score::{Counted, Scored, counted};

/// What the command line adds to the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateOptions {
    /// The lowest score that passes.
    pub min_score: Option<u8>,
    /// A failed `should` fails the gate too.
    pub deny_should: bool,
}

/// Decides whether a run passed. `scenarios` were marked by [`KnownFailures::apply`] before they were scored; `today`
/// is the day that entries expire by; `complete` is false when something selected was not played to its end.
pub fn gate(
    scored: &Scored,
    scenarios: &[ScenarioResult],
    options: &GateOptions,
    known: &KnownFailures,
    today: Date,
    complete: bool,
) -> Gate {
    let checks = counted(scenarios);
    let mut against = Vec::new();
    if !complete {
        against.push("the run was not completed, so what it did not play is unknown".to_owned());
    }
    let excused = musts(scored, &checks, &mut against);
    if options.deny_should {
        let open: Vec<_> = checks.iter().filter(|c| c.failed(Level::Should) && !c.is_known()).collect();
        if !open.is_empty() {
            against.push(format!(
                "{} failed and --deny should is set: {}",
                count(open.len(), "should check"),
                ids(&open)
            ));
        }
    }
    if let Some(minimum) = options.min_score {
        match scored.score.value {
            Some(score) if score >= minimum => {}
            Some(score) => against.push(format!("score {score} is below the minimum of {minimum}")),
            None => against.push(format!("nothing was scored, and a score of at least {minimum} is asked for")),
        }
    }
    let whole = complete && scored.verdict != Verdict::Partial;
    against.extend(known.complaints(scenarios, today, whole));

    let passed = against.is_empty();
    let reasons = if passed { vec![favour(scored, excused)] } else { against };
    Gate { passed, reasons, deny_should: options.deny_should }
}

/// Adds what verdict and failed or blocked `must` checks say against passing; returns how many are excused.
fn musts(scored: &Scored, checks: &[Counted<'_>], against: &mut Vec<String>) -> usize {
    let of = |status| checks.iter().filter(move |c| c.status == status && matters(scored, c));

    if scored.verdict == Verdict::NotReady {
        for result in &scored.capabilities {
            if result.feature && result.status == CapabilityStatus::NotOffered {
                against.push(format!("{} was asked for and is not offered by the target", result.title));
            }
        }
    }
    let (excused, open): (Vec<_>, Vec<_>) = of(CheckStatus::Failed).partition(|c| c.is_known());
    if !open.is_empty() {
        against.push(format!("{} failed, none is allowed: {}", count(open.len(), "must check"), ids(&open)));
    }
    let (consequences, blocked): (Vec<_>, Vec<_>) =
        of(CheckStatus::Blocked).partition(|c| follows(c, !excused.is_empty()));
    if !blocked.is_empty() {
        let what = count(blocked.len(), "must check");
        against.push(format!("{what} could not be judged, none is allowed: {}", ids(&blocked)));
    }
    excused.len() + consequences.len()
}

/// A ready or not-ready verdict is about the `must` checks of the features asked for; a partial run about all it played.
fn matters(scored: &Scored, check: &Counted<'_>) -> bool {
    let feature = || scored.capabilities.iter().any(|r| r.id == check.capability && r.feature);
    check.level == Level::Must && (scored.verdict == Verdict::Partial || feature())
}

/// True when a blocked check is excused: by an entry of its own, or because all that failed before it in its scenario
/// is excused. A scenario blocked as a whole (its people could not be created) follows an excused failure elsewhere.
fn follows(blocked: &Counted<'_>, any_excused: bool) -> bool {
    blocked.places().all(|place| {
        let mut failed = (place.scenario.steps.iter().flat_map(|s| &s.checks))
            .filter(|c| c.status == CheckStatus::Failed && c.level != Level::Info)
            .peekable();
        place.check.known.is_some()
            || if failed.peek().is_some() { failed.all(|c| c.known.is_some()) } else { any_excused }
    })
}

fn favour(scored: &Scored, excused: usize) -> String {
    match scored.verdict {
        _ if excused > 0 => format!(
            "every must failure ({excused}) is excused by the known-failures file; verdict and score still count them"
        ),
        Verdict::Ready => "every feature asked for works".to_owned(),
        Verdict::Partial | Verdict::NotReady => {
            "no must check failed in what was played; a partial run cannot tell whether Okta would work".to_owned()
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The first three ids and how many more there are.
fn ids(checks: &[&Counted<'_>]) -> String {
    let mut text = checks.iter().take(3).map(|c| c.id()).collect::<Vec<_>>().join(", ");
    if checks.len() > 3 {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {} more", checks.len() - 3);
    }
    text
}

#[cfg(test)]
mod tests;
