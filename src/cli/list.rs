//! `scimulate list`: what there is to play, check, break and offer.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::catalogue::{Folders, load};
use crate::check::always::RULES;
use crate::exit::Exit;
use crate::scenario::{App, Capability, Case, Catalogue};
use crate::server::{fault, variant};

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// A JSON array of objects, each with `id`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folders: Folders,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Stories Okta plays
    Scenarios,
    /// What is judged
    Checks,
    /// Faults of the reference server
    Faults,
    /// Ways of the reference server to be right that few servers choose
    Variants,
    /// Okta's provisioning features
    Capabilities,
}

/// Prints the list.
pub(super) fn list(args: &ListArgs) -> Exit {
    let rows = match args.what {
        What::Faults => faults(),
        What::Variants => variants(),
        What::Capabilities => capabilities(),
        What::Scenarios | What::Checks => match load(&args.folders) {
            Err(exit) => return exit,
            Ok(catalogue) if matches!(args.what, What::Scenarios) => scenarios(&catalogue),
            Ok(catalogue) => checks(&catalogue),
        },
    };
    if args.json {
        anstream::println!("{:#}", Value::Array(rows));
    } else {
        let width = rows.iter().filter_map(|r| r["id"].as_str()).map(str::len).max().unwrap_or(0);
        for row in &rows {
            let id = row["id"].as_str().unwrap_or_default();
            let level = row["level"].as_str().map_or_else(String::new, |l| format!("{l:<7}"));
            anstream::println!("{id:<width$}  {level}{}", row["title"].as_str().unwrap_or_default());
        }
    }
    Exit::Passed
}

/// Every row of every list.
#[cfg(test)]
pub(super) fn everything(catalogue: &Catalogue) -> Vec<Value> {
    [scenarios(catalogue), checks(catalogue), faults(), variants(), capabilities()].concat()
}

fn apps(apps: &[App]) -> Vec<&'static str> {
    apps.iter().map(|app| app.id()).collect()
}

fn scenarios(catalogue: &Catalogue) -> Vec<Value> {
    let row = |s: &crate::scenario::Scenario| {
        json!({ "id": s.id, "title": s.title, "capability": s.capability, "tags": s.tags, "apps": apps(&s.apps),
            "why": s.why.trim(), "source": s.source })
    };
    catalogue.scenarios.iter().map(row).collect()
}

/// Every check of every scenario, once per id (a check of both apps may stand in two steps), then the rules that always
/// hold, as they are named in each scenario.
fn checks(catalogue: &Catalogue) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    for scenario in &catalogue.scenarios {
        for (step, check) in scenario.steps.iter().flat_map(|s| s.checks.iter().map(move |c| (s, c))) {
            let judged =
                |case: &&Case| App::ALL.iter().any(|app| scenario.judged(step, case, *app).any(|c| c == check));
            for case in scenario.cases.iter().filter(judged) {
                let id = format!("{}/{}", scenario.id, case.named(&check.id));
                if rows.iter().any(|row| row["id"] == id) {
                    continue;
                }
                rows.push(json!({ "id": id, "title": check.fix, "level": check.level, "step": step.title,
                    "capability": check.capability.unwrap_or(scenario.capability), "spec": check.spec, "fix": check.fix }));
            }
        }
        for rule in RULES {
            rows.push(json!({ "id": format!("{}/always.{}", scenario.id, rule.id), "title": rule.title,
                "level": rule.level, "capability": rule.capability.unwrap_or(scenario.capability), "spec": rule.spec,
                "fix": rule.fix }));
        }
    }
    rows
}

fn faults() -> Vec<Value> {
    let row = |f: &fault::Fault| json!({ "id": f.id, "title": f.title, "story": f.story, "source": f.source, "case": f.case });
    fault::all().iter().map(row).collect()
}

fn variants() -> Vec<Value> {
    let row = |v: &variant::Variant| json!({ "id": v.id, "title": v.title, "why": v.why });
    variant::all().iter().map(row).collect()
}

fn capabilities() -> Vec<Value> {
    Capability::ALL
        .into_iter()
        .map(|c| json!({ "id": c.id(), "title": c.title(), "feature": c.is_feature() }))
        .collect()
}
