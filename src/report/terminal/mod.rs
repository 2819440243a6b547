//! The report on a terminal or in a log: a header, one line per scenario while it is played, and a tail that ends with the
//! verdict. All text that came from the server is made safe to show.

mod finding;
mod lines;
mod style;
mod verdict;

use std::fmt::Write as _;

pub use lines::Lines;
pub(crate) use style::Role;
pub use style::Style;

use super::finding::Findings;
use super::{Preflight, Problem, Report, Verdict, command};
use crate::scenario::App;

/// Columns of a log's lines before they are broken.
const LOG_WIDTH: usize = 240;

/// Where a report was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The file to read and what else there is, in one line; none when nothing was written.
    pub files: Option<String>,
    /// The command that plays what failed again; none when there is no report.json that could tell it.
    pub failed: Option<String>,
}

/// The first line: which version plays what against which base URL, from which seed.
pub fn header(version: &str, base_url: &str, app: App, seed: u64, style: Style) -> String {
    let (url, app) = (style.text(base_url), app.id());
    if style.ci {
        return format!("scimulate {version} url={url} app={app} seed={seed}\n");
    }
    let mut out = String::new();
    let parts = [format!("scimulate {version}"), url, format!("app {app}"), format!("seed {seed}")];
    style.row(&mut out, "", &parts.join(style.dot()));
    out
}

/// The connection test when it passed, with its remarks; nothing when it did not (the tail tells that).
pub fn preflight(preflight: &Preflight, style: Style) -> String {
    let mut out = String::new();
    if !preflight.passed {
        return out;
    }
    let ms = preflight.ms.map(|ms| format!(" ({ms:.0} ms)")).unwrap_or_default();
    if style.ci {
        let _ = writeln!(out, "preflight ok{ms}");
    } else {
        let _ = writeln!(out, "\nPreflight   {} the target can be tested{ms}", style.mark(Role::Good));
    }
    for note in &preflight.notes {
        style.row(&mut out, if style.ci { "note: " } else { "  note  " }, &style.text(note));
    }
    if !style.ci {
        out.push('\n');
    }
    out
}

/// All that follows the scenarios' lines: findings, features, clean-up, gate, where the reports are
/// and last of all the verdict. When the run could not start: why, and what to do.
pub fn tail(report: &Report, saved: &Saved, style: Style) -> String {
    let mut out = String::new();
    if let Some(problem) = report.preflight.problem.as_ref().filter(|_| !report.preflight.passed) {
        if let Some(files) = &saved.files {
            let _ = writeln!(out, "Report: {}\n", style.text(files));
        }
        cannot_start(&mut out, &report.preflight, problem, style);
    } else if style.ci {
        log(&mut out, report, saved, style);
    } else {
        told(&mut out, report, saved, style);
    }
    if style.ci { guarded(&out) } else { out }
}

/// The whole report: what a run shows from its first line to its last.
pub fn render(report: &Report, saved: &Saved, style: Style) -> String {
    let mut out = header(&report.tool.version, &report.target.base_url, report.run.app, report.run.seed, style);
    out.push_str(&preflight(&report.preflight, style));
    let mut lines = Lines::new(style, report.scenarios.len());
    out.extend(report.scenarios.iter().map(|scenario| lines.done(scenario)));
    if !report.preflight.passed {
        out.push('\n');
    }
    out.push_str(&tail(report, saved, style));
    out
}

fn cannot_start(out: &mut String, preflight: &Preflight, problem: &Problem, style: Style) {
    let summary = style.text(problem.summary.trim_end_matches('.'));
    let mut first = String::new();
    style.row(&mut first, "", &format!("Cannot start: {summary}."));
    out.push_str(&first.replacen("Cannot start", &style.paint(Role::Bad, "Cannot start"), 1));
    for detail in &problem.details {
        style.row(out, "  ", &style.text(detail));
    }
    for note in &preflight.notes {
        style.row(out, "  ", &style.text(note));
    }
    let last = "This is a set-up problem, not a finding about your server. Nothing was created.";
    style.row(out, "  ", last);
}

fn told(out: &mut String, report: &Report, saved: &Saved, style: Style) {
    let findings = Findings::of(report);
    finding::list(out, report, &findings, style);
    verdict::capabilities(out, report, style);
    out.push('\n');
    verdict::cleanup(out, &report.cleanup, style);
    out.push('\n');
    for note in &report.run.notes {
        style.row(out, "  note   ", &style.text(note));
    }
    finding::fix_first(out, &findings, style);
    if let Some(first) = findings.musts.first() {
        let failed = saved.failed.clone().unwrap_or_else(|| command::again(report, first.place.scenario));
        let _ = writeln!(out, "  next   {}", style.text(&failed));
        let _ = writeln!(out, "         scimulate explain {}", style.text(&command::word(first.id())));
    }
    if !(report.gate.passed && report.verdict == Verdict::Ready) {
        let word = if report.gate.passed { "passed" } else { "failed" };
        for reason in &report.gate.reasons {
            style.row(out, "  gate   ", &format!("{word}: {}", style.text(reason)));
        }
    }
    if let Some(files) = &saved.files {
        let _ = writeln!(out, "  files  {}", style.text(files));
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    out.push_str(&verdict::last_line(report, style));
}

fn log(out: &mut String, report: &Report, saved: &Saved, style: Style) {
    // A log is searched line by line, so what belongs together stays on one.
    let style = Style { width: LOG_WIDTH, ..style };
    let findings = Findings::of(report);
    finding::log(out, report, &findings, style);
    verdict::capabilities_log(out, report);
    verdict::cleanup(out, &report.cleanup, style);
    for note in &report.run.notes {
        let _ = writeln!(out, "note: {}", style.text(note));
    }
    let word = if report.gate.passed { "passed" } else { "failed" };
    let _ = writeln!(out, "gate: {word}: {}", style.text(&report.gate.reasons.join("; ")));
    if let Some(files) = &saved.files {
        let _ = writeln!(out, "files: {}", style.text(files));
    }
    out.push_str(&verdict::last_line_log(report));
}

/// A log's lines with everything taken out that a workflow runner would obey: a line may begin with text of the server's.
fn guarded(text: &str) -> String {
    text.lines().fold(String::with_capacity(text.len()), |mut out, line| {
        let line = line.replace("##[", r"#\u{23}[");
        let begin = line.len() - line.trim_start().len();
        match line[begin..].strip_prefix("::") {
            Some(rest) => out.extend([&line[..begin], r"\u{3a}:", rest]),
            None => out.push_str(&line),
        }
        out.push('\n');
        out
    })
}

#[cfg(test)]
mod tests;
