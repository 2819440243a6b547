//! `--last-failed`: which scenarios of an earlier run did not come out well. Its report is untrusted input: of it only ids
//! are compared.

use std::collections::BTreeSet;
use std::path::Path;

use super::{give_up, report};
use crate::exit::Exit;
use crate::play::{CheckStatus, ScenarioResult};
use crate::report::Report;
use crate::report::escape::escape;
use crate::report::format::Format;
use crate::report::told::count;
use crate::scenario::{App, Level, Scenario};

/// The link to the newest report folder.
const LATEST: &str = "reports/latest";

/// Whether --last-failed finds this report without being told where it is.
pub(super) fn newest(json: &Path) -> bool {
    let folder = json.parent();
    folder == Some(Path::new(LATEST)) || cfg!(unix) && folder.and_then(Path::parent) == Some(Path::new("reports"))
}

/// An earlier run.
pub(super) struct LastFailed {
    name: String,
    report: Report,
    ids: BTreeSet<String>,
}

impl LastFailed {
    /// Reads the report that was named, or that of --report-dir, or the newest.
    pub(super) fn read(typed: Option<&Path>, report_dir: Option<&Path>) -> Result<Self, Exit> {
        let file = match (typed, report_dir) {
            (Some(folder), _) if folder.is_dir() => folder.join(Format::Json.file()),
            (Some(file), _) => file.to_owned(),
            (None, folder) => folder.unwrap_or(Path::new(LATEST)).join(Format::Json.file()),
        };
        let name = file.display().to_string();
        if !file.exists() {
            let why = match typed {
                Some(_) => {
                    "Behind --last-failed stands the report.json of a run; what to play cannot be selected beside it."
                }
                None => "No run has written a report here yet. Give one with --last-failed REPORT.",
            };
            return Err(give_up(Exit::InvalidInput, format!("there is no {name}. {why}")));
        }
        let report = report::read(&file)?;
        let ids = report.scenarios.iter().filter(|s| fell_short(s)).map(|s| s.id.clone()).collect();
        Ok(Self { name, report, ids })
    }

    /// What of a plan did not come out well then.
    pub(super) fn of<'s>(&self, plan: Vec<&'s Scenario>) -> Result<Vec<&'s Scenario>, Exit> {
        let name = &self.name;
        let nothing = |why: String| Err(give_up(Exit::NothingSelected, why));
        if let Some(problem) = &self.report.preflight.problem {
            return nothing(format!("the run of {name} could not start: {}. Play it again.", escape(&problem.summary)));
        }
        if self.ids.is_empty() {
            return nothing(format!(
                "nothing failed in {name}, so there is nothing to play again. `scimulate run` without --last-failed plays \
                 everything."
            ));
        }
        let plan: Vec<_> = plan.into_iter().filter(|scenario| self.ids.contains(&scenario.id)).collect();
        if plan.is_empty() {
            return nothing(format!(
                "none of the {} that fell short in {name} can be played here: {}",
                count(self.ids.len(), "scenario"),
                listed(&self.ids.iter().map(String::as_str).collect::<Vec<_>>())
            ));
        }
        Ok(plan)
    }

    /// What is different now and may be the reason when something comes out otherwise, one sentence each.
    pub(super) fn differences(&self, plan: &[&Scenario], app: App, seed: u64, goal: &Goal<'_>) -> Vec<String> {
        let before = &self.report;
        let mut told = Vec::new();
        if before.run.app != app {
            told.push(format!("was played as --app {}, this run is --app {}", before.run.app.id(), app.id()));
        }
        if before.run.seed != seed {
            told.push(format!("was played with --seed {}, this run has {seed}", before.run.seed));
        }
        match (&before.target.reference, goal) {
            (Some(_), Goal::Reference) => {}
            (Some(_), Goal::Url(url)) => {
                told.push(format!("was played against the built-in server, this run goes to {url}"));
            }
            (None, Goal::Url(url)) if before.target.base_url == *url => {}
            (None, Goal::Url(url)) => {
                told.push(format!("was played against {}, this run goes to {url}", escape(&before.target.base_url)));
            }
            (None, Goal::Reference) => {
                let url = escape(&before.target.base_url);
                told.push(format!("was played against {url}, this run goes to the built-in server"));
            }
        }
        if !before.run.complete {
            told.push("was not completed; what it did not play is not played now either".to_owned());
        }
        let missing: Vec<&str> =
            self.ids.iter().map(String::as_str).filter(|id| !plan.iter().any(|s| s.id == **id)).collect();
        if !missing.is_empty() {
            told.push(format!(
                "names {} that this run does not play: {}",
                count(missing.len(), "scenario"),
                listed(&missing)
            ));
        }
        told.into_iter().map(|what| format!("Note: {} {what}.", self.name)).collect()
    }
}

/// Where a run goes.
pub(super) enum Goal<'a> {
    /// To a server of its own.
    Reference,
    /// To this base URL.
    Url(&'a str),
}

/// A scenario in which a check that weighs something failed or could not be judged.
fn fell_short(scenario: &ScenarioResult) -> bool {
    let mut checks = scenario.steps.iter().flat_map(|step| &step.checks);
    checks.any(|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Blocked) && c.level != Level::Info)
}

/// The first ids; they may be anything.
fn listed(ids: &[&str]) -> String {
    let shown = ids.iter().take(5).map(|id| escape(id).into_owned()).collect::<Vec<_>>().join(", ");
    if ids.len() > 5 { format!("{shown} and {} more", ids.len() - 5) } else { shown }
}
