//! Faults about passwords.

use super::{Action, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::patch::Operation;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Mutex;

/// The last password of each user, by id.
type Passwords = Mutex<HashMap<String, Value>>;

/// Remembers the password that a body carries.
fn learn(passwords: &Passwords, id: &str, body: &Value) {
    if let (Some(password), Ok(mut all)) = (body.get("password"), passwords.lock()) {
        all.insert(id.to_owned(), password.clone());
    }
}

/// The remembered password of a shown user.
fn recall(passwords: &Passwords, resource: &Map<String, Value>) -> Option<Value> {
    passwords.lock().ok()?.get(resource.get("id")?.as_str()?).cloned()
}

/// True when an operation without a path carries a password.
fn carries_password(operations: &[Operation]) -> bool {
    operations.iter().any(|operation| operation.value.as_ref().is_some_and(|value| value.get("password").is_some()))
}

/// Refuses a password of a create that does not hold to a policy.
fn policy(holds: fn(&str) -> bool, detail: &str, occasion: &Occasion, body: &Value) -> Result<(), ScimError> {
    match body["password"].as_str() {
        Some(password) if occasion.is(Action::Create, Kind::User) && !holds(password) => Err(ScimError::value(detail)),
        _ => Ok(()),
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "password_policy_400",
        title: "A create whose password has no symbol is refused",
        story: "Okta sends eight random characters with every create, wanted or not. Nobody can be assigned, because of a \
            password nobody will ever type.",
        source: "zitadel/zitadel#10009",
        case: "B091",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let holds = |password: &str| password.chars().any(|c| !c.is_alphanumeric());
            policy(holds, "Password must contain symbol", occasion, body)
        }
    },
    fault! {
        id: "password_too_short",
        title: "A create whose password has less than twelve characters is refused",
        story: "The random password of Okta has eight, so nobody can be assigned.",
        source: "derived from zitadel/zitadel#10009",
        case: "B091a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            policy(|password| password.chars().count() >= 12, "Password is too short", occasion, body)
        }
    },
    fault! {
        id: "password_markup_400",
        title: "A create whose password has an & in it is refused",
        story: "A filter against markup looks at passwords too: now and then, and never twice for the same reason, an \
            assignment fails.",
        source: "derived from zitadel/zitadel#10009",
        case: "B091b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            policy(|password| !password.contains('&'), "Password holds an invalid character", occasion, body)
        }
    },
    fault! {
        id: "password_echo",
        title: "The password is shown in answers",
        story: "The password travels back in clear and into every log on the way; with Okta's next update it is pushed again.",
        source: "GluuFederation/SCIM-Client#27",
        case: "B092",
        memory: Passwords,
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            learn(&self.0, id, body);
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if let Some(password) = recall(&self.0, resource) {
                resource.insert("password".into(), password);
            }
        }
    },
    fault! {
        id: "password_hash_shown",
        title: "Reads show the hash of the password",
        story: "Whoever may list users can take the hashes home and try passwords at leisure.",
        source: "derived from GluuFederation/SCIM-Client#27",
        case: "B092a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::User {
                resource.insert("passwordHash".into(), "$2b$10$abcdefghijklmnopqrstuu".into());
            }
        }
    },
    fault! {
        id: "password_dummy_listed",
        title: "Lists show a password of asterisks",
        story: "No secret leaks, but whoever writes back what was read sets the asterisks as the password.",
        source: "derived from GluuFederation/SCIM-Client#27",
        case: "B092b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.is(Action::List, Kind::User) {
                resource.insert("password".into(), "********".into());
            }
        }
    },
    fault! {
        id: "password_in_error",
        title: "A refusal repeats the password that was sent",
        story: "The error text goes into Okta's log, where every administrator reads it.",
        source: "derived from GluuFederation/SCIM-Client#27",
        case: "B092c",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 409 && let (Ok(sent), Ok(mut body)) =
                (serde_json::from_slice::<Value>(&request.body), serde_json::from_slice::<Value>(&answer.body))
            {
                body["detail"] = format!("Duplicate: {sent}").into();
                answer.body = body.to_string().into_bytes();
            }
        }
    },
    fault! {
        id: "password_patch_500",
        title: "A PATCH of the password fails with 500",
        story: "With Sync Password on, no new password of Okta arrives, and each try ends in an error.",
        source: "FusionAuth/fusionauth-issues#1791",
        case: "B094",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if carries_password(operations) {
                return Err(ScimError::plain(500, "password cannot be patched"));
            }
            Ok(())
        }
    },
    fault! {
        id: "password_put_500",
        title: "A PUT that carries a password fails with 500",
        story: "Apps made with the wizard send a new password by PUT; none arrives.",
        source: "derived from FusionAuth/fusionauth-issues#1791",
        case: "B094a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Replace, Kind::User) && body.get("password").is_some() {
                return Err(ScimError::plain(500, "password cannot be written"));
            }
            Ok(())
        }
    },
    fault! {
        id: "password_sync_locks",
        title: "A new password deactivates the user",
        story: "The app waits for the person to confirm the password; until then somebody who only changed it is locked out.",
        source: "derived from FusionAuth/fusionauth-issues#1791",
        case: "B094b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Replace, Kind::User) && body.get("password").is_some() {
                body["active"] = false.into(); // A body with a member is an object.
            }
            Ok(())
        }
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if carries_password(operations) {
                for operation in operations.iter_mut() {
                    operation.value = Some(json!({ "active": false }));
                }
            }
            Ok(())
        }
    },
];
