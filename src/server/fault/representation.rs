//! Faults about what answers hold.

use super::{Action, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

/// True for a request on one user.
fn on_a_user(request: &Request) -> bool {
    request.path.rsplit_once('/').is_some_and(|(before, id)| before.ends_with("/Users") && !id.is_empty())
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "schemas_missing",
        title: "Users have no schemas",
        story: "Okta refuses the answer with \"No schema's defined in scim user\".",
        source: "grokability/snipe-it#18864",
        case: "B035",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::User {
                resource.shift_remove("schemas");
            }
        }
    },
    fault! {
        id: "active_omitted_false",
        title: "active is left out when it is false",
        story: "Okta cannot tell a deactivated account from one without the attribute; its CRUD test fails.",
        source: "grokability/snipe-it#13855",
        case: "B038",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if resource.get("active") == Some(&json!(false)) {
                resource.shift_remove("active");
            }
        }
    },
    fault! {
        id: "get_by_id_list",
        title: "A read by id answers with a list of one",
        story: "Okta writes its change over the list and sends the list back as the user.",
        source: "Stack Overflow 77524118",
        case: "B034",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "GET" && answer.status == 200 && on_a_user(request)
                && let Ok(user) = serde_json::from_slice::<Value>(&answer.body)
            {
                let list = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
                    "startIndex": 1, "itemsPerPage": 1, "Resources": [user] });
                answer.body = list.to_string().into_bytes();
            }
        }
    },
    fault! {
        id: "create_empty_body",
        title: "A create is answered 201 without a body",
        story: "Okta needs the id of the new user and reports \"Create new user returned empty user\".",
        source: "Okta SCIM 2.0 reference, error texts",
        case: "B020",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "POST" && answer.status == 201 {
                answer.body.clear();
            }
        }
    },
    fault! {
        id: "error_plain_text",
        title: "Errors are plain text",
        story: "Okta shows a JSON parse error instead of the reason, and the administrator cannot help himself.",
        source: "Metatavu/keycloak-scim-server#100",
        case: "B148",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status >= 400 {
                answer.headers.retain(|(name, _)| name != "content-type");
                answer.headers.push(("content-type".into(), "text/plain".into()));
                answer.body = b"something went wrong".to_vec();
            }
        }
    },
    fault! {
        id: "unknown_user_500",
        title: "A read of an unknown user is answered 500",
        story: "Okta takes the user who is gone for a broken server and keeps the task open.",
        source: "elimity-com/scim#167",
        case: "B149",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.method == "GET" && error.status == 404 && on_a_user(request) {
                *error = ScimError::plain(500, "index out of range");
            }
        }
    },
    fault! {
        id: "password_echoed",
        title: "The password of a create is shown in its answer",
        story: "The password travels back in clear and into every log on the way; with Okta's next update it is pushed again.",
        source: "derived from Okta's own 2018 sample",
        case: "B090a",
        memory: std::sync::Mutex<Value>,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Create && let Ok(mut kept) = self.0.lock() {
                *kept = body.get("password").cloned().unwrap_or_default();
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Create && occasion.kind == Kind::User && let Ok(kept) = self.0.lock() {
                resource.insert("password".into(), kept.clone());
            }
        }
    },
];
