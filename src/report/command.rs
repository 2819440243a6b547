//! The commands that play something of a run again. A saved report can come from anybody, so every word of it is quoted
//! for the shell.

use std::fmt::Write as _;

use super::{Reference, Report, Selection};
use crate::exchange::curl::quote;
use crate::okta::identity;
use crate::play::ScenarioResult;
use crate::scenario::App;

/// Plays one scenario again, exactly; what it creates is kept to be looked at, where the server outlives the run.
pub fn again(report: &Report, scenario: &ScenarioResult) -> String {
    let keep = if report.target.reference.is_some() || report.run.selection.read_only { "" } else { " --keep" };
    let (id, seed, app) = (word(&scenario.id), report.run.seed, app(report));
    format!("scimulate run{} {id} --seed {seed}{app}{}{keep}", reference(report), extent(report))
}

/// Plays the whole run again: on two lines, with the target and all that decides what is played.
pub fn whole(report: &Report) -> String {
    let target = match report.target.reference {
        Some(_) => format!("scimulate run{}", reference(report)),
        None => format!("SCIM_TOKEN='…' scimulate run --url {}", quote(&report.target.base_url)),
    };
    let Selection { select, skip, .. } = &report.run.selection;
    let (app, seed) = (report.run.app.id(), report.run.seed);
    let mut text = target;
    for select in select {
        text.extend([" ", &word(select)]);
    }
    // Writing to a String cannot fail.
    let _ = write!(text, " \\\n  --app {app} --seed {seed}{}", extent(report));
    for skip in skip {
        text.extend([" --skip ", &word(skip)]);
    }
    if !report.run.features.is_empty() {
        let features = report.run.features.iter().map(|f| f.id()).collect::<Vec<_>>().join(",");
        text.extend([" --features ", &features]);
    }
    text
}

/// Plays what failed again; `saved` is where the report is, when that must be said.
pub fn failed(report: &Report, saved: Option<&str>) -> String {
    let saved = saved.map(|path| format!(" {}", word(path))).unwrap_or_default();
    let seed = match report.run.seed {
        identity::SEED => String::new(),
        seed => format!(" --seed {seed}"),
    };
    format!("scimulate run{}{seed}{} --last-failed{saved}", reference(report), app(report))
}

/// ` --read-only --import-size N`, as far as they were given.
fn extent(report: &Report) -> String {
    let Selection { read_only, import_size, .. } = report.run.selection;
    let read_only = if read_only { " --read-only" } else { "" };
    import_size.map_or_else(|| read_only.to_owned(), |size| format!("{read_only} --import-size {size}"))
}

/// ` --reference` and what was built into it; nothing for any other target.
fn reference(report: &Report) -> String {
    report.target.reference.as_ref().map_or_else(String::new, |built| format!(" --reference{}", built_in(built)))
}

/// ` --fault ID --variant ID`, as `run --reference` and `serve` take them.
pub(super) fn built_in(reference: &Reference) -> String {
    let mut text = String::new();
    for (option, ids) in [("--fault", &reference.faults), ("--variant", &reference.variants)] {
        for id in ids {
            text.extend([" ", option, " ", &word(id)]);
        }
    }
    text
}

fn app(report: &Report) -> String {
    if report.run.app == App::default() { String::new() } else { format!(" --app {}", report.run.app.id()) }
}

/// A word as it is where the shell leaves it alone, else quoted. A leading dash would make it an option.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') { text.to_owned() } else { quote(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_command_names_the_dialect_when_it_is_not_the_default() {
        let mut report = sample::failing();
        let scenario = report.scenarios[0].clone();
        assert_eq!(again(&report, &scenario), "scimulate run connection.credentials --seed 4711 --keep");
        report.run.app = App::Aiw;
        assert_eq!(again(&report, &scenario), "scimulate run connection.credentials --seed 4711 --app aiw --keep");
        report.run.seed = 5;
        assert_eq!(
            failed(&report, Some("my reports/report.json")),
            "scimulate run --seed 5 --app aiw --last-failed 'my reports/report.json'"
        );
    }

    #[test]
    fn a_run_against_the_reference_server_is_played_against_a_new_one() {
        let mut report = sample::failing();
        let scenario = report.scenarios[0].clone();
        let (faults, variants) =
            (vec!["deactivate_noop".to_owned(), "dup_201".to_owned()], vec!["small_pages".to_owned()]);
        report.target.reference = Some(Reference { faults, variants });
        let server = "scimulate run --reference --fault deactivate_noop --fault dup_201 --variant small_pages";
        assert_eq!(again(&report, &scenario), format!("{server} connection.credentials --seed 4711"));
        assert_eq!(failed(&report, None), format!("{server} --last-failed"));
        assert!(
            whole(&report).starts_with(&format!("{server} \\\n  --app oin --seed 4711 --features test-credentials,"))
        );
        report.run.selection = Selection { select: vec!["users".into(), "a b".into()], ..Selection::default() };
        assert!(whole(&report).contains(" --variant small_pages users 'a b' \\\n"));
    }

    #[test]
    fn what_was_left_out_is_left_out_again() {
        let mut report = sample::failing();
        let skip = vec!["volume".to_owned(), "$(id)".to_owned()];
        report.run.selection = Selection { skip, read_only: true, import_size: Some(500), ..Selection::default() };
        assert!(
            whole(&report)
                .contains(" --seed 4711 --read-only --import-size 500 --skip volume --skip '$(id)' --features")
        );
        let scenario = report.scenarios[0].clone();
        let expected = "scimulate run connection.credentials --seed 4711 --read-only --import-size 500";
        assert_eq!(again(&report, &scenario), expected);
    }

    #[test]
    fn a_forged_report_cannot_make_a_command_of_its_own() {
        let mut report = sample::failing();
        let mut scenario = report.scenarios[0].clone();
        scenario.id = "x; touch /tmp/forged '".to_owned();
        let forged = vec!["$(id)".to_owned()];
        report.target.reference = Some(Reference { faults: forged, variants: vec![] });
        let expected = r"scimulate run --reference --fault '$(id)' 'x; touch /tmp/forged '\''' --seed 4711";
        assert_eq!(again(&report, &scenario), expected);
        assert_eq!(word("--token"), "'--token'");
    }
}
