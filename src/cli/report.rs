//! `scimulate report`: a saved report in any format, any time later.

use std::path::{Path, PathBuf};

use clap::Args;

use super::display::Screen;
use super::{Display, files, give_up};
use crate::exit::Exit;
use crate::report::format::Format;
use crate::report::{Report, json};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The report.json of a run
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to write: json, html, junit, md, har (with repro.sh when checks failed); without it the report is told here
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST", hide_possible_values = true)]
    format: Vec<Format>,
    /// Where to write; default the folder of FILE
    #[arg(long, value_name = "DIR", requires = "format")]
    report_dir: Option<PathBuf>,
}

/// Renders a saved report; the gate that was decided when it was played is told and does not decide again.
pub(super) fn report(args: &ReportArgs, display: &Display) -> Exit {
    let report = match read(&args.file) {
        Ok(report) => report,
        Err(exit) => return exit,
    };
    if args.format.is_empty() {
        Screen::new(display, report.run.app, report.run.seed).tell(&report, &args.file);
        return Exit::Passed;
    }
    let folder = args.report_dir.as_deref().or(args.file.parent()).unwrap_or(Path::new(""));
    match files::write(folder, &report, &args.format) {
        Ok(written) => {
            for path in written {
                anstream::println!("{}", path.display());
            }
            Exit::Passed
        }
        Err(why) => give_up(Exit::ReportNotWritten, why),
    }
}

/// Reads a saved report; what is wrong with it is told.
pub(super) fn read(file: &Path) -> Result<Report, Exit> {
    let wrong = |why: &dyn std::fmt::Display| give_up(Exit::InvalidInput, format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    json::from_json(&text).map_err(|error| wrong(&error))
}
