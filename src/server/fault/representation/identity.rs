//! Faults about ids: their form, and whether they stay with their resource.

use super::values;
use crate::scim::error::ScimError;
use crate::server::fault::{Action, Change, Claim, Fault, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The next number, as an id.
fn number(last: &AtomicU64) -> String {
    (1001 + last.fetch_add(1, Ordering::Relaxed)).to_string()
}

/// The text of digits as a JSON number.
fn as_number(value: &mut Value) {
    if let Some(number) = value.as_str().and_then(|text| text.parse::<u64>().ok()) {
        *value = number.into();
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "id_integer",
        title: "The id is a JSON number",
        story: "The primary key of the database goes out as it is. A client that reads ids as text refuses the whole answer.",
        source: "limosa-io/laravel-scim-server#40",
        case: "B030",
        memory: AtomicU64,
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = number(&self.0);
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            resource.get_mut("id").into_iter().for_each(as_number);
        }
    },
    fault! {
        id: "member_value_integer",
        title: "The value of a member is a JSON number",
        story: "Users have text as their id, but a group names its members by number: nobody in it can be recognised.",
        source: "goauthentik/authentik#15533",
        case: "B030a",
        memory: AtomicU64,
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = number(&self.0);
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            values(resource, "members").filter_map(|member| member.get_mut("value")).for_each(as_number);
        }
    },
    fault! {
        id: "user_group_value_integer",
        title: "The groups of a user are named by JSON numbers",
        story: "Clients that read from the user which groups it is in find ids of a kind that no group has.",
        source: "derived from goauthentik/authentik#15533",
        case: "B030b",
        memory: AtomicU64,
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = number(&self.0);
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            values(resource, "groups").filter_map(|group| group.get_mut("value")).for_each(as_number);
        }
    },
    fault! {
        id: "id_pipe",
        title: "Ids hold a character that cannot stand in a path",
        story: "Okta puts the id into the address of every later request. Its HTTP client refuses to build that address, so \
            no update and no deactivation ever leaves Okta.",
        source: "community.auth0.com 197855",
        case: "B031",
        fn identifier(&self, _: &Occasion, _: &Value, id: &mut String) {
            *id = format!("saml|directory|{id}");
        }
    },
    fault! {
        id: "id_slash",
        title: "Ids of users hold a slash",
        story: "The id reads like two segments of a path; what is sent to it arrives at another address.",
        source: "derived from community.auth0.com 197855",
        case: "B031a",
        fn identifier(&self, occasion: &Occasion, _: &Value, id: &mut String) {
            if occasion.kind == Kind::User {
                *id = format!("people/{id}");
            }
        }
    },
    fault! {
        id: "group_id_space",
        title: "Ids of groups hold a space",
        story: "Users work; a pushed group can be created and then never be changed again.",
        source: "derived from community.auth0.com 197855",
        case: "B031b",
        fn identifier(&self, occasion: &Occasion, _: &Value, id: &mut String) {
            if occasion.kind == Kind::Group {
                *id = format!("group {id}");
            }
        }
    },
    fault! {
        id: "id_from_username",
        title: "The id is the userName a user was created with",
        story: "After a rename the old name is still the id. The next person to get that name becomes the account of the one \
            who was renamed.",
        source: "jelhub/scimgateway#97",
        case: "B032",
        memory: Mutex<BTreeMap<String, String>>,
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            if let Some(name) = body["userName"].as_str() {
                name.clone_into(id);
            }
        }
        fn taken(&self, occasion: &Occasion, claim: &Claim, taken: &mut bool) {
            // The directory does not see a record of the same id as another one, and here a name's first owner has it as id.
            let has_it = |name: &String| name.eq_ignore_ascii_case(claim.wanted);
            *taken |= occasion.action == Action::Create && self.0.lock().is_ok_and(|names| names.values().any(has_it));
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let text = |name: &str| change.after.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(id), Some(name), Ok(mut names)) = (text("id"), text("userName"), self.0.lock()) {
                names.insert(id, name);
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let gone = request.one_of("Users").filter(|_| request.method == "DELETE" && answer.status == 204);
            if let (Some(id), Ok(mut names)) = (gone, self.0.lock()) {
                names.remove(&*percent_decode_str(id).decode_utf8_lossy());
            }
        }
    },
    fault! {
        id: "id_recycled",
        title: "The id of a deleted user is given to the next one",
        story: "Whoever still holds the old id, such as Okta with its link, writes into a stranger's account.",
        source: "derived from jelhub/scimgateway#97",
        case: "B032a",
        memory: Mutex<Vec<String>>,
        fn identifier(&self, occasion: &Occasion, _: &Value, id: &mut String) {
            if occasion.kind == Kind::User && let Some(free) = self.0.lock().ok().and_then(|mut free| free.pop()) {
                *id = free;
            }
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "DELETE" && answer.status == 204
                && let Some(id) = request.one_of("Users") && let Ok(mut free) = self.0.lock()
            {
                free.push(id.to_owned());
            }
        }
    },
    fault! {
        id: "id_from_external_id",
        title: "The id is the externalId that the client sent",
        story: "The client decides which record it gets: a person who is created again under the same Okta id takes over the \
            record that is there.",
        source: "derived from jelhub/scimgateway#97",
        case: "B032b",
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            if let Some(name) = body["externalId"].as_str() {
                name.clone_into(id);
            }
        }
    },
    fault! {
        id: "id_mismatch_create",
        title: "The answer to a create shows another id than the stored one",
        story: "Okta links the person to an id that does not exist. Every later request to it is a 404.",
        source: "wso2/product-is#3424",
        case: "B033",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Create {
                resource.insert("id".into(), uuid::Uuid::new_v4().to_string().into());
            }
        }
    },
    fault! {
        id: "group_id_mismatch_create",
        title: "The answer to the create of a group shows another id than the stored one",
        story: "The pushed group is there, but under an id that Okta was never told.",
        source: "derived from wso2/product-is#3424",
        case: "B033a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Create && occasion.kind == Kind::Group {
                resource.insert("id".into(), uuid::Uuid::new_v4().to_string().into());
            }
        }
    },
    fault! {
        id: "put_answers_other_id",
        title: "The answer to a PUT shows an id of its own",
        story: "The version of the record is taken for its id. A client that keeps the id of the last answer loses the account.",
        source: "derived from wso2/product-is#3424",
        case: "B033b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Replace && let Some(id) = resource["id"].as_str() {
                resource["id"] = json!(format!("{id}-2"));
            }
        }
    },
    fault! {
        id: "id_differs_in_lists",
        title: "Lists show other ids than reads",
        story: "Okta links to the id it finds in a look-up. The account behind it cannot be read or changed.",
        source: "derived from wso2/product-is#3424",
        case: "B033c",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List && let Some(id) = resource["id"].as_str() {
                resource["id"] = json!(format!("row-{id}"));
            }
        }
    },
];
