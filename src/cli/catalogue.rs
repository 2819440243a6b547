//! The user's scenario and fixture folders, loaded over the built-in ones.

use std::path::PathBuf;

use clap::Args;

use super::give_up;
use crate::exit::Exit;
use crate::scenario::{self, Catalogue};

/// Where the user's own scenarios and fixtures are.
#[derive(Clone, Debug, Args)]
pub(super) struct Folders {
    /// Folder of more scenario files; one with a built-in id replaces it
    #[arg(long, value_name = "DIR")]
    pub(super) scenarios: Option<PathBuf>,
    /// Folder of more fixtures; one with a built-in name replaces it
    #[arg(long, value_name = "DIR")]
    pub(super) fixtures: Option<PathBuf>,
}

/// Loads and lints everything; tells each error with its place.
pub(super) fn load(folders: &Folders) -> Result<Catalogue, Exit> {
    match scenario::load(folders.scenarios.as_deref(), folders.fixtures.as_deref()) {
        Ok(catalogue) => Ok(catalogue),
        Err(errors) => {
            let listed: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let (many, them) =
                if errors.len() == 1 { ("a scenario file is", "it") } else { ("scenario files are", "them") };
            Err(give_up(
                Exit::InvalidInput,
                format!("{many} invalid; nothing was sent. Mend {them}:\n\n{}", listed.join("\n\n")),
            ))
        }
    }
}
