//! The real binary, watched: how long it takes, how much memory, what it says, what it leaves.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::target::{Noted, TOKEN};
use crate::support::{high_water, scimulate};

/// Bytes of memory that no run may need.
const MEMORY: u64 = 100 << 20;

/// A run that has ended, or was ended.
pub(crate) struct Ended {
    /// None when it did not end by itself.
    pub(crate) code: Option<i32>,
    /// stdout and stderr.
    pub(crate) text: String,
    pub(crate) seconds: f64,
    /// The most memory it had, in bytes; 0 where that cannot be seen.
    pub(crate) peak: u64,
    pub(crate) report: String,
}

/// Plays against a target with small limits; ends the run itself when it takes longer than `patience`.
pub(crate) fn play(url: &str, arguments: &[&str], patience: Duration) -> Ended {
    let folder = tempfile::tempdir().expect("folder");
    let limits = ["--progress", "lines", "--settle", "0s", "--max-wait", "1s"];
    ended("run", url, &[&limits[..], arguments].concat(), folder.path(), patience)
}

/// Cleans up after the run whose report is in this folder.
pub(crate) fn clean_up(url: &str, folder: &Path, patience: Duration) -> Ended {
    ended("cleanup", url, &["--timeout", "1s"], folder, patience)
}

/// Starts a verb against a target and waits for its end.
pub(crate) fn ended(verb: &str, url: &str, arguments: &[&str], folder: &Path, patience: Duration) -> Ended {
    let started = Instant::now();
    let mut child = scimulate()
        .args([verb, "--url", url, "--color", "never"])
        .args(arguments)
        .arg("--report-dir")
        .arg(folder)
        .env("CI", "true")
        .env("SCIM_TOKEN", format!("Bearer {TOKEN}"))
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start");
    let (mut out, mut err) = (child.stdout.take().expect("stdout"), child.stderr.take().expect("stderr"));
    let out = thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = out.read_to_end(&mut bytes);
        bytes
    });
    let err = thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = err.read_to_end(&mut bytes);
        bytes
    });
    let (code, peak) = watched(&mut child, started, patience);
    let bytes = [out.join().expect("stdout"), err.join().expect("stderr")].concat();
    let seconds = started.elapsed().as_secs_f64();
    let report = std::fs::read_to_string(folder.join("report.json")).unwrap_or_default();
    assert!(!folder.join("owned").exists());
    Ended { code, text: String::from_utf8(bytes).expect("UTF-8"), seconds, peak, report }
}

fn watched(child: &mut Child, started: Instant, patience: Duration) -> (Option<i32>, u64) {
    let mut peak = 0;
    loop {
        // The mark only rises, and right after the start it may still be that of the test.
        peak = Some(high_water(child.id())).filter(|now| *now > 0).unwrap_or(peak);
        if let Some(status) = child.try_wait().expect("wait") {
            return (status.code(), peak);
        }
        if started.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return (None, peak);
        }
        thread::park_timeout(Duration::from_millis(3));
    }
}

/// What must hold of every run, whatever the target. Gives what does not.
pub(crate) fn complaints(ended: &Ended, noted: &[Noted]) -> Vec<String> {
    let mut found = Vec::new();
    if ended.code.is_none() {
        found.push(format!("did not end by itself within {:.1} s", ended.seconds));
    }
    if ended.text.contains("panicked") || ended.code == Some(70) {
        found.push(format!("a bug: {}", ended.text));
    }
    if ended.peak > MEMORY {
        found.push(format!("took {} MB of memory", ended.peak >> 20));
    }
    if let Some(line) = ended.text.lines().find(|line| line.chars().any(obeyed)) {
        found.push(format!("showed what a terminal obeys: {line:?}"));
    }
    if let Some(line) = ended.text.lines().find(|line| line.starts_with("::") || line.contains("##[")) {
        found.push(format!("showed what a workflow runner obeys: {line:?}"));
    }
    if ended.text.contains(TOKEN) || ended.report.contains(TOKEN) {
        found.push("told the credential".into());
    }
    if ended.report.len() > 30 << 20 {
        found.push(format!("wrote a report of {} MB", ended.report.len() >> 20));
    }
    match serde_json::from_str::<Value>(&ended.report) {
        Ok(report) => {
            found.extend(
                schema().iter_errors(&report).take(3).map(|e| format!("report.json: {}: {e}", e.instance_path())),
            );
        }
        Err(error) => found.push(format!("report.json: {error}")),
    }
    found.extend(strange_writes(noted));
    found
}

/// Control characters, and characters that turn or hide text.
fn obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema = serde_json::from_str(&scimulate::report::schema::schema()).expect("JSON");
        jsonschema::validator_for(&schema).expect("schema")
    })
}

/// Writes that touch something else than a collection, or what an answer before named as made by a create of this run.
fn strange_writes(noted: &[Noted]) -> Vec<String> {
    let mut found = Vec::new();
    let mut told: HashSet<&str> = HashSet::new();
    for request in noted {
        let path = request.path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let fine = match (request.method.as_str(), segments.as_slice()) {
            ("GET", _) | ("POST", ["Users" | "Groups"]) => true,
            ("PUT" | "PATCH" | "DELETE", ["Users" | "Groups", id]) => {
                let id = percent_decode_str(id).decode_utf8_lossy();
                !matches!(&*id, "" | "." | ".." | "boss") && told.contains(&*id)
            }
            _ => false,
        };
        if !fine {
            found.push(format!("wrote to what is not its own: {} {}", request.method, request.path));
        }
        told.extend(request.told.iter().map(String::as_str));
    }
    found.truncate(3);
    found
}
