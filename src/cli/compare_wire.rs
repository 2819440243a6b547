//! `scimulate compare-wire`: what a real Okta sent beside what the simulated client sends.

use std::path::PathBuf;

use clap::Args;

use super::catalogue::{self, Folders};
use super::give_up;
use crate::exit::Exit;
use crate::play::Outcome;
use crate::proof::trial::{Rules, config, played};
use crate::scenario::{App, Catalogue, select};
use crate::wire::{self, Sent};

/// Arguments of `compare-wire`.
#[derive(Debug, Args)]
pub(super) struct CompareWireArgs {
    /// An HTTP archive (HAR 1.2) of what Okta sent, such as `scimulate serve --log har` writes
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The kind of app that sent it: oin = catalog and test apps (PATCH), aiw = wizard apps (GET + PUT)
    #[arg(long, value_enum, default_value_t)]
    app: App,
}

/// The stories that Okta itself tells; the others ask what Okta never would.
const STORIES: [&str; 25] = [
    "connection.credentials",
    "users.lookup-missing",
    "users.create",
    "users.profile-full",
    "users.custom-attributes",
    "users.link-active",
    "users.link-inactive",
    "users.update",
    "users.enterprise-update",
    "users.rename",
    "users.deactivate",
    "users.reactivate",
    "users.password",
    "import.users",
    "import.groups",
    "import.entitlements",
    "groups.lookup-missing",
    "groups.create",
    "groups.create-filled",
    "groups.existing",
    "groups.rename",
    "groups.members",
    "groups.link",
    "groups.push-now",
    "groups.delete",
];

/// Compares and tells; ends with 1 when something differs.
pub(super) async fn compare_wire(args: CompareWireArgs) -> Exit {
    let name = args.file.display();
    let theirs = match std::fs::read_to_string(&args.file) {
        Ok(text) => wire::read(&text).map_err(|error| format!("{name}: {error}")),
        Err(error) => Err(format!("{name}: {error}")),
    };
    let theirs = match theirs {
        Ok(theirs) => theirs,
        Err(why) => return give_up(Exit::InvalidInput, why),
    };
    let catalogue = match catalogue::load(&Folders { scenarios: None, fixtures: None }) {
        Ok(catalogue) => catalogue,
        Err(exit) => return exit,
    };
    let ours = match ours(&catalogue, args.app).await {
        Ok(ours) => ours,
        Err(why) => return give_up(Exit::Bug, why),
    };
    let compared = wire::compare(&theirs, &ours);
    anstream::print!("{}", wire::tell(&compared));
    if compared.iter().all(|one| one.differences.is_empty()) { Exit::Passed } else { Exit::Failed }
}

/// What the simulated client sends, as it was recorded when it played against the reference server.
async fn ours(catalogue: &Catalogue, app: App) -> Result<Vec<Sent>, String> {
    let words: Vec<String> = STORIES.iter().map(|&story| story.to_owned()).collect();
    let plan = select::select(catalogue, app, &words, &[]).map_err(|error| error.to_string())?;
    let outcome = played(config(Vec::new()), Rules::new(app), catalogue, &plan).await?;
    let outcome =
        outcome.map_err(|problem| format!("the reference server could not be played against: {}", problem.summary))?;
    Ok(sent(&outcome))
}

fn sent(outcome: &Outcome) -> Vec<Sent> {
    let mut all = Vec::new();
    for scenario in &outcome.scenarios {
        for step in &scenario.steps {
            let source = format!("{} ({})", scenario.id, step.id);
            all.extend(step.exchanges.iter().map(|exchange| Sent::ours(&source, exchange)));
        }
    }
    all
}
