//! The report as JSON: written whole, and read again so that a saved report can be told in any other format.

use std::io::{self, Write};

use serde_json::Value;

use super::{Report, SCHEMA_VERSION};

/// Why a saved report cannot be read, in words for the user.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is not JSON.
    #[error("not JSON ({0}); a report is the report.json that `scimulate run` writes")]
    NotJson(serde_json::Error),
    /// It is JSON, but not a report.
    #[error("JSON, but not a report of scimulate ({0}); give the report.json that `scimulate run` writes")]
    NotAReport(serde_json::Error),
    /// A newer program wrote it.
    #[error("written in report format {0}, and this program reads up to {SCHEMA_VERSION}; use a newer scimulate")]
    Newer(u64),
}

/// Writes the report as indented JSON with a line break at its end.
pub fn write(report: &Report, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Reads a report that [`write()`] wrote.
pub fn from_json(text: &str) -> Result<Report, ReadError> {
    let value: Value = serde_json::from_str(text).map_err(ReadError::NotJson)?;
    match value.get("schema_version").and_then(Value::as_u64) {
        Some(version) if version > u64::from(SCHEMA_VERSION) => Err(ReadError::Newer(version)),
        _ => serde_json::from_value(value).map_err(ReadError::NotAReport),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn written(report: &Report) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_report_reads_back_as_it_was() {
        for report in [sample::ok(), sample::failing(), sample::cannot_start()] {
            assert_eq!(from_json(&written(&report)).unwrap(), report);
        }
    }

    #[test]
    fn the_written_report_is_the_golden_file() {
        sample::golden("failing.json", &written(&sample::failing()));
        sample::golden("cannot-start.json", &written(&sample::cannot_start()));
    }

    #[test]
    fn what_is_not_a_report_is_refused_in_words() {
        assert!(from_json("<html>").unwrap_err().to_string().starts_with("not JSON (expected value"));
        assert!(from_json("{\"a\":1}").unwrap_err().to_string().starts_with("JSON, but not a report"));
        let newer = written(&sample::ok()).replacen("\"schema_version\": 1", "\"schema_version\": 7", 1);
        let error = from_json(&newer).unwrap_err().to_string();
        assert!(error.starts_with("written in report format 7, and this program reads up to 1"), "{error}");
    }
}
