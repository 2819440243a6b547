//! The report folder: made for its owner only, files written beside and renamed, `latest` pointing to the newest.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::play::Cleanup;
use crate::play::journal::Journal;
use crate::report::format::{Format, files};
use crate::report::{Report, repro};

/// The name of the journal in a report folder.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// Where the report and the journal go.
pub(super) struct Destination {
    folder: PathBuf,
    /// Empty with --no-report: only the journal is written, and the folder is gone again when nothing is left.
    formats: Vec<Format>,
}

/// Says where things will go and as what; `asked` is --report-dir, no formats mean the usual ones.
pub(super) fn destination(no_report: bool, asked: Option<&Path>, run_id: &str, formats: &[Format]) -> Destination {
    let folder = asked.map_or_else(|| Path::new("reports").join(run_id), Path::to_path_buf);
    let formats = match formats {
        _ if no_report => Vec::new(),
        [] => Format::DEFAULT.to_vec(),
        asked => asked.to_vec(),
    };
    Destination { folder, formats }
}

impl Destination {
    /// Makes the folder and begins the journal in it, before anything is created on the target. The reference server
    /// dies with the run, so it needs none.
    pub(super) fn begin_journal(&self, base_url: &str, token: &str, reference: bool) -> Result<Journal, String> {
        if reference {
            return Ok(Journal::default());
        }
        let path = self.folder.join(JOURNAL);
        let begun = make(&self.folder)
            .and_then(|()| {
                // An older journal may still be needed: its run was killed and nobody has cleaned up yet.
                if path.exists() {
                    fs::rename(&path, self.folder.join(format!("{JOURNAL}.{}", std::process::id())))?;
                }
                create(&path)
            })
            .and_then(|file| Journal::begin(file, base_url, token));
        let journal = begun.map_err(|e| {
            format!("the journal {} cannot be written: {e}. Give another --report-dir.", path.display())
        })?;
        self.point_latest();
        Ok(journal)
    }

    /// A journal whose run left nothing has done its work.
    pub(super) fn end_journal(&self, cleanup: &Cleanup) {
        if cleanup.left.is_empty() {
            let _ = fs::remove_file(self.folder.join(JOURNAL));
            if self.formats.is_empty() {
                let _ = fs::remove_dir(&self.folder);
            }
        }
    }

    /// Writes the report. Gives the paths; the error says what could not be written.
    pub(super) fn write(&self, report: &Report) -> Result<Vec<PathBuf>, String> {
        if self.formats.is_empty() {
            return Ok(Vec::new());
        }
        let written = write(&self.folder, report, &self.formats)?;
        self.point_latest();
        Ok(written)
    }

    /// `reports/latest` is a convenience: where links cannot be made it is left out.
    fn point_latest(&self) {
        #[cfg(unix)]
        if let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name())
            && !self.formats.is_empty()
            && parent == Path::new("reports")
        {
            let latest = parent.join("latest");
            if fs::symlink_metadata(&latest).is_ok_and(|m| m.file_type().is_symlink()) {
                let _ = fs::remove_file(&latest);
            }
            let _ = std::os::unix::fs::symlink(name, latest);
        }
    }
}

/// Writes a report into a folder, file by file: what could be written is there when another could not. The commands of an
/// earlier run's failures go when this one has none.
pub(super) fn write(folder: &Path, report: &Report, formats: &[Format]) -> Result<Vec<PathBuf>, String> {
    let mut written = Vec::new();
    for file in files(report, formats) {
        let (name, bytes) = file.map_err(|e| format!("{e}. This is a bug in scimulate."))?;
        let path = folder.join(name);
        put(folder, name, &bytes).map_err(|e| format!("the report {} could not be written: {e}", path.display()))?;
        written.push(path);
    }
    let commands = folder.join(repro::FILE);
    if !written.contains(&commands) {
        let _ = fs::remove_file(commands);
    }
    Ok(written)
}

/// Writes a file beside its place and moves it there, so that it is never seen half written.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let done = make(folder)
        .and_then(|()| create(&beside))
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, folder.join(name)));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// A new file for its owner only; an existing one, or a link, is not followed.
fn create(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
