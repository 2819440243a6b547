//! Golden texts of the terminal report.

use super::*;
use crate::report::sample::{self, golden};

fn saved() -> Saved {
    let failed = crate::report::command::failed(&sample::failing(), None);
    Saved { files: Some("reports/2026-11-25T031900Z/report.html (+ json)".to_owned()), failed: Some(failed) }
}

fn plain(width: usize) -> Style {
    Style { width, ..Style::default() }
}

#[test]
fn a_run_without_findings() {
    golden("ok-80.txt", &render(&sample::ok(), &saved(), plain(80)));
    golden("ok-40.txt", &render(&sample::ok(), &saved(), plain(40)));
}

#[test]
fn a_run_with_findings() {
    golden("failing-80.txt", &render(&sample::failing(), &saved(), plain(80)));
    golden("failing-40.txt", &render(&sample::failing(), &saved(), plain(40)));
    golden("failing-all.txt", &render(&sample::failing(), &saved(), Style { all: true, ..plain(100) }));
}

#[test]
fn a_run_in_a_log() {
    let ci = Style { ci: true, ..Style::default() };
    golden("ok-ci.txt", &render(&sample::ok(), &saved(), ci));
    golden("failing-ci.txt", &render(&sample::failing(), &saved(), ci));
}

#[test]
fn a_run_that_cannot_start() {
    golden("cannot-start-80.txt", &render(&sample::cannot_start(), &saved(), plain(80)));
    golden("cannot-start-40.txt", &render(&sample::cannot_start(), &Saved::default(), plain(40)));
    golden("cannot-start-ci.txt", &render(&sample::cannot_start(), &Saved::default(), Style { ci: true, ..plain(80) }));
}

#[test]
fn colour_adds_only_escape_sequences() {
    let strip = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| out + part.split_once('m').unwrap().1)
    };
    for report in [sample::ok(), sample::failing(), sample::cannot_start()] {
        let colored = render(&report, &saved(), Style { color: true, ..plain(80) });
        assert!(colored.contains("\u{1b}["));
        assert_eq!(strip(&colored), render(&report, &saved(), plain(80)));
    }
}

#[test]
fn plain_ascii_shows_nothing_else() {
    let ascii = Style { unicode: false, ..plain(80) };
    for report in [sample::ok(), sample::failing(), sample::cannot_start()] {
        for style in [ascii, Style { ci: true, ..ascii }] {
            let text = render(&report, &saved(), style);
            assert!(text.is_ascii(), "{text}");
        }
    }
    golden("failing-ascii.txt", &render(&sample::failing(), &saved(), ascii));
}

#[test]
fn nothing_of_the_server_reaches_the_terminal_unescaped() {
    for style in [plain(80), Style { ci: true, ..plain(80) }, Style { all: true, ..plain(40) }] {
        let text = render(&sample::failing(), &saved(), style);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']));
        assert!(text.contains(r"\u{202e}"));
        assert!(!style.ci || text.lines().all(|line| !line.trim_start().starts_with("::")));
    }
    assert_eq!(guarded("  ::error::x\n##[group]\n"), "  \\u{3a}:error::x\n#\\u{23}[group]\n");
}

#[test]
fn the_last_line_is_the_verdict() {
    let last = |report: &Report, style| render(report, &saved(), style).lines().last().unwrap().to_owned();
    let ci = Style { ci: true, ..plain(80) };
    let ready = "READY for Okta (oin) · score 100 / 100 · 7 scenarios, 52 checks: 52 passed · 4.1 s";
    assert_eq!(last(&sample::ok(), plain(40)), ready);
    assert!(last(&sample::failing(), plain(40)).starts_with("NOT READY for Okta (oin) · score "));
    assert!(last(&sample::failing(), ci).starts_with("NOT READY score="));

    let mut report = sample::ok();
    report.gate.passed = false;
    assert!(last(&report, plain(80)).starts_with("READY for Okta (oin), gate failed · "));
    report.verdict = Verdict::Partial;
    report.score.value = None;
    assert!(last(&report, plain(80)).starts_with("PARTIAL for Okta (oin), gate failed · no score · "));
}

#[test]
fn only_five_failures_are_told_in_full_unless_all_are_asked_for() {
    let mut report = sample::failing();
    let persisted = report.scenarios[3].steps[2].checks[0].clone();
    for n in 1..=7 {
        let id = format!("users.deactivate/more-{n}");
        report.scenarios[3].steps[2].checks.push(crate::play::CheckResult { id, ..persisted.clone() });
    }
    let text = tail(&report, &Saved::default(), plain(80));
    assert_eq!(text.matches("  Again   ").count(), 5);
    assert!(text.contains("4 more must (--all tells them in full)"));
    assert_eq!(tail(&report, &Saved::default(), Style { all: true, ..plain(80) }).matches("  Again   ").count(), 10);
    let ci = Style { ci: true, ..plain(80) };
    assert_eq!(tail(&report, &Saved::default(), ci).matches("  again: ").count(), 5);
}

#[test]
fn many_differences_and_long_commands_are_cut_with_a_count() {
    let mut report = sample::failing();
    let step = &mut report.scenarios[3].steps[2];
    let place = |n: i32| crate::play::Difference { at: format!("/emails/{n}"), expected: None, actual: Some(n.into()) };
    step.checks[0].differences = (0..13).map(place).collect();
    step.exchanges[0].curl = "line\n".repeat(33);
    let text = tail(&report, &Saved::default(), plain(80));
    assert!(text.contains("    3 more in the report\n"));
    assert!(text.contains("    (13 lines more in the report)\n"));
}
