//! The page as data: everything the template prints.

use std::collections::BTreeSet;

use serde::Serialize;

use super::features::{Tab, tabs};
use super::finding::{Fix, Group, fixes, groups};
use super::played::{Area, areas};
use super::speed::{Speed, speeds};
use crate::play::Cleanup;
use crate::report::command;
use crate::report::finding::Findings;
use crate::report::pace::duration;
use crate::report::told::{count, headline, moment, outcomes, sentence};
use crate::report::{Problem, Report, Verdict};
use crate::scenario::App;
use crate::score::Counted;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    headline: &'static str,
    sentence: String,
    tone: &'static str,
    score: Option<u8>,
    gate: &'static str,
    reasons: &'a [String],
    notes: &'a [String],
    problem: Option<&'a Problem>,
    preflight_notes: &'a [String],
    facts: Vec<(&'static str, String)>,
    outcomes: Vec<Outcome>,
    checks: String,
    fixes: Vec<Fix>,
    more_fixes: usize,
    tabs: Vec<Tab>,
    groups: Vec<Group>,
    blocked: Vec<(&'a str, String)>,
    speeds: Vec<Speed>,
    areas: Vec<Area>,
    cleanup: &'a Cleanup,
    passed_weight: u32,
    applicable_weight: u32,
    okta_suites: Option<u8>,
    protocol: Option<u8>,
    known: usize,
    again: String,
    version: &'a str,
}

/// How many checks came out alike, and their share of all in hundredths.
#[derive(Debug, Serialize)]
struct Outcome {
    kind: &'static str,
    number: usize,
    what: &'static str,
    share: f64,
}

impl<'a> Page<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let findings = Findings::of(report);
        let all = [&findings.musts, &findings.shoulds, &findings.known, &findings.infos];
        let told: BTreeSet<&str> = all.into_iter().flatten().map(Counted::id).collect();
        let fixes = fixes(&findings);
        let problem = report.preflight.problem.as_ref();
        Self {
            headline: headline(report),
            sentence: sentence(report),
            tone: match report.verdict {
                Verdict::Ready if problem.is_none() => "good",
                Verdict::Partial if problem.is_none() && report.gate.passed => "warn",
                _ => "bad",
            },
            score: report.score.value,
            gate: if report.gate.passed { "passed" } else { "failed" },
            reasons: &report.gate.reasons,
            notes: &report.run.notes,
            problem,
            preflight_notes: &report.preflight.notes,
            facts: facts(report),
            outcomes: shares(report),
            checks: count(report.counts.checks, "check"),
            more_fixes: (findings.musts.len() + findings.shoulds.len()).saturating_sub(fixes.len()),
            fixes,
            tabs: if problem.is_some() { Vec::new() } else { tabs(report) },
            groups: groups(report, &findings),
            blocked: findings.blocked.iter().map(|(cause, number)| (*cause, count(*number, "check"))).collect(),
            speeds: speeds(report),
            areas: areas(report, &told),
            cleanup: &report.cleanup,
            passed_weight: report.score.passed_weight,
            applicable_weight: report.score.applicable_weight,
            okta_suites: report.score.okta_suites,
            protocol: report.score.protocol,
            known: report.counts.known,
            again: command::whole(report),
            version: &report.tool.version,
        }
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let app = match report.run.app {
        App::Oin => "oin, as a catalog or test app",
        App::Aiw => "aiw, as an app of the App Integration Wizard",
    };
    let took = format!(
        "{} for {} in {}",
        duration(report.run.seconds * 1000.0),
        count(report.run.requests, "request"),
        count(report.counts.scenarios, "scenario")
    );
    vec![
        ("Target", report.target.base_url.clone()),
        ("Started", moment(&report.run.started)),
        ("Seed", report.run.seed.to_string()),
        ("Played as", app.to_owned()),
        ("Took", took),
        ("Run", report.run.id.clone()),
    ]
}

fn shares(report: &Report) -> Vec<Outcome> {
    #[expect(clippy::cast_precision_loss, reason = "numbers of checks are small")]
    let share = |number: usize| (10_000.0 * number as f64 / report.counts.checks.max(1) as f64).round() / 100.0;
    let outcomes = outcomes(&report.counts).into_iter().filter(|(_, number, _)| *number > 0);
    outcomes.map(|(kind, number, what)| Outcome { kind, number, what, share: share(number) }).collect()
}
