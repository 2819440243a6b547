//! Faults about groups as resources: names, create, rename, what is required.

pub(super) mod deletion;
pub(super) mod lookup;

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::{Operation, PatchPath, Verb};
use crate::server::message::{Answer, Request};
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Mutex;

/// The ids of the members of a group.
pub(super) fn member_ids(group: &Map<String, Value>) -> Vec<String> {
    let members = group.get("members").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(|member| member["value"].as_str().map(str::to_owned)).collect()
}

/// The name of a group.
fn name_of(group: &Map<String, Value>) -> &str {
    group.get("displayName").and_then(Value::as_str).unwrap_or_default()
}

/// True when a stored group is about to get another name.
fn renames(change: &Change) -> bool {
    change.occasion.kind == Kind::Group && change.before.is_some_and(|before| name_of(before) != name_of(change.after))
}

/// The group that `group_hidden_conflict` keeps out of everybody's sight.
pub(in crate::server) const HIDDEN: &str = "Local Team";

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_hidden_conflict",
        title: "A group of the app's own is in no list, but its name is taken",
        story: "Somebody made a team of that name by hand. Okta finds no group, creates one, and meets a conflict with something \
            it cannot link to.",
        source: "getsentry/sentry#88623",
        case: "B144",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let name = body.get("displayName").and_then(Value::as_str).unwrap_or_default();
            if occasion.is(Action::Create, Kind::Group) && name.eq_ignore_ascii_case(HIDDEN) {
                return Err(ScimError { status: 409, ..ScimError::bad(ScimType::Uniqueness, "The name is taken") });
            }
            Ok(())
        }
    },
    fault! {
        id: "group_pathless_400",
        title: "The name of a group cannot be written without a path",
        story: "Okta writes the name right after each create. The push goes into error, and members are never sent.",
        source: "Metatavu/keycloak-scim-server#113",
        case: "B114",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group && operations.iter().any(|o| o.path.is_none()) {
                return Err(ScimError::plain(400, "path is required"));
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_id_400",
        title: "A group that holds its own id cannot be written back",
        story: "Okta sends back what it read, id included. Every change of a group is refused.",
        source: "a cousin of Metatavu/keycloak-scim-server#113",
        case: "B114a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group && occasion.action == Action::Replace && body.get("id").is_some() {
                return Err(ScimError::bad(ScimType::Mutability, "id is read-only"));
            }
            Ok(())
        }
    },
    fault! {
        id: "group_rename_clears",
        title: "Writing the name without a path removes all members",
        story: "Okta writes the name with every change. Each time the group is emptied, and nobody has its access.",
        source: "langwatch/langwatch#7131",
        case: "B115",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let bare = |o: &Operation| o.path.is_none() && o.value.as_ref().is_some_and(|v| v.get("members").is_none());
            if occasion.kind == Kind::Group && operations.iter().any(bare) {
                let path = Some(PatchPath::parse("members")?);
                operations.push(Operation { verb: Verb::Replace, path, value: Some(json!([])) });
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_rename_clears",
        title: "A PUT with a new name removes all members",
        story: "A group gets a new name in Okta, and everybody in it loses access.",
        source: "a cousin of langwatch/langwatch#7131",
        case: "B115a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if renames(change) && change.occasion.action == Action::Replace {
                change.after.shift_remove("members");
            }
            Ok(())
        }
    },
    fault! {
        id: "group_no_name_ok",
        title: "A group may be without a name",
        story: "A group whose name got lost is stored all the same, and no look-up ever finds it again.",
        source: "Metatavu/keycloak-scim-server#54",
        case: "B138",
        fn types(&self, types: &mut Types) {
            for (_, of) in types.all_mut().filter(|(kind, _)| *kind == Kind::Group) {
                of.attributes_mut().filter(|attribute| attribute.is("displayName")).for_each(|name| name.required = false);
            }
        }
    },
    fault! {
        id: "group_rename_400",
        title: "A group cannot be renamed",
        story: "The group has a new name in Okta. The push goes into error, and its later changes wait behind it.",
        source: "growthbook/growthbook#5457",
        case: "B139",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if renames(change) { Err(ScimError::plain(400, "The record holds fields that cannot be written")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_rename_noop",
        title: "A new name of a group is accepted and not stored",
        story: "Okta and the app call the group by different names from then on.",
        source: "a cousin of growthbook/growthbook#5457",
        case: "B139a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if renames(change) && let Some(before) = change.before {
                change.after.insert("displayName".into(), name_of(before).into());
            }
            Ok(())
        }
    },
    fault! {
        id: "group_put_ignores_externalid",
        title: "PUT does not change the externalId of a group",
        story: "A client that keeps its own number of the group there loses its link to it.",
        source: "rancher/rancher#53913",
        case: "B140",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(before) = change.before
                && change.occasion.kind == Kind::Group && change.occasion.action == Action::Replace
            {
                match before.get("externalId") {
                    Some(old) => change.after.insert("externalId".into(), old.clone()),
                    None => change.after.shift_remove("externalId"),
                };
            }
            Ok(())
        }
    },
    fault! {
        id: "group_slug_conflict",
        title: "Groups whose names differ in punctuation alone cannot both be there",
        story: "The look-up finds nothing, yet the create is refused: the name is taken by a group that is called otherwise.",
        source: "a cousin of getsentry/sentry#88623",
        case: "B144a",
        memory: Mutex<HashMap<String, String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind != Kind::Group || change.before.is_some() {
                return Ok(());
            }
            let name = name_of(change.after).to_owned();
            let slug: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
            match self.0.lock().ok().and_then(|mut known| known.insert(slug, name.clone())) {
                Some(other) if other != name => Err(ScimError::taken("A group with this slug exists")),
                _ => Ok(()),
            }
        }
    },
    fault! {
        id: "group_post_half_done",
        title: "A new group is stored, but its create is answered 500",
        story: "The group appears in the app while Okta records a failed push and never sends members.",
        source: "appsmithorg/appsmith#34959",
        case: "B145",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "POST" && request.path.ends_with("/Groups") && answer.status == 201 {
                *answer = Answer::refusal(&ScimError::plain(500, "Something went wrong after the group was made"));
            }
        }
    },
    fault! {
        id: "group_post_empty_members_400",
        title: "A group without members cannot be created",
        story: "Okta creates groups empty and fills them afterwards. No group is ever pushed.",
        source: "wso2/product-is#13839",
        case: "B146",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let empty = occasion.kind == Kind::Group && occasion.action == Action::Create && body["members"] == json!([]);
            if empty { Err(ScimError::value("The members do not exist")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_put_empty_members_400",
        title: "A group cannot be emptied by PUT",
        story: "The last person leaves the group in Okta; in the app that person stays in it.",
        source: "a cousin of wso2/product-is#13839",
        case: "B146a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let empty = occasion.kind == Kind::Group && occasion.action == Action::Replace && body["members"] == json!([]);
            if empty { Err(ScimError::value("The members do not exist")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_create_no_id",
        title: "The answer to the create of a group has no id",
        story: "Okta has no link to the group it just made, and can never send its members.",
        source: "derived from Okta's SCIM reference",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && occasion.action == Action::Create {
                resource.shift_remove("id");
            }
        }
    },
    fault! {
        id: "group_name_lowercased",
        title: "Names of groups are stored in small letters",
        story: "Okta shows one name, the app another, and an import brings a second group of each.",
        source: "derived from Okta's SCIM reference",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind == Kind::Group {
                let name = name_of(change.after).to_lowercase();
                change.after.insert("displayName".into(), name.into());
            }
            Ok(())
        }
    },
];
