//! `scimulate explain ID`: what a check, scenario, fault, variant, capability, exit code or the score means, and why Okta
//! cares.

mod check;
mod words;

use std::fmt::Write as _;
use std::sync::LazyLock;

use clap::Args;

use super::catalogue::{self, Folders};
use super::give_up;
use crate::exit::Exit;
use crate::proof::expectation::{Expectations, expectations};
use crate::scenario::{Capability, Catalogue, Level, Scenario};
use crate::server::{fault, variant};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A check, scenario, fault, variant, capability or exit code ("3", "exit 3"), or `score`, `gate`, `known`
    #[arg(value_name = "ID", required = true, num_args = 1..)]
    id: Vec<String>,
    #[command(flatten)]
    folders: Folders,
}

/// Tells what the id means.
pub(super) fn explain(args: &ExplainArgs) -> Exit {
    let catalogue = match catalogue::load(&args.folders) {
        Ok(catalogue) => catalogue,
        Err(exit) => return exit,
    };
    let id = args.id.join(" ");
    match told(&id, &catalogue) {
        Ok(Some(text)) => {
            anstream::print!("{text}");
            Exit::Passed
        }
        Ok(None) => {
            let near = near(&id, &catalogue);
            give_up(Exit::Usage, format!("nothing is called `{id}`{near}; `scimulate list` shows what there is"))
        }
        Err(why) => give_up(Exit::Bug, why),
    }
}

fn told(id: &str, catalogue: &Catalogue) -> Result<Option<String>, String> {
    if let Some(text) = words::exit_code(id).or_else(|| words::about(id).map(str::to_owned)) {
        return Ok(Some(text));
    }
    if let Some(fault) = fault::by_id(id) {
        return about_fault(fault).map(Some);
    }
    if let Some(variant) = variant::all().iter().find(|variant| variant.id == id) {
        return Ok(Some(about_variant(variant)));
    }
    if let Some(capability) = Capability::from_id(id) {
        return Ok(Some(about_capability(capability, catalogue)));
    }
    if let Some(scenario) = catalogue.scenarios.iter().find(|scenario| scenario.id == id) {
        return Ok(Some(about_scenario(scenario)));
    }
    check::told(id, catalogue)
}

fn about_variant(variant: &variant::Variant) -> String {
    let (id, title, why) = (variant.id, variant.title, variant.why);
    format!(
        "{id} (variant)\n{title}.\n\nThis is no fault: the reference server does so and must stay READY. {why}\n\n\
         See it: scimulate run --reference --variant {id}\n"
    )
}

static EXPECTATIONS: LazyLock<Result<Expectations, String>> = LazyLock::new(expectations);

fn about_fault(fault: &fault::Fault) -> Result<String, String> {
    let mut text =
        format!("{} ({})\n{}.\n\n{}\n\nSource  {}\n", fault.id, fault.case, fault.title, fault.story, fault.source);
    let expectations = EXPECTATIONS.as_ref().map_err(Clone::clone)?;
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
    let mut text = format!("{} ({})\n\n{}\n\n", capability.title(), capability.id(), words::feature(capability));
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

/// Ids like the one that was typed.
fn near(id: &str, catalogue: &Catalogue) -> String {
    let checks = catalogue.scenarios.iter().flat_map(|s| {
        s.steps.iter().flat_map(move |step| step.checks.iter().map(move |c| format!("{}/{}", s.id, c.id)))
    });
    let scenarios = catalogue.scenarios.iter().map(|scenario| scenario.id.clone());
    let faults = fault::all().iter().map(|fault| fault.id.to_owned());
    let variants = variant::all().iter().map(|variant| variant.id.to_owned());
    let capabilities = Capability::ALL.into_iter().map(|capability| capability.id().to_owned());
    let rated = checks
        .chain(scenarios)
        .chain(faults)
        .chain(variants)
        .chain(capabilities)
        .map(|name| (strsim::jaro_winkler(id, &name), name));
    match rated.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((rate, name)) if rate > 0.75 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;

    fn catalogue() -> Catalogue {
        crate::scenario::load(None, None).expect("catalogue")
    }

    #[test]
    fn whatever_is_listed_is_explained() {
        let catalogue = catalogue();
        let rows = list::everything(&catalogue);
        assert!(rows.len() > 4000, "{}", rows.len());
        for row in &rows {
            let id = row["id"].as_str().expect("an id");
            let text = told(id, &catalogue).expect("text").unwrap_or_else(|| panic!("{id} is not explained"));
            assert!(text.trim().lines().count() > 2, "{id}: {text}");
            if id.contains('/') {
                for part in ["\nRight   ", "\nWrong   ", "\nRule    ", "\nFix     "] {
                    assert!(text.contains(part), "{id} lacks {part}: {text}");
                }
            }
        }
    }

    #[test]
    fn words_and_exit_codes_are_explained() {
        let catalogue = catalogue();
        let explained = |id: &str| told(id, &catalogue).expect("text");
        for code in ["0", "1", "2", "3", "4", "5", "6", "70", "130"] {
            let text = explained(code).expect("an exit code");
            assert!(text.starts_with(&format!("Exit code {code}: ")), "{text}");
            assert_eq!(explained(&format!("exit {code}")), Some(text));
        }
        for word in ["score", "gate", "known", "always.json", "always.in-company", "users.create/always.in-company"] {
            assert!(explained(word).is_some(), "{word}");
        }
        for nothing in ["7", "exit", "users.nobody/always.json", "users.create/nothing", "always.nothing", ""] {
            assert_eq!(explained(nothing), None, "{nothing}");
        }
    }
}
