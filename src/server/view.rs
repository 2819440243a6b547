//! Between the stored form of a resource and the form a client sees.
//!
//! Stored form leaves out what follows from elsewhere: `meta.location`, `meta.version`, `groups` of a user, `$ref` of a member and of a
//! manager, `displayName` of a manager.

use super::etag;
use super::store::{Index, Keys, Store};
use super::types::{Kind, Types};
use crate::scim::error::ScimError;
use crate::scim::schema::ENTERPRISE_URN;
use crate::scim::text::fold;
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// Reads stored bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Fields, ScimError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ScimError::plain(500, format!("A stored resource is damaged: {error}")))
}

/// Where a resource is found.
pub(super) fn location(base_url: &str, types: &Types, kind: Kind, id: &str) -> String {
    format!("{base_url}{}/{id}", types.of(kind).endpoint)
}

/// Adds what a client sees beyond the stored form.
pub(super) fn show(
    resource: &mut Fields,
    kind: Kind,
    base_url: &str,
    types: &Types,
    store: &dyn Store,
) -> Result<(), ScimError> {
    let id = text(resource, "id").unwrap_or_default().to_owned();
    match kind {
        Kind::User => {
            let groups = groups_of(&id, base_url, types, store)?;
            let meta = resource.shift_remove("meta");
            if !groups.is_empty() {
                resource.insert("groups".into(), Value::Array(groups));
            }
            resource.extend(meta.map(|meta| ("meta".to_owned(), meta)));
            show_manager(resource, base_url, types, store)?;
        }
        Kind::Group => {
            for member in resource.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
                let kind = if member.get("type") == Some(&json!("Group")) { Kind::Group } else { Kind::User };
                let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
                member["$ref"] = location(base_url, types, kind, id).into();
            }
        }
        Kind::Role | Kind::Entitlement => {}
    }
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("location".into(), location(base_url, types, kind, &id).into());
    }
    etag::stamp(resource);
    Ok(())
}

fn groups_of(id: &str, base_url: &str, types: &Types, store: &dyn Store) -> Result<Vec<Value>, ScimError> {
    let mut groups = Vec::new();
    for group in store.find(Kind::Group, Index::Member, id)? {
        let name = store.label(Kind::Group, &group)?;
        groups.push(json!({
            "value": group,
            "$ref": location(base_url, types, Kind::Group, &group),
            "display": name,
            "type": "direct",
        }));
    }
    Ok(groups)
}

fn show_manager(resource: &mut Fields, base_url: &str, types: &Types, store: &dyn Store) -> Result<(), ScimError> {
    let manager =
        resource.get_mut(ENTERPRISE_URN).and_then(|data| data.get_mut("manager")).and_then(Value::as_object_mut);
    let Some(manager) = manager else { return Ok(()) };
    let Some(id) = manager.get("value").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
    // A manager who is no user here keeps what the client said: the reference is not enforced.
    if store.kind_of(&id)? == Some(Kind::User) {
        manager.insert("$ref".into(), location(base_url, types, Kind::User, &id).into());
        if let Some(name) = store.label(Kind::User, &id)? {
            manager.insert("displayName".into(), name.into());
        }
    }
    Ok(())
}

/// Takes out what [`show`] adds.
pub(super) fn hide(resource: &mut Fields, kind: Kind, store: &dyn Store) -> Result<(), ScimError> {
    match kind {
        Kind::User => {
            resource.shift_remove("groups");
            let manager = resource.get_mut(ENTERPRISE_URN).and_then(|data| data.get_mut("manager"));
            if let Some(manager) = manager.and_then(Value::as_object_mut) {
                manager.shift_remove("displayName");
                let id = manager.get("value").and_then(Value::as_str);
                if let Some(id) = id
                    && store.kind_of(id)? == Some(Kind::User)
                {
                    manager.shift_remove("$ref");
                }
            }
        }
        Kind::Group => {
            for member in resource.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(member) = member.as_object_mut() {
                    member.shift_remove("$ref");
                }
            }
        }
        Kind::Role | Kind::Entitlement => {}
    }
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.shift_remove("location");
        meta.shift_remove("version");
    }
    Ok(())
}

/// What a resource in stored form is found by.
pub(super) fn keys(resource: &Fields) -> Keys {
    let folded = |name: &str| text(resource, name).map(fold);
    Keys {
        user_name: folded("userName"),
        display_name: folded("displayName"),
        external_id: text(resource, "externalId").map(str::to_owned),
        label: text(resource, "displayName").map(str::to_owned),
    }
}

/// The text of a top-level attribute.
pub(super) fn text<'r>(resource: &'r Fields, name: &str) -> Option<&'r str> {
    resource.get(name).and_then(Value::as_str)
}
