//! How a server may keep what it is given.

use super::{Variant, variant};
use crate::scim::error::ScimError;
use crate::scim::patch::Operation;
use crate::scim::schema::USER_URN;
use crate::server::fault::{Action, Change, Occasion};
use crate::server::message::Request;
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) const VARIANTS: &[Variant] = &[
    variant! {
        id: "put_keeps_omitted",
        title: "a PUT keeps what it does not name",
        why: "RFC 7644 §3.5.1: what is left out of a PUT may be cleared, and need not be; null and [] clear.",
        // The body of the PUT being answered: writes come one at a time.
        memory: Mutex<Value>,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Replace {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.clone();
            }
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(before) = change.before
                && change.occasion.action == Action::Replace
            {
                keep_omitted(before, change.after, &self.0.lock().unwrap_or_else(PoisonError::into_inner));
            }
            Ok(())
        }
    },
    variant! {
        id: "id_number",
        title: "ids are numbers, written as text",
        why: "RFC 7643 §3.1: an id is text of the server's own choice.",
        memory: AtomicUsize,
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = (self.0.fetch_add(1, Ordering::Relaxed) + 1).to_string();
        }
    },
    variant! {
        id: "id_upper_case",
        title: "ids are UUIDs in upper case",
        why: "RFC 7643 §3.1: an id is text of the server's own choice.",
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = id.to_uppercase();
        }
    },
    variant! {
        id: "password_ignored",
        title: "passwords are ignored",
        why: "RFC 7643 §4.1.1: password is optional; whoever signs people in elsewhere has no use for it.",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::User {
                forget_password(body);
            }
            Ok(())
        }
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if occasion.kind == Kind::User {
                operations.iter_mut().filter_map(|operation| operation.value.as_mut()).for_each(forget_password);
                operations.retain(|one| one.path.as_ref().is_none_or(|path| path.to_string() != "password"));
            }
            Ok(())
        }
    },
    variant! {
        id: "reads_lag",
        title: "reads are 300 ms behind writes",
        why: "RFC 7644 promises no read after a write; Okta leaves seconds between them. --settle waits.",
        fn lag(&self) -> Duration {
            Duration::from_millis(300)
        }
    },
    variant! {
        id: "busy",
        title: "somebody else creates users all the time",
        why: "RFC 7644 §3.4.2.4: a list may change between two pages; Okta is not the only client.",
        memory: AtomicUsize,
        fn meanwhile(&self, request: &Request) -> Option<Request> {
            const ONE_IN: usize = 23;
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            number.is_multiple_of(ONE_IN).then(|| colleague(request, number))
        }
    },
];

/// Brings back what the sent document does not name, parts of a complex attribute too.
fn keep_omitted(before: &Map<String, Value>, after: &mut Map<String, Value>, sent: &Value) {
    for (name, old) in before {
        match (sent.get(name), old, after.get_mut(name)) {
            (None, _, None) => _ = after.insert(name.clone(), old.clone()),
            (Some(sent), Value::Object(old), Some(Value::Object(new))) => keep_omitted(old, new, sent),
            _ => {}
        }
    }
}

fn forget_password(body: &mut Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !name.eq_ignore_ascii_case("password"));
    }
}

/// The create of a person, with the credential of this request.
fn colleague(request: &Request, number: usize) -> Request {
    let base = ["/Users", "/Groups", "/Roles", "/Entitlements", "/ResourceTypes", "/Schemas", "/ServiceProviderConfig"]
        .iter()
        .find_map(|endpoint| Some(request.path.split_once(endpoint)?.0))
        .unwrap_or_default();
    let body = json!({ "schemas": [USER_URN], "userName": format!("colleague.{number}@example.org"),
        "name": { "givenName": "Colleague", "familyName": format!("Number {number}") },
        "displayName": format!("Colleague {number}"), "active": true,
        "emails": [{ "value": format!("colleague.{number}@example.org"), "primary": true, "type": "work" }] });
    Request {
        method: "POST".into(),
        path: format!("{base}/Users"),
        query: String::new(),
        headers: request.headers.iter().filter(|(name, _)| name == "authorization").cloned().collect(),
        body: body.to_string().into_bytes(),
    }
}
