//! Faults about operations with a path.

use super::on_user;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::{Operation, Verb};
use crate::server::fault::{Action, Change, Fault, Occasion, fault};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

/// The path names an attribute by the URN of its schema.
fn by_urn(operation: &Operation) -> bool {
    operation.path.as_ref().is_some_and(|path| path.attribute.uri.is_some())
}

/// A replace of a part of values that a filter picks: `emails[type eq "work"].value`.
fn part_of_picked(operation: &&mut Operation) -> bool {
    let picked = operation.path.as_ref().is_some_and(|path| path.filter.is_some() && path.sub.is_some());
    picked && operation.verb == Verb::Replace
}

/// The attributes of a user that were not there before.
fn first_set<'c>(change: &'c Change) -> impl Iterator<Item = &'c String> {
    let before = change.before.filter(|_| super::patches_user(change));
    before.into_iter().flat_map(|before| change.after.keys().filter(|name| !before.contains_key(*name)))
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "patch_op_case",
        title: "A capitalised op is refused",
        story: "Okta writes op in lower case; another large client writes Replace and cannot change anything.",
        source: "lessonly/scim_rails#33",
        case: "B069",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let operations = body.get("Operations").and_then(Value::as_array);
            let known = |one: &Value| ["add", "remove", "replace"].iter().any(|op| one["op"] == *op);
            if occasion.action == Action::Patch && !operations.into_iter().flatten().all(known) {
                return Err(ScimError::bad(ScimType::InvalidSyntax, "Unknown op"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_op_capital_ignored",
        title: "A capitalised op is accepted and ignored",
        story: "The other client is told that all went well; nothing has changed.",
        source: "derived from bitwarden/server#2129",
        case: "B069a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let operations = body.get_mut("Operations").and_then(Value::as_array_mut);
            for one in operations.into_iter().flatten().filter(|_| occasion.action == Action::Patch) {
                if one["op"].as_str().is_some_and(|op| op.starts_with(char::is_uppercase)) {
                    *one = json!({ "op": "replace", "value": {} });
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_add_ignored",
        title: "add and remove on users are accepted and ignored",
        story: "Only replace was built. What a client adds or takes away is confirmed and never happens.",
        source: "open-webui/open-webui#30074",
        case: "B073",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|operation| operation.verb == Verb::Replace || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_append_replaces",
        title: "Adding an e-mail address replaces those that are there",
        story: "The second address drives out the first.",
        source: "derived from open-webui/open-webui#30074",
        case: "B073a",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let adds = on_user(occasion, operations).filter(|operation| operation.verb == Verb::Add);
            adds.for_each(|operation| operation.verb = Verb::Replace);
            Ok(())
        }
    },
    fault! {
        id: "patch_remove_ignored",
        title: "remove on users is accepted and ignored",
        story: "What was to be taken away stays.",
        source: "derived from open-webui/open-webui#30074",
        case: "B073b",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|operation| operation.verb != Verb::Remove || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_add_external_id_ignored",
        title: "externalId cannot be added by PATCH",
        story: "The answer is 200, and the client's own id of the person is not there.",
        source: "derived from open-webui/open-webui#30074",
        case: "B073c",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let external = |operation: &Operation| {
                operation.path.as_ref().is_some_and(|path| path.attribute.attribute == "externalId")
            };
            operations.retain(|operation| !external(operation) || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_urn_dot",
        title: "A path with a URN is cut at its first dot",
        story: "The dot of 2.0 is taken for the one before a sub-attribute; no attribute of an extension can be named.",
        source: "wso2/product-is#6015",
        case: "B075",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            match operations.iter().find(|operation| by_urn(operation)).and_then(|operation| operation.path.as_ref()) {
                Some(path) => {
                    let path = path.to_string();
                    let cut = path.split('.').next().unwrap_or_default();
                    Err(ScimError::bad(ScimType::InvalidPath, format!("There is no attribute {cut}")))
                }
                None => Ok(()),
            }
        }
    },
    fault! {
        id: "patch_urn_ignored",
        title: "An operation whose path has a URN is accepted and ignored",
        story: "The department is confirmed and not stored.",
        source: "derived from thomaspoignant/scim-patch#152",
        case: "B075a",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|operation| !by_urn(operation));
            Ok(())
        }
    },
    fault! {
        id: "patch_urn_drops_others",
        title: "A path with a URN replaces the whole extension",
        story: "One attribute arrives, and all others of the extension are gone.",
        source: "derived from apache/directory-scimple#704",
        case: "B075b",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            super::clear_first(operations, |operation| {
                let path = operation.path.as_ref().filter(|_| operation.verb != Verb::Remove);
                path.and_then(|path| path.attribute.uri.clone()).into_iter().collect()
            });
            Ok(())
        }
    },
    fault! {
        id: "patch_subattr_drops",
        title: "Replacing a part of an entry drops its other parts",
        story: "The work address gets a new value and is no longer the work address, nor the primary one.",
        source: "wso2/product-is#21726",
        case: "B076",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in on_user(occasion, operations).filter(part_of_picked) {
                let part = operation.path.as_mut().and_then(|path| path.sub.take());
                operation.value = Some(json!({ part.unwrap_or_default(): operation.value }));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_filter_ignored",
        title: "A filter in a path is ignored: all entries are changed",
        story: "The new work address is written over the private one too.",
        source: "derived from wso2/product-is#21726",
        case: "B076a",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in on_user(occasion, operations).filter(part_of_picked) {
                if let Some(path) = &mut operation.path {
                    path.filter = None;
                    path.attribute.sub = path.sub.take();
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_filter_appends",
        title: "A replace in one entry adds another entry",
        story: "The old address stays beside the new one, and mail goes on to it.",
        source: "derived from wso2/product-is#21726",
        case: "B076b",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in on_user(occasion, operations).filter(part_of_picked) {
                if let Some(path) = &mut operation.path {
                    path.filter = None;
                    let part = path.sub.take().unwrap_or_default();
                    operation.value = Some(json!([{ part: operation.value, "type": "other" }]));
                    operation.verb = Verb::Add;
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_filter_by_value_misses",
        title: "A filter by value in a path finds nothing",
        story: "Entries are found by their type and not by their value; 200 is answered all the same.",
        source: "derived from wso2/product-is#21726",
        case: "B076c",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let by_value = |operation: &Operation| {
                let filter = operation.path.as_ref().and_then(|path| path.filter.as_ref());
                filter.is_some_and(|filter| filter.to_string().starts_with("value "))
            };
            operations.retain(|operation| !by_value(operation) || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_replace_absent_500",
        title: "Replacing an attribute that has no value is answered 500",
        story: "The first time somebody gets a title, the server stumbles over the one that is not there.",
        source: "OctopusDeploy/Issues#9940",
        case: "B078",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            match first_set(change).next() {
                Some(name) => Err(ScimError::plain(500, format!("key not found: {name}"))),
                None => Ok(()),
            }
        }
    },
    fault! {
        id: "patch_replace_absent_ignored",
        title: "Replacing an attribute that has no value does nothing",
        story: "Only what is there can be replaced; the first title of a person is confirmed and lost.",
        source: "derived from OctopusDeploy/Issues#9940",
        case: "B078a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let new: Vec<String> = first_set(change).cloned().collect();
            for name in new {
                change.after.shift_remove(&name);
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_remove_absent_500",
        title: "Removing an attribute that has no value is answered 500",
        story: "A client that repeats a removal, because it lost the answer, meets a server failure.",
        source: "derived from OctopusDeploy/Issues#9940",
        case: "B078b",
        memory: std::sync::atomic::AtomicBool,
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let removes = !operations.is_empty() && operations.iter().all(|operation| operation.verb == Verb::Remove);
            self.0.store(removes && occasion.kind == Kind::User, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let removes = self.0.load(std::sync::atomic::Ordering::Relaxed);
            if removes && super::patches_user(change) && change.before == Some(&*change.after) {
                return Err(ScimError::plain(500, "key not found"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_path_ignored",
        title: "A replace with a path is accepted and ignored",
        story: "Only the form that Okta sends was built; all other clients are told yes and get nothing.",
        source: "derived from RFC 7644 §3.5.2.3",
        case: "own",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let ignored = |operation: &Operation| operation.path.is_some() && operation.verb == Verb::Replace;
            operations.retain(|operation| !ignored(operation) || occasion.kind != Kind::User);
            Ok(())
        }
    },
    fault! {
        id: "patch_answers_old_state",
        title: "A PATCH is answered with the user as it was before",
        story: "The answer is read before the change is stored; Okta sees the leaver active.",
        source: "derived from RFC 7644 §3.5.2",
        case: "own",
        memory: std::sync::Mutex<Map<String, Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if super::patches_user(change) && let (Some(before), Ok(mut kept)) = (change.before, self.0.lock()) {
                kept.clone_from(before);
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Patch && occasion.kind == Kind::User && let Ok(kept) = self.0.lock() {
                resource.extend(kept.clone().into_iter().filter(|(name, _)| name != "meta"));
            }
        }
    },
];
