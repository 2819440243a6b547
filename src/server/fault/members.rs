//! Faults about the members of groups.

use super::groups::member_ids;
use super::{Action, Change, Fault, Occasion, Stranger, fault};
use crate::scim::error::ScimError;
use crate::scim::patch::{Operation, Verb};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// True for an operation on `members`.
fn on_members(operation: &Operation) -> bool {
    operation.path.as_ref().is_some_and(|path| path.attribute.attribute.eq_ignore_ascii_case("members"))
}

/// True for an operation that puts this list in the place of the members.
fn replaces_members(operation: &Operation) -> bool {
    on_members(operation) && operation.verb == Verb::Replace
}

/// The lists of members in the body of a write: a whole group, or the operations of a PATCH.
fn sent(body: &mut Value) -> Vec<&mut Vec<Value>> {
    let mut lists = Vec::new();
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        match (name.as_str(), value) {
            ("members", Value::Array(members)) => lists.push(members),
            ("Operations", Value::Array(operations)) => lists.extend(operations.iter_mut().filter_map(sent_in)),
            _ => {}
        }
    }
    lists
}

/// The list of members in one operation.
fn sent_in(operation: &mut Value) -> Option<&mut Vec<Value>> {
    let on_members = operation["path"] == "members";
    let value = operation.get_mut("value")?;
    if on_members { value.as_array_mut() } else { value.get_mut("members")?.as_array_mut() }
}

/// Refuses a write that sends a member of this kind.
fn refuse(
    occasion: &Occasion,
    body: &mut Value,
    status: u16,
    is_bad: impl Fn(&Value) -> bool,
) -> Result<(), ScimError> {
    let bad = occasion.kind == Kind::Group && sent(body).into_iter().flatten().any(|member| is_bad(member));
    if bad { Err(ScimError::plain(status, "A member cannot be read")) } else { Ok(()) }
}

/// Puts more members into a group.
fn extend_members(group: &mut Map<String, Value>, more: Vec<Value>) {
    if let Some(members) = group.entry("members").or_insert_with(|| json!([])).as_array_mut() {
        members.extend(more);
    }
}

/// What a group held, and since when.
type Past = HashMap<String, Vec<(Instant, Vec<Value>)>>;

/// A change of a group that begins from what its copy of the past holds.
fn on_stale_base(past: &mut Past, lag: Duration, change: &mut Change) {
    let list = |group: &Map<String, Value>| group.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = change.after["id"].to_string();
    let now = Instant::now();
    let (mut after, states) = (list(change.after), past.entry(id).or_default());
    let base = states.iter().rev().find(|(since, _)| *since + lag <= now).or(states.first());
    if let (Some(before), Some((_, base)), Action::Patch) = (change.before.map(list), base, change.occasion.action) {
        let kept = base.iter().filter(|member| !before.contains(member) || after.contains(member));
        let added = after.iter().filter(|member| !before.contains(member) && !base.contains(member));
        after = kept.chain(added).cloned().collect();
        change.after.insert("members".into(), after.clone().into());
    }
    states.push((now, after));
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_add_replaces",
        title: "Adding a member replaces all the others",
        story: "With each person Okta adds, everybody else silently loses the access of the group.",
        source: "msaad00/agent-bom#3533",
        case: "B116",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.iter_mut().filter(|o| on_members(o) && o.verb == Verb::Add).for_each(|o| o.verb = Verb::Replace);
            Ok(())
        }
    },
    fault! {
        id: "group_put_adds",
        title: "PUT adds the members that were sent and removes nobody",
        story: "Okta sends the group without the person who moved on; in the app the access stays.",
        source: "a cousin of msaad00/agent-bom#3533",
        case: "B116a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Replace && change.occasion.kind == Kind::Group
                && let Some(Value::Array(old)) = change.before.and_then(|before| before.get("members"))
            {
                let now = member_ids(change.after);
                let gone = old.iter().filter(|member| !now.iter().any(|id| member["value"] == **id)).cloned();
                extend_members(change.after, gone.collect());
            }
            Ok(())
        }
    },
    fault! {
        id: "group_remove_clears",
        title: "Removing one member removes all",
        story: "One person moves on, and the whole team is without access.",
        source: "simpleidserver/SimpleIdServer#164",
        case: "B117",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in operations.iter_mut().filter(|o| on_members(o) && o.verb == Verb::Remove) {
                if let Some(path) = &mut operation.path {
                    path.filter = None;
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "group_remove_first",
        title: "Removing a member removes whoever stands first in the list",
        story: "The wrong person loses access, and the one who moved on keeps it.",
        source: "a cousin of simpleidserver/SimpleIdServer#164",
        case: "B117a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some(Value::Array(old)) = change.before.and_then(|before| before.get("members")) else { return Ok(()) };
            let gone = old.len().saturating_sub(member_ids(change.after).len());
            if change.occasion.action == Action::Patch && gone > 0 {
                change.after.insert("members".into(), old[gone..].into());
            }
            Ok(())
        }
    },
    fault! {
        id: "group_remove_noop",
        title: "Removing a member is accepted and does nothing",
        story: "Okta shows the person as removed; in the app the access stays.",
        source: "BerriAI/litellm#34181",
        case: "B118",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|o| !(on_members(o) && o.verb == Verb::Remove));
            Ok(())
        }
    },
    fault! {
        id: "group_leaver_stays",
        title: "A deactivated person cannot be taken out of a group",
        story: "The leaver is still in the group, and has its access again the day the account is reactivated.",
        source: "a cousin of BerriAI/litellm#34181",
        case: "B118a",
        memory: Mutex<HashMap<String, bool>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Ok(mut active) = self.0.lock() else { return Ok(()) };
            if change.occasion.kind == Kind::User {
                active.insert(change.after["id"].to_string(), change.after.get("active") != Some(&json!(false)));
            } else if let Some(Value::Array(old)) = change.before.and_then(|before| before.get("members")) {
                let now = member_ids(change.after);
                let gone = old.iter().filter(|member| !now.iter().any(|id| member["value"] == **id));
                let kept = gone.filter(|m| active.get(&m["value"].to_string()) == Some(&false)).cloned();
                extend_members(change.after, kept.collect());
            }
            Ok(())
        }
    },
    fault! {
        id: "group_remove_400",
        title: "Removing a member is refused for want of a value",
        story: "Okta names the person in the path and sends no value. Nobody can ever be taken out of a group.",
        source: "elimity-com/scim#91",
        case: "B119",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let bare = operations.iter().any(|o| on_members(o) && o.verb == Verb::Remove && o.value.is_none());
            if bare { Err(ScimError::value("value is required")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_member_needs_type",
        title: "Members without a type are silently left out",
        story: "Okta sends value and display alone. The push looks fine, and the group stays empty.",
        source: "Captain-P-Goldfish/SCIM-SDK#419",
        case: "B120",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group {
                for members in sent(body) {
                    members.retain(|member| member.get("type").is_some());
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "group_member_display_400",
        title: "Members with a display are refused",
        story: "Okta sends the name of the person with each member. No member is ever added.",
        source: "scimmyjs/scimmy#17",
        case: "B121",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, body, 400, |member| member.get("display").is_some())
        }
    },
    fault! {
        id: "group_member_display_null_400",
        title: "Members whose display is null are refused",
        story: "Okta knows no name of the person and sends null. The whole group is refused.",
        source: "a cousin of scimmyjs/scimmy#17",
        case: "B121a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, body, 400, |member| member.get("display") == Some(&Value::Null))
        }
    },
    fault! {
        id: "group_member_needs_ref",
        title: "Members without a $ref are refused",
        story: "Okta sends none, so no member is ever added.",
        source: "pingidentity/scim2#269",
        case: "B122",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, body, 400, |member| member.get("$ref").is_none())
        }
    },
    fault! {
        id: "group_replace_501",
        title: "Replacing all members is not implemented",
        story: "Push Now fails: what went wrong in the group can never be put right from Okta.",
        source: "Captain-P-Goldfish/scim-for-keycloak#144",
        case: "B123",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let hit = operations.iter().any(replaces_members);
            if hit { Err(ScimError::plain(501, "replace is not implemented")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_patch_first_only",
        title: "Only the first operation of a PATCH of a group is done",
        story: "One person leaves and another joins in one request: the first is gone, the second never gets access.",
        source: "a cousin of Captain-P-Goldfish/scim-for-keycloak#144",
        case: "B123a",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group {
                operations.truncate(1);
            }
            Ok(())
        }
    },
    fault! {
        id: "group_replace_merges",
        title: "Replacing all members leaves the old ones in",
        story: "Push Now is meant to put the group right. Whoever should be out of it keeps access.",
        source: "keycloak/keycloak#52752",
        case: "B124",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.iter_mut().filter(|o| replaces_members(o)).for_each(|o| o.verb = Verb::Add);
            Ok(())
        }
    },
    fault! {
        id: "group_replace_empty_400",
        title: "Members cannot be replaced by nobody",
        story: "Push Now of an empty group is refused, and those who were in it keep access.",
        source: "Captain-P-Goldfish/SCIM-SDK#757",
        case: "B125",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let hit = operations.iter().any(|o| replaces_members(o) && o.value == Some(json!([])));
            if hit { Err(ScimError::value("An empty value is not allowed")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_pathless_empty_ignored",
        title: "An empty list of members is ignored without a path",
        story: "The group is emptied together with its name being written; in the app everybody stays in it.",
        source: "jelhub/scimgateway#113",
        case: "B126",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for value in operations.iter_mut().filter(|o| o.path.is_none()).filter_map(|o| o.value.as_mut()) {
                if value.get("members") == Some(&json!([])) && let Some(fields) = value.as_object_mut() {
                    fields.shift_remove("members");
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "group_readd_500",
        title: "Adding somebody who is a member already fails",
        story: "Okta repeats a change whose answer got lost, and from then on the push is in error.",
        source: "fleetdm/fleet#30086",
        case: "B127",
        memory: Mutex<Vec<Value>>,
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let adds = operations.iter().filter(|o| on_members(o) && o.verb == Verb::Add);
            if let Ok(mut added) = self.0.lock() {
                *added = adds.filter_map(|o| o.value.as_ref()?.as_array()).flatten().map(|m| m["value"].clone()).collect();
            }
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let (Some(before), Ok(added)) = (change.before, self.0.lock()) else { return Ok(()) };
            let again = member_ids(before).into_iter().any(|id| added.contains(&id.into()));
            let hit = again && change.occasion.action == Action::Patch && change.occasion.kind == Kind::Group;
            if hit { Err(ScimError::plain(500, "duplicate key value violates unique constraint")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_member_by_display",
        title: "Members are found by their display and not by their value",
        story: "Somebody else who happens to be called so gets the access; without such a person the push fails.",
        source: "wso2/product-is#16451",
        case: "B128",
        memory: Mutex<HashMap<String, Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind == Kind::User && let Ok(mut known) = self.0.lock() {
                let names = ["userName", "displayName"].map(|name| change.after.get(name).and_then(Value::as_str));
                known.extend(names.into_iter().flatten().map(|name| (name.to_owned(), change.after["id"].clone())));
            }
            Ok(())
        }
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let Ok(known) = self.0.lock() else { return Ok(()) };
            if occasion.kind != Kind::Group {
                return Ok(());
            }
            for member in sent(body).into_iter().flatten() {
                let Some(display) = member.get("display").and_then(Value::as_str) else { continue };
                let id = known.get(display).ok_or_else(|| ScimError::plain(500, "No such user"))?;
                member["value"] = id.clone();
            }
            Ok(())
        }
    },
    fault! {
        id: "group_unknown_member_200",
        title: "A member who does not exist is silently left out",
        story: "Okta takes the 200 for a success and never sends the person again.",
        source: "Metatavu/keycloak-scim-server#107",
        case: "B129",
        fn stranger(&self, _: &Occasion, _: &str, verdict: &mut Stranger) {
            *verdict = Stranger::Drop;
        }
    },
    fault! {
        id: "group_cap_100",
        title: "A group keeps its first hundred members",
        story: "Everybody beyond the hundredth is lost with the next save, and nothing says so.",
        source: "FusionAuth/fusionauth-issues#2784",
        case: "B130",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(members) = change.after.get_mut("members").and_then(Value::as_array_mut) {
                members.truncate(100);
            }
            Ok(())
        }
    },
    fault! {
        id: "group_stale_base",
        title: "A change of members begins from a copy that lags behind",
        story: "Okta sends the members in batches, one right after the other. Only the last batch is there in the end.",
        source: "fleetdm/fleet#50724",
        case: "B131",
        memory: Mutex<Past>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind == Kind::Group && let Ok(mut past) = self.0.lock() {
                on_stale_base(&mut past, Duration::from_millis(200), change);
            }
            Ok(())
        }
    },
    fault! {
        id: "group_post_one_member_500",
        title: "A group with a single member cannot be created",
        story: "A push of a group with one person in it fails; with two it works.",
        source: "jelhub/scimgateway#150",
        case: "B132",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let one = occasion.action == Action::Create && sent(body).iter().any(|members| members.len() == 1);
            if one { Err(ScimError::plain(500, "members is not a list")) } else { Ok(()) }
        }
    },
    fault! {
        id: "group_member_wrong_key",
        title: "Members are looked for by another key than their id",
        story: "Okta sends the id it was given when it created the person, and is told that there is no such user.",
        source: "getsentry/sentry#122540",
        case: "B133",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, body, 404, |member| member["value"].as_str().is_some_and(|id| id.parse::<u64>().is_err()))
        }
    },
    fault! {
        id: "group_holds_its_maker",
        title: "The account that Okta signs in with is a member of every group",
        story: "Every group has a member that Okta did not send, and that nobody can remove.",
        source: "derived from Okta's SCIM reference",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group {
                for members in sent(body) {
                    members.retain(|member| member["value"] != "service");
                }
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group {
                extend_members(resource, vec![json!({ "value": "service" })]);
            }
        }
    },
    fault! {
        id: "group_remove_locks_out",
        title: "Removing a member deactivates the person",
        story: "Somebody leaves one group and cannot sign in any more.",
        source: "a cousin of BerriAI/litellm#34181",
        case: "B118b",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let now = member_ids(change.after);
            let gone = change.before.map(member_ids).unwrap_or_default().into_iter().filter(|id| !now.contains(id));
            self.0.lock().into_iter().for_each(|mut locked| locked.extend(gone.clone()));
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
            if self.0.lock().is_ok_and(|locked| locked.contains(id)) {
                resource.insert("active".into(), false.into());
            }
        }
    },
    fault! {
        id: "group_empty_vanishes",
        title: "A group that loses its last member is deleted",
        story: "Everybody leaves the group for a while. The next one to join cannot be added: Okta is told that there is no \
            such group.",
        source: "a cousin of Captain-P-Goldfish/SCIM-SDK#757",
        case: "B125a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let held = change.before.is_some_and(|before| !member_ids(before).is_empty());
            change.vanish |= held && member_ids(change.after).is_empty();
            Ok(())
        }
    },
];
