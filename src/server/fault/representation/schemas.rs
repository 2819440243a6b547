//! Faults about what an answer says it is: its envelope and its `schemas`.

use super::listed;
use crate::server::fault::{Action, Fault, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "get_by_id_list",
        title: "A read by id answers with a list of one",
        story: "Okta writes its change over the list and sends the list back as the user.",
        source: "Stack Overflow 77524118",
        case: "B034",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            listed("GET", "Users", request, answer);
        }
    },
    fault! {
        id: "group_get_by_id_list",
        title: "A read of a group by id answers with a list of one",
        story: "The group cannot be checked after a push, and wizard apps send the list back as the group.",
        source: "derived from Stack Overflow 77524118",
        case: "B034a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            listed("GET", "Groups", request, answer);
        }
    },
    fault! {
        id: "put_answers_list",
        title: "A PUT is answered with a list of one",
        story: "The change is stored, but the answer is no user: Okta cannot see what came of it.",
        source: "derived from Stack Overflow 77524118",
        case: "B034b",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            listed("PUT", "Users", request, answer);
        }
    },
    fault! {
        id: "read_in_array",
        title: "A read by id answers with an array of one",
        story: "The answer is valid JSON with the right status and nothing a SCIM client can use.",
        source: "derived from Stack Overflow 77524118",
        case: "B034c",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "GET" && answer.status == 200 && request.one_of("Users").is_some() {
                answer.edit(|user| *user = json!([user.take()]));
            }
        }
    },
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
        id: "schemas_missing_in_lists",
        title: "Listed resources have no schemas",
        story: "Reads by id are right, but an import meets only users and groups that do not say what they are.",
        source: "jelhub/scimgateway#44",
        case: "B035a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List {
                resource.shift_remove("schemas");
            }
        }
    },
    fault! {
        id: "group_schemas_text",
        title: "The schemas of a group is a text and not an array",
        story: "A client that expects a list of URNs cannot read the group.",
        source: "derived from grokability/snipe-it#18864",
        case: "B035b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && let Some(schemas) = resource.get_mut("schemas") {
                *schemas = schemas[0].take();
            }
        }
    },
    fault! {
        id: "patch_echo_schema",
        title: "The answer to a PATCH says that it is a PatchOp",
        story: "The schemas of the request are copied into the answer, so what comes back is no user and no group to Okta.",
        source: "jelhub/scimgateway#33",
        case: "B036",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Patch {
                resource.insert("schemas".into(), json!([crate::scim::patch::PATCH_OP_URN]));
            }
        }
    },
    fault! {
        id: "group_put_echo_user_schema",
        title: "The answer to the PUT of a group says that it is a user",
        story: "A template that was written for users is used for groups too; the answer cannot be read as a group.",
        source: "derived from jelhub/scimgateway#33",
        case: "B036a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Replace && occasion.kind == Kind::Group {
                resource.insert("schemas".into(), json!([crate::scim::schema::USER_URN]));
            }
        }
    },
    fault! {
        id: "create_echo_list_schema",
        title: "The answer to a create says that it is a list",
        story: "The new user comes back under the schema of a list, and a client that goes by it looks for Resources.",
        source: "derived from jelhub/scimgateway#33",
        case: "B036b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Create {
                resource.insert("schemas".into(), json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
            }
        }
    },
];
