//! The people a directory starts with: plain ASCII, made up, always the same.

use std::io::{Error, ErrorKind, Result};

use serde_json::{Value, json};

use super::Config;
use super::directory::Directory;
use super::fault::Deviation;
use super::types::Kind;
use crate::scim::error::ScimError;
use crate::scim::schema::{ENTITLEMENT_URN, ROLE_URN, USER_URN};

const GIVEN: [&str; 12] = ["Ann", "Ben", "Cora", "Dan", "Eva", "Finn", "Grace", "Hugo", "Iris", "Jon", "Kim", "Leo"];
const FAMILY: [&str; 11] =
    ["Archer", "Baker", "Carter", "Dyer", "Fisher", "Gardener", "Hunter", "Miller", "Potter", "Sawyer", "Weaver"];

/// Fills a directory that is empty; gives the number of users and groups that are there already. Then nothing is added but
/// roles and entitlements, where they are offered for the first time.
pub(super) fn fill(directory: &Directory, config: &Config, deviations: &[Box<dyn Deviation>]) -> Result<usize> {
    let failed = |what: &str, error: ScimError| {
        let kind = if error.status < 500 { ErrorKind::InvalidInput } else { ErrorKind::Other };
        Error::new(kind, format!("{what}: {error}"))
    };
    let count = |kinds: &[Kind]| -> Result<usize> {
        let store = directory.reading();
        let counts = kinds.iter().map(|kind| store.count(*kind));
        counts.sum::<std::result::Result<_, _>>().map_err(Error::other)
    };
    let held = count(&[Kind::User, Kind::Group])?;
    let people = if held == 0 { config.people } else { 0 };
    let people = (0..people).map(|number| (Kind::User, person(number)));
    let mut others = Vec::new();
    if config.entitlements && count(&[Kind::Role, Kind::Entitlement])? == 0 {
        others.extend(roles().into_iter().map(|role| (Kind::Role, role)));
        others.extend(entitlements().into_iter().map(|one| (Kind::Entitlement, one)));
    }
    let filled = if deviations.is_empty() || held > 0 {
        directory.begin(people.chain(others))
    } else {
        let mut all = people.chain(others).collect();
        for deviation in deviations {
            deviation.start(&mut all);
        }
        directory.begin(all)
    };
    filled.map_err(|error| failed("the example data", error))?;
    if held == 0 {
        for resource in &config.resources {
            directory.load(resource).map_err(|error| failed("a resource to start with", error))?;
        }
    }
    Ok(held)
}

/// The userName of the person of this number.
pub(super) fn user_name(number: usize) -> String {
    let (given, family) = (GIVEN[number % GIVEN.len()], FAMILY[number % FAMILY.len()]);
    format!("{}.{}.{number}@people.example", given.to_lowercase(), family.to_lowercase())
}

/// The body that creates the person of this number.
pub(super) fn person(number: usize) -> Value {
    let (given, family) = (GIVEN[number % GIVEN.len()], FAMILY[number % FAMILY.len()]);
    let name = user_name(number);
    json!({
        "schemas": [USER_URN],
        "userName": name,
        "name": { "givenName": given, "familyName": family },
        "displayName": format!("{given} {family}"),
        "emails": [{ "value": name, "type": "work", "primary": true }],
        "active": true,
    })
}

/// The roles users can be given.
pub(super) fn roles() -> Vec<Value> {
    let role =
        |name: &str| json!({ "schemas": [ROLE_URN], "displayName": name, "description": format!("May act as {name}") });
    ["Administrator", "Auditor", "Member"].map(role).into()
}

/// The entitlements users can be given.
pub(super) fn entitlements() -> Vec<Value> {
    let entitlement = |name: &str| json!({ "schemas": [ENTITLEMENT_URN], "displayName": name, "type": "license", "description": format!("{name} license") });
    ["Basic", "Professional", "Enterprise"].map(entitlement).into()
}
