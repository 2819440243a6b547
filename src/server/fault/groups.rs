//! Faults about groups as resources: names, look-ups, create, rename, delete, what is shown.

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{Filter, Operator};
use crate::scim::patch::{Operation, PatchPath, Verb};
use crate::scim::projection::Projection;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// True for a request on the collection of groups.
fn on_groups(request: &Request) -> bool {
    request.path.ends_with("/Groups")
}

/// The id of the group that a request is on.
pub(super) fn group_of(request: &Request) -> Option<&str> {
    let (before, id) = request.path.rsplit_once('/')?;
    before.ends_with("/Groups").then_some(id)
}

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

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_filter_400",
        title: "A filter on groups is refused",
        story: "Okta cannot see whether the group it pushes is there already, and the push fails.",
        source: "okta/okta-developer-docs#3506",
        case: "B113",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let filtered = on_groups(request) && request.query.contains("filter=");
            filtered.then(|| Answer::refusal(&ScimError::plain(400, "Groups cannot be filtered")))
        }
    },
    fault! {
        id: "group_filter_prefix",
        title: "The look-up also finds groups whose names go on",
        story: "Okta looks for \"Sales\", is given \"Sales Managers\", and links the pushed group to it.",
        source: "a cousin of okta/okta-developer-docs#3506",
        case: "B113a",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if let Some(Filter::Compare(_, operator @ Operator::Eq, Value::String(_))) = &mut query.filter
                && occasion.kind == Kind::Group
            {
                *operator = Operator::Sw;
            }
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
        id: "group_excluded_ignored",
        title: "Members are sent although they were excluded",
        story: "A client that only wants the names waits for thousands of members with each group.",
        source: "simpleidserver/SimpleIdServer#490",
        case: "B134",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.path.contains("/Groups") {
                request.query = request.query.replace("excludedAttributes=", "ignored=");
            }
            None
        }
    },
    fault! {
        id: "group_list_no_members",
        title: "Listed groups have no members",
        story: "An import into Okta sees nothing but empty groups.",
        source: "graphql-hive/console#8352",
        case: "B135",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && occasion.action == Action::List {
                resource.shift_remove("members");
            }
        }
    },
    fault! {
        id: "group_attributes_drops",
        title: "A list that asks for the name gives ids alone",
        story: "A client that asks for names to choose from is shown nothing to choose.",
        source: "apache/directory-scimple#887",
        case: "B136",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::Group && matches!(query.projection, Projection::Only(_)) {
                query.projection = Projection::Only(Vec::new());
            }
        }
    },
    fault! {
        id: "user_groups_no_value",
        title: "The groups of a user have no ids",
        story: "A client sees names of groups and cannot tell which groups they are.",
        source: "wso2/product-is#12188",
        case: "B137",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            for group in resource.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
                *group = json!({ "display": group["display"] });
            }
        }
    },
    fault! {
        id: "user_groups_stale",
        title: "A user still shows the groups left long ago",
        story: "The group has let the person go; the person's own record says otherwise, and who reads that grants access.",
        source: "a cousin of wso2/product-is#12188",
        case: "B137a",
        memory: Mutex<HashSet<(String, String)>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let (Some(before), Some(group)) = (change.before, change.occasion.id) else { return Ok(()) };
            if let Ok(mut left) = self.0.lock() {
                left.extend(member_ids(before).into_iter().map(|user| (user, group.to_owned())));
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let id = resource.get("id").cloned().unwrap_or_default();
            let Ok(left) = self.0.lock() else { return };
            let known = resource.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
            let stale = left.iter().filter(|(user, group)| id == **user && !known.iter().any(|one| one["value"] == **group));
            let groups: Vec<Value> = stale.map(|(_, group)| json!({ "value": group })).chain(known.clone()).collect();
            if !groups.is_empty() {
                resource.insert("groups".into(), groups.into());
            }
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
        id: "group_filter_case",
        title: "The look-up of a group minds capital letters",
        story: "Somebody typed the name in other letters in Okta. The group is not found, and a second one is made.",
        source: "simpleidserver/SimpleIdServer#489",
        case: "B141",
        fn types(&self, types: &mut Types) {
            for (_, of) in types.all_mut().filter(|(kind, _)| *kind == Kind::Group) {
                of.attributes_mut().filter(|attribute| attribute.is("displayName")).for_each(|name| name.case_exact = true);
            }
        }
    },
    fault! {
        id: "group_filter_attribute_case",
        title: "The look-up of a group knows displayName in one spelling alone",
        story: "A client that writes displayname is refused.",
        source: "thomaspoignant/scim2-parse-filter#115",
        case: "B141a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let other = on_groups(request) && request.query.contains("filter=") && !request.query.contains("displayName");
            other.then(|| Answer::refusal(&ScimError::bad(ScimType::InvalidFilter, "The filter names no known attribute")))
        }
    },
    fault! {
        id: "group_delete_500",
        title: "DELETE of a group is answered 500",
        story: "Okta sends a Content-Type and no body, and the server fails to read one. The group cannot be deleted.",
        source: "derived from Okta's SCIM reference",
        case: "B142",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "DELETE" && group_of(request).is_some() && request.header("content-type").is_some();
            hit.then(|| Answer::refusal(&ScimError::plain(500, "The body is no JSON")))
        }
    },
    fault! {
        id: "group_delete_keeps_name",
        title: "The name of a deleted group stays taken",
        story: "The administrator deletes the group and pushes it anew. The create is refused because of a group that no \
            look-up finds.",
        source: "a cousin of getsentry/sentry#88623",
        case: "B142a",
        memory: Mutex<(HashMap<String, String>, HashSet<String>)>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.method == "DELETE" && let Some(id) = group_of(request) && let Ok(mut memory) = self.0.lock() {
                let name = memory.0.remove(id);
                memory.1.extend(name);
            }
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let (Some(id), Ok(mut memory)) = (change.after["id"].as_str(), self.0.lock()) else { return Ok(()) };
            if change.occasion.kind != Kind::Group {
                return Ok(());
            }
            let name = name_of(change.after);
            if change.before.is_none() && memory.1.contains(name) {
                return Err(ScimError::taken("A group of this name exists"));
            }
            memory.0.insert(id.to_owned(), name.to_owned());
            Ok(())
        }
    },
    fault! {
        id: "group_delete_locks_members",
        title: "Deleting a group deactivates its members",
        story: "A group is no longer pushed, and everybody who was in it is locked out.",
        source: "derived from Okta's SCIM reference",
        case: "B142b",
        memory: Mutex<(HashMap<String, Vec<String>>, HashSet<String>)>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.method == "DELETE" && let Some(id) = group_of(request) && let Ok(mut memory) = self.0.lock() {
                let members = memory.0.remove(id).unwrap_or_default();
                memory.1.extend(members);
            }
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some(id), Ok(mut memory)) = (change.after["id"].as_str(), self.0.lock()) {
                memory.0.insert(id.to_owned(), member_ids(change.after));
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
            if self.0.lock().is_ok_and(|memory| memory.1.contains(id)) {
                resource.insert("active".into(), false.into());
            }
        }
    },
    fault! {
        id: "groups_empty_404",
        title: "A list without groups is answered 404",
        story: "Okta takes groups for something the app does not have at all, or the setup fails on the first day.",
        source: "grokability/snipe-it#17563",
        case: "B143",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let list = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
            if request.method == "GET" && on_groups(request) && list["totalResults"] == 0 {
                *answer = Answer::refusal(&ScimError::plain(404, "There are no groups"));
            }
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
            if request.method == "POST" && on_groups(request) && answer.status == 201 {
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
];
