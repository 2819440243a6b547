//! The JSON report: the [`Report`] itself, pretty-printed.

use std::io::Write;

use super::Report;

/// Writes the report, with a newline at its end.
pub fn write(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}
