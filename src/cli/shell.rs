//! `scimulate completions` and `scimulate man`: what shells and manuals know of the command line, made from the same
//! definition that parses it.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, display, give_up};
use crate::exit::Exit;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell to complete in
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page per verb there: scimulate.1, scimulate-run.1, …; without it scimulate(1) is printed
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the script that completes verbs and options.
pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    display::print(&String::from_utf8_lossy(&script));
    Exit::Passed
}

/// Prints the manual page, or writes those of all verbs.
pub(super) fn man(args: &ManArgs) -> Exit {
    let pages = match pages() {
        Ok(pages) => pages,
        Err(why) => return give_up(Exit::Bug, why),
    };
    let Some(folder) = &args.dir else {
        pages.into_iter().take(1).for_each(|(_, page)| display::print(&String::from_utf8_lossy(&page)));
        return Exit::Passed;
    };
    match pages.iter().try_for_each(|page| written(folder, page)) {
        Ok(()) => Exit::Passed,
        Err(why) => give_up(Exit::ReportNotWritten, why),
    }
}

/// File names and pages, the one of the program itself first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = Cli::command();
    program.build();
    let verbs: Vec<Command> = program.get_subcommands().filter(|verb| verb.get_name() != "help").cloned().collect();
    std::iter::once(program.clone())
        .chain(verbs)
        .map(|command| {
            let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
            let mut page = Vec::new();
            Man::new(command).title(name.clone()).render(&mut page)?;
            Ok((format!("{name}.1"), page))
        })
        .collect()
}

/// A manual is for everybody, so it gets the rights that new files have here.
fn written(folder: &Path, (name, page): &(String, Vec<u8>)) -> Result<(), String> {
    let path = folder.join(name);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, page))
        .map_err(|e| format!("{} could not be written: {e}", path.display()))?;
    anstream::println!("{}", path.display());
    Ok(())
}
