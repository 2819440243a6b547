//! The report folder: made for its owner only, files written beside and renamed, `latest` pointing to the newest.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::play::Cleanup;
use crate::play::journal::Journal;
use crate::report::format::{Format, files};
use crate::report::{Report, repro};

/// The name of the journal in a report folder.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// What to do when a folder cannot be used.
const ELSEWHERE: &str = "Give a folder of your own with --report-dir, or --no-report.";

/// Where the report and the journal go.
pub(super) struct Destination {
    folder: PathBuf,
    /// Empty with --no-report: only the journal is written, and the folder is gone again when nothing is left.
    formats: Vec<Format>,
    /// This run's journal is there. An older one, which may still be needed, is not this run's to remove.
    begun: bool,
}

/// Says where things will go and as what; `asked` is --report-dir, no formats mean the usual ones.
pub(super) fn destination(no_report: bool, asked: Option<&Path>, run_id: &str, formats: &[Format]) -> Destination {
    let folder = asked.map_or_else(|| Path::new("reports").join(run_id), Path::to_path_buf);
    let formats = match formats {
        _ if no_report => Vec::new(),
        [] => Format::DEFAULT.to_vec(),
        asked => asked.to_vec(),
    };
    Destination { folder, formats, begun: false }
}

impl Destination {
    /// Makes sure that the report can be written, before anything is sent.
    pub(super) fn prepare(&self) -> Result<(), String> {
        if self.formats.is_empty() {
            return Ok(());
        }
        make(&self.folder).and_then(|()| writable(&self.folder)).map_err(|e| {
            format!("no report can be written to {}: {e}. Nothing was sent. {ELSEWHERE}", self.folder.display())
        })
    }

    /// Where the journal of this run is.
    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    /// Begins the journal, before anything is created on the target.
    pub(super) fn begin_journal(&mut self, base_url: &str, token: &str) -> Result<Journal, String> {
        let path = self.journal();
        let begun = make(&self.folder)
            .and_then(|()| {
                // An older journal may still be needed: its run was killed and nobody has cleaned up yet.
                if fs::symlink_metadata(&path).is_ok() {
                    fs::rename(&path, self.folder.join(format!("{JOURNAL}.{}", uuid::Uuid::new_v4().simple())))?;
                }
                create(&path)
            })
            .and_then(|file| Journal::begin(file, base_url, token));
        let journal = begun.map_err(|e| {
            format!("the journal {} cannot be written: {e}. Nothing was sent. {ELSEWHERE}", path.display())
        })?;
        self.begun = true;
        self.point_latest();
        Ok(journal)
    }

    /// A journal whose run left nothing has done its work.
    pub(super) fn end_journal(&self, cleanup: &Cleanup) {
        if self.begun && cleanup.left.is_empty() {
            let _ = fs::remove_file(self.journal());
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

/// Sees whether files can be made in a folder that is there.
pub(super) fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".scimulate.{}", uuid::Uuid::new_v4().simple()));
    create(&probe).and_then(|_| fs::remove_file(&probe))
}

/// The folder that a file is in.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file beside its place and renames it, so that it is whole or not there. A link in its place is replaced and not
/// followed.
pub(super) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let beside = path.with_file_name(format!(".scimulate.{}", uuid::Uuid::new_v4().simple()));
    let written = create(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Writes a report into a folder, file by file: what could be written is there when another could not. The commands of an
/// earlier run's failures go when this one has none.
pub(super) fn write(folder: &Path, report: &Report, formats: &[Format]) -> Result<Vec<PathBuf>, String> {
    let mut written = Vec::new();
    for file in files(report, formats) {
        let (name, bytes) = file.map_err(|e| format!("{e}. This is a bug in scimulate."))?;
        let path = folder.join(name);
        make(folder)
            .and_then(|()| replace(&path, |out| out.write_all(&bytes)))
            .map_err(|e| format!("the report {} could not be written: {e}", path.display()))?;
        written.push(path);
    }
    let commands = folder.join(repro::FILE);
    if !written.contains(&commands) {
        let _ = fs::remove_file(commands);
    }
    Ok(written)
}

#[cfg(unix)]
pub(super) fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(super) fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// Opens a journal that is there, to read it or to write at its end. A link, or what is no file, is not followed.
pub(super) fn open_journal(path: &Path, options: &mut fs::OpenOptions) -> std::io::Result<fs::File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is a link, or no file at all"));
    }
    options.open(path)
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
