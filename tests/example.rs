//! `reports/example` is what a run writes today: its report.json but for what differs from run to run, and from that very
//! file all the others, byte by byte. `UPDATE_GOLDEN=1 cargo test --test example` writes it anew.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use scimulate::report::format::{Format, files};
use scimulate::report::json;
use serde_json::{Value, json};

const FORMATS: [Format; 5] = [Format::Json, Format::Html, Format::Junit, Format::Md, Format::Har];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/example")
}

/// A run against the reference server with one fault, small enough to be committed.
fn played() -> Value {
    let fixed = ["--run-id", "example", "--jobs", "1", "--reference", "--fault", "deactivate_noop"];
    let selected =
        ["connection.credentials", "users.create", "users.deactivate", "users.reactivate", "groups.push-now"];
    let (_, folder) = support::run(&[&fixed[..], &selected].concat());
    support::report(folder.path())
}

/// The report without what no two runs share: times, ports, ids that the server gave.
fn masked(report: &Value) -> Value {
    let text = report.to_string();
    let port = report["target"]["base_url"].as_str().and_then(|url| url.split(['/', ':']).nth(4)).expect("port");
    let text = replace_ids(&text.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:PORT"));
    let mut value: Value = serde_json::from_str(&text).expect("JSON");
    mask(&mut value, "");
    value
}

fn mask(value: &mut Value, name: &str) {
    const VARYING: [&str; 6] = ["ms", "seconds", "started", "created", "lastModified", "version"];
    const FIELDS: [&str; 3] = ["date", "content-length", "etag"];
    match value {
        varying if VARYING.contains(&name) => *varying = json!("masked"),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, name)),
        Value::Object(members) => {
            let field = members.get("name").and_then(Value::as_str).map(str::to_ascii_lowercase);
            if field.is_some_and(|field| FIELDS.contains(&field.as_str())) {
                members.insert("value".to_owned(), json!("masked"));
            }
            members.iter_mut().for_each(|(name, member)| mask(member, name));
        }
        _ => {}
    }
}

/// UUIDs, numbered in the order in which they come.
fn replace_ids(text: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let (mut out, mut kept) = (String::new(), 0);
    let shape = |part: &str| {
        part.char_indices().all(|(i, c)| if matches!(i, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() })
    };
    for start in 0..text.len() {
        let Some(part) = text.get(start..start + 36) else { continue };
        if start >= kept && shape(part) {
            let number = known.iter().position(|id| *id == part).unwrap_or_else(|| {
                known.push(part);
                known.len() - 1
            });
            out.push_str(&text[kept..start]);
            out.extend(["id-", &number.to_string()]);
            kept = start + 36;
        }
    }
    out + &text[kept..]
}

#[test]
fn the_committed_example_is_true() {
    let now = played();
    let path = folder().join("report.json");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let same = serde_json::from_str(&committed).is_ok_and(|before: Value| masked(&before) == masked(&now));
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let text = if same || !update { committed } else { now.to_string() };
    assert!(same || update, "reports/example is out of date; UPDATE_GOLDEN=1 cargo test --test example writes it anew");
    let report = json::from_json(&text).expect("a report");
    for file in files(&report, &FORMATS) {
        let (name, bytes) = file.expect("rendered");
        let path = folder().join(name);
        if update {
            fs::create_dir_all(folder()).expect("folder");
            fs::write(&path, &bytes).expect("write");
        }
        let before = fs::read(&path).unwrap_or_default();
        assert!(
            before == bytes,
            "{} is out of date; UPDATE_GOLDEN=1 cargo test --test example writes it anew",
            path.display()
        );
    }
}
