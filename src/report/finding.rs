//! One finding, told in full: where, what was expected and came, why it matters, what to change, how to repeat it.

use std::fmt::Write as _;

use serde_json::Value;

use super::Report;
use super::escape::{visible, visible_lines};
use super::style::{Style, fill};
use crate::exchange::Exchange;
use crate::play::{CheckResult, CheckStatus, Difference, ScenarioResult, StepResult};
use crate::scenario::Level;
use crate::score::always;

/// How many differing places are shown.
const DIFFERENCES: usize = 10;

/// A failed check and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding<'r> {
    pub(super) scenario: &'r ScenarioResult,
    pub(super) step: &'r StepResult,
    pub(super) check: &'r CheckResult,
    /// In how many scenarios a rule that always holds was broken.
    pub(super) scenarios: usize,
}

/// Every failed check once, in the order of playing; a rule that always holds once per run.
pub(super) fn findings(scenarios: &[ScenarioResult]) -> Vec<Finding<'_>> {
    let mut all: Vec<Finding<'_>> = Vec::new();
    for scenario in scenarios {
        for step in &scenario.steps {
            for check in step.checks.iter().filter(|c| c.status == CheckStatus::Failed) {
                let same = always(check).and_then(|rule| {
                    all.iter_mut().find(|f| always(f.check) == Some(rule) && f.check.capability == check.capability)
                });
                match same {
                    Some(before) => before.scenarios += 1,
                    None => all.push(Finding { scenario, step, check, scenarios: 1 }),
                }
            }
        }
    }
    all
}

/// The finding as a block of text, ending in a line break.
pub(super) fn render(number: usize, finding: &Finding<'_>, report: &Report, style: &Style) -> String {
    let Finding { scenario, step, check, scenarios } = finding;
    let level = match check.level {
        Level::Must => "must",
        Level::Should => "should",
        Level::Info => "info",
    };
    let mut text = format!("{}\n", style.rule(&format!("{number} - {}", check.id), level));
    let seen = if *scenarios > 1 { format!("  (seen in {scenarios} scenarios)") } else { String::new() };
    let _ = writeln!(text, "{} {} {}{seen}\n", scenario.title, if style.unicode { "›" } else { ">" }, step.title);
    let exchange = step.judged.and_then(|index| step.exchanges.get(index)).or_else(|| step.exchanges.last());
    if let Some(exchange) = exchange {
        let _ = writeln!(text, "  {}", request_line(exchange, style));
    }
    places(&mut text, check);
    let mut part = |name: &str, words: &str| {
        if !words.is_empty() {
            let _ = writeln!(text, "  {name:<7} {}", fill(&visible(words), style.width, 10));
        }
    };
    part("Found", &check.message);
    part("Why", &scenario.why);
    part("Fix", &check.fix);
    for spec in &check.spec {
        part("Spec", &spec.url.as_ref().map_or_else(|| spec.name.clone(), |url| format!("{}   {url}", spec.name)));
    }
    if let Some(reason) = &check.known {
        part("Known", reason);
    }
    let cause = check.caused_by.as_ref().and_then(|id| scenario.steps.iter().find(|s| &s.id == id));
    if let Some(cause) = cause.and_then(|step| step.exchanges.last()) {
        curl(&mut text, "The request that should have brought it about:", cause);
    }
    if let Some(exchange) = exchange {
        curl(&mut text, "The request that showed it:", exchange);
    }
    let app = report.run.app.id();
    let _ = writeln!(text, "  Again   scimulate run {} --app {app} --seed {} --keep", scenario.id, report.run.seed);
    text
}

/// `GET /Users/2819c223 → 200 in 12 ms`.
fn request_line(exchange: &Exchange, style: &Style) -> String {
    let request = &exchange.request;
    let came = match (&exchange.response, &exchange.failure) {
        (Some(response), _) => format!("{} in {:.0} ms", response.status, response.ms),
        (None, Some(failure)) => failure.message.clone(),
        (None, None) => "no answer".to_owned(),
    };
    format!("{} {}  {}  {}", visible(&request.method), visible(&request.path), style.arrow(), visible(&came))
}

fn places(text: &mut String, check: &CheckResult) {
    let single = [Difference {
        at: check.at.clone().unwrap_or_default(),
        expected: check.expected.clone(),
        actual: check.actual.clone(),
    }];
    let places: &[Difference] = if check.differences.is_empty() { &single } else { &check.differences };
    for place in places.iter().take(DIFFERENCES) {
        if place.expected.is_none() && place.actual.is_none() {
            continue;
        }
        let at = visible(&place.at);
        let indent = " ".repeat(at.chars().count());
        let _ = writeln!(text, "    {at}  expected  {}", shown(place.expected.as_ref()));
        let _ = writeln!(text, "    {indent}  actual    {}", shown(place.actual.as_ref()));
    }
    if places.len() > DIFFERENCES {
        let _ = writeln!(text, "    and {} more places (in the report)", places.len() - DIFFERENCES);
    }
    text.push('\n');
}

fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let cut: String = text.chars().take(200).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    visible(&cut) + more
}

fn curl(text: &mut String, title: &str, exchange: &Exchange) {
    if exchange.curl.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {title}");
    for line in visible_lines(&exchange.curl).lines() {
        let _ = writeln!(text, "    {line}");
    }
}
