//! Faults about operations without a path, the form that Okta sends.

use super::{clear_first, complex_names, members, on_user, patches_user};
use crate::scim::error::ScimError;
use crate::scim::patch::{Operation, Verb};
use crate::scim::schema::ENTERPRISE_URN;
use crate::server::fault::{Action, Change, Fault, Occasion, fault};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads any text as true, as a language does that asks only whether there is something.
fn text_is_true(value: &mut Value) {
    if value.as_str().is_some_and(|text| !text.is_empty()) {
        *value = json!(true);
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "patch_pathless_500",
        title: "An operation without a path is answered 500",
        story: "Okta deactivates without a path. The server stumbles over the one that is missing, and the leaver stays.",
        source: "Metatavu/keycloak-scim-server#95",
        case: "B065",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if operations.iter().any(|operation| operation.path.is_none()) {
                return Err(ScimError::plain(500, "path must not be null"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_pathless_ignored",
        title: "An operation without a path is accepted and does nothing",
        story: "Okta sees a 200 for the deactivation, and the account stays open.",
        source: "derived from pond/scimitar#29",
        case: "B065a",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|operation| operation.path.is_some() || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_pathless_true_500",
        title: "active=true without a path is answered 500",
        story: "Leavers are deactivated, but nobody can come back.",
        source: "derived from getsentry/sentry#27199",
        case: "B065b",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let activates = |members: &mut Map<String, Value>| members.get("active") == Some(&json!(true));
            if on_user(occasion, operations).filter_map(members).any(activates) {
                return Err(ScimError::plain(500, "path must not be null"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_pathless_wipes",
        title: "A replace without a path clears all other attributes",
        story: "Deactivating a leaver wipes the profile; when the person comes back, there is nothing left.",
        source: "ssoready/ssoready#206",
        case: "B066",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if patches_user(change) {
                let kept = ["schemas", "id", "userName", "active", "meta"];
                change.after.retain(|name, _| kept.contains(&name.as_str()));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_pathless_wipes_external_id",
        title: "A PATCH clears externalId",
        story: "The attribute is read from the request alone, and Okta's PATCH does not repeat it.",
        source: "derived from ssoready/ssoready#206",
        case: "B066a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if patches_user(change) {
                change.after.shift_remove("externalId");
            }
            Ok(())
        }
    },
    fault! {
        id: "group_pathless_wipes_members",
        title: "Renaming a group without a path clears its members",
        story: "Okta writes the name with every push, and each time everybody is out of the group.",
        source: "derived from ssoready/ssoready#206",
        case: "B066b",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group {
                clear_first(operations, |operation| match operation.path {
                    None => vec!["members".into()],
                    Some(_) => Vec::new(),
                });
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_wipes_extension",
        title: "A PATCH of a user clears the enterprise extension",
        story: "Only the core attributes are written back; department and manager go with the first deactivation.",
        source: "derived from ssoready/ssoready#206",
        case: "B066c",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if patches_user(change) {
                change.after.shift_remove(ENTERPRISE_URN);
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_noop_400",
        title: "A PATCH that changes nothing is refused",
        story: "Okta repeats a request whose answer it lost. The second time there is nothing to change, and the task fails.",
        source: "better-auth/better-auth#8549",
        case: "B067",
        memory: AtomicBool,
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            // Whether a password is new is not seen in what is stored.
            let password = on_user(occasion, operations).filter_map(members).any(|value| value.contains_key("password"));
            self.0.store(password, Ordering::Relaxed);
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Patch && !self.0.load(Ordering::Relaxed)
                && change.before == Some(&*change.after)
            {
                return Err(ScimError::plain(400, "No valid fields to update"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_active_again_400",
        title: "active=true for an active user is refused",
        story: "Okta activates an account that it links to, whatever its state; the assignment goes into error.",
        source: "derived from better-auth/better-auth#8549",
        case: "B067a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let active = |fields: &Map<String, Value>| fields.get("active") == Some(&json!(true));
            if patches_user(change) && change.before.is_some_and(active) && active(change.after) {
                return Err(ScimError::plain(400, "The user is active already"));
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_noop_400",
        title: "A PUT of a group that changes nothing is refused",
        story: "Wizard apps write a new group once more right after its create; the push stops there.",
        source: "derived from better-auth/better-auth#8549",
        case: "B067b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Change { occasion, before, after, .. } = change;
            if occasion.action == Action::Replace && occasion.kind == Kind::Group && *before == Some(&**after) {
                return Err(ScimError::plain(400, "No valid fields to update"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_string_false_is_true",
        title: "active=\"False\" in a PATCH is taken as true",
        story: "The text is not empty, so it counts as yes: who is to be locked out is let in.",
        source: "scimmyjs/scimmy#51",
        case: "B068",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in on_user(occasion, operations) {
                if operation.path.as_ref().is_some_and(|path| path.attribute.attribute.eq_ignore_ascii_case("active")) {
                    operation.value.iter_mut().for_each(text_is_true);
                }
                members(operation).and_then(|value| value.get_mut("active")).into_iter().for_each(text_is_true);
            }
            Ok(())
        }
    },
    fault! {
        id: "put_string_false_is_true",
        title: "active=\"False\" in a PUT is taken as true",
        story: "The text is not empty, so it counts as yes: who is to be locked out is let in.",
        source: "derived from scimmyjs/scimmy#51",
        case: "B068a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Replace {
                body.get_mut("active").into_iter().for_each(text_is_true);
            }
            Ok(())
        }
    },
    fault! {
        id: "create_string_false_is_true",
        title: "active=\"False\" in a create is taken as true",
        story: "Somebody who is to be created locked is created open.",
        source: "derived from scimmyjs/scimmy#51",
        case: "B068b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Create {
                body.get_mut("active").into_iter().for_each(text_is_true);
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_dotted_literal",
        title: "A dotted name in the value of a PATCH becomes a member of that name",
        story: "Other clients write name.familyName for a part of the name. The name stays, and the record holds nonsense.",
        source: "scimmyjs/scimmy#10",
        case: "B070",
        memory: Mutex<Vec<(String, Map<String, Value>)>>,
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let mut dotted = Map::new();
            for value in on_user(occasion, operations).filter_map(members) {
                let names: Vec<String> =
                    value.keys().filter(|name| name.contains('.') && !name.contains(':')).cloned().collect();
                dotted.extend(names.into_iter().filter_map(|name| value.shift_remove_entry(&name)));
            }
            if let (Some(id), Ok(mut kept)) = (occasion.id, self.0.lock()) {
                kept.push((id.to_owned(), dotted));
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let Ok(kept) = self.0.lock() else { return };
            let own: Vec<_> = kept.iter().filter(|(id, _)| resource.get("id") == Some(&json!(id))).collect();
            resource.extend(own.into_iter().flat_map(|(_, dotted)| dotted.clone()));
        }
    },
    fault! {
        id: "patch_dotted_ignored",
        title: "A dotted name in the value of a PATCH is ignored",
        story: "The answer is 200 and the name stays as it was.",
        source: "derived from scimmyjs/scimmy#10",
        case: "B070a",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for value in on_user(occasion, operations).filter_map(members) {
                value.retain(|name, _| !name.contains('.') || name.contains(':'));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_nested_wipes",
        title: "Replacing a part of the name clears the other parts",
        story: "A new first name arrives, and the family name is gone.",
        source: "Captain-P-Goldfish/SCIM-SDK#327",
        case: "B071",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            clear_first(operations, |operation| match operation.verb {
                Verb::Replace => complex_names(operation).into_iter().filter(|name| !name.contains(':')).collect(),
                _ => Vec::new(),
            });
            Ok(())
        }
    },
    fault! {
        id: "patch_add_nested_wipes",
        title: "Adding a part of the name clears the other parts",
        story: "An add is treated as if it put a whole new name in place.",
        source: "derived from Captain-P-Goldfish/SCIM-SDK#327",
        case: "B071a",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            clear_first(operations, |operation| match operation.verb {
                Verb::Add => complex_names(operation).into_iter().filter(|name| !name.contains(':')).collect(),
                _ => Vec::new(),
            });
            Ok(())
        }
    },
    fault! {
        id: "patch_extension_wipes",
        title: "Replacing one attribute of the enterprise extension clears the others",
        story: "Somebody changes the department and loses the employee number.",
        source: "derived from simpleidserver/SimpleIdServer#690",
        case: "B071b",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            clear_first(operations, |operation| {
                let names = complex_names(operation).into_iter();
                names.filter(|name| name.contains(':')).map(|urn| format!("{urn}:employeeNumber")).collect()
            });
            Ok(())
        }
    },
    fault! {
        id: "patch_complex_path_wipes",
        title: "A replace at the path name clears the parts that its value does not hold",
        story: "The value is taken for the whole name.",
        source: "derived from Captain-P-Goldfish/SCIM-SDK#327",
        case: "B071c",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            clear_first(operations, |operation| match &operation.path {
                Some(path) if path.attribute.to_string() == "name" => vec!["name".into()],
                _ => Vec::new(),
            });
            Ok(())
        }
    },
];
