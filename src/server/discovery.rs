//! What the server tells about itself (RFC 7643 §5-§7, RFC 7644 §4).

use super::bulk::{MAX_OPERATIONS, MAX_PAYLOAD};
use super::query::{DEFAULT_PAGE, MAX_PAGE};
use super::types::Types;
use crate::scim::error::ScimError;
use crate::scim::schema::{ResourceType, Schema};
use serde_json::{Value, json};
use std::time::Duration;

/// The largest body that is read, in bytes.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;

pub(super) fn service_provider_config(base_url: &str, cursor_timeout: Duration, schemes: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": MAX_PAYLOAD },
        "filter": { "supported": true, "maxResults": MAX_PAGE },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_PAGE,
            "maxPageSize": MAX_PAGE,
            "cursorTimeout": cursor_timeout.as_secs(),
        },
        "authenticationSchemes": schemes,
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base_url}/ServiceProviderConfig") },
    })
}

pub(super) fn resource_types(base_url: &str, types: &Types) -> Vec<Value> {
    types.all().map(|(_, of)| resource_type(base_url, of)).collect()
}

fn resource_type(base_url: &str, of: &ResourceType) -> Value {
    let mut told = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": of.name,
        "name": of.name,
        "endpoint": of.endpoint,
        "description": of.description,
        "schema": of.schema.id,
    });
    if !of.extensions.is_empty() {
        let extensions = of.extensions.iter().map(|schema| json!({ "schema": schema.id, "required": false }));
        told["schemaExtensions"] = extensions.collect();
    }
    told["meta"] =
        json!({ "resourceType": "ResourceType", "location": format!("{base_url}/ResourceTypes/{}", of.name) });
    told
}

pub(super) fn schemas(base_url: &str, types: &Types) -> Vec<Value> {
    let all = types.all().flat_map(|(_, of)| std::iter::once(&of.schema).chain(&of.extensions));
    all.map(|one| schema(base_url, one)).collect()
}

fn schema(base_url: &str, schema: &Schema) -> Value {
    let mut told = schema.to_json();
    told["meta"] = json!({ "resourceType": "Schema", "location": format!("{base_url}/Schemas/{}", schema.id) });
    told
}

/// The one of these with the id; a 404 when there is none.
pub(super) fn by_id(list: Vec<Value>, id: &str, what: &str) -> Result<Value, ScimError> {
    let found = list.into_iter().find(|one| one["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
    found.ok_or_else(|| ScimError::plain(404, format!("There is no {what} {id:?}")))
}
