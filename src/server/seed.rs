//! The people a directory starts with: plain ASCII, made up, always the same.

use serde_json::{Value, json};

use crate::scim::schema::{ENTITLEMENT_URN, ROLE_URN, USER_URN};

const GIVEN: [&str; 12] = ["Ann", "Ben", "Cora", "Dan", "Eva", "Finn", "Grace", "Hugo", "Iris", "Jon", "Kim", "Leo"];
const FAMILY: [&str; 11] =
    ["Archer", "Baker", "Carter", "Dyer", "Fisher", "Gardener", "Hunter", "Miller", "Potter", "Sawyer", "Weaver"];

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
