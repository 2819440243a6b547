//! The JSON Schema of the report, made from the very structs that are written.

use super::Report;

/// The JSON Schema (draft 2020-12) of [`Report`], indented, with a line break at its end.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Report).to_value();
    if let Some(members) = schema.as_object_mut() {
        // What kind of document it is, readers look for at its beginning.
        for name in ["description", "title", "$schema"] {
            if let Some(value) = members.shift_remove(name) {
                members.shift_insert(0, name.to_owned(), value);
            }
        }
    }
    format!("{schema:#}\n")
}
