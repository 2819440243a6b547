//! The committed JSON Schema of the report is current, and reports satisfy it.

use std::path::Path;

use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_committed_schema_is_current() {
    let path = root().join("reports/report.schema.json");
    let current = scimulate::report::schema::schema();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "{} is out of date; UPDATE_GOLDEN=1 rewrites it", path.display());
}

#[test]
fn reports_satisfy_the_schema_and_broken_ones_do_not() {
    let schema: Value = serde_json::from_str(&scimulate::report::schema::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["failing.json", "cannot-start.json"] {
        let text = std::fs::read_to_string(root().join("tests/golden/report").join(name)).unwrap();
        let mut report: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        report["verdict"] = json!("maybe");
        assert!(!validator.is_valid(&report), "{name}");
    }
}
