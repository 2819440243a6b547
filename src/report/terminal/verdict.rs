//! The end of the output: features, clean-up, gate, and last of all the verdict.

use std::fmt::Write as _;

use crate::play::Cleanup;
use crate::report::pace::duration;
use crate::report::suites::suites;
use crate::report::told::{count, outcomes, shortcomings};
use crate::report::{CapabilityResult, CapabilityStatus, Report, Verdict};
use crate::scenario::Capability;

use super::style::{Role, Style};

/// Okta's features: those asked for, then what else was tested.
pub(super) fn capabilities(out: &mut String, report: &Report, style: Style) {
    let asked = report.capabilities.iter().filter(|c| c.feature);
    let others = report.capabilities.iter().filter(|c| !c.feature && c.status != CapabilityStatus::NotTested);
    let lists: [(&str, Vec<&CapabilityResult>); 2] = [("Asked for", asked.collect()), ("Also", others.collect())];
    for (title, results) in lists.into_iter().filter(|(_, results)| !results.is_empty()) {
        let _ = writeln!(out, "\n{}", style.paint(Role::Strong, title));
        for result in results {
            let (role, status) = told(result, report);
            let label = format!("  {} {:<26}", style.mark(role), style.text(&result.title));
            let figure = result.score.map_or_else(|| "  -".to_owned(), |score| format!("{score:>3}"));
            let _ = writeln!(out, "{label}{figure}  {}", style.paint(role, &status));
        }
    }
}

/// Features in one line each, for logs.
pub(super) fn capabilities_log(out: &mut String, report: &Report) {
    out.push('\n');
    for result in &report.capabilities {
        if result.feature || result.status != CapabilityStatus::NotTested {
            let asked = if result.feature { " (asked for)" } else { "" };
            let _ = writeln!(out, "{}{asked}: {}", result.id.id(), told(result, report).1);
        }
    }
}

/// The status of a feature; Okta's suites with their own counts beside it.
fn told(result: &CapabilityResult, report: &Report) -> (Role, String) {
    let (role, status) = status(result);
    let counts = (result.id == Capability::OktaSuites).then(|| suites(&report.scenarios)).flatten();
    (role, counts.map_or(status.clone(), |counts| format!("{status}: Okta {counts}")))
}

/// `broken (1 must failed)`.
fn status(result: &CapabilityResult) -> (Role, String) {
    let parts = shortcomings(result);
    let feature = result.id.is_feature();
    match result.status {
        CapabilityStatus::Works if feature => (Role::Good, "works".to_owned()),
        CapabilityStatus::Works => (Role::Good, "all passed".to_owned()),
        CapabilityStatus::WorksWithWarnings if feature => (Role::Warn, format!("works ({parts})")),
        CapabilityStatus::WorksWithWarnings => (Role::Warn, parts),
        CapabilityStatus::Broken if feature => (Role::Bad, format!("broken ({parts})")),
        CapabilityStatus::Broken => (Role::Bad, parts),
        CapabilityStatus::NotOffered if result.feature => (Role::Bad, "not offered by the target".to_owned()),
        CapabilityStatus::NotOffered => (Role::Faint, "not offered by the target".to_owned()),
        CapabilityStatus::NotTested => (Role::Faint, "not tested".to_owned()),
    }
}

/// What was removed and what was left behind.
pub(super) fn cleanup(out: &mut String, cleanup: &Cleanup, style: Style) {
    const SHOWN: usize = 10;
    let removed = match cleanup.deleted {
        0 => "Nothing was removed".to_owned(),
        number => format!("Cleaned up {}", count(number, "resource")),
    };
    if cleanup.left.is_empty() {
        style.row(out, "", &format!("{removed}; nothing left behind."));
        return;
    }
    let deactivated = match cleanup.deactivated {
        0 => String::new(),
        number => format!(", {number} of them deactivated"),
    };
    style.row(out, "", &format!("{removed}; {} left behind{deactivated}:", count(cleanup.left.len(), "resource")));
    let shown = if style.all { cleanup.left.len() } else { SHOWN.min(cleanup.left.len()) };
    for left in &cleanup.left[..shown] {
        let [path, name, reason] = [&left.path, &left.name, &left.reason].map(|text| style.text(text));
        style.row(out, "  ", &format!("{path} ({name}): {reason}"));
    }
    if cleanup.left.len() > shown {
        let _ = writeln!(out, "  and {} more, listed in the report", cleanup.left.len() - shown);
    }
    style.row(out, "  ", "Remove them with: scimulate cleanup (same --url and credential), or by hand.");
}

/// The verdict's word, and the gate where it says otherwise.
fn word(report: &Report) -> (Role, &'static str) {
    match report.verdict {
        Verdict::Ready => (Role::Good, "READY"),
        Verdict::NotReady => (Role::Bad, "NOT READY"),
        Verdict::Partial if report.gate.passed => (Role::Warn, "PARTIAL"),
        Verdict::Partial => (Role::Bad, "PARTIAL"),
    }
}

/// `READY for Okta (oin) · score 100 / 100 · 18 scenarios, 142 checks: 142 passed · 4.1 s`: one line, never broken.
pub(super) fn last_line(report: &Report, style: Style) -> String {
    let (role, word) = word(report);
    let disagrees = match (report.verdict, report.gate.passed) {
        (Verdict::NotReady, true) => ", gate passed",
        (Verdict::Ready | Verdict::Partial, false) => ", gate failed",
        _ => "",
    };
    let verdict = format!("{word} for Okta ({}){disagrees}", report.run.app.id());
    let score = report.score.value.map_or_else(|| "no score".to_owned(), |score| format!("score {score} / 100"));
    let counts = &report.counts;
    let parts = outcomes(counts)
        .into_iter()
        .filter(|(kind, number, _)| *number > 0 || *kind == "passed")
        .map(|(_, number, what)| format!("{number} {what}"))
        .collect::<Vec<_>>()
        .join(", ");
    let known = if counts.known > 0 { format!(" ({} of the failed known)", counts.known) } else { String::new() };
    let played = format!("{}, {}: {parts}{known}", count(counts.scenarios, "scenario"), count(counts.checks, "check"));
    let time = duration(report.run.seconds * 1000.0);
    [style.paint(role, &verdict), score, played, time].join(style.dot()) + "\n"
}

/// `NOT READY score=98 must=1 should=1 ...`, for logs.
pub(super) fn last_line_log(report: &Report) -> String {
    let counts = &report.counts;
    format!(
        "{} score={} must={} should={} info={} passed={} blocked={} skipped={} known={} time={:.1}s\n",
        word(report).1,
        report.score.value.map_or_else(|| "none".to_owned(), |score| score.to_string()),
        counts.failed_must,
        counts.failed_should,
        counts.informed,
        counts.passed,
        counts.blocked,
        counts.skipped,
        counts.known,
        report.run.seconds,
    )
}
