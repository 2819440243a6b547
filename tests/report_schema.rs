//! The JSON report is what its schema says, and the schema in `reports/` is the one of the code.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/report.schema.json")
}

#[test]
fn the_committed_schema_is_up_to_date() {
    let schema = scimulate::report::schema::schema();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(committed(), &schema).expect("write");
    }
    let text = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(text == schema, "reports/report.schema.json is out of date; UPDATE_GOLDEN=1 cargo test rewrites it");
}

#[test]
fn real_reports_keep_to_the_schema() {
    let schema: Value = serde_json::from_str(&scimulate::report::schema::schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("schema");
    for arguments in [
        vec!["--reference"],
        vec!["--reference", "--fault", "deactivate_noop", "--app", "aiw"],
        vec!["--url", "http://127.0.0.1:9/scim/v2"],
    ] {
        let folder = tempfile::tempdir().expect("folder");
        Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .arg("run")
            .args(&arguments)
            .arg("--report-dir")
            .arg(folder.path())
            .env("SCIM_TOKEN", "Bearer some-token")
            .env_remove("SCIM_BASE_URL")
            .env_remove("GITHUB_STEP_SUMMARY")
            .output()
            .expect("run");
        let text = std::fs::read_to_string(folder.path().join("report.json")).expect("report");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:#?}");
        let again: scimulate::report::Report = serde_json::from_str(&text).expect("a report can be read again");
        assert_eq!(serde_json::to_value(&again).expect("JSON"), report);
    }
}
