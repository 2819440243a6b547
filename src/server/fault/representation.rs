//! Faults about id, meta and what answers hold.

use super::{Fault, Occasion, fault};
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
];
