//! The house keeps its shape: borders between modules, file sizes, headers, left-over markers.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|e| e == "rs") {
                found.push(entry);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).expect("text"))).collect()
}

/// Modules named after `crate::` anywhere in a text, `use` trees included.
fn imports(text: &str) -> Vec<String> {
    let word = |s: &str| s.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(group.split('}').next().unwrap_or_default().split(',').map(|part| word(part.trim())));
        } else {
            found.push(word(rest));
        }
    }
    found
}

#[test]
fn judge_and_judged_share_no_code() {
    const JUDGE: [&str; 9] = ["scenario", "okta", "exchange", "play", "check", "score", "gate", "report", "wire"];
    const JUDGED: [&str; 2] = ["scim", "server"];
    let mut broken = Vec::new();
    for (path, text) in sources("src") {
        let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("inside");
        let first = inside.components().next().expect("component").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        let forbidden: &[&str] = if JUDGE.contains(&module) {
            &JUDGED
        } else if JUDGED.contains(&module) {
            &JUDGE
        } else {
            continue;
        };
        for import in imports(&text).iter().filter(|i| forbidden.contains(&i.as_str())) {
            broken.push(format!("{} imports {import}", inside.display()));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_protocol_core_has_no_clock_randomness_or_io() {
    const FORBIDDEN: [&str; 7] = ["std::time", "std::fs", "std::net", "tokio", "uuid", "std::io", "Timestamp::now"];
    for (path, text) in sources("src/scim") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in FORBIDDEN {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn files_are_short_and_say_what_lives_in_them() {
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{} does not start with a //! line", path.display());
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines; split it along a noun", path.display());
        }
    }
}

#[test]
fn no_markers_are_left_over() {
    let markers = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore"),
    ];
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            for marker in markers {
                assert!(!text.contains(marker), "{} holds {marker}", path.display());
            }
        }
    }
}
