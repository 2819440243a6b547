//! One finding, told in full or in one line, and the tail's lists of them.

use std::fmt::Write as _;

use crate::exchange::Exchange;
use crate::report::Report;
use crate::report::command;
use crate::report::finding::{self, Findings, breaks, repeats};
use crate::report::told::count;
use crate::score::{Counted, rule_of};

use super::style::{Role, Style};

/// How many findings are told in full unless all are asked for.
const IN_FULL: usize = 5;
/// How many differing places of one finding are shown.
const PLACES: usize = 10;
/// How many lines of one command are shown.
const COMMAND_LINES: usize = 20;

/// Everything found, heaviest first.
pub(super) fn list(out: &mut String, report: &Report, findings: &Findings<'_>, style: Style) {
    let full = if style.all { findings.musts.len() } else { IN_FULL.min(findings.musts.len()) };
    for (index, must) in findings.musts[..full].iter().enumerate() {
        let number = format!("{} {} {}", index + 1, style.sign("─", "-"), style.text(must.id()));
        out.push('\n');
        out.push_str(&style.ruler(&number, "must", Role::Bad));
        detail(out, report, must, style);
    }
    let rest = &findings.musts[full..];
    let bad = style.mark(Role::Bad);
    section(out, style, &format!("{} more must (--all tells them in full)", rest.len()), rest, &bad);
    if style.all {
        for should in &findings.shoulds {
            out.push('\n');
            out.push_str(&style.ruler(&style.text(should.id()), "should", Role::Warn));
            detail(out, report, should, style);
        }
    } else {
        let title = format!("should ({})", findings.shoulds.len());
        section(out, style, &title, &findings.shoulds, &style.mark(Role::Warn));
    }
    section(
        out,
        style,
        &format!("known failures ({})", findings.known.len()),
        &findings.known,
        &style.mark(Role::Faint),
    );
    section(out, style, "good to know", &findings.infos, &style.mark(Role::Faint));
    blocked(out, findings, style);
}

fn section(out: &mut String, style: Style, title: &str, checks: &[Counted<'_>], mark: &str) {
    if checks.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(&style.ruler(title, "", Role::Strong));
    for check in checks {
        line(out, check, style, mark);
    }
}

/// How many checks could not be judged and why; they are consequences, so they are counted and not listed.
fn blocked(out: &mut String, findings: &Findings<'_>, style: Style) {
    if findings.blocked.is_empty() {
        return;
    }
    out.push('\n');
    for (cause, number) in findings.blocked.iter().take(IN_FULL) {
        style.row(out, "Blocked  ", &format!("{}: {}", count(*number, "check"), style.text(cause)));
    }
    if let Some(rest) = findings.blocked.get(IN_FULL..).filter(|rest| !rest.is_empty()) {
        let number = rest.iter().map(|(_, n)| n).sum();
        style.row(out, "Blocked  ", &format!("{} for other causes", count(number, "check")));
    }
}

/// One finding in one line, or two where the columns do not suffice.
fn line(out: &mut String, counted: &Counted<'_>, style: Style, mark: &str) {
    let id = style.text(counted.id());
    let text = summary(counted, style);
    if 2 + id.chars().count() + 3 + text.chars().count() <= style.width {
        let _ = writeln!(out, "{mark} {id}   {text}");
    } else {
        let _ = writeln!(out, "{mark} {id}");
        style.row(out, "    ", &text);
    }
}

/// What was found, in how many scenarios, and why it is excused if it is.
pub(super) fn summary(counted: &Counted<'_>, style: Style) -> String {
    let check = counted.place.check;
    let mut text = match finding::differing(&counted.place).first() {
        _ if !check.message.is_empty() && !repeats(&check.message) => style.text(&check.message),
        Some((at, expected, actual)) => {
            format!("{} expected {}, actual {}", style.text(at), style.value(*expected), style.value(*actual))
        }
        None => style.text(&check.message),
    };
    if counted.scenarios() > 1 {
        let _ = write!(text, " (in {} scenarios)", counted.scenarios());
    }
    if let Some(known) = &check.known {
        let _ = write!(text, " (known: {})", style.prose(known));
    }
    style.shorten(&text, 240)
}

fn detail(out: &mut String, report: &Report, counted: &Counted<'_>, style: Style) {
    let place = &counted.place;
    let check = place.check;
    style.row(out, "", &scene(counted, style));
    out.push('\n');
    if let Some(exchange) = finding::judged(place.step) {
        let _ = writeln!(out, "  {}", request_line(exchange, style));
    }
    let differing = finding::differing(place);
    if let Some(words) = finding::words(place) {
        style.row(out, "    ", &style.text(words));
    }
    for (at, expected, actual) in differing.iter().take(PLACES) {
        let at = style.text(at);
        let at = if at.is_empty() { "(whole body)" } else { &at };
        let mut indent = format!("    {at:<10} ");
        if indent.chars().count() > 32.min(style.width / 3) {
            let _ = writeln!(out, "    {at}");
            indent = " ".repeat(6);
        }
        style.row(out, &format!("{indent}expected  "), &style.value(*expected));
        style.row(out, &format!("{:1$}actual    ", "", indent.chars().count()), &style.value(*actual));
    }
    if differing.len() > PLACES {
        let _ = writeln!(out, "    {} more in the report", differing.len() - PLACES);
    }
    out.push('\n');
    style.row(out, "  Breaks  ", breaks(counted.capability));
    if let Some(why) = finding::why(place) {
        style.row(out, "  Why     ", &style.text(&why));
    }
    if !check.fix.is_empty() {
        style.row(out, "  Fix     ", &style.prose(&check.fix));
    }
    for spec in &check.spec {
        let url = spec.url.as_deref().map(|url| format!("   {}", style.text(url))).unwrap_or_default();
        let name = style.prose(&spec.name);
        if 10 + name.chars().count() + url.chars().count() <= style.width {
            let _ = writeln!(out, "  Spec    {name}{url}");
        } else {
            style.row(out, "  Spec    ", &name);
            if !url.is_empty() {
                style.row(out, "          ", url.trim_start());
            }
        }
    }
    if let Some(note) = &place.step.note {
        style.row(out, "  Note    ", &style.text(note));
    }
    commands(out, counted, style);
    let _ = writeln!(out, "  Again   {}", style.text(&command::again(report, place.scenario)));
}

/// The commands that show the finding: the judged request and the one that should have brought about what it read.
fn commands(out: &mut String, counted: &Counted<'_>, style: Style) {
    if let Some((number, step, exchange)) = finding::cause_of(&counted.place) {
        let title = style.prose(&step.title);
        style.row(out, "  ", &format!("The request that should have changed it (step {number}, {title}):"));
        lines_of(out, exchange, style);
    }
    if let Some(exchange) = finding::judged(counted.place.step) {
        style.row(out, "  ", "The request whose answer was judged:");
        lines_of(out, exchange, style);
    }
}

/// A command, line by line as it is: it must stay copyable.
pub(super) fn lines_of(out: &mut String, exchange: &Exchange, style: Style) {
    for line in exchange.curl.lines().take(COMMAND_LINES) {
        let _ = writeln!(out, "    {}", style.shorten(&style.text(line), 2000));
    }
    let more = exchange.curl.lines().count().saturating_sub(COMMAND_LINES);
    if more > 0 {
        let _ = writeln!(out, "    ({} more in the report)", count(more, "line"));
    }
}

/// `GET /Users/2819c223  →  200 in 12 ms`.
pub(super) fn request_line(exchange: &Exchange, style: Style) -> String {
    let answer = match (&exchange.response, &exchange.failure) {
        (Some(response), _) => format!("{} in {:.0} ms", response.status, response.ms),
        (None, Some(failure)) => format!("no answer: {}", style.text(&failure.message)),
        (None, None) => "no answer".to_owned(),
    };
    let method = style.text(&exchange.request.method);
    let room = style.width.saturating_sub(method.len() + answer.chars().count().min(20) + 10).max(20);
    let path = style.shorten(&style.text(&exchange.request.path), room);
    format!("{method} {path}  {}  {answer}", style.arrow())
}

/// `Okta deactivates a user › Read the user back`, and in how many more scenarios.
pub(super) fn scene(counted: &Counted<'_>, style: Style) -> String {
    let place = &counted.place;
    let more = match counted.also.len() {
        0 => String::new(),
        n => format!(", and in {} more", count(n, "scenario")),
    };
    let (scenario, step) = (style.prose(&place.scenario.title), style.prose(&place.step.title));
    format!("{scenario} {} {step}{more}", style.sign("›", ">"))
}

/// The findings, told line by line for logs.
pub(super) fn log(out: &mut String, report: &Report, findings: &Findings<'_>, style: Style) {
    let full = if style.all { findings.musts.len() } else { IN_FULL.min(findings.musts.len()) };
    let lists = [
        ("FAILURES", &findings.musts, full),
        ("WARNINGS", &findings.shoulds, if style.all { findings.shoulds.len() } else { 0 }),
        ("KNOWN FAILURES", &findings.known, 0),
        ("GOOD TO KNOW", &findings.infos, 0),
    ];
    for (title, checks, full) in lists {
        if !checks.is_empty() {
            let _ = writeln!(out, "\n{title}");
        }
        for (index, counted) in checks.iter().enumerate() {
            let (id, text) = (style.text(counted.id()), summary(counted, style));
            if index < full {
                entry(out, report, counted, style);
            } else {
                let _ = writeln!(out, "{id} ({}): {text}", counted.level.word());
            }
        }
    }
    if !findings.blocked.is_empty() {
        out.push_str("\nBLOCKED\n");
    }
    for (cause, number) in &findings.blocked {
        let _ = writeln!(out, "{}: {}", count(*number, "check"), style.text(cause));
    }
}

fn entry(out: &mut String, report: &Report, counted: &Counted<'_>, style: Style) {
    let place = &counted.place;
    let check = place.check;
    let _ = writeln!(out, "{} ({})", style.text(counted.id()), counted.level.word());
    let mut say = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label}{text}");
    };
    say("", &scene(counted, style));
    if let Some(exchange) = finding::judged(place.step) {
        say("", &request_line(exchange, style));
    }
    let differing = finding::differing(place);
    if let Some(words) = finding::words(place) {
        say("", &style.text(words));
    }
    for (at, expected, actual) in differing.iter().take(PLACES) {
        let (expected, actual) = (style.value(*expected), style.value(*actual));
        say("", &format!("{} expected {expected}, actual {actual}", style.text(at)));
    }
    if differing.len() > PLACES {
        say("", &format!("{} more in the report", differing.len() - PLACES));
    }
    say("breaks: ", breaks(counted.capability));
    if let Some(why) = finding::why(place) {
        say("why: ", &style.text(&why));
    }
    say("fix: ", &style.prose(&check.fix));
    for spec in &check.spec {
        let url = spec.url.as_deref().map(|url| format!(" {url}")).unwrap_or_default();
        say("spec: ", &style.prose(&format!("{}{url}", spec.name)));
    }
    if let Some(note) = &place.step.note {
        say("note: ", &style.text(note));
    }
    commands(out, counted, style);
    let _ = writeln!(out, "  again: {}", style.text(&command::again(report, place.scenario)));
}

/// What to change first: the id and the fix of the heaviest findings, one line each where the columns suffice.
pub(super) fn fix_first(out: &mut String, findings: &Findings<'_>, style: Style) {
    for counted in findings.musts.iter().take(IN_FULL) {
        // A rule is fixed once for the whole server, so it is named without the scenario it was first broken in.
        let id = rule_of(counted.id()).map_or_else(|| counted.id().to_owned(), |rule| format!("always.{rule}"));
        style.row(out, "  must   ", &style.prose(&format!("{id}: {}", counted.place.check.fix)));
    }
}
