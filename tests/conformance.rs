//! docs/conformance.md tells of every requirement, and what it tells is true.

use scimulate::scim::schema::{Attribute, ResourceType, common, enterprise_user, group, user};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn requirements() -> Value {
    serde_json::from_str(&text("fixtures/conformance/requirements.json")).unwrap()
}

/// The rows of the page: id, level, what is said.
fn rows() -> Vec<(String, String, String)> {
    let page = text("docs/conformance.md");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = page.lines().filter(|line| line.starts_with("| R-")).map(cells);
    rows.map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect()
}

/// The names of all test functions of the crate.
fn tests() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let mut is_test = false;
                for line in source.lines().map(str::trim) {
                    if line == "#[test]" || line == "#[tokio::test]" {
                        is_test = true;
                    } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                        found.insert(rest.split('(').next().unwrap().to_owned());
                        is_test = false;
                    }
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["src", "tests"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

#[test]
fn every_requirement_is_told_once_with_its_level() {
    let wanted: Vec<(String, String)> = requirements()["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row["level"].as_str().unwrap().to_owned()))
        .collect();
    let told: Vec<(String, String)> = rows().into_iter().map(|(id, level, _)| (id, level)).collect();
    assert_eq!(told, wanted);
    assert_eq!(told.len(), 412);
}

#[test]
fn every_row_names_a_test_that_exists_or_says_why_there_is_none() {
    let tests = tests();
    for (id, _, told) in rows() {
        if let Some(reason) = told.strip_prefix("n/a: ") {
            assert!(reason.len() > 5, "{id} gives no reason");
            continue;
        }
        assert!(!told.is_empty(), "{id} names no test");
        for name in told.split(", ") {
            assert!(tests.contains(name.trim_matches('`')), "{id} names {name}, which is no test");
        }
    }
}

/// Where the definitions differ from the published table, and by what right.
fn differs(attribute: &str, characteristic: &str, kind: &str) -> bool {
    let is_id = ["groups.value", "members.value", "manager.value"].contains(&attribute);
    match characteristic {
        // Erratum 5368: a group must have a name.
        "required" => attribute == "Group displayName",
        // 7643 §2.3.6, §2.3.7: binary values and references are case-exact; so is what holds an id (erratum 8472).
        "caseExact" => is_id || kind == "binary" || kind == "reference",
        // 7643 §3: schemas is in every resource.
        "returned" => attribute == "schemas",
        _ => false,
    }
}

#[test]
fn every_attribute_is_defined_as_the_rfc_says() {
    let (user, group, enterprise) = (user(Vec::new()), group(), enterprise_user());
    let own = |of: &ResourceType| of.schema.attributes.clone();
    let tables: BTreeMap<&str, Vec<Attribute>> = BTreeMap::from([
        ("Common", common()),
        ("User", own(&user)),
        ("Group", own(&group)),
        ("EnterpriseUser", enterprise.attributes),
    ]);
    let mut wrong = Vec::new();
    let rows = requirements();
    let rows = rows["attributes"].as_array().unwrap();
    for row in rows {
        let (resource, name) = (row["resource"].as_str().unwrap(), row["attribute"].as_str().unwrap());
        let (top, sub) = name.split_once('.').map_or((name, None), |(top, sub)| (top, Some(sub)));
        let found = tables[resource].iter().find(|attribute| attribute.name == top);
        let found = match sub {
            Some(sub) => found.and_then(|attribute| attribute.sub_attributes.iter().find(|one| one.name == sub)),
            None => found,
        };
        let Some(found) = found else {
            wrong.push(format!("{resource} {name} is not defined"));
            continue;
        };
        let defined = found.to_json();
        for characteristic in ["type", "multiValued", "required", "caseExact", "mutability", "returned", "uniqueness"] {
            let published = row[characteristic].as_str().unwrap();
            let given = match &defined[characteristic] {
                Value::Null => continue,
                Value::String(word) => word.clone(),
                other => other.to_string(),
            };
            let qualified = format!("{resource} {name}");
            let may_differ = [name, qualified.as_str()]
                .iter()
                .any(|name| differs(name, characteristic, row["type"].as_str().unwrap()));
            if published != "-" && published != given && !may_differ {
                wrong.push(format!("{qualified}: {characteristic} is {given}, published {published}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows.len(), 89);
}
