//! Faults about whose record a request touches, and whom the server believes.

use super::{Change, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::fault::Action;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Ids by a value that somebody is known by.
type Known = Mutex<HashMap<String, String>>;

/// The text at a JSON Pointer of a document's member.
fn text(fields: &Map<String, Value>, name: &str, pointer: &str) -> Option<String> {
    fields.get(name)?.pointer(pointer)?.as_str().map(str::to_lowercase)
}

/// Remembers a new user by a value, once.
fn remember(known: &Known, change: &Change, name: &str, pointer: &str) {
    if change.occasion.kind != Kind::User || change.occasion.action != Action::Create {
        return;
    }
    if let (Some(value), Some(id)) = (text(change.after, name, pointer), change.after.get("id").and_then(Value::as_str))
    {
        known.lock().unwrap_or_else(PoisonError::into_inner).entry(value).or_insert_with(|| id.to_owned());
    }
}

/// Gives a new user the id of whoever is known by the same value: what is stored then takes that record's place.
fn adopt(known: &Known, body: &Value, name: &str, pointer: &str, id: &mut String) {
    let value = body.as_object().and_then(|fields| text(fields, name, pointer));
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = value.and_then(|value| known.get(&value)) {
        id.clone_from(found);
    }
}

/// Builds the addresses of what is shown on another host.
fn move_to(answer: &mut Answer, host: &str) {
    answer.edit(|body| {
        let location = body.pointer_mut("/meta/location");
        let Some(Value::String(location)) = location else { return };
        if let Some((_, path)) = location.split_once("://").and_then(|(_, rest)| rest.split_once('/')) {
            *location = format!("http://{host}/{path}");
        }
    });
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "client_id_overwrites",
        title: "A create honours the id it is given",
        story: "A new user sent with the id of somebody else takes that person's record over; the person is gone.",
        source: "msaad00/agent-bom#3534",
        case: "B171",
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            if let Some(given) = body.get("id").and_then(Value::as_str) {
                given.clone_into(id);
            }
        }
    },
    fault! {
        id: "client_id_chosen",
        title: "A new user gets the id that the client chose, when it is free",
        story: "Ids belong to the server. A client that chooses them can take one that is about to be given, or one that \
            means something elsewhere.",
        source: "derived from msaad00/agent-bom#3534",
        case: "B171a",
        memory: Known,
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            let Some(given) = body.get("id").and_then(Value::as_str) else { return };
            if !self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(given) {
                given.clone_into(id);
            }
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            remember(&self.0, change, "id", "");
            Ok(())
        }
    },
    fault! {
        id: "put_body_id_decides",
        title: "A PUT changes the user whose id is in the body, not the one in the path",
        story: "Two ids disagree, after an import gone wrong, and another person's record is overwritten.",
        source: "derived from msaad00/agent-bom#3534",
        case: "B171b",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.is_on_one("PUT", "Users") {
                let body = request.json()?;
                let id = body.get("id")?.as_str()?;
                let (before, _) = request.path.rsplit_once('/')?;
                request.path = format!("{before}/{id}");
            }
            None
        }
    },
    fault! {
        id: "email_match_adopts",
        title: "A create with a known e-mail address rewrites the user who has it",
        story: "Two people share a mailbox, or an address was handed on. The account that was there gets the new person's \
            name and is theirs from then on.",
        source: "intuitem/ciso-assistant-community#4658",
        case: "B172",
        memory: Known,
        fn identifier(&self, occasion: &Occasion, body: &Value, id: &mut String) {
            if occasion.kind == Kind::User {
                adopt(&self.0, body, "emails", "/0/value", id);
            }
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            remember(&self.0, change, "emails", "/0/value");
            Ok(())
        }
    },
    fault! {
        id: "external_id_adopts",
        title: "A create with a known externalId rewrites the user who has it",
        story: "A second Okta app, or a second client, counts its people in its own way. Its person takes over the account \
            of another.",
        source: "derived from kobotoolbox/kpi#7102",
        case: "B172a",
        memory: Known,
        fn identifier(&self, occasion: &Occasion, body: &Value, id: &mut String) {
            if occasion.kind == Kind::User {
                adopt(&self.0, body, "externalId", "", id);
            }
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            remember(&self.0, change, "externalId", "");
            Ok(())
        }
    },
    fault! {
        id: "location_from_forwarded_host",
        title: "meta.location is built on X-Forwarded-Host",
        story: "Whoever sends the header decides where links lead; a cache in between hands them to everybody.",
        source: "NorthlandPositronics/Cogtrix#360",
        case: "B173",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if let Some(host) = request.header("x-forwarded-host") {
                move_to(answer, host);
            }
        }
    },
    fault! {
        id: "location_from_forwarded",
        title: "meta.location is built on the Forwarded header",
        story: "The header has another name, the effect is the same: links lead where the sender likes.",
        source: "derived from NorthlandPositronics/Cogtrix#360",
        case: "B173a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let host = request.header("forwarded").and_then(|value| value.split(';').find_map(|p| p.trim().strip_prefix("host=")));
            if let Some(host) = host {
                move_to(answer, host);
            }
        }
    },
];
