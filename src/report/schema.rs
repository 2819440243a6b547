//! The JSON Schema of the report, made from the same structs.

use super::Report;

/// The schema as pretty JSON with a newline at its end: the text of `reports/report.schema.json`.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Report);
    format!("{:#}\n", schema.as_value())
}
