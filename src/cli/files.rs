//! The report folder: made for its owner only, files written beside and renamed, `latest` pointing to the newest.

use std::fs;
use std::path::{Path, PathBuf};

use crate::play::Cleanup;
use crate::play::journal::Journal;
use crate::report::{Report, json};

/// The name of the journal in a report folder.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// Where the report and the journal go.
pub(super) struct Destination {
    folder: PathBuf,
    /// False with --no-report: only the journal is written, and the folder is gone again when nothing is left.
    report: bool,
}

/// Says where things will go; `asked` is --report-dir.
pub(super) fn destination(no_report: bool, asked: Option<&Path>, run_id: &str) -> Destination {
    let folder = asked.map_or_else(|| Path::new("reports").join(run_id), Path::to_path_buf);
    Destination { folder, report: !no_report }
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
            if !self.report {
                let _ = fs::remove_dir(&self.folder);
            }
        }
    }

    /// Writes `report.json`. Gives its path; the error says what could not be written.
    pub(super) fn write(&self, report: &Report) -> Result<Option<PathBuf>, String> {
        if !self.report {
            return Ok(None);
        }
        let path = self.folder.join("report.json");
        let beside = self.folder.join(format!(".report.json.{}", std::process::id()));
        let written = make(&self.folder)
            .and_then(|()| create(&beside))
            .and_then(|file| {
                let mut out = std::io::BufWriter::new(file);
                json::write(report, &mut out)
            })
            .and_then(|()| fs::rename(&beside, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&beside);
            return Err(format!("the report {} could not be written: {error}", path.display()));
        }
        self.point_latest();
        Ok(Some(path))
    }

    /// `reports/latest` is a convenience: where links cannot be made it is left out.
    fn point_latest(&self) {
        #[cfg(unix)]
        if let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name())
            && self.report
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
