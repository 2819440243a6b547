//! Faults about finding groups and about what is shown of them.

use super::member_ids;
use crate::scim::error::ScimError;
use crate::scim::filter::{Filter, Operator};
use crate::scim::path::AttributePath;
use crate::scim::projection::Projection;
use crate::server::fault::{Action, Change, Fault, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::Mutex;

/// True for a request on the collection of groups.
fn on_groups(request: &Request) -> bool {
    request.path.ends_with("/Groups")
}

/// The one comparison that the filter of a list of groups consists of, as every look-up of Okta does.
fn comparison<'q>(
    occasion: &Occasion,
    query: &'q mut Query,
) -> Option<(&'q AttributePath, &'q mut Operator, &'q mut Value)> {
    match &mut query.filter {
        Some(Filter::Compare(path, operator, value)) if occasion.kind == Kind::Group => Some((path, operator, value)),
        _ => None,
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
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
            if let Some((_, operator, _)) = comparison(occasion, query) {
                *operator = Operator::Sw;
            }
        }
    },
    fault! {
        id: "group_filter_contains",
        title: "The look-up finds every group whose name holds the word",
        story: "Okta looks for \"Sales\", is given \"Presales\", and links the pushed group to it.",
        source: "a cousin of okta/okta-developer-docs#3506",
        case: "B113b",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if let Some((_, operator, _)) = comparison(occasion, query) {
                *operator = Operator::Co;
            }
        }
    },
    fault! {
        id: "group_filter_finds_nothing",
        title: "The look-up of a group never finds one",
        story: "Okta cannot link to the group that is there, and with each try creates another of the same name.",
        source: "derived from Okta's SCIM reference",
        case: "own",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if let Some((_, _, value)) = comparison(occasion, query) {
                *value = Value::Null;
            }
        }
    },
    fault! {
        id: "group_list_other_id",
        title: "Groups have another id in lists than anywhere else",
        story: "Okta links to the id that the look-up gave. No change of the group ever arrives.",
        source: "derived from Okta's SCIM reference",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && occasion.action == Action::List {
                let id = resource.get("id").and_then(Value::as_str).map(|id| format!("row-{id}"));
                resource.insert("id".into(), id.into());
            }
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
        story: "A client that writes displayname finds no group.",
        source: "thomaspoignant/scim2-parse-filter#115",
        case: "B141a",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if let Some((path, _, value)) = comparison(occasion, query) && path.attribute != "displayName" {
                *value = Value::Null;
            }
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
];
