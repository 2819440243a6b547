//! The JSON Schema of the report, made from the very structs that are written.

use super::Report;

/// The JSON Schema (draft 2020-12) of [`Report`], indented, with a line break at its end.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Report);
    format!("{:#}\n", schema.as_value())
}
