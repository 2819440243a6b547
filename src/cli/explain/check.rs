//! What a check or a rule means: why it matters, a right and a wrong answer, whose rule it is, what to change, what makes it
//! fail.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::check::always::{RULES, Rule, example as rule_example};
use crate::check::{example, spec_url};
use crate::proof::matrix::Matrix;
use crate::scenario::{Catalogue, Check, Expect, Level, Scenario, Step};

/// Tells of the check or rule with this id, if there is one.
pub(super) fn told(id: &str, catalogue: &Catalogue) -> Result<Option<String>, String> {
    let (scenario, check) = id.rsplit_once('/').unwrap_or(("", id));
    let owner = catalogue.scenarios.iter().find(|one| one.id == scenario);
    if let Some(rule) = check.strip_prefix("always.")
        && (owner.is_some() || scenario.is_empty())
    {
        let rule = rule.split('@').next().unwrap_or_default();
        if rule == "in-company" {
            return Ok(Some(IN_COMPANY.to_owned()));
        }
        return RULES.iter().find(|one| one.id == rule).map(about_rule).transpose();
    }
    let Some(scenario) = owner else { return Ok(None) };
    let of_the_story = check.split('@').next().unwrap_or_default();
    if let Some(name) = of_the_story.strip_prefix("capture.") {
        let mut steps = scenario.steps.iter();
        let from = steps.find_map(|s| s.captures.iter().find(|(own, _)| own == name).map(|(_, at)| (s, at)));
        return Ok(from.map(|(step, pointer)| about_capture(id, step, pointer)));
    }
    let mut steps = scenario.steps.iter().flat_map(|step| step.checks.iter().map(move |check| (step, check)));
    let found = steps.find(|(_, check)| check.id == of_the_story);
    found.map(|(step, check)| about_check(id, scenario, step, check)).transpose()
}

fn about_check(id: &str, scenario: &Scenario, step: &Step, check: &Check) -> Result<String, String> {
    let capability = check.capability.unwrap_or(scenario.capability);
    let mut text = format!(
        "{id} ({}, {})\n{} › {} ({} {})\n\n",
        check.level.word(),
        capability.title(),
        scenario.title,
        step.title,
        step.method,
        step.path
    );
    let why = check.why.as_deref().unwrap_or(&scenario.why);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", why.trim());
    shown(&mut text, step, check);
    rests_on(&mut text, check.spec.iter().map(String::as_str), &check.fix);
    made_to_fail(&mut text, id)?;
    let _ = writeln!(text, "\nPlay it: scimulate run --reference {id}");
    Ok(text)
}

/// A right and a wrong answer.
fn shown(text: &mut String, step: &Step, check: &Check) {
    let status = step.checks.iter().find_map(|check| match &check.expect {
        Expect::Status(codes) => codes.first().copied(),
        _ => None,
    });
    let Some(example) = example::example(&check.expect, status.unwrap_or(200)) else { return };
    let (right, wrong) = (example.right.to_string(), example.wrong.to_string());
    text.push('\n');
    if let Some(before) = &example.before {
        let _ = writeln!(text, "Before  {before}");
    }
    let _ = writeln!(text, "Right   {right}\nWrong   {wrong}");
    if right.contains("{{") || wrong.contains("{{") {
        text.push_str("        ({{…}} stands for a value of the run)\n");
    }
}

fn about_rule(rule: &Rule) -> Result<String, String> {
    let mut text = format!("always.{} ({})\n{}.\n\n{}\n", rule.id, rule.level.word(), rule.title, rule.why);
    if let Some((right, wrong)) = rule_example::example(rule.id) {
        let [right, wrong] = [right, wrong].map(|example| example.replace('\n', "\n        "));
        let _ = writeln!(text, "\nRight   {right}\nWrong   {wrong}");
    }
    rests_on(&mut text, rule.spec.iter().copied(), rule.fix);
    made_to_fail(&mut text, &format!("always.{}", rule.id))?;
    Ok(text)
}

fn about_capture(id: &str, step: &Step, pointer: &str) -> String {
    let fix = format!("Answer with a body that has a value at {pointer}.");
    let mut text = format!(
        "{id} ({})\n{} ({} {})\n\nThe rest of the story is about what this answer names, so without it nothing more can be \
         played.\n\nRight   a value at {pointer}\nWrong   none there\n",
        Level::Must.word(),
        step.title,
        step.method,
        step.path
    );
    rests_on(&mut text, ["RFC 7644 §3.4"].into_iter(), &fix);
    text
}

const IN_COMPANY: &str = "\
always.in-company (should)
What passes alone passes beside other requests too.

Okta sends several requests at once. A scenario that failed while others were played is played again alone; when it then
passes, the server answers differently under company: a race, a lock that gives up, a limit that is answered with an error.

Right   the same answers as alone
Wrong   an error, or an old state, while another request is under way
Rule    RFC 9110 §3.3  https://www.rfc-editor.org/rfc/rfc9110#section-3.3
Fix     Give the same answers when several requests are under way: each request stands for itself.
";

/// Whose authority a check rests on, and what to change.
fn rests_on<'s>(text: &mut String, specs: impl Iterator<Item = &'s str>, fix: &str) {
    for spec in specs {
        let url = spec_url(spec).map(|url| format!("  {url}")).unwrap_or_default();
        let _ = writeln!(text, "Rule    {spec}{url}");
    }
    let _ = writeln!(text, "Fix     {fix}");
}

/// The faults that make each check fail.
static KILLERS: LazyLock<Result<BTreeMap<String, Vec<String>>, String>> = LazyLock::new(|| {
    let owned = |(id, faults): (&str, Vec<&str>)| (id.to_owned(), faults.into_iter().map(str::to_owned).collect());
    Ok(Matrix::embedded()?.killers().into_iter().map(owned).collect())
});

/// The faults of the reference server that make a check fail.
fn made_to_fail(text: &mut String, id: &str) -> Result<(), String> {
    let killers = KILLERS.as_ref().map_err(Clone::clone)?;
    if let Some(faults) = killers.get(id) {
        let shown = &faults[..faults.len().min(5)];
        let more = faults.len() - shown.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let select = if id.starts_with("always.") { String::new() } else { format!(" {id}") };
        let _ = writeln!(text, "\nSee it fail: scimulate run --reference --fault {}{select}", faults[0]);
        let _ = writeln!(text, "Faults that make it fail: {}{more}", shown.join(", "));
    }
    Ok(())
}
