//! Faults about PUT.

use super::{Action, Change, Claim, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::{Operation, Verb};
use crate::scim::schema::ENTERPRISE_URN;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Mutex;

/// Refusals that are owed to a request although part of it was stored, by the id in its path.
type Owed = Mutex<HashMap<String, ScimError>>;

fn owe(owed: &Owed, occasion: &Occasion, error: ScimError) {
    if let (Some(id), Ok(mut owed)) = (occasion.id, owed.lock()) {
        owed.insert(id.to_owned(), error);
    }
}

/// Answers the refusal that is owed for this request.
fn pay(owed: &Owed, method: &str, request: &Request, answer: &mut Answer) {
    let id = request.path.rsplit('/').next().unwrap_or_default();
    if request.method == method
        && let Ok(mut owed) = owed.lock()
        && let Some(error) = owed.remove(id)
    {
        *answer = Answer::refusal(&error);
    }
}

/// Leaves these attributes as they were when a resource of this kind is put.
pub(super) fn ignores(kind: Kind, names: &[&str], change: &mut Change) {
    let (true, Some(before)) = (change.occasion.is(Action::Replace, kind), change.before) else { return };
    for name in names {
        match before.get(*name) {
            Some(old) => change.after.insert((*name).to_owned(), old.clone()),
            None => change.after.shift_remove(*name),
        };
    }
}

/// Refuses a PUT of a user for which this holds.
fn refuses_put(
    refused: fn(&Map<String, Value>) -> bool,
    detail: &str,
    occasion: &Occasion,
    body: &Value,
) -> Result<(), ScimError> {
    match body.as_object() {
        Some(body) if occasion.is(Action::Replace, Kind::User) && refused(body) => Err(ScimError::value(detail)),
        _ => Ok(()),
    }
}

/// True when a body, or an operation in it, sets active to false.
fn deactivates(body: &Value) -> bool {
    let mut operations = body["Operations"].as_array().into_iter().flatten();
    body["active"] == false || operations.any(|operation| operation["value"]["active"] == false)
}

/// Takes a missing active for false.
fn inactive_unless_told(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.entry("active").or_insert(false.into());
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "put_405",
        title: "PUT of users is not implemented",
        story: "No profile change from Okta ever arrives.",
        source: "coder/coder#15828",
        case: "B055",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "PUT" && request.path.contains("/Users/");
            hit.then(|| Answer::refusal(&ScimError::plain(405, "PUT is not supported")))
        }
    },
    fault! {
        id: "put_rejects_read_only",
        title: "A PUT with id or meta in it is refused",
        story: "Okta sends back the very document it read. What the server put into it makes the server refuse it.",
        source: "derived from coder/coder#15828",
        case: "B055a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuses_put(|body| body.contains_key("id") || body.contains_key("meta"), "id is read-only", occasion, body)
        }
    },
    fault! {
        id: "put_requires_password",
        title: "A PUT without password is refused",
        story: "Okta sends a password with a create and none with a change, so no change ever arrives.",
        source: "derived from coder/coder#15828",
        case: "B055b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuses_put(|body| !body.contains_key("password"), "password is required", occasion, body)
        }
    },
    fault! {
        id: "put_ignores_username",
        title: "PUT answers 200 and keeps the old userName and e-mail addresses",
        story: "A renamed person goes on under the old name; Okta looks up the new one and creates a second account.",
        source: "RoboFinSystems/robosystems#1165",
        case: "B056",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["userName", "emails"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_ignores_externalid",
        title: "PUT answers 200 and keeps the old externalId",
        story: "An account that is linked to another person of Okta keeps the id of the first.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["externalId"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_ignores_contacts",
        title: "PUT answers 200 and keeps the old phone numbers and addresses",
        story: "Somebody moves, and the app goes on sending letters and codes to the old place.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["phoneNumbers", "addresses"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_ignores_extension",
        title: "PUT answers 200 and keeps the old enterprise extension",
        story: "Somebody moves to another department and keeps the rights of the last one.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056c",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &[ENTERPRISE_URN], change);
            Ok(())
        }
    },
    fault! {
        id: "put_partial_name_clears",
        title: "A PUT clears the part of a name it leaves out, and nothing else it leaves out",
        story: "A client that sends a first name alone takes the last name away, while title and phones stay.",
        source: "Metatavu/keycloak-scim-server#105",
        case: "B057",
        memory: Mutex<Vec<String>>,
        fn body(&self, _: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if let (Some(body), Ok(mut named)) = (body.as_object(), self.0.lock()) {
                *named = body.keys().cloned().collect();
            }
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (true, Some(before), Ok(named)) =
                (change.occasion.is(Action::Replace, Kind::User), change.before, self.0.lock())
            {
                for (name, old) in before.iter().filter(|(name, _)| !named.contains(name)) {
                    change.after.entry(name.clone()).or_insert_with(|| old.clone());
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "put_deactivate_404",
        title: "A deactivation is done and answered 404",
        story: "Okta shows an error for a leaver who has lost access, and an administrator tries for ever to repeat it.",
        source: "harness/harness-core#48592",
        case: "B058",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let done = ["PUT", "PATCH"].contains(&request.method.as_str()) && answer.status < 300;
            if done && serde_json::from_slice::<Value>(&request.body).is_ok_and(|body| deactivates(&body)) {
                *answer = Answer::refusal(&ScimError::plain(404, "User not found"));
            }
        }
    },
    fault! {
        id: "put_rename_404",
        title: "A rename is done and answered 404",
        story: "The handler looks the user up by the old name to answer. Okta shows an error for a change that was made.",
        source: "derived from harness/harness-core#48592",
        case: "B058a",
        memory: Owed,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let renamed = change.before.is_some_and(|before| before.get("userName") != change.after.get("userName"));
            if renamed {
                owe(&self.0, &change.occasion, ScimError::plain(404, "User not found"));
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            pay(&self.0, "PUT", request, answer);
        }
    },
    fault! {
        id: "active_default_false",
        title: "A body without active makes the user inactive",
        story: "Who is created or saved without a word about active is locked out, and nobody has decided that.",
        source: "GluuFederation/SCIM-Client#63",
        case: "B060",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Create, Kind::User) || occasion.is(Action::Replace, Kind::User) {
                inactive_unless_told(body);
            }
            Ok(())
        }
    },
    fault! {
        id: "put_active_default_false",
        title: "A PUT without active makes the user inactive",
        story: "A client that saves a name locks the person out.",
        source: "derived from GluuFederation/SCIM-Client#63",
        case: "B060a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Replace, Kind::User) {
                inactive_unless_told(body);
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_ignores_members",
        title: "Members in a create or PUT of a group are ignored",
        story: "Okta shows the team as pushed; in the app the group stays as it was, and so does everybody's access.",
        source: "bitwarden/server#2919",
        case: "B061",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::Group, &["members"], change);
            if change.occasion.is(Action::Create, Kind::Group) {
                change.after.shift_remove("members");
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_merges_members",
        title: "A PUT of a group adds members and removes none",
        story: "Whoever Okta takes out of a group keeps the access of the group.",
        source: "derived from bitwarden/server#2919",
        case: "B061a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let old = change.before.and_then(|before| before.get("members")).and_then(Value::as_array);
            if let (true, Some(old)) = (change.occasion.is(Action::Replace, Kind::Group), old) {
                let members = change.after.entry("members").or_insert_with(|| Vec::<Value>::new().into());
                if let Some(members) = members.as_array_mut() {
                    let gone = old.iter().filter(|old| members.iter().all(|member| member["value"] != old["value"]));
                    members.extend(gone.cloned().collect::<Vec<_>>());
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_members_immutable",
        title: "A PUT of a group with other members is refused as immutable",
        story: "Apps made with the wizard change members by PUT: the group is created, and nobody ever gets into it.",
        source: "simpleidserver/SimpleIdServer#247",
        case: "B062",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let moved = change.before.is_some_and(|before| before.get("members") != change.after.get("members"));
            if moved && change.occasion.is(Action::Replace, Kind::Group) {
                return Err(ScimError::bad(ScimType::Mutability, "members are immutable"));
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_ignores_name",
        title: "A PUT of a group keeps the old name",
        story: "Okta renames a group and is told 200; the next look-up by the new name finds nothing, and a second one is made.",
        source: "jelhub/scimgateway#95",
        case: "B063",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::Group, &["displayName"], change);
            Ok(())
        }
    },
    fault! {
        id: "update_partial_on_error",
        title: "What stands before the failing attribute of a refused PUT is stored",
        story: "Okta is told that the change failed and shows the old profile; the app has half of the new one.",
        source: "zulip/zulip#39869",
        case: "B064",
        memory: Owed,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let misfit = body.get("emails").is_some_and(|emails| !emails.is_array() && !emails.is_null());
            if misfit && occasion.is(Action::Replace, Kind::User) {
                body.as_object_mut().and_then(|body| body.shift_remove("emails"));
                owe(&self.0, occasion, ScimError::value("emails must be an array"));
            }
            Ok(())
        }
        fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
            if *taken && occasion.action == Action::Replace {
                *taken = false;
                owe(&self.0, occasion, ScimError::taken("The userName is already in use"));
            }
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let half = self.0.lock().is_ok_and(|owed| change.occasion.id.is_some_and(|id| owed.contains_key(id)));
            if half {
                ignores(Kind::User, &["userName", "emails"], change);
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            pay(&self.0, "PUT", request, answer);
        }
    },
    fault! {
        id: "patch_partial_on_error",
        title: "What stands before the failing operation of a refused PATCH is stored",
        story: "A client is told that nothing was done, and half of it was.",
        source: "derived from zulip/zulip#39869",
        case: "B064a",
        memory: Owed,
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let fails = |o: &Operation| o.verb == Verb::Replace && o.path.as_ref().is_some_and(|path| path.filter.is_some());
            if let Some(failing) = operations.iter().position(fails).filter(|failing| *failing > 0) {
                operations.truncate(failing);
                owe(&self.0, occasion, ScimError::bad(ScimType::NoTarget, "Nothing matches the filter of the path"));
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            pay(&self.0, "PATCH", request, answer);
        }
    },
];
