//! The report as Markdown, for tickets and the job summary of GitHub Actions: bounded, and safe whatever the server sent.

use std::fmt::Write as _;

use super::command::again;
use super::escape::{block, escape};
use super::finding::{Findings, breaks, cause_of, differing, judged, why, words};
use super::pace::duration;
use super::{Report, told};
use crate::exchange::{Body, Exchange};
use crate::score::Counted;

/// GitHub shows a job summary of at most 1 MiB; this leaves room.
pub const LIMIT: usize = 900 * 1024;

/// Characters of one body that are shown.
const BODY: usize = 4000;
/// Characters of one value that are shown.
const VALUE: usize = 200;

/// The Markdown, at most `limit` bytes: findings that find no room are counted, and the parts that follow them are left
/// out from the end.
pub fn render(report: &Report, limit: usize) -> String {
    let mut out = head(report);
    let findings = Findings::of(report);
    let rest = tail(report, &findings);
    let room = limit.saturating_sub(rest.len() + 200);
    let lists = [("must", &findings.musts), ("should", &findings.shoulds), ("known", &findings.known)];
    let mut left_out = 0;
    for (title, checks) in lists {
        if !checks.is_empty() {
            let _ = writeln!(out, "\n## {} ({})", heading(title), checks.len());
        }
        for check in checks {
            let entry = entry(report, check);
            if left_out == 0 && out.len() + entry.len() <= room {
                out.push_str(&entry);
            } else {
                left_out += 1;
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n{} more in report.json and report.html.", told::count(left_out, "finding"));
    }
    out.push_str(&rest);
    if out.len() > limit {
        out = head(report);
    }
    out
}

fn heading(level: &str) -> &'static str {
    match level {
        "must" => "Must be fixed",
        "should" => "Should be better",
        _ => "Known failures",
    }
}

/// Verdict, figures, features.
fn head(report: &Report) -> String {
    let mut out = format!("# {}\n\n{}\n\n", told::headline(report), line(&told::sentence(report)));
    // Writing to a String cannot fail.
    if let Some(problem) = &report.preflight.problem {
        problem.details.iter().for_each(|detail| _ = writeln!(out, "- {}", line(detail)));
        out.push('\n');
    }
    let score = report.score.value.map_or_else(|| "no score".to_owned(), |score| format!("score **{score} / 100**"));
    let counts = told::outcomes(&report.counts).into_iter().filter(|(_, number, _)| *number > 0);
    let counts: Vec<String> = counts.map(|(_, number, what)| format!("{number} {what}")).collect();
    let gate = if report.gate.passed { "passed" } else { "failed" };
    let _ = writeln!(
        out,
        "{score} · {}: {} · {}\n\n\
         Target {} · app `{}` · seed `{}` · {} · scimulate {}\n\n\
         Gate {gate}: {}",
        told::count(report.counts.checks, "check"),
        if counts.is_empty() { "none played".to_owned() } else { counts.join(", ") },
        duration(report.run.seconds * 1000.0),
        code(&report.target.base_url),
        report.run.app.id(),
        report.run.seed,
        inline(&told::moment(&report.run.started)),
        inline(&report.tool.version),
        inline(&report.gate.reasons.join("; ")),
    );
    for note in &report.run.notes {
        let _ = writeln!(out, "\n{}", line(note));
    }
    let tested = |c: &&super::CapabilityResult| c.feature || c.passed + c.failed + c.warned + c.blocked + c.skipped > 0;
    if report.preflight.problem.is_none() {
        out.push_str("\n| Feature | | Score | |\n|---|---|---:|---|\n");
        for result in report.capabilities.iter().filter(tested) {
            let figure = result.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
            let asked = if result.feature { "" } else { " (not asked for)" };
            let asked = if result.id.is_feature() { asked } else { "" };
            let (title, status) = (inline(&result.title), told::status(result));
            let _ = writeln!(out, "| {title}{asked} | {status} | {figure} | {} |", told::shortcomings(result));
        }
    }
    out
}

/// What follows the findings.
fn tail(report: &Report, findings: &Findings<'_>) -> String {
    const SHOWN: usize = 50;
    let mut out = String::new();
    if !findings.blocked.is_empty() {
        out.push_str("\n## Blocked\n\n");
        for (cause, number) in findings.blocked.iter().take(SHOWN) {
            let _ = writeln!(out, "- {}: {}", told::count(*number, "check"), inline(cause));
        }
    }
    if !report.cleanup.left.is_empty() {
        out.push_str("\n## Left behind on the server\n\n");
        for left in report.cleanup.left.iter().take(SHOWN) {
            let _ = writeln!(out, "- {} ({}): {}", code(&left.path), inline(&left.name), inline(&left.reason));
        }
        if report.cleanup.left.len() > SHOWN {
            let _ = writeln!(out, "- {} more in report.json", report.cleanup.left.len() - SHOWN);
        }
    }
    out
}

/// One finding: a line that says it, and folded what shows it.
fn entry(report: &Report, counted: &Counted<'_>) -> String {
    let place = &counted.place;
    let check = place.check;
    let mut out = format!("\n### {}\n\n", code(counted.id()));
    let more = if counted.also.is_empty() {
        String::new()
    } else {
        format!(", and in {} more", told::count(counted.also.len(), "scenario"))
    };
    let _ = writeln!(out, "{} › {}{more}\n", line(&place.scenario.title), inline(&place.step.title));
    let differing = differing(place);
    if let Some(words) = words(place) {
        let _ = writeln!(out, "- {}", line(words));
    }
    for (at, expected, actual) in differing.iter().take(10) {
        let shown =
            |value: Option<&serde_json::Value>| value.map_or_else(|| "absent".to_owned(), |v| quoted(&v.to_string()));
        let at = if at.is_empty() { "the whole body".to_owned() } else { code(at) };
        let _ = writeln!(out, "- {at}: expected {}, actual {}", shown(*expected), shown(*actual));
    }
    let _ = writeln!(out, "- **Breaks** {}", breaks(counted.capability));
    if let Some(why) = why(place) {
        let _ = writeln!(out, "- **Why** {}", inline(&why));
    }
    if !check.fix.is_empty() {
        let _ = writeln!(out, "- **Fix** {}", inline(&check.fix));
    }
    for spec in &check.spec {
        let url = spec.url.as_deref().filter(|url| is_web(url)).map(|url| format!(" <{}>", escape(url)));
        let _ = writeln!(out, "- **Spec** {}{}", inline(&spec.name), url.unwrap_or_default());
    }
    if let Some(reason) = &check.known {
        let _ = writeln!(out, "- **Known** {}", inline(reason));
    }
    let _ = writeln!(out, "- **Again** {}", code(&again(report, place.scenario)));
    let exchanges = cause_of(place).map(|(_, _, cause)| cause).into_iter().chain(judged(place.step));
    exchanges.for_each(|shown| exchange(&mut out, shown));
    out
}

/// A web address that needs no escaping between angle brackets.
fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/#?&=%+:".contains(c)))
}

fn exchange(out: &mut String, exchange: &Exchange) {
    let request = &exchange.request;
    let line = escape(&format!("{} {} → {}", request.method, request.path, told::answer(exchange))).into_owned();
    let _ = writeln!(out, "\n<details><summary>{}</summary>\n", html(told::cut(&line, 300).0));
    let mut text = body(&request.body);
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    if let Some(response) = &exchange.response {
        let _ = writeln!(text, "→ {}", response.status);
        for header in &response.headers {
            let _ = writeln!(text, "{}: {}", header.name, header.value);
        }
        text.push('\n');
        text.push_str(&body(&response.body));
    }
    fence(out, "", &text);
    let (command, more) = told::cut(&exchange.curl, BODY);
    if more == 0 {
        fence(out, "sh", command);
    }
    out.push_str("</details>\n");
}

fn body(body: &Body) -> String {
    let text = match body {
        Body::Empty => String::new(),
        Body::Json(value) => format!("{value:#}"),
        Body::Text(text) => text.clone(),
        Body::Binary(bytes) => format!("({})", told::count(*bytes, "byte")),
    };
    match told::cut(&text, BODY) {
        (_, 0) => text,
        (kept, more) => format!("{kept}\n({} more in report.json)", told::count(more, "character")),
    }
}

/// Text between sentences of ours: nothing in it is Markdown, HTML, a mention or a link.
fn inline(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(folded.len());
    for c in escape(&folded).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => out.extend(['\\', c]),
            plain => out.push(plain),
        }
    }
    out.replace("://", r"\://").replace("www.", r"www\.")
}

/// The same where a line begins: nothing in it begins a list.
fn line(text: &str) -> String {
    let safe = inline(text);
    match safe.chars().next() {
        Some(first @ ('-' | '+' | '=' | '0'..='9')) => format!("&#{};{}", u32::from(first), &safe[1..]),
        _ => safe,
    }
}

/// A short value as code.
fn quoted(text: &str) -> String {
    match told::cut(text, VALUE) {
        (_, 0) => code(text),
        (kept, _) => format!("{}…", code(kept)),
    }
}

/// Text as code in a line: fenced by more backticks than it holds in a row.
fn code(text: &str) -> String {
    let text = escape(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    if fence.len() > 1 || text.starts_with(' ') || text.is_empty() {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// Lines of code, fenced by more backticks than they hold in a row.
fn fence(out: &mut String, language: &str, text: &str) {
    let text = block(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'));
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, golden};

    #[test]
    fn the_markdown_is_the_golden_file() {
        golden("ok.md", &render(&sample::ok(), LIMIT));
        golden("failing.md", &render(&sample::failing(), LIMIT));
        golden("cannot-start.md", &render(&sample::cannot_start(), LIMIT));
    }

    #[test]
    fn nothing_of_the_servers_is_markup() {
        assert_eq!(inline("<b> *x* [a](b) @me #1 a|b\nc"), r"&lt;b&gt; \*x\* \[a\](b) &#64;me \#1 a\|b c");
        assert_eq!(inline("https://www.x"), r"https\://www\.x");
        assert_eq!((line("- 1"), line("1. a"), line("")), ("&#45; 1".into(), "&#49;. a".into(), String::new()));
        assert_eq!(code("a`` `b"), "``` a`` `b ```");
        assert_eq!(code("a\n|"), r"`a\u{a}|`");
        let mut out = String::new();
        fence(&mut out, "sh", "````\n</details>\u{1b}");
        assert_eq!(out, "`````sh\n````\n</details>\\u{1b}\n`````\n\n");
        assert!(!is_web("javascript:alert(1)") && !is_web("https://x/<b>") && is_web("https://x.y/z#a-1.2"));
    }

    #[test]
    fn it_keeps_to_its_limit() {
        let mut report = sample::failing();
        let check = report.scenarios[3].steps[2].checks[0].clone();
        for n in 0..500 {
            let id = format!("users.deactivate/more-{n}");
            report.scenarios[3].steps[2].checks.push(crate::play::CheckResult { id, ..check.clone() });
        }
        let whole = render(&report, usize::MAX);
        assert!(!whole.contains(" more in report.json and report.html."));
        let cut = render(&report, 40_000);
        assert!(cut.len() <= 40_000 && cut.contains("findings more in report.json"), "{}", cut.len());
        assert!(cut.contains("## Left behind"), "what follows the findings still fits");
        assert!(render(&report, 100).starts_with("# Not ready"));
    }
}
