//! Faults about speed, volume and limits. Slow means slow in the eyes of the client: delays are shares of its patience, and
//! volumes are those that a short play makes, in place of the thousands of the reports.

use super::{Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Delay, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The delay that no client waits for, in hundredths of its patience.
const TOO_LATE: u32 = 130;

/// A group with more members than this is large.
const LARGE: usize = 10;

/// How many elements an array of the answer has; 0 without it.
fn length(answer: &Answer, pointer: &str) -> usize {
    answer.json().and_then(|body| Some(body.pointer(pointer)?.as_array()?.len())).unwrap_or_default()
}

/// True when the answer is, or lists, a large group.
fn holds_large_group(answer: &Answer) -> bool {
    let is_large = |group: &Value| group["members"].as_array().is_some_and(|members| members.len() > LARGE);
    let Some(body) = answer.json() else { return false };
    is_large(&body) || body["Resources"].as_array().is_some_and(|listed| listed.iter().any(is_large))
}

/// Grows with the square of the members: each is compared with each.
fn slowed_by_members(answer: &mut Answer) {
    let members = u32::try_from(length(answer, "/members")).unwrap_or(TOO_LATE);
    answer.slow(members.saturating_mul(members).min(TOO_LATE));
}

/// True for every tenth create in a row.
fn is_burst(row: &AtomicU32, request: &Request) -> bool {
    if request.method != "POST" {
        row.store(0, Ordering::Relaxed);
        return false;
    }
    let burst = row.fetch_add(1, Ordering::Relaxed) + 1 >= 10;
    if burst {
        row.store(0, Ordering::Relaxed);
    }
    burst
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_patch_slow",
        title: "A PATCH of a group takes longer with each member it has",
        story: "Small groups are pushed without trouble. With the large ones Okta gives up waiting, marks the push as \
            failed and sends it again, which makes the next one later still.",
        source: "wso2/product-is#6918",
        case: "B155",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on_one("PATCH", "Groups") {
                slowed_by_members(answer);
            }
        }
    },
    fault! {
        id: "group_put_slow",
        title: "A PUT of a group takes longer with each member it has",
        story: "An app made with Okta's wizard sends the whole group each time; the large ones never get through.",
        source: "derived from wso2/product-is#6918",
        case: "B155a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on_one("PUT", "Groups") {
                slowed_by_members(answer);
            }
        }
    },
    fault! {
        id: "lookup_slow",
        title: "A look-up of a user who does not exist is not answered in time",
        story: "Okta asks for the name before each create, and the whole table is searched in vain. Nobody new can be \
            created.",
        source: "Captain-P-Goldfish/scim-for-keycloak#78",
        case: "B156",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let missing = request.is_on("GET", "Users") && request.query.contains("filter=");
            if missing && answer.json().is_some_and(|body| body["totalResults"] == 0) {
                answer.slow(TOO_LATE);
            }
        }
    },
    fault! {
        id: "create_manager_slow",
        title: "A create that names a manager is done at once and answered too late",
        story: "The manager is looked up in another system within the request. Okta gives up, reports a failed task and does \
            not know the id of the user who was made.",
        source: "derived from wso2/product-is#9882",
        case: "B156a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on("POST", "Users") && String::from_utf8_lossy(&request.body).contains("\"manager\"") {
                answer.slow(TOO_LATE);
            }
        }
    },
    fault! {
        id: "list_slow",
        title: "Each listed user makes a page later",
        story: "The connection test asks for two users and is green. A page of an import never arrives.",
        source: "Metatavu/keycloak-scim-server#65",
        case: "B157",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on("GET", "Users") {
                let listed = u32::try_from(length(answer, "/Resources")).unwrap_or(TOO_LATE);
                // Two at a time are quick.
                answer.slow(listed.saturating_sub(2).saturating_mul(30).min(TOO_LATE));
            }
        }
    },
    fault! {
        id: "list_large_500",
        title: "A page of more than a handful of users is answered 500",
        story: "Memory runs out while the page is put together. The connection test asks for two users and is green.",
        source: "derived from Metatavu/keycloak-scim-server#65",
        case: "B157a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on("GET", "Users") && length(answer, "/Resources") > 5 {
                *answer = Answer::empty(500);
            }
        }
    },
    fault! {
        id: "group_large_500",
        title: "A large group cannot be read",
        story: "The group outgrows a limit of the store. Pushing it fails, and so does every page of an import that holds \
            it.",
        source: "FusionAuth/fusionauth-issues#3307",
        case: "B158",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "GET" && holds_large_group(answer) {
                *answer = Answer::empty(500);
            }
        }
    },
    fault! {
        id: "group_members_capped",
        title: "A group shows ten members at most",
        story: "The member list is cut without a word. Okta sends back what it read, and everybody behind the cut loses \
            access.",
        source: "derived from simpleidserver/SimpleIdServer#909",
        case: "B158a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && let Some(Value::Array(members)) = resource.get_mut("members") {
                members.truncate(LARGE);
            }
        }
    },
    fault! {
        id: "user_groups_nested",
        title: "A user shows each group with all its members",
        story: "A page of users holds every membership of the company many times over, and an import breaks on its size.",
        source: "jelhub/scimgateway#71",
        case: "B159",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind != Kind::User {
                return;
            }
            let member = json!({ "value": resource.get("id"), "display": resource.get("userName") });
            for group in resource.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
                group["members"] = json!([member]);
            }
        }
    },
    fault! {
        id: "rate_429_bare",
        title: "The tenth create in a row is answered 429 without a word",
        story: "A limit in front of the application, met when many people are assigned at once. Okta is not told when to \
            come back and waits five minutes each time.",
        source: "vouch-sh/vouch#1412",
        case: "B160",
        memory: AtomicU32,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            is_burst(&self.0, request).then(|| Answer::empty(429))
        }
    },
    fault! {
        id: "rate_429_date",
        title: "A 429 names a date to come back at",
        story: "Okta reads whole seconds only; with a date it waits five minutes and doubles that each time.",
        source: "derived from growthbook/growthbook#5764",
        case: "B160a",
        memory: AtomicU32,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let refusal = || Answer::refusal(&ScimError::plain(429, "Too many requests"));
            is_burst(&self.0, request).then(|| refusal().with("retry-after", "Wed, 21 Oct 2037 07:28:00 GMT"))
        }
    },
    fault! {
        id: "rate_503",
        title: "The tenth create in a row is answered 503",
        story: "Okta waits and repeats after a 429. A 503 is a failed task to it, and an administrator has to retry each \
            one by hand.",
        source: "derived from rancher/rancher#54870",
        case: "B160b",
        memory: AtomicU32,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let refusal = || Answer::refusal(&ScimError::plain(503, "Too many requests"));
            is_burst(&self.0, request).then(|| refusal().with("retry-after", "1"))
        }
    },
    fault! {
        id: "groups_slow_700ms",
        title: "A list of groups takes 700 ms",
        story: "Okta's test wants the groups within 600 ms and warns.",
        source: "derived from Okta's SPEC test, SPEC-10.02",
        case: "B161",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_on("GET", "Groups") && request.query.is_empty() {
                answer.delay = Delay::Exactly(Duration::from_millis(700));
            }
        }
    },
];
