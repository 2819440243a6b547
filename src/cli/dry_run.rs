//! `scimulate run --dry-run`: the plan with every request that would be sent. Sends nothing.

use std::fmt::Write as _;

use super::consent::expected;
use crate::play::outline::{Draft, Planned};
use crate::play::preflight::CONNECTION_TEST;
use crate::report::escape::escape;
use crate::report::told::count;
use crate::scenario::{Need, Scenario};

/// The plan as text.
pub(super) fn text(draft: Draft<'_>, plan: &[&Scenario], target: &str) -> String {
    let settings = draft.settings;
    let mut out = format!(
        "Dry run against {target}: nothing is sent. What only an answer can tell stands in {{{{braces}}}}; the run's word in \
         names is another one in each run.\n\nconnection test\n"
    );
    line(&mut out, &request("", "GET", CONNECTION_TEST));
    let needs = |need: Need| {
        plan.iter()
            .any(|s| s.needs.contains(&need) || s.steps.iter().flat_map(|s| &s.checks).any(|c| c.needs.contains(&need)))
    };
    let asked: Vec<&str> = [
        (needs(Need::Groups), "GET /Groups?startIndex=1&count=100"),
        (needs(Need::Entitlements), "GET /ResourceTypes"),
        (needs(Need::Deletes) && !settings.read_only, "whether a user can be deleted (POST, DELETE)"),
        (needs(Need::Members) && !settings.read_only, "whether members are shown (POST of a user and a group, GET)"),
    ]
    .into_iter()
    .filter_map(|(asked, what)| asked.then_some(what))
    .collect();
    if !asked.is_empty() {
        let _ = writeln!(out, "\nasked once, when first needed\n  {}", asked.join("\n  "));
    }
    let (mut requests, mut scenarios) = (0, 0);
    for outline in draft.outline(plan) {
        let _ = writeln!(out, "\n{}: {}", outline.id, outline.title);
        outline.requests.iter().for_each(|planned| line(&mut out, planned));
        outline.skipped.iter().for_each(|why| _ = writeln!(out, "  skipped: {}", escape(why)));
        requests += outline.requests.len();
        scenarios += usize::from(!outline.requests.is_empty());
    }
    if !settings.read_only && !settings.keep {
        let _ = writeln!(out, "\nin the end\n  DELETE of everything that was created, the last first");
    }
    let (users, groups) =
        if settings.read_only { (0, 0) } else { expected(plan, draft.loopback, settings.import_size) };
    let _ = writeln!(
        out,
        "\n{}, {}; about {} and {} created. A run sends more when answers make it: reads that come too early and scenarios that \
         fail are tried again, refused creates are looked into.",
        count(scenarios, "scenario"),
        count(requests, "request"),
        count(users, "user"),
        count(groups, "group"),
    );
    out
}

/// A request of the engine's own.
fn request(step: &str, method: &str, path: &str) -> Planned {
    Planned { step: step.to_owned(), method: method.to_owned(), path: path.to_owned(), body: None, note: None }
}

fn line(out: &mut String, planned: &Planned) {
    let Planned { step, method, path, body, note } = planned;
    let step = if step.is_empty() { String::new() } else { format!("{step}  ") };
    let _ = write!(out, "  {step}{method} {path}");
    if let Some(body) = body {
        let _ = write!(out, " {}", escape(body));
    }
    if let Some(note) = note {
        let _ = write!(out, "  ({note})");
    }
    out.push('\n');
}
