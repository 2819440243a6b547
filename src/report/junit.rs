//! The report as JUnit XML: a suite per scenario, a case per check. What CI shows as an error is never a finding, only trouble
//! on the way to one.

use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use super::escape::{block, escape};
use super::finding::{differing, judged, why, words};
use crate::play::{CheckResult, CheckStatus, ScenarioResult};
use crate::scenario::Level;
use crate::score::Place;

/// The XML, with a line break at its end. A failed `must` is a failure, a failed `should` one only where the run denied
/// them; what is blocked, does not apply or is known is skipped, with the reason.
pub fn render(report: &Report) -> Result<String, SerializeError> {
    let mut all = quick_junit::Report::new(report.tool.name.as_str());
    all.set_time(seconds(report.run.seconds));
    all.add_test_suites(trouble(report));
    all.add_test_suites(report.scenarios.iter().map(|scenario| suite(report, scenario)));
    let text = all.to_string()?;
    // The schema of Jenkins knows this attribute for a suite, but not for all of them.
    Ok(text.replacen(&format!(" skipped=\"{}\"", all.skipped), "", 1))
}

/// What kept the run from starting or ending.
fn trouble(report: &Report) -> Option<TestSuite> {
    let mut suite = TestSuite::new("run");
    if let Some(problem) = &report.preflight.problem {
        suite.add_test_case(error("run/started", &problem.summary, &problem.details.join("\n")));
    } else if !report.run.complete {
        suite.add_test_case(error("run/completed", "the run was not completed", &report.run.notes.join("\n")));
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

fn error(name: &str, message: &str, details: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(escape(message)).set_type("run").set_description(block(details));
    let mut case = TestCase::new(name, status);
    case.set_classname("run");
    case
}

fn suite(report: &Report, scenario: &ScenarioResult) -> TestSuite {
    let mut suite = TestSuite::new(escape(&scenario.id));
    suite.set_time(seconds(scenario.seconds));
    suite.add_property(("title", escape(&scenario.title).as_ref()));
    suite.add_property(("capability", scenario.capability.id()));
    for step in &scenario.steps {
        let places = step.checks.iter().map(|check| Place { scenario, step, check });
        suite.add_test_cases(places.map(|place| case(report, &place)));
    }
    if suite.test_cases.is_empty()
        && let Some(reason) = &scenario.reason
    {
        suite.add_test_case(named(scenario, "played", skipped(reason)));
    }
    suite
}

fn named(scenario: &ScenarioResult, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(escape(name), status);
    case.set_classname(escape(&scenario.id));
    case
}

fn case(report: &Report, place: &Place<'_>) -> TestCase {
    let check = place.check;
    let name = check.id.split_once('/').map_or(check.id.as_str(), |(_, name)| name);
    let mut told = None;
    let status = match (check.status, &check.known, check.level) {
        (CheckStatus::Passed, ..) => TestCaseStatus::success(),
        (CheckStatus::Skipped, ..) => skipped(&check.message),
        (CheckStatus::Blocked, ..) => {
            skipped(&format!("blocked: {}", first(&[&check.message, place.scenario.reason.as_deref().unwrap_or("")])))
        }
        (CheckStatus::Failed, Some(reason), _) => skipped(&format!("known failure: {reason}")),
        (CheckStatus::Failed, None, Level::Must) => failed(place),
        (CheckStatus::Failed, None, Level::Should) if report.gate.deny_should => failed(place),
        (CheckStatus::Failed, None, _) => {
            told = Some(format!("{}: {}\n{}", check.level.word(), check.message, description(place)));
            TestCaseStatus::success()
        }
    };
    let mut case = named(place.scenario, name, status);
    if let Some(told) = told {
        case.set_system_out(block(&told));
    }
    case
}

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(escape(reason));
    status
}

/// A failure; an error where no answer came that could have been judged.
fn failed(place: &Place<'_>) -> TestCaseStatus {
    let silent = judged(place.step).is_some_and(|exchange| exchange.response.is_none());
    let kind = if silent { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = TestCaseStatus::non_success(kind);
    let message = first(&[&message(place.check), &place.check.fix]);
    status.set_message(escape(&message)).set_type(place.check.level.word()).set_description(block(&description(place)));
    status
}

fn message(check: &CheckResult) -> String {
    let at = check.at.as_deref().map(|at| format!("{at}: ")).unwrap_or_default();
    if check.message.is_empty() { String::new() } else { format!("{at}{}", check.message) }
}

/// The finding in lines: what was asked and answered, what differs, what to change, the command.
fn description(place: &Place<'_>) -> String {
    const PLACES: usize = 20;
    let check = place.check;
    let mut text = format!("{} > {}\n", place.scenario.title, place.step.title);
    // Writing to a String cannot fail.
    let mut say = |label: &str, what: &str| _ = writeln!(text, "{label}{what}");
    let exchange = judged(place.step);
    if let Some(exchange) = exchange {
        let answer = match (&exchange.response, &exchange.failure) {
            (Some(response), _) => response.status.to_string(),
            (None, failure) => format!("no answer: {}", failure.as_ref().map_or("", |f| f.message.as_str())),
        };
        say("", &format!("{} {} -> {answer}", exchange.request.method, exchange.request.path));
    }
    let places = differing(place);
    if let Some(words) = words(place) {
        say("", words);
    }
    for (at, expected, actual) in places.iter().take(PLACES) {
        let shown = |value: Option<&serde_json::Value>| value.map_or_else(|| "(absent)".to_owned(), short);
        say("", &format!("{at} expected {}, actual {}", shown(*expected), shown(*actual)));
    }
    if places.len() > PLACES {
        say("", &format!("{} more in report.json", places.len() - PLACES));
    }
    if let Some(why) = why(place) {
        say("why: ", &why);
    }
    say("fix: ", &check.fix);
    for spec in &check.spec {
        say("spec: ", &format!("{} {}", spec.name, spec.url.as_deref().unwrap_or_default()));
    }
    if let Some(exchange) = exchange.filter(|exchange| exchange.curl.len() <= 4000) {
        say("", &exchange.curl);
    }
    text
}

fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn first(texts: &[&str]) -> String {
    texts.iter().find(|text| !text.is_empty()).map_or_else(|| "something before failed".to_owned(), |t| (*t).to_owned())
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, golden};

    #[test]
    fn the_xml_is_the_golden_file() {
        golden("failing.junit.xml", &render(&sample::failing()).unwrap());
        golden("cannot-start.junit.xml", &render(&sample::cannot_start()).unwrap());
    }

    #[test]
    fn a_should_fails_only_where_it_is_denied() {
        let mut report = sample::failing();
        let failures = |report: &Report| render(report).unwrap().matches("<failure").count();
        let before = failures(&report);
        report.gate.deny_should = true;
        assert_eq!(failures(&report), before + 1);
    }

    #[test]
    fn a_must_without_an_answer_is_an_error() {
        let mut report = sample::failing();
        let exchange = &mut report.scenarios[3].steps[2].exchanges[0];
        exchange.response = None;
        assert!(render(&report).unwrap().contains("<error"));
    }

    #[test]
    fn nothing_is_left_that_xml_forbids() {
        let mut report = sample::failing();
        let bad: String = (0..0x20_u8).map(char::from).chain("\u{7f}\u{ffff}\u{fffe}]]><x>".chars()).collect();
        report.scenarios[3].steps[2].checks[0].message = bad;
        let text = render(&report).unwrap();
        let forbidden = |c: char| (c < ' ' && !"\n\t\r".contains(c)) || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!text.contains(forbidden) && text.contains(r"\u{0}\u{1}") && text.contains(r"\u{ffff}"));
        assert!(text.contains("]]&gt;&lt;x&gt;") && !text.contains("<x>"));
    }
}
