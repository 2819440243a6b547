//! `scimulate explain ID`: what a check, scenario, fault, capability, exit code or the score means, and why Okta cares.

use std::fmt::Write as _;

use clap::Args;

use super::catalogue::{self, Folders};
use super::give_up;
use crate::check::always::RULES;
use crate::check::spec_url;
use crate::exit::Exit;
use crate::proof::expectation::expectations;
use crate::proof::matrix::Matrix;
use crate::scenario::{Capability, Catalogue, Check, Level, Scenario};
use crate::server::fault;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A check, scenario, fault, capability or exit code, or `score`
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    folders: Folders,
}

/// Tells what the id means.
pub(super) fn explain(args: &ExplainArgs) -> Exit {
    let catalogue = match catalogue::load(&args.folders) {
        Ok(catalogue) => catalogue,
        Err(exit) => return exit,
    };
    match told(&args.id, &catalogue) {
        Ok(Some(text)) => {
            anstream::print!("{text}");
            Exit::Passed
        }
        Ok(None) => {
            let id = &args.id;
            give_up(
                Exit::Usage,
                format!("nothing is called `{id}`{}; see `scimulate list checks`", near(id, &catalogue)),
            )
        }
        Err(why) => give_up(Exit::Bug, why),
    }
}

fn told(id: &str, catalogue: &Catalogue) -> Result<Option<String>, String> {
    if let Ok(code) = id.parse() {
        return Ok(exit_code(code).map(|meaning| format!("Exit code {code}: {meaning}\n")));
    }
    if id == "score" {
        return Ok(Some(SCORE.to_owned()));
    }
    if let Some(fault) = fault::by_id(id) {
        return about_fault(fault).map(Some);
    }
    if let Some(capability) = Capability::from_id(id) {
        return Ok(Some(about_capability(capability, catalogue)));
    }
    if let Some(scenario) = catalogue.scenarios.iter().find(|scenario| scenario.id == id) {
        return Ok(Some(about_scenario(scenario)));
    }
    let (scenario, check) = id.rsplit_once('/').unwrap_or(("", id));
    if let Some(rule) = check.strip_prefix("always.").and_then(|id| RULES.iter().find(|rule| rule.id == id)) {
        let mut text = format!("always.{} ({})\n{}.\n\n{}\n", rule.id, rule.level.word(), rule.title, rule.why);
        rests_on(&mut text, rule.spec.iter().copied(), rule.fix);
        made_to_fail(&mut text, &format!("always.{}", rule.id))?;
        return Ok(Some(text));
    }
    let Some(scenario) = catalogue.scenarios.iter().find(|one| one.id == scenario) else { return Ok(None) };
    let of_the_story = check.split('@').next().unwrap_or_default();
    let steps = scenario.steps.iter().flat_map(|step| step.checks.iter().map(move |check| (step, check)));
    let mut found = steps.filter(|(_, check)| check.id == of_the_story);
    let Some((step, check)) = found.next() else { return Ok(None) };
    about_check(id, scenario, &format!("{} ({})", step.title, step.method), check).map(Some)
}

fn about_check(id: &str, scenario: &Scenario, step: &str, check: &Check) -> Result<String, String> {
    let capability = check.capability.unwrap_or(scenario.capability);
    let mut text = format!("{id} ({}, {})\n{} › {step}\n\n", check.level.word(), capability.title(), scenario.title);
    let why = check.why.as_deref().unwrap_or(&scenario.why);
    let _ = writeln!(text, "{}", why.trim());
    rests_on(&mut text, check.spec.iter().map(String::as_str), &check.fix);
    made_to_fail(&mut text, id)?;
    let _ = writeln!(text, "\nPlay it: scimulate run --reference {id}");
    Ok(text)
}

/// Whose authority a check rests on, and what to change.
fn rests_on<'s>(text: &mut String, specs: impl Iterator<Item = &'s str>, fix: &str) {
    text.push('\n');
    for spec in specs {
        let url = spec_url(spec).map(|url| format!("  {url}")).unwrap_or_default();
        let _ = writeln!(text, "Rule  {spec}{url}");
    }
    let _ = writeln!(text, "Fix   {fix}");
}

/// The faults of the reference server that make a check fail.
fn made_to_fail(text: &mut String, id: &str) -> Result<(), String> {
    let matrix = Matrix::embedded()?;
    let killers = matrix.killers();
    if let Some(faults) = killers.get(id) {
        let shown: Vec<&str> = faults.iter().copied().take(5).collect();
        let more = faults.len().saturating_sub(shown.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(text, "\nSee it fail: scimulate run --reference --fault {} {id}", shown[0]);
        let _ = writeln!(text, "Faults that make it fail: {}{more}", shown.join(", "));
    }
    Ok(())
}

fn about_fault(fault: &fault::Fault) -> Result<String, String> {
    let mut text =
        format!("{} ({})\n{}.\n\n{}\n\nSource  {}\n", fault.id, fault.case, fault.title, fault.story, fault.source);
    let expectations = expectations()?;
    if let Some(expected) = expectations.faults.iter().find(|one| one.id == fault.id) {
        let _ = writeln!(text, "Must be seen by  {}", expected.checks.join(", "));
        let broken =
            if expected.breaks.is_empty() { "no feature of Okta's".into() } else { expected.breaks.join(", ") };
        let _ = writeln!(text, "May break        {broken}");
        let select = expected.checks.iter().find(|id| !id.starts_with("preflight/")).map_or("", String::as_str);
        let _ = writeln!(text, "\nSee it: scimulate run --reference --fault {} {select}", fault.id);
    }
    Ok(text)
}

fn about_scenario(scenario: &Scenario) -> String {
    let mut text = format!(
        "{} ({})\n{}\n\n{}\n\nSteps\n",
        scenario.id,
        scenario.capability.title(),
        scenario.title,
        scenario.why.trim()
    );
    for step in &scenario.steps {
        let apps: Vec<&str> = step.apps.iter().map(|app| app.id()).collect();
        let only = if apps.len() == 1 { format!("  [{}]", apps[0]) } else { String::new() };
        let _ = writeln!(text, "  {} {}  {}{only}", step.method, step.path, step.title);
        for check in &step.checks {
            let _ = writeln!(text, "    {:<6} {}/{}", check.level.word(), scenario.id, check.id);
        }
    }
    let _ = writeln!(text, "\nPlay it: scimulate run --reference {}", scenario.id);
    text
}

fn about_capability(capability: Capability, catalogue: &Catalogue) -> String {
    let mut text = format!("{} ({})\n", capability.title(), capability.id());
    text.push_str(
        "works: no must check failed; broken: one failed or could not be judged; not offered: the target says it has none.\n\n\
         Scenarios\n",
    );
    for scenario in catalogue.scenarios.iter().filter(|scenario| scenario.capability == capability) {
        let musts =
            scenario.steps.iter().flat_map(|step| &step.checks).filter(|check| check.level == Level::Must).count();
        let _ = writeln!(text, "  {:<32} {}, {musts} must checks", scenario.id, scenario.title);
    }
    text
}

const fn exit_code(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "the gate passed.",
        1 => "the gate failed, or the run could not be completed (deadline, request budget).",
        2 => "the command line is wrong.",
        3 => "the target cannot be tested: no connection, TLS, credential refused, a redirect, no SCIM.",
        4 => "a scenario, fixture, known-failures or saved report file is invalid.",
        5 => "the selection matches no scenario.",
        6 => "a report could not be written.",
        70 => "a bug in scimulate.",
        130 => "interrupted; what the run created was removed, and a partial report was written.",
        _ => return None,
    })
}

const SCORE: &str = "\
The score is the floor of the mean over Okta's features that were tested, of 100 x passed weight / applicable weight.
A must weighs 5, a should 2, an info nothing. A blocked check counts as not passed, a skipped one does not count. Rules
that hold for every exchange count once per run. Okta's published suites and RFC rules beside Okta have figures of
their own. The verdict decides, not the score: READY means that every feature asked for works.
";

/// Ids like the one that was typed.
fn near(id: &str, catalogue: &Catalogue) -> String {
    let checks = catalogue.scenarios.iter().flat_map(|s| {
        s.steps.iter().flat_map(move |step| step.checks.iter().map(move |c| format!("{}/{}", s.id, c.id)))
    });
    let scenarios = catalogue.scenarios.iter().map(|scenario| scenario.id.clone());
    let faults = fault::all().iter().map(|fault| fault.id.to_owned());
    let rated = checks.chain(scenarios).chain(faults).map(|name| (strsim::jaro_winkler(id, &name), name));
    match rated.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((rate, name)) if rate > 0.75 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}
