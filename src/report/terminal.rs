//! The report on a terminal or in a CI log: header, one line per scenario, findings in full, verdict last.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::escape::visible;
use super::finding::{Finding, findings, render};
use super::style::{Mark, Style, fill, plural};
use super::{CapabilityStatus, Preflight, Report, Verdict};
use crate::play::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus};
use crate::scenario::{App, Level};
use crate::score::always;

/// How many must findings are told in full.
const IN_FULL: usize = 5;

/// The first line: `scimulate 0.1.0 · URL · app oin · seed 4711`.
pub fn header(base_url: &str, app: App, seed: u64, style: &Style) -> String {
    let dot = style.dot();
    let name = style.bold(&format!("scimulate {}", env!("CARGO_PKG_VERSION")));
    format!("{name} {dot} {} {dot} app {} {dot} seed {seed}\n", visible(base_url), app.id())
}

/// How the connection test went, when the target can be tested.
pub fn preflight(preflight: &Preflight, style: &Style) -> String {
    let mut text = String::new();
    for note in &preflight.notes {
        let _ = writeln!(text, "{} {}", style.mark(Mark::Warn), fill(&visible(note), style.width, 2));
    }
    if preflight.passed {
        let good = style.mark(Mark::Good);
        let ms = preflight.ms.map_or_else(String::new, |ms| format!(" ({ms:.0} ms)"));
        let _ = writeln!(text, "Preflight   {good} reachable{ms}   {good} token accepted   {good} answers SCIM");
    }
    text
}

/// Why the target cannot be tested.
pub fn cannot_start(preflight: &Preflight, style: &Style) -> String {
    let Some(problem) = &preflight.problem else { return String::new() };
    let mut text = format!("{}\n", style.paint(Mark::Bad, &format!("Cannot start: {}.", visible(&problem.summary))));
    for detail in &problem.details {
        let _ = writeln!(text, "  {}", fill(&visible(detail), style.width, 4));
    }
    text.push_str("  This is a set-up problem, not a finding about your server. Nothing was created.\n");
    text
}

/// Prints scenarios line by line; knows which area and which rules were told already.
#[derive(Debug, Default)]
pub struct Lines {
    area: String,
    told: BTreeSet<String>,
}

impl Lines {
    /// The line of a scenario, with the name of its area before the first.
    pub fn scenario(&mut self, result: &ScenarioResult, style: &Style) -> String {
        let mut text = String::new();
        let area = result.id.split('.').next().unwrap_or_default();
        if area != self.area {
            area.clone_into(&mut self.area);
            let _ = writeln!(text, "{}", style.bold(area));
        }
        let (mark, what) = self.outcome(result);
        let title_width = style.width.saturating_sub(34).clamp(16, 60);
        let title = shortened(&result.title, title_width);
        let pad = " ".repeat(title_width.saturating_sub(title.chars().count()));
        let seconds = format!("{:.1}s", result.seconds);
        let _ = writeln!(text, "  {} {title}{pad}  {what:<20} {seconds:>6}", style.mark(mark));
        text
    }

    /// The line of a scenario in a log: `ok    users.create   11 checks  0.21s`.
    pub fn log(&mut self, number: usize, of: usize, result: &ScenarioResult) -> String {
        let (mark, what) = self.outcome(result);
        let word = match mark {
            Mark::Good => "ok",
            Mark::Bad => "FAIL",
            Mark::Warn => "warn",
            Mark::None => "skip",
        };
        let width = of.to_string().len();
        format!("[{number:>width$}/{of}] {word:<5} {:<28} {what}  {:.2}s\n", result.id, result.seconds)
    }

    /// A rule that always holds is told where it broke first; later scenarios are not marked for it again.
    fn outcome(&mut self, result: &ScenarioResult) -> (Mark, String) {
        let checks: Vec<&CheckResult> = result.steps.iter().flat_map(|s| &s.checks).collect();
        let fresh = |c: &&&CheckResult| always(c).is_none_or(|rule| !self.told.contains(rule));
        let of = |status: CheckStatus| checks.iter().filter(move |c| c.status == status);
        let musts = of(CheckStatus::Failed).filter(|c| c.level == Level::Must).filter(fresh).count();
        let shoulds = of(CheckStatus::Failed).filter(|c| c.level == Level::Should).filter(fresh).count();
        let blocked = of(CheckStatus::Blocked).count();
        let applicable = checks.iter().filter(|c| c.status != CheckStatus::Skipped).count();
        let rules: Vec<String> = of(CheckStatus::Failed).filter_map(|c| always(c).map(str::to_owned)).collect();
        self.told.extend(rules);
        if result.status == ScenarioStatus::Skipped {
            (Mark::None, "skipped".into())
        } else if musts > 0 {
            (Mark::Bad, format!("{musts} of {applicable} failed"))
        } else if blocked > 0 {
            (Mark::Bad, format!("{blocked} of {applicable} blocked"))
        } else if shoulds > 0 {
            (Mark::Warn, format!("{shoulds} of {applicable} to improve"))
        } else {
            (Mark::Good, plural(applicable, "check"))
        }
    }
}

/// Everything behind the scenario lines: findings, capabilities, what was left, the gate, the verdict as the last line.
pub fn tail(report: &Report, path: Option<&str>, style: &Style) -> String {
    let mut text = String::from("\n");
    let all = findings(&report.scenarios);
    let (musts, rest): (Vec<&Finding<'_>>, Vec<_>) = all.iter().partition(|f| f.check.level == Level::Must);
    let shown = if style.all { musts.len() } else { IN_FULL };
    for (index, finding) in musts.iter().enumerate().take(shown) {
        text.push_str(&render(index + 1, finding, report, style));
        text.push('\n');
    }
    more(&mut text, musts.get(shown..).unwrap_or_default(), "further must findings", Mark::Bad, style);
    blocked(&mut text, report, style);
    let of = |level: Level| rest.iter().filter(|f| f.check.level == level).copied().collect::<Vec<_>>();
    if style.all {
        for (index, finding) in of(Level::Should).iter().enumerate() {
            text.push_str(&render(musts.len() + index + 1, finding, report, style));
            text.push('\n');
        }
    } else {
        more(&mut text, &of(Level::Should), "should", Mark::Warn, style);
    }
    more(&mut text, &of(Level::Info), "good to know", Mark::None, style);
    capabilities(&mut text, report, style);
    cleanup(&mut text, report, style);
    for note in &report.run.notes {
        let _ = writeln!(text, "{} {}", style.mark(Mark::Bad), visible(note));
    }
    for reason in &report.gate.reasons {
        let passed = if report.gate.passed { "passed" } else { "failed" };
        let _ = writeln!(text, "Gate {passed}: {}", visible(reason));
    }
    if report.counts.failed_must > 0 {
        let _ = writeln!(text, "{}", style.dim("Every finding in full: -v"));
    }
    if let Some(path) = path {
        let _ = writeln!(text, "Report: {path}");
    }
    text.push_str(&verdict(report, style));
    text
}

/// One line each, under a rule.
fn more(text: &mut String, findings: &[&Finding<'_>], title: &str, mark: Mark, style: &Style) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", style.rule(&format!("{title} ({})", findings.len()), ""));
    for finding in findings {
        let message = visible(&finding.check.message);
        let seen = if finding.scenarios > 1 { format!(" (in {} scenarios)", finding.scenarios) } else { String::new() };
        let line = format!("{}  {message}{seen}", finding.check.id);
        let _ = writeln!(text, "{} {}", style.mark(mark), fill(&shortened(&line, 400), style.width, 4));
    }
    text.push('\n');
}

/// Blocked checks are counted with their cause, not listed.
fn blocked(text: &mut String, report: &Report, style: &Style) {
    let mut causes: Vec<(String, usize)> = Vec::new();
    for check in report.scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks) {
        if check.status == CheckStatus::Blocked {
            match causes.iter_mut().find(|(cause, _)| *cause == check.message) {
                Some((_, count)) => *count += 1,
                None => causes.push((check.message.clone(), 1)),
            }
        }
    }
    for (cause, count) in &causes {
        let line = format!("{} blocked: {}", plural(*count, "check"), visible(cause));
        let _ = writeln!(text, "{} {}", style.mark(Mark::Warn), fill(&line, style.width, 4));
    }
    if !causes.is_empty() {
        text.push('\n');
    }
}

fn capabilities(text: &mut String, report: &Report, style: &Style) {
    for capability in &report.capabilities {
        let (mark, words) = match capability.status {
            CapabilityStatus::NotTested if !capability.feature => continue,
            CapabilityStatus::Works => (Mark::Good, "works".to_owned()),
            CapabilityStatus::WorksWithWarnings => {
                let notes = capability.warned + capability.blocked;
                (Mark::Warn, format!("works, with {}", plural(notes, "warning")))
            }
            CapabilityStatus::Broken => {
                let blocked =
                    if capability.blocked > 0 { format!(", {} blocked", capability.blocked) } else { String::new() };
                (Mark::Bad, format!("broken ({} must failed{blocked})", capability.failed))
            }
            CapabilityStatus::NotOffered => (Mark::None, "not offered".to_owned()),
            CapabilityStatus::NotTested => (Mark::None, "not tested".to_owned()),
        };
        let asked = if capability.feature { "" } else { "  (not asked for)" };
        let _ = writeln!(
            text,
            "  {} {:<24} {}{}",
            style.mark(mark),
            capability.title,
            style.paint(mark, &words),
            style.dim(asked)
        );
    }
    text.push('\n');
}

fn cleanup(text: &mut String, report: &Report, style: &Style) {
    let cleanup = &report.cleanup;
    if cleanup.left.is_empty() {
        let _ = writeln!(text, "Removed {}; nothing left behind.", plural(cleanup.deleted, "resource"));
        return;
    }
    let _ = writeln!(text, "Removed {}; {} left behind:", plural(cleanup.deleted, "resource"), cleanup.left.len());
    for left in &cleanup.left {
        let _ = writeln!(
            text,
            "  {} {} {}: {}",
            style.mark(Mark::Warn),
            visible(&left.path),
            visible(&left.name),
            visible(&left.reason)
        );
    }
}

/// The last line.
fn verdict(report: &Report, style: &Style) -> String {
    let (mark, words) = match report.verdict {
        Verdict::Ready => (Mark::Good, "READY for Okta"),
        Verdict::NotReady => (Mark::Bad, "NOT READY for Okta"),
        Verdict::Partial if report.gate.passed => {
            (Mark::Warn, "PARTIAL: readiness for Okta cannot be told from a narrowed run")
        }
        Verdict::Partial => (Mark::Bad, "PARTIAL, with failures"),
    };
    let counts = &report.counts;
    let score = report.score.value.map_or_else(|| "no score".to_owned(), |v| format!("score {v} / 100"));
    let mut parts = vec![
        score,
        plural(counts.scenarios, "scenario"),
        format!("{}: {} passed", plural(counts.checks, "check"), counts.passed),
    ];
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    };
    add(counts.failed_must, "must failed");
    add(counts.failed_should, "should failed");
    add(counts.blocked, "blocked");
    add(counts.skipped, "not applicable");
    add(counts.known, "known");
    parts.push(format!("{:.1}s", report.run.seconds));
    let dot = format!(" {} ", style.dot());
    let words = style.bold(&style.paint(mark, &format!("{words} ({})", report.run.app.id())));
    format!("{words}{dot}{}\n", parts.join(&dot))
}

/// Text cut to a number of characters.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let cut: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{cut}…")
}
