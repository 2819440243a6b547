//! `scimulate diff`: two saved reports compared; ends with 1 when something broke.

use std::path::PathBuf;

use clap::Args;

use super::Display;
use super::display::style_of;
use super::report::read;
use crate::exit::Exit;
use crate::report::diff::Diff;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The report.json of the older run
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The report.json of the newer run
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

/// Compares: 0 nothing broke, 1 something did, 4 what was given is no report.
pub(super) fn diff(args: &DiffArgs, display: &Display) -> Exit {
    let (old, new) = match (read(&args.old), read(&args.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let diff = Diff::between(&old, &new);
    anstream::print!("{}", diff.tell(&old, &new, style_of(display)));
    if diff.is_worse() { Exit::Failed } else { Exit::Passed }
}
