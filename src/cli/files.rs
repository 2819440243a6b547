//! The report folder: made for its owner only, files written beside and renamed, `latest` pointing to the newest.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::give_up;
use crate::exit::Exit;
use crate::report::{Report, json};

/// Where the report goes, if anywhere.
pub(super) struct Destination {
    folder: Option<PathBuf>,
    /// The default folder also gets a `latest` beside it.
    latest: bool,
}

/// Makes the report folder before anything is played, so that a full disk or a missing right is told at once.
pub(super) fn destination(none: bool, asked: Option<&Path>, run_id: &str) -> Result<Destination, Exit> {
    if none {
        return Ok(Destination { folder: None, latest: false });
    }
    let folder = asked.map_or_else(|| Path::new("reports").join(run_id), Path::to_path_buf);
    make(&folder).map_err(|e| {
        let hint = "Give another --report-dir, or --no-report";
        give_up(Exit::ReportNotWritten, format!("the report folder {} cannot be made: {e}. {hint}.", folder.display()))
    })?;
    Ok(Destination { folder: Some(folder), latest: asked.is_none() })
}

/// Writes `report.json`. Gives its path; the error says what could not be written.
pub(super) fn write(destination: &Destination, report: &Report) -> Result<Option<PathBuf>, String> {
    let Some(folder) = &destination.folder else { return Ok(None) };
    let path = folder.join("report.json");
    let beside = folder.join(format!(".report.json.{}", std::process::id()));
    let written = create(&beside)
        .and_then(|file| {
            let mut out = std::io::BufWriter::new(file);
            json::write(&mut out, report)?;
            out.flush()
        })
        .and_then(|()| fs::rename(&beside, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(format!("the report {} could not be written: {error}", path.display()));
    }
    if destination.latest {
        point_latest(folder);
    }
    Ok(Some(path))
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

/// `reports/latest` is a convenience: where links cannot be made it is left out.
fn point_latest(folder: &Path) {
    #[cfg(unix)]
    if let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) {
        let latest = parent.join("latest");
        if fs::symlink_metadata(&latest).is_ok_and(|m| m.file_type().is_symlink()) {
            let _ = fs::remove_file(&latest);
        }
        let _ = std::os::unix::fs::symlink(name, latest);
    }
    #[cfg(not(unix))]
    let _ = folder;
}
