//! `scimulate cleanup`: finishes the clean-up of a run that was killed. Safe to repeat.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::files::{self, JOURNAL};
use super::target::{NoTarget, TargetArgs, target};
use super::{give_up, signal};
use crate::exit::Exit;
use crate::okta::Identities;
use crate::play::journal::{self, Journal, Unfinished};
use crate::play::{self, Cast, Settings};
use crate::report::escape::escape;
use crate::scenario::App;

/// No journal is longer than this many bytes.
const LARGEST: u64 = 256 << 20;

/// Arguments of `cleanup`.
#[derive(Debug, Args)]
pub(super) struct CleanupArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// The report folder of the run; default: every folder under reports/ that still has a journal
    #[arg(long, value_name = "DIR")]
    report_dir: Option<PathBuf>,
    /// Okta's dialect, for a user that cannot be deleted and is deactivated
    #[arg(long, value_enum, default_value_t)]
    app: App,
}

/// Cleans up: 0 done or nothing to do, 1 something left, 3 unreachable or a journal of another target.
pub(super) async fn cleanup(args: CleanupArgs) -> Exit {
    let journals = journals(args.report_dir.as_deref());
    if journals.is_empty() {
        anstream::println!("Nothing to clean up: no journal is left.");
        return Exit::Passed;
    }
    let reached = match target(&args.target).await {
        Ok(reached) => reached,
        Err(NoTarget::Exit(exit)) => return exit,
        Err(NoTarget::Problem { problem, .. }) => return give_up(Exit::CannotTest, problem.details.join(" ")),
    };
    let interrupt = signal::listen(|| eprintln!("Left at once: run cleanup again."));
    let (preflight, _) = play::preflight(&reached.client, reached.source).await;
    if let Some(problem) = preflight.problem {
        let why = format!("cannot start: {}. {}", problem.summary, problem.details.join(" "));
        return give_up(Exit::CannotTest, escape(&why));
    }
    let mut exit = Exit::Passed;
    for path in journals {
        let unfinished = match unfinished(&path, reached.client.base().as_str()) {
            Ok(unfinished) => unfinished,
            // Looking everywhere, journals of other targets are not this call's business.
            Err(Unusable::OtherTarget(_)) if args.report_dir.is_none() => continue,
            Err(Unusable::OtherTarget(why) | Unusable::Broken(why)) => {
                exit = exit.worst(give_up(Exit::CannotTest, format!("{}: {why}", path.display())));
                continue;
            }
        };
        let identities = Identities::new(0, &unfinished.token, "", "");
        let settings = Settings {
            app: args.app,
            settle: Duration::ZERO,
            deadline: Duration::from_secs(600),
            max_wait: Duration::from_secs(10),
            max_requests: 100_000,
            ..Settings::default()
        };
        // What is removed is noted, so that a clean-up that is interrupted goes on where it was.
        let file = files::open_journal(&path, OpenOptions::new().append(true)).ok();
        if let Some(Err(TryLockError::WouldBlock)) = file.as_ref().map(File::try_lock) {
            anstream::println!("{}: its run goes on, so nothing was touched.", path.display());
            exit = exit.worst(Exit::Failed);
            continue;
        }
        let journal = file.map(Journal::resume).unwrap_or_default();
        let cast = Cast {
            client: &reached.client,
            identities: &identities,
            create_user: &Value::Null,
            settings: &settings,
            journal: &journal,
            observer: &(),
            interrupt: interrupt.clone(),
            // What is removed is what a journal names, the connection test's answer included.
            seen: &[],
            enough: None,
        };
        let done = play::recover(cast, &unfinished).await;
        anstream::println!("{}: removed {}, left {}.", path.display(), done.deleted, done.left.len());
        for left in &done.left {
            anstream::println!("  {} ({}): {}", left.path, left.name.escape_debug(), left.reason.escape_debug());
        }
        if done.left.is_empty() {
            let _ = std::fs::remove_file(&path);
        } else {
            exit = exit.worst(Exit::Failed);
        }
    }
    exit
}

/// The journals to look at: of the given folder, or of every folder under `reports/`.
fn journals(folder: Option<&Path>) -> Vec<PathBuf> {
    let of = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let journals = entries.filter(|e| e.file_name().to_string_lossy().starts_with(JOURNAL));
        journals.map(|e| e.path()).collect()
    };
    let mut found = if let Some(folder) = folder {
        of(folder)
    } else {
        let runs = std::fs::read_dir("reports").into_iter().flatten().flatten();
        // `latest` points to one of the others.
        let folders = runs.filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
        folders.flat_map(|e| of(&e.path())).collect()
    };
    found.sort();
    found
}

/// Why a journal is not followed.
enum Unusable {
    Broken(String),
    OtherTarget(String),
}

fn unfinished(path: &Path, base_url: &str) -> Result<Unfinished, Unusable> {
    let mut text = String::new();
    let read = files::open_journal(path, OpenOptions::new().read(true))
        .and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.map_err(|e| Unusable::Broken(e.to_string()))?;
    let unfinished = journal::read(&text).map_err(Unusable::Broken)?;
    if unfinished.base_url == base_url {
        Ok(unfinished)
    } else {
        let written_for = unfinished.base_url.escape_debug();
        Err(Unusable::OtherTarget(format!("it was written for {written_for}, not for {base_url}; nothing was touched")))
    }
}
