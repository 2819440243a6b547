//! Faults about deleting users.

use super::lifecycle::locked;
use super::{Action, Claim, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "delete_twice_204",
        title: "deleting a user who is not there is answered 204",
        story: "A client that tidies up believes that it has deleted something. A mistyped id goes unnoticed.",
        source: "wso2/charon#118",
        case: "B088",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "DELETE" && request.is_at("Users") && answer.status == 404 {
                *answer = Answer::empty(204);
            }
        }
    },
    fault! {
        id: "delete_twice_500",
        title: "deleting a user who is not there is answered 500",
        story: "A repeated delete, sent because an answer was lost, looks like a failure of the server.",
        source: "wso2/product-is#11976, derived from wso2/charon#118",
        case: "B088a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "DELETE" && request.is_at("Users") && answer.status == 404 {
                *answer = Answer::refusal(&ScimError::plain(500, "Object reference not set"));
            }
        }
    },
    fault! {
        id: "delete_only_deactivates",
        title: "a delete is answered 204 and deactivates",
        story: "The record was to be erased. It is still read under its id, with everything in it.",
        source: "derived from wireapp/wire-server#548",
        case: "B089a",
        memory: Mutex<HashSet<String>>,
        fn removal(&self, occasion: &Occasion, _: &Map<String, Value>, keep: &mut bool) -> Result<(), ScimError> {
            if let (Kind::User, Some(id)) = (occasion.kind, occasion.id) {
                *keep = true;
                locked(&self.0).insert(id.to_owned());
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
            if locked(&self.0).contains(id) {
                resource.insert("active".into(), false.into());
            }
        }
    },
    fault! {
        id: "delete_still_listed",
        title: "deleted users stay in lists",
        story: "An import brings people back who were deleted, and every read of them fails.",
        source: "wireapp/wire-server#548",
        case: "B089",
        memory: Mutex<HashMap<String, String>>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let id = request.path.rsplit('/').next().unwrap_or_default();
            let gone = request.is_at("Users") && locked(&self.0).contains_key(id);
            gone.then(|| Answer::refusal(&ScimError::plain(404, format!("There is no User with the id {id:?}"))))
        }
        fn removal(&self, occasion: &Occasion, user: &Map<String, Value>, keep: &mut bool) -> Result<(), ScimError> {
            if let (Kind::User, Some(id)) = (occasion.kind, occasion.id) {
                *keep = true;
                locked(&self.0).insert(id.to_owned(), name_of(user));
            }
            Ok(())
        }
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            let gone = locked(&self.0);
            *taken &= !claim.held.iter().all(|held| gone.values().any(|name| name == held));
        }
    },
    fault! {
        id: "delete_still_counted",
        title: "deleted users are still counted in totalResults",
        story: "The import reads page after page for people who are not there, and reports fewer than it was promised.",
        source: "derived from wireapp/wire-server#548",
        case: "B089b",
        memory: Mutex<Vec<String>>,
        fn removal(&self, occasion: &Occasion, user: &Map<String, Value>, _: &mut bool) -> Result<(), ScimError> {
            if occasion.kind == Kind::User {
                locked(&self.0).push(name_of(user));
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let query = percent_decode_str(&request.query).decode_utf8_lossy();
            let counted = |name: &&String| !query.contains("filter=") || query.contains(name.as_str());
            let gone = locked(&self.0).iter().filter(counted).count();
            answer.edit(|body| {
                if let Some(total) = body.get("totalResults").and_then(Value::as_u64).filter(|_| request.is_at("Users")) {
                    body["totalResults"] = json!(total + gone as u64);
                }
            });
        }
    },
    fault! {
        id: "delete_keeps_name",
        title: "the userName of a deleted user stays taken",
        story: "An account was deleted by mistake. Creating it again is a conflict with somebody nobody can see.",
        source: "derived from wireapp/wire-server#548",
        case: "B089c",
        memory: Mutex<HashSet<String>>,
        fn removal(&self, _: &Occasion, user: &Map<String, Value>, _: &mut bool) -> Result<(), ScimError> {
            locked(&self.0).insert(name_of(user));
            Ok(())
        }
        fn taken(&self, occasion: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken |= occasion.action == Action::Create && locked(&self.0).contains(claim.wanted);
        }
    },
    fault! {
        id: "put_creates",
        title: "a PUT of a user who is not there is answered 200",
        story: "A save that inserts what it does not find answers a write to a deleted account as if it had been stored.",
        source: "derived from wireapp/wire-server#548",
        case: "B089d",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "PUT" && request.is_at("Users") && answer.status == 404 {
                let id = request.path.rsplit('/').next().unwrap_or_default();
                let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                if let Some(user) = body.as_object_mut() {
                    user.insert("id".into(), json!(id));
                }
                *answer = Answer::scim(200, &body);
            }
        }
    },
    fault! {
        id: "patch_missing_204",
        title: "a PATCH of a user who is not there is answered 204",
        story: "The UPDATE touches no row and nobody looks. Okta believes in a deactivation that never was.",
        source: "derived from RFC 7644 §3.6",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "PATCH" && request.is_at("Users") && answer.status == 404 {
                *answer = Answer::empty(204);
            }
        }
    },
    fault! {
        id: "delete_200",
        title: "a delete is answered 200 with a message",
        story: "Clients that wait for 204 and an empty body take the message for a failure.",
        source: "derived from RFC 7644 §3.6",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "DELETE" && answer.status == 204 {
                *answer = Answer::scim(200, &json!({ "message": "deleted" }));
            }
        }
    },
];

fn name_of(user: &Map<String, Value>) -> String {
    user.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned()
}
