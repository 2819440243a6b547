//! The findings as cards: what is wrong, why it matters, what to change, and the exchanges that show it.

use serde::Serialize;

use super::compare::Comparison;
use super::link;
use super::message::{Extent, Message};
use crate::play::Spec;
use crate::report::Report;
use crate::report::command;
use crate::report::finding::{self, Findings, breaks, differing};
use crate::scenario::Level;
use crate::score::Counted;

/// Findings of one weight.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    title: &'static str,
    about: &'static str,
    cards: Vec<Card>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct Card {
    id: String,
    level: &'static str,
    open: bool,
    scene: String,
    elsewhere: Vec<Elsewhere>,
    message: Option<String>,
    comparisons: Vec<Comparison>,
    more_differences: usize,
    breaks: &'static str,
    why: Option<String>,
    fix: String,
    specs: Vec<Authority>,
    note: Option<String>,
    known: Option<String>,
    cause: Option<(String, Message)>,
    judged: Option<Message>,
    again: String,
}

/// Another scenario in which a rule was broken.
#[derive(Debug, Serialize)]
struct Elsewhere {
    id: String,
    href: String,
}

/// Whose rule it is.
#[derive(Debug, Serialize)]
pub(super) struct Authority {
    name: String,
    url: Option<String>,
}

/// One line of what to change first.
#[derive(Debug, Serialize)]
pub(super) struct Fix {
    level: &'static str,
    id: String,
    href: String,
    text: String,
}

/// Cards that are open from the start; what follows is opened by a click or by its link.
const OPEN: usize = 10;
/// Cards of one group with their exchanges whole, and with the greater part of them: a page must stay readable however much
/// fails and however long the answers are.
const WHOLE: usize = 15;
const PART: usize = 100;
/// Differing places of one finding that are shown.
const PLACES: usize = 20;
/// Other scenarios of one rule that are named.
const ELSEWHERE: usize = 20;
/// Lines of what to change first.
const FIXES: usize = 10;

/// The findings in groups, heaviest first; groups without any are left out.
pub(super) fn groups(report: &Report, findings: &Findings<'_>) -> Vec<Group> {
    let groups = [
        ("Must be fixed", "An Okta feature breaks, data or access leaks, or an RFC says MUST.", &findings.musts),
        ("Should be better", "Worth fixing; nothing breaks today.", &findings.shoulds),
        (
            "Known failures",
            "Excused at the gate by the known-failures file; verdict and score still count them.",
            &findings.known,
        ),
        ("Good to know", "Told, never scored.", &findings.infos),
    ];
    let groups = groups.into_iter().enumerate().filter(|(_, (_, _, checks))| !checks.is_empty());
    let groups = groups.map(|(weight, (title, about, checks))| Group {
        title,
        about,
        cards: checks
            .iter()
            .enumerate()
            .map(|(index, c)| card(report, c, index, weight == 0 && index < OPEN))
            .collect(),
    });
    groups.collect()
}

/// What to change first: the `must` findings, then `should` while there is room.
pub(super) fn fixes(findings: &Findings<'_>) -> Vec<Fix> {
    let checks = findings.musts.iter().chain(&findings.shoulds).take(FIXES);
    let fixes = checks.map(|check| Fix {
        level: check.level.word(),
        id: check.id().to_owned(),
        href: link(check.id()),
        text: check.place.check.fix.clone(),
    });
    fixes.collect()
}

fn card(report: &Report, counted: &Counted<'_>, index: usize, open: bool) -> Card {
    let place = &counted.place;
    let check = place.check;
    let differing = differing(place);
    let message = finding::words(place).map(str::to_owned);
    let mut marked: Vec<&str> = differing.iter().map(|(at, ..)| *at).collect();
    marked.extend(check.at.as_deref());
    let extent = |marked| match index {
        0..WHOLE => Extent::Whole(marked),
        WHOLE..PART => Extent::Part,
        _ => Extent::Short,
    };
    Card {
        id: counted.id().to_owned(),
        level: if counted.level == Level::Info { "to know" } else { counted.level.word() },
        open,
        scene: format!("{} › {}", place.scenario.title, place.step.title),
        elsewhere: (counted.also.iter().take(ELSEWHERE))
            .map(|other| Elsewhere { id: other.scenario.id.clone(), href: link(&other.check.id) })
            .collect(),
        message,
        comparisons: differing.iter().take(PLACES).map(|(at, e, a)| Comparison::of(at, *e, *a)).collect(),
        more_differences: differing.len().saturating_sub(PLACES),
        breaks: breaks(counted.capability),
        why: finding::why(place),
        fix: check.fix.clone(),
        specs: authorities(&check.spec),
        note: place.step.note.clone(),
        known: check.known.clone(),
        cause: finding::cause_of(place).map(|(number, step, exchange)| {
            let title = format!("The request that should have brought it about (step {number}: {})", step.title);
            (title, Message::of(exchange, extent(&[])))
        }),
        judged: finding::judged(place.step).map(|exchange| Message::of(exchange, extent(&marked))),
        again: command::again(report, place.scenario),
    }
}

/// Only addresses of the web become links: a saved report can come from anybody.
fn authorities(specs: &[Spec]) -> Vec<Authority> {
    let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    specs
        .iter()
        .map(|spec| Authority { name: spec.name.clone(), url: spec.url.as_ref().filter(web).cloned() })
        .collect()
}
