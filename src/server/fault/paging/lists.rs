//! Faults about what a list says of itself and what it holds.

use super::super::{Action, Fault, ListAnswer, Occasion, fault};
use super::number;
use crate::scim::filter::Filter;
use crate::scim::schema::{GROUP_URN, USER_URN};
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

/// The userName under which an account of the server's own is kept.
const SYSTEM: &str = "system";

/// Leaves an attribute out of every listed user.
fn leave_out(occasion: &Occasion, resource: &mut Map<String, Value>, attribute: &str) {
    if occasion.action == Action::List && occasion.kind == Kind::User {
        resource.shift_remove(attribute);
    }
}

pub(in super::super) const FAULTS: &[Fault] = &[
    fault! {
        id: "list_counts_as_strings",
        title: "startIndex, itemsPerPage and totalResults are strings",
        story: "Okta records a failed sync without a reason and never creates anybody.",
        source: "support.okta.com question 0D54z0000A4i091CQA",
        case: "B095",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.edit_list(|body| {
                for counter in ["totalResults", "startIndex", "itemsPerPage"] {
                    body[counter] = json!(body[counter].to_string());
                }
            });
        }
    },
    fault! {
        id: "items_per_page_echo",
        title: "itemsPerPage repeats count and does not say how many are listed",
        story: "Okta's reviewers refused the integration: an empty page said that it held a hundred.",
        source: "ory/polis#4054; scimmyjs/scimmy#101",
        case: "B096",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if let Some(count) = number(request, "count") {
                answer.edit_list(|body| body["itemsPerPage"] = count.into());
            }
        }
    },
    fault! {
        id: "items_per_page_total",
        title: "itemsPerPage counts all matches",
        story: "Every page claims to hold the whole directory, so a client that adds them up stops after the first.",
        source: "derived from elimity-com/scim#154",
        case: "B096a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.edit_list(|body| body["itemsPerPage"] = body["totalResults"].clone());
        }
    },
    fault! {
        id: "total_is_page",
        title: "totalResults counts the page and not the matches",
        story: "An import ends after the first page, and everybody behind it is missing in Okta.",
        source: "better-auth/better-auth#10398; wso2/product-is#7320",
        case: "B097",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = list.resources.len();
        }
    },
    fault! {
        id: "total_is_page_groups",
        title: "totalResults of groups counts the page and not the matches",
        story: "An import of groups ends after the first page, and the groups behind it cannot be linked.",
        source: "derived from better-auth/better-auth#10398",
        case: "B097a",
        fn list(&self, occasion: &Occasion, list: &mut ListAnswer) {
            if occasion.kind == Kind::Group {
                list.total = list.resources.len();
            }
        }
    },
    fault! {
        id: "start_index_zero",
        title: "Every list says that it starts at 0",
        story: "Okta's published test wants the number of the first result, and numbers start at 1.",
        source: "ssoready/ssoready#232; simpleidserver/SimpleIdServer#185",
        case: "B105",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.start_index = 0;
        }
    },
    fault! {
        id: "paging_members_missing",
        title: "Lists hold neither startIndex nor itemsPerPage",
        story: "Okta's published test wants both as numbers, so the integration cannot be submitted.",
        source: "derived from ssoready/ssoready#232",
        case: "B105a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.edit_list(|body| {
                if let Some(members) = body.as_object_mut() {
                    members.retain(|name, _| !["startIndex", "itemsPerPage"].contains(&name.as_str()));
                }
            });
        }
    },
    fault! {
        id: "list_resources_null",
        title: "Resources is null when nothing matches",
        story: "The look-up before a create fails on the null, so nobody can be created.",
        source: "elimity-com/scim#78",
        case: "B106",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.edit_list(|body| {
                if body["totalResults"] == 0 {
                    body["Resources"] = Value::Null;
                }
            });
        }
    },
    fault! {
        id: "list_key_lowercase",
        title: "Lists hold resources in lower case, and the schema of what is listed",
        story: "Okta sees no Resources in any list: the credentials cannot even be tested.",
        source: "ssoready/ssoready#232",
        case: "B107",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            answer.edit_list(|body| {
                let urn = if request.is_at("Groups") { GROUP_URN } else { USER_URN };
                body["schemas"] = json!([urn]);
                if let Some(listed) = body.as_object_mut().and_then(|members| members.shift_remove("Resources")) {
                    body["resources"] = listed;
                }
            });
        }
    },
    fault! {
        id: "list_is_array",
        title: "A list of groups is a bare array",
        story: "Okta cannot read the look-up before a group is pushed.",
        source: "derived from ssoready/ssoready#232",
        case: "B107a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_at("Groups") {
                let listed = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
                if let Some(resources) = listed.get("Resources") {
                    answer.body = resources.to_string().into_bytes();
                }
            }
        }
    },
    fault! {
        id: "list_system_account",
        title: "Lists begin with an account of the server's own, without userName and names",
        story: "Okta's published test looks at the first listed user and fails; an import brings somebody without a name.",
        source: "onyx-dot-app/onyx#8959",
        case: "B109",
        fn start(&self, resources: &mut Vec<(Kind, Value)>) {
            resources.insert(0, (Kind::User, json!({"schemas": [USER_URN], "userName": SYSTEM, "active": true})));
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if resource.get("userName") == Some(&json!(SYSTEM)) {
                resource.insert("userName".into(), "".into());
                resource.insert("name".into(), json!({"givenName": "", "familyName": ""}));
            }
        }
    },
    fault! {
        id: "list_without_names",
        title: "Listed users have neither name nor e-mail address",
        story: "An import reads nothing but the list: it brings people without names into Okta, or none at all.",
        source: "derived from onyx-dot-app/onyx#8959",
        case: "B109a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            leave_out(occasion, resource, "name");
            leave_out(occasion, resource, "emails");
        }
    },
    fault! {
        id: "list_without_active",
        title: "Listed users have no active",
        story: "An import takes everybody for active and gives leavers their Okta account back.",
        source: "derived from onyx-dot-app/onyx#8959",
        case: "B109b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            leave_out(occasion, resource, "active");
        }
    },
    fault! {
        id: "list_without_inactive",
        title: "Inactive users are left out of lists",
        story: "An import takes a leaver for deleted and removes the link; the return is a create that conflicts.",
        source: "derived from onyx-dot-app/onyx#8959",
        case: "B109c",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::User && query.filter.is_none() {
                query.filter = Filter::parse("active eq true").ok();
            }
        }
    },
    fault! {
        id: "total_constant",
        title: "totalResults is always 100",
        story: "A look-up that finds nobody says it found a hundred, and an import asks for people who are not there.",
        source: "wso2-extensions/identity-inbound-provisioning-scim2#24",
        case: "B110",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = 100;
        }
    },
    fault! {
        id: "total_one_short",
        title: "totalResults of a longer list is one too small",
        story: "When the last person stands alone on a page, an import never asks for it.",
        source: "derived from wso2-extensions/identity-inbound-provisioning-scim2#24",
        case: "B110a",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total -= usize::from(list.total > 1);
        }
    },
    fault! {
        id: "total_rounded",
        title: "totalResults of lists without a filter is an estimate",
        story: "An import asks for people who are not there, and Okta's reviewers see numbers that do not fit.",
        source: "derived from wso2-extensions/identity-inbound-provisioning-scim2#24",
        case: "B110b",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            if list.total > 2 {
                list.total = list.total.next_multiple_of(100);
            }
        }
    },
    fault! {
        id: "total_is_rest",
        title: "totalResults counts what comes behind the page",
        story: "An import reads one page and believes that it was the last.",
        source: "derived: no report is known",
        case: "own",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = (list.total + 1).saturating_sub(list.start_index + list.resources.len());
        }
    },
    fault! {
        id: "list_without_id",
        title: "Listed users and groups have no id",
        story: "An import cannot tell anybody apart, and a look-up leads to nobody.",
        source: "derived: no report is known",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List {
                resource.shift_remove("id");
            }
        }
    },
    fault! {
        id: "list_groups_without_name",
        title: "Listed groups have no displayName",
        story: "Imported groups have no name, and none can be chosen for a link.",
        source: "derived: no report is known",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List && occasion.kind == Kind::Group {
                resource.shift_remove("displayName");
            }
        }
    },
    fault! {
        id: "config_without_limit",
        title: "The server's configuration names no maxResults",
        story: "A client cannot know how long a list may get.",
        source: "derived: no report is known",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_at("ServiceProviderConfig") {
                answer.edit(|body| body["filter"]["maxResults"] = Value::Null);
            }
        }
    },
];
