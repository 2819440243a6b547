//! `--known` and `--write-known`: known failures read before a run and written after it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{files, give_up};
use crate::exit::Exit;
use crate::gate::{self, KnownFailures};
use crate::play::ScenarioResult;
use crate::score::Scored;

/// The entries that excuse, and the file to write if there is one.
#[derive(Default)]
pub(super) struct Known {
    /// What excuses at the gate.
    pub(super) failures: KnownFailures,
    record: Option<Record>,
}

/// A file that is written after the run.
struct Record {
    path: PathBuf,
    /// What it holds already.
    text: String,
    there: KnownFailures,
}

/// Reads what is there, and sees to it before anything is sent that the file can be written.
pub(super) fn known(known: Option<&Path>, write: Option<&Path>) -> Result<Known, Exit> {
    let (text, failures) = match known {
        None => Default::default(),
        Some(path) => read(path)?,
    };
    let Some(path) = write else { return Ok(Known { failures, record: None }) };
    let (text, there) = match std::fs::symlink_metadata(path) {
        Ok(_) => read(path)?,
        Err(_) => (text, failures.clone()),
    };
    if !gate::takes_entries(&text) {
        let name = path.display();
        let message =
            format!("{name}: its entries stand in one array, `known = [...]`; write each as a [[known]] table");
        return Err(give_up(Exit::InvalidInput, message));
    }
    files::writable(files::folder_of(path)).map_err(|e| {
        let message = format!("{} cannot be written: {e}. Nothing was sent.", path.display());
        give_up(Exit::ReportNotWritten, message)
    })?;
    let record = Some(Record { path: path.to_owned(), text, there });
    Ok(Known { failures, record })
}

fn read(path: &Path) -> Result<(String, KnownFailures), Exit> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| give_up(Exit::InvalidInput, format!("{name}: {e}")))?;
    let failures = KnownFailures::parse(&name, &text).map_err(|e| give_up(Exit::InvalidInput, e))?;
    Ok((text, failures))
}

impl Known {
    /// Writes the failures of a run that was `completed`. Says what was written; the error says what could not be.
    pub(super) fn write(
        &self,
        run: (&[ScenarioResult], &Scored),
        deny_should: bool,
        today: Date,
        completed: bool,
    ) -> Result<Option<String>, String> {
        let Some(Record { path, text, there }) = &self.record else { return Ok(None) };
        let name = path.display();
        if !completed {
            return Ok(Some(format!(
                "{name} was not written: the run is not complete, so not every failure is known."
            )));
        }
        let recorded = gate::with_failures((text, there), &self.failures, run, deny_should, today);
        files::replace(path, |out| out.write_all(recorded.text.as_bytes()))
            .map_err(|e| format!("the known failures {name} could not be written: {e}"))?;
        let (entries, added) = (recorded.entries, recorded.added);
        let told = match added {
            0 => format!("{name}: nothing new, {entries} known."),
            _ => format!(
                "{name}: {added} new, {entries} known. Look into each and say why it may fail; the next run excuses them \
                 with --known {name}"
            ),
        };
        Ok(Some(told))
    }
}
