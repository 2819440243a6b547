//! Faults about what Okta's connection test, its published test suites and its discovery of entitlements ask for.

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The id of the user that a request is about.
fn user(request: &Request) -> Option<&str> {
    request.path.rsplit_once("/Users/").map(|(_, id)| id).filter(|id| !id.is_empty())
}

fn is_user(occasion: &Occasion, action: Action) -> bool {
    occasion.kind == Kind::User && occasion.action == action
}

fn gone(request: &Request) -> Answer {
    Answer::refusal(&ScimError::plain(404, format!("There is nothing at {}", request.path)))
}

/// Loses the first read of a user after a write by this method.
fn lost_after(method: &str, wrote: &AtomicBool, request: &Request) -> Option<Answer> {
    user(request)?;
    if request.method == method {
        wrote.store(true, Ordering::Relaxed);
    }
    (request.method == "GET" && wrote.swap(false, Ordering::Relaxed)).then(|| gone(request))
}

/// True when a user is deactivated who was deactivated before.
fn again(leavers: &Mutex<HashSet<String>>, change: &Change) -> bool {
    let was = change.before.and_then(|before| before.get("active")) == Some(&Value::Bool(true));
    let turned_off = was && change.after.get("active") == Some(&Value::Bool(false));
    let Some(id) = change.occasion.id.filter(|_| turned_off) else { return false };
    !leavers.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
}

/// Changes what is told at a discovery endpoint.
fn told(request: &Request, answer: &mut Answer, endpoint: &str, change: impl FnOnce(&mut Value)) {
    let here = request.path.ends_with(&format!("/{endpoint}"));
    if let Some(mut list) = serde_json::from_slice(&answer.body).ok().filter(|_| here) {
        change(&mut list);
        answer.body = list.to_string().into_bytes();
    }
}

/// Changes everything that is told there.
fn each(list: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let resources = list["Resources"].as_array_mut();
    resources.into_iter().flatten().filter_map(Value::as_object_mut).for_each(change);
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "connection_test_500",
        title: "A list of two is answered 500",
        story: "Test API Credentials fails although the credential is right.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let small = ["count=1", "count=2"].iter().any(|count| request.query.split('&').any(|pair| pair == *count));
            (request.path.ends_with("/Users") && small)
                .then(|| Answer::refusal(&ScimError::plain(500, "The page is too small")))
        }
    },
    fault! {
        id: "auth_wrong_403",
        title: "A missing or wrong credential is answered 403",
        story: "Okta says that the credential lacks a right and not that it is wrong.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn credential(&self, _: &Request, verdict: &mut Result<(), ScimError>) {
            if let Err(error) = verdict {
                error.status = 403;
            }
        }
    },
    fault! {
        id: "read_by_id_404",
        title: "A read of a user by id is answered 404",
        story: "Okta reads a user before every update; none can be changed.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (request.method == "GET" && user(request).is_some()).then(|| gone(request))
        }
    },
    fault! {
        id: "read_without_id",
        title: "A user that is read has no id",
        story: "What Okta sends back with its next update names nobody.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Read) {
                resource.remove("id");
            }
        }
    },
    fault! {
        id: "read_with_other_id",
        title: "A user that is read has its id in another spelling",
        story: "Okta's next request goes to a user that is not there.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Read) {
                let id = resource["id"].as_str().unwrap_or_default().to_uppercase();
                resource.insert("id".into(), format!("{id}-A").into());
            }
        }
    },
    fault! {
        id: "read_without_username",
        title: "A user that is read has no userName",
        story: "Okta sends back what it read: the next update takes the user's name away.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Read) {
                resource.remove("userName");
            }
        }
    },
    fault! {
        id: "read_without_profile",
        title: "A user that is read has neither name nor e-mail",
        story: "Okta sends back what it read: the next update empties the profile.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Read) {
                resource.remove("name");
                resource.remove("emails");
            }
        }
    },
    fault! {
        id: "read_without_active",
        title: "A user that is read has no active",
        story: "Okta cannot see whether a deactivation has worked.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Read) {
                resource.remove("active");
            }
        }
    },
    fault! {
        id: "create_answer_bare",
        title: "A create is answered with the id alone",
        story: "Okta's test of the server fails: it compares the answer with what it sent.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if is_user(occasion, Action::Create) {
                resource.retain(|name, _| matches!(name.as_str(), "id" | "meta"));
            }
        }
    },
    fault! {
        id: "lookup_in_capitals_400",
        title: "A look-up of a name in capitals is refused",
        story: "Who is written in capitals in Okta can be neither found nor created.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let rest = request.query.split_once("userName%20eq%20%22").map(|(_, rest)| rest);
            let name = rest.and_then(|rest| rest.split("%22").next()).unwrap_or_default();
            let capitals =
                name.contains(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase());
            if capitals && answer.status == 200 {
                *answer = Answer::refusal(&ScimError::bad(ScimType::InvalidFilter, "Use small letters"));
            }
        }
    },
    fault! {
        id: "filter_with_paging_400",
        title: "A filter together with startIndex and count is refused",
        story: "The look-up before every create is refused, for Okta always sends all three.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (request.query.contains("filter=") && request.query.contains("count="))
                .then(|| Answer::refusal(&ScimError::plain(400, "A filter cannot be paged")))
        }
    },
    fault! {
        id: "filter_without_paging_400",
        title: "A filter without startIndex and count is refused",
        story: "Okta's test of the server fails, for it looks up without them.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (request.query.contains("filter=") && !request.query.contains("count="))
                .then(|| Answer::refusal(&ScimError::plain(400, "startIndex and count are missing")))
        }
    },
    fault! {
        id: "groups_unpaged_500",
        title: "A list of groups without a count is answered 500",
        story: "Okta's test of the server fails though group push would work.",
        source: "derived from Okta's published test suites",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (request.method == "GET" && request.path.ends_with("/Groups") && request.query.is_empty())
                .then(|| Answer::refusal(&ScimError::plain(500, "count is missing")))
        }
    },
    fault! {
        id: "read_after_put_404",
        title: "The first read after a PUT is answered 404",
        story: "The read goes to a replica that has dropped the old document and has not got the new one yet.",
        source: "derived from Okta's published test suites",
        case: "own",
        memory: AtomicBool,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            lost_after("PUT", &self.0, request)
        }
    },
    fault! {
        id: "read_after_patch_404",
        title: "The first read after a PATCH is answered 404",
        story: "The read goes to a replica that has dropped the old document and has not got the new one yet.",
        source: "derived from Okta's published test suites",
        case: "own",
        memory: AtomicBool,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            lost_after("PATCH", &self.0, request)
        }
    },
    fault! {
        id: "second_deactivation_400",
        title: "A user who was reactivated cannot be deactivated again",
        story: "Who leaves for the second time keeps the account.",
        source: "derived from Okta's published test suites",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if again(&self.0, change) { Err(ScimError::plain(400, "The user is protected")) } else { Ok(()) }
        }
    },
    fault! {
        id: "second_deactivation_deletes",
        title: "The second deactivation of a user deletes the account",
        story: "Who leaves for the second time is gone with everything that was owned; on the next return Okta finds nobody.",
        source: "derived from Okta's published test suites",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.vanish = again(&self.0, change);
            Ok(())
        }
    },
    fault! {
        id: "resource_types_without_endpoint",
        title: "Resource types have no endpoint",
        story: "Okta knows that there are roles and not where.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told(request, answer, "ResourceTypes", |list| each(list, |one| _ = one.remove("endpoint")));
        }
    },
    fault! {
        id: "resource_types_without_schema",
        title: "Users and groups have no schema among the resource types",
        story: "Okta tells roles and entitlements from the rest by it, and gives up on the first that has none.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told(request, answer, "ResourceTypes", |list| each(list, |one| {
                if one["endpoint"] == "/Users" || one["endpoint"] == "/Groups" {
                    one.remove("schema");
                }
            }));
        }
    },
    fault! {
        id: "resource_types_without_name",
        title: "Resource types have no name",
        story: "The administrator sees entitlements without a heading.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told(request, answer, "ResourceTypes", |list| each(list, |one| _ = one.remove("name")));
        }
    },
    fault! {
        id: "resource_types_second_500",
        title: "Every second read of /ResourceTypes is answered 500",
        story: "Whether provisioning with entitlements can be turned on is a matter of luck.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        memory: AtomicBool,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (request.path.ends_with("/ResourceTypes") && self.0.fetch_xor(true, Ordering::Relaxed))
                .then(|| Answer::refusal(&ScimError::plain(500, "The cache is gone")))
        }
    },
    fault! {
        id: "resource_types_no_list",
        title: "/ResourceTypes is answered without totalResults",
        story: "Okta reads a list and finds none: the app has no entitlements.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told(request, answer, "ResourceTypes", |list| _ = list.as_object_mut().map(|list| list.remove("totalResults")));
        }
    },
    fault! {
        id: "schemas_404",
        title: "GET /Schemas is answered 404",
        story: "Okta cannot read the extensions it does not know.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.path.ends_with("/Schemas").then(|| gone(request))
        }
    },
    fault! {
        id: "roles_404",
        title: "The lists of roles and entitlements are answered 404",
        story: "/ResourceTypes promises what cannot be read, and nothing can be granted.",
        source: "derived from Okta's page on SCIM 2.0 with entitlements",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let known = request.path.ends_with("/Roles") || request.path.ends_with("/Entitlements");
            known.then(|| gone(request))
        }
    },
];
