//! The words that reports people read have in common: what a verdict, a count or a status is called.

use std::fmt::Write as _;

use super::{CapabilityResult, CapabilityStatus, Counts, Report, Verdict};
use crate::exchange::Exchange;

/// `Ready for Okta`, `Not ready for Okta`, `Partly tested`, `Cannot start`.
pub fn headline(report: &Report) -> &'static str {
    match report.verdict {
        _ if report.preflight.problem.is_some() => "Cannot start",
        Verdict::Ready => "Ready for Okta",
        Verdict::NotReady => "Not ready for Okta",
        Verdict::Partial => "Partly tested",
    }
}

/// What the verdict means, in one or two sentences.
pub fn sentence(report: &Report) -> String {
    if let Some(problem) = &report.preflight.problem {
        return format!(
            "{}. This is a set-up problem, not a finding about your server. Nothing was created.",
            problem.summary.trim_end_matches('.')
        );
    }
    let asked = |status| {
        let results = report.capabilities.iter().filter(move |c| c.feature && c.status == status);
        results.map(|c| c.title.as_str()).collect::<Vec<_>>()
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let broken = asked(CapabilityStatus::Broken);
    if !broken.is_empty() {
        let _ = write!(text, "{} would break. ", list(&broken));
    }
    let missing = asked(CapabilityStatus::NotOffered);
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let _ = write!(text, "{} {verb} not offered by the target. ", list(&missing));
    }
    if report.verdict == Verdict::Partial {
        text.push_str("Only a part of the catalogue was played, so readiness cannot be told.");
    } else if text.is_empty() {
        text.push_str("Every feature that was asked for works.");
    }
    text.trim_end().to_owned()
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How a feature is, in words; what stands beside Okta has findings, it does not break.
pub const fn status(result: &CapabilityResult) -> &'static str {
    let feature = result.id.is_feature();
    match result.status {
        CapabilityStatus::Works if feature => "works",
        CapabilityStatus::Works => "all passed",
        CapabilityStatus::WorksWithWarnings if feature => "works, with findings",
        CapabilityStatus::Broken if feature => "broken",
        CapabilityStatus::WorksWithWarnings | CapabilityStatus::Broken => "has findings",
        CapabilityStatus::NotOffered => "not offered by the target",
        CapabilityStatus::NotTested => "not tested",
    }
}

/// `1 must failed, 2 should failed, 3 blocked`; empty when there is none of these.
pub fn shortcomings(result: &CapabilityResult) -> String {
    let parts = [(result.failed, "must failed"), (result.warned, "should failed"), (result.blocked, "blocked")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

/// The kinds of outcome of a check: a short name for machines, how many, what people call them. All of them, also where
/// there are none.
pub const fn outcomes(counts: &Counts) -> [(&'static str, usize, &'static str); 6] {
    [
        ("passed", counts.passed, "passed"),
        ("must", counts.failed_must, "must failed"),
        ("should", counts.failed_should, "should failed"),
        ("info", counts.informed, "to know"),
        ("blocked", counts.blocked, "blocked"),
        ("skipped", counts.skipped, "not applicable"),
    ]
}

/// `204 in 12 ms`, or why there is no answer.
pub fn answer(exchange: &Exchange) -> String {
    match (&exchange.response, &exchange.failure) {
        (Some(response), _) => format!("{} in {}", response.status, super::pace::duration(response.ms)),
        (None, Some(failure)) => format!("no answer: {}", failure.message),
        (None, None) => "no answer".to_owned(),
    }
}

/// `25 Nov 2026, 03:19 UTC`; the text as it is when it is no time.
pub fn moment(started: &str) -> String {
    let parsed = started.parse::<jiff::Timestamp>();
    parsed.map_or_else(|_| started.to_owned(), |at| at.strftime("%-d %b %Y, %H:%M UTC").to_string())
}

/// The first so many characters of a text, and how many were left out.
pub fn cut(text: &str, characters: usize) -> (&str, usize) {
    match text.char_indices().nth(characters) {
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
        None => (text, 0),
    }
}

/// `1 check`, `2 checks`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_verdict_is_a_sentence() {
        assert_eq!(sentence(&sample::ok()), "Every feature that was asked for works.");
        assert_eq!(sentence(&sample::failing()), "Deactivate Users would break.");
        assert!(
            sentence(&sample::cannot_start()).starts_with("the token was rejected (401). This is a set-up problem")
        );
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!((count(1, "check"), count(0, "check")), ("1 check".to_owned(), "0 checks".to_owned()));
        assert_eq!(moment("2026-11-25T03:19:00Z"), "25 Nov 2026, 03:19 UTC");
        assert_eq!(moment("soon"), "soon");
        assert_eq!(cut("äöü", 2), ("äö", 1));
    }
}
