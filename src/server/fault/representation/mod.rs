//! Faults about id, meta and what answers hold.

pub(super) mod attributes;
pub(super) mod identity;
pub(super) mod meta;
pub(super) mod schemas;

use crate::server::message::{Answer, Request};
use serde_json::{Value, json};

/// Puts the one resource of an answer to this kind of request into a list.
fn listed(method: &str, endpoint: &str, request: &Request, answer: &mut Answer) {
    if request.method == method && answer.status == 200 && request.one_of(endpoint).is_some() {
        answer.edit(|one| {
            *one = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
                "startIndex": 1, "itemsPerPage": 1, "Resources": [one.take()] });
        });
    }
}

/// The values of a multi-valued attribute; none when it has none.
fn values<'r>(
    resource: &'r mut serde_json::Map<String, Value>,
    attribute: &str,
) -> impl Iterator<Item = &'r mut Value> {
    resource.get_mut(attribute).and_then(Value::as_array_mut).into_iter().flatten()
}
