//! Faults about lists and their pages.

use super::{Action, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use crate::scim::schema::{GROUP_URN, USER_URN};
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The userName under which an account of the server's own is kept.
const SYSTEM: &str = "system";

/// Orders a list by another attribute than that of creation, where the client asks for no order.
fn order_by(query: &mut Query, attribute: &str, sub: Option<&str>, descending: bool) {
    if query.sort_by.is_none() {
        query.sort_by = Some(AttributePath { uri: None, attribute: attribute.into(), sub: sub.map(str::to_owned) });
        query.descending = descending;
    }
}

/// A parameter of a list that is a whole number.
fn number(request: &Request, name: &str) -> Option<i64> {
    request.parameter(name)?.parse().ok()
}

/// Leaves an attribute out of every listed user.
fn leave_out(occasion: &Occasion, resource: &mut Map<String, Value>, attribute: &str) {
    if occasion.action == Action::List && occasion.kind == Kind::User {
        resource.shift_remove(attribute);
    }
}

pub(super) const FAULTS: &[Fault] = &[
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
        id: "start_zero_based",
        title: "startIndex counts from 0",
        story: "The first person of every list is left out, also the only one a look-up finds.",
        source: "osiam/server#7; simpleidserver/SimpleIdServer#39",
        case: "B098",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index += 1;
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.start_index -= 1;
        }
    },
    fault! {
        id: "start_zero_based_import",
        title: "startIndex counts from 0 in lists without a filter",
        story: "Each import leaves the first person of the directory out, and nobody notices one who is missing.",
        source: "derived from osiam/server#7",
        case: "B098a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index += usize::from(query.filter.is_none());
        }
    },
    fault! {
        id: "page_overlap",
        title: "Each further page begins with the last resource of the page before",
        story: "An import reads the same person twice.",
        source: "wso2/product-is#9957",
        case: "B099",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index -= usize::from(query.start_index > 1);
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.start_index += usize::from(list.start_index > 1);
        }
    },
    fault! {
        id: "page_last_lost",
        title: "A page that is not full comes back empty",
        story: "The end of every import is missing: whoever joined last never arrives in Okta.",
        source: "derived from wso2/product-is#9957",
        case: "B099a",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            if list.start_index > 1 && list.count.is_some_and(|count| list.resources.len() < count) {
                list.resources.clear();
            }
        }
    },
    fault! {
        id: "page_past_end_repeats",
        title: "A page behind the end is the first page again",
        story: "A client that reads until a page is empty never ends.",
        source: "wso2/product-is#13752",
        case: "B100",
        fn page(&self, _: &Occasion, matches: usize, query: &mut Query) -> bool {
            let past = query.start_index > matches && matches > 0;
            if past {
                query.start_index = 1;
            }
            past
        }
    },
    fault! {
        id: "page_past_end_404",
        title: "A page behind the end is not found",
        story: "Okta asks for the next page when somebody was removed meanwhile, and the whole import fails.",
        source: "derived from wso2/product-is#13752",
        case: "B100a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let listed = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
            if number(request, "startIndex").is_some_and(|start| start > 1) && listed["Resources"] == json!([]) {
                *answer = Answer::refusal(&ScimError::plain(404, "There is no such page"));
            }
        }
    },
    fault! {
        id: "page_unstable",
        title: "Lists are in the order of the last change, newest first",
        story: "Whoever is changed during an import moves to the first page: others are read twice or never.",
        source: "grokability/snipe-it#18014; growthbook/growthbook#5332",
        case: "B101",
        fn query(&self, _: &Occasion, query: &mut Query) {
            order_by(query, "meta", Some("lastModified"), true);
        }
    },
    fault! {
        id: "page_order_changes",
        title: "The order of a list is another one in every second request",
        story: "Some people are on two pages of an import and others on none.",
        source: "derived from cloudfoundry/uaa#164",
        case: "B101a",
        memory: AtomicBool,
        fn query(&self, _: &Occasion, query: &mut Query) {
            let descending = self.0.fetch_not(Ordering::Relaxed);
            order_by(query, "id", None, descending);
        }
    },
    fault! {
        id: "page_unstable_oldest_first",
        title: "Lists are in the order of the last change, oldest first",
        story: "Whoever is changed during an import moves to the end, and the one behind is never read.",
        source: "derived from growthbook/growthbook#5332",
        case: "B101b",
        fn query(&self, _: &Occasion, query: &mut Query) {
            order_by(query, "meta", Some("lastModified"), false);
        }
    },
    fault! {
        id: "count_zero_default",
        title: "count=0 counts as no count",
        story: "A client that only wants to know how many there are is sent a page of them.",
        source: "pond/scimitar#168; elimity-com/scim#110",
        case: "B102",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.count = query.count.filter(|count| *count > 0);
        }
    },
    fault! {
        id: "count_absent_empty",
        title: "A list without a count is empty",
        story: "Okta's published test looks people up without one, and finds nobody.",
        source: "GluuFederation/oxTrust#360",
        case: "B103",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.count = query.count.or(Some(0));
        }
    },
    fault! {
        id: "start_ignored_small",
        title: "startIndex is ignored when all matches fit on one page",
        story: "An import that goes on behind what it has read is given the first people again.",
        source: "scimmyjs/scimmy#21",
        case: "B104",
        fn page(&self, _: &Occasion, matches: usize, query: &mut Query) -> bool {
            let ignored = query.start_index > 1 && matches <= query.page_size();
            if ignored {
                query.start_index = 1;
            }
            ignored
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
        id: "paging_out_of_range_500",
        title: "A startIndex or count below its smallest value makes the server fail",
        story: "A client that counts from 0 is never answered.",
        source: "open-webui/open-webui#21577; langfuse/langfuse#14747",
        case: "B108",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let below = number(request, "startIndex").is_some_and(|start| start < 1)
                || number(request, "count").is_some_and(|count| count < 0);
            below.then(|| Answer::refusal(&ScimError::plain(500, "OFFSET must not be negative")))
        }
    },
    fault! {
        id: "count_large_422",
        title: "A count above the server's limit is refused",
        story: "A client that asks for as many as possible is told off instead of given a page.",
        source: "derived from open-webui/open-webui#21577",
        case: "B108a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let large = number(request, "count").is_some_and(|count| count > 200);
            large.then(|| Answer::refusal(&ScimError::plain(422, "count must be 200 at most")))
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
        id: "count_unbounded",
        title: "Lists are longer than the maxResults the server tells",
        story: "A client that trusts the limit is sent the whole directory in one answer.",
        source: "langwatch/langwatch#6720; wso2/product-is#20030",
        case: "B111",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.limit = usize::MAX;
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_at("ServiceProviderConfig") {
                answer.edit(|body| body["filter"]["maxResults"] = 3.into());
            }
        }
    },
    fault! {
        id: "paging_ignored",
        title: "startIndex and count are ignored and everything returned each time",
        story: "Every page of an import is the whole directory.",
        source: "PostHog/posthog#51441",
        case: "B112",
        fn query(&self, _: &Occasion, query: &mut Query) {
            (query.start_index, query.count, query.limit) = (1, Some(usize::MAX), usize::MAX);
        }
    },
    fault! {
        id: "start_index_ignored",
        title: "startIndex is ignored",
        story: "Every page of an import is the first one: the same people again and again, the others never.",
        source: "derived from PostHog/posthog#51441",
        case: "B112a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index = 1;
        }
    },
    fault! {
        id: "paging_ignored_groups",
        title: "startIndex and count are ignored in lists of groups",
        story: "Every page of an import of groups is the whole list.",
        source: "derived from PostHog/posthog#51441",
        case: "B112b",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::Group {
                (query.start_index, query.count) = (1, None);
            }
        }
    },
];
