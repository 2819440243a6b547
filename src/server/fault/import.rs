//! Faults about lists as imports and connection tests read them: without a filter, page by page.

use super::{Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The collections that are imported.
const COLLECTIONS: [&str; 4] = ["/Users", "/Groups", "/Roles", "/Entitlements"];

/// True for a list without a filter.
fn is_import(request: &Request) -> bool {
    request.method == "GET"
        && COLLECTIONS.iter().any(|collection| request.path.ends_with(collection))
        && !request.query.contains("filter=")
}

/// A number among the parameters.
fn number(request: &Request, name: &str) -> Option<usize> {
    let value = |pair: &str| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
    request.query.split('&').find_map(value)
}

fn failure(detail: &str) -> Answer {
    Answer::refusal(&ScimError::plain(500, detail))
}

fn body(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}

/// Changes a list that was answered.
fn in_list(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    let Some(mut list) = body(answer).filter(|body| body.get("totalResults").is_some()) else { return };
    change(&mut list);
    answer.body = list.to_string().into_bytes();
}

/// Changes a page of an import.
fn in_pages(request: &Request, answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if is_import(request) {
        in_list(answer, change);
    }
}

/// True for the first page of all groups.
fn is_first_of_groups(request: &Request) -> bool {
    is_import(request) && request.is_on("GET", "Groups") && number(request, "startIndex").is_none_or(|start| start == 1)
}

/// Lets the list of groups begin with these.
fn begin_groups(request: &Request, answer: &mut Answer, with: [Value; 2]) {
    if is_first_of_groups(request) {
        in_list(answer, |list| {
            let Some(resources) = list["Resources"].as_array_mut() else { return };
            let more = with.len();
            resources.splice(0..0, with);
            list["itemsPerPage"] = json!(resources.len());
            list["totalResults"] = json!(list["totalResults"].as_u64().unwrap_or_default() + more as u64);
        });
    }
}

/// A group that the server brings along.
fn builtin(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": name.to_lowercase(), "displayName": name,
        "members": [], "meta": { "resourceType": "Group" } })
}

/// Changes every listed resource.
fn each(list: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let resources = list["Resources"].as_array_mut();
    resources.into_iter().flatten().filter_map(Value::as_object_mut).for_each(change);
}

/// Lists only these, as if there were no others on the page.
fn keep(list: &mut Value, wanted: impl Fn(&Value) -> bool) {
    let Some(resources) = list["Resources"].as_array_mut() else { return };
    let before = resources.len();
    resources.retain(wanted);
    let (after, total) = (resources.len(), list["totalResults"].as_u64().unwrap_or_default());
    list["totalResults"] = json!(total.saturating_sub((before - after) as u64));
    list["itemsPerPage"] = json!(after);
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "page_of_100_500",
        title: "A list is answered 500 when 100 are asked for",
        story: "The connection test is green, and every import fails at once.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (is_import(request) && number(request, "count") == Some(100)).then(|| failure("too many rows"))
        }
    },
    fault! {
        id: "second_page_500",
        title: "Every page but the first is answered 500",
        story: "An import of up to 100 people works; with the 101st it fails as a whole.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            (is_import(request) && number(request, "startIndex") > Some(1)).then(|| failure("no cursor"))
        }
    },
    fault! {
        id: "later_page_null",
        title: "Resources is null on every page but the first",
        story: "An import of up to 100 people works; the page behind it fails on the null, whether there is somebody on it or not.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| {
                if number(request, "startIndex") > Some(1) {
                    list["Resources"] = Value::Null;
                }
            });
        }
    },
    fault! {
        id: "total_in_pages",
        title: "totalResults counts pages and not users",
        story: "An import of two pages ends after the first: everybody behind it is missing in Okta.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = list.total.div_ceil(list.count.unwrap_or(100).max(1));
        }
    },
    fault! {
        id: "total_is_what_is_left",
        title: "totalResults counts only what is on this page and behind it",
        story: "The total shrinks while the import goes on; in the middle of the list it seems to be done.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = list.total.saturating_sub(list.start_index - 1);
        }
    },
    fault! {
        id: "total_follows_start",
        title: "totalResults is never less than what startIndex leaves behind",
        story: "Behind the end the total grows with every page that is asked for, and the import never ends.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = list.total.max(list.start_index - 1);
        }
    },
    fault! {
        id: "total_counts_the_hidden",
        title: "totalResults counts an account that is never listed",
        story: "Every import looks as if one person were missing, and nobody can say who.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| list["totalResults"] = json!(list["totalResults"].as_u64().unwrap_or_default() + 1));
        }
    },
    fault! {
        id: "list_nameless",
        title: "Listed resources have neither userName nor displayName",
        story: "Everybody who is imported is nameless and cannot be matched with anybody in Okta.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| each(list, |resource| {
                resource.remove("userName");
                resource.remove("displayName");
            }));
        }
    },
    fault! {
        id: "list_hides_provisioned",
        title: "Users that were provisioned are in no list",
        story: "Only who has signed in is listed, so an import misses everybody whom Okta itself created.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| keep(list, |resource| resource.get("externalId").is_none()));
        }
    },
    fault! {
        id: "list_shows_all_active",
        title: "In lists everybody is active",
        story: "An import brings every leaver back as a new user.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| each(list, |resource| {
                if let Some(active) = resource.get_mut("active") {
                    *active = Value::Bool(true);
                }
            }));
        }
    },
    fault! {
        id: "list_shows_new_inactive",
        title: "In lists a user is inactive until the first sign-in",
        story: "An import leaves out everybody who is new.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| each(list, |resource| {
                if resource.contains_key("externalId") {
                    resource.insert("active".into(), Value::Bool(false));
                }
            }));
        }
    },
    fault! {
        id: "list_misses_newest",
        title: "The newest resource is counted but not listed",
        story: "The index is one behind. Who was created last is in no import.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| {
                let last = list["startIndex"].as_u64().unwrap_or(1) + list["itemsPerPage"].as_u64().unwrap_or_default();
                if last > list["totalResults"].as_u64().unwrap_or_default()
                    && let Some(resources) = list["Resources"].as_array_mut()
                {
                    resources.pop();
                    list["itemsPerPage"] = json!(resources.len());
                }
            });
        }
    },
    fault! {
        id: "list_repeats_entry",
        title: "The first resource of a page is listed again at its end",
        story: "Who has two e-mail addresses is listed twice, and Okta meets him twice in one import.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| {
                if let Some(resources) = list["Resources"].as_array_mut() {
                    resources.extend(resources.first().cloned());
                    list["itemsPerPage"] = json!(resources.len());
                }
            });
        }
    },
    fault! {
        id: "list_order_flips",
        title: "Every second reading of a list is in reverse order",
        story: "Without a fixed order two pages may overlap, or leave somebody out between them.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        memory: AtomicBool,
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if is_import(request) && number(request, "startIndex") == Some(1) {
                self.0.fetch_xor(true, Ordering::Relaxed);
            }
            let reverse = self.0.load(Ordering::Relaxed);
            in_pages(request, answer, |list| {
                if let Some(resources) = list["Resources"].as_array_mut().filter(|_| reverse) {
                    resources.reverse();
                }
            });
        }
    },
    fault! {
        id: "groups_builtin_twice",
        title: "A group of the server's own is listed twice",
        story: "Everyone is a group of the directory and of the product, and lists hold it once for each. Okta imports one of \
            the two and meets the other one as a change each time.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            begin_groups(request, answer, [builtin("Everyone"), builtin("Everyone")]);
        }
    },
    fault! {
        id: "groups_builtin_wander",
        title: "Two groups of the server's own are listed in an order that changes",
        story: "They come from a map without an order. Where they stand at the edge of a page, one is read twice and the \
            other one not at all.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        memory: AtomicBool,
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let mut two = [builtin("Administrators"), builtin("Everyone")];
            if is_first_of_groups(request) && self.0.fetch_xor(true, Ordering::Relaxed) {
                two.reverse();
            }
            begin_groups(request, answer, two);
        }
    },
    fault! {
        id: "count_plus_one",
        title: "A page holds one more than was asked for",
        story: "The last of every page comes again as the first of the next.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.count = query.count.map(|count| count.saturating_add(1));
        }
    },
    fault! {
        id: "start_index_told_as_one",
        title: "Every page says that it starts at 1",
        story: "A client that checks where a page starts reads the first one for ever.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.start_index = 1;
        }
    },
    fault! {
        id: "list_schemas_empty",
        title: "Lists name no schema",
        story: "Okta's test of the server fails before anybody is created.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            in_list(answer, |list| list["schemas"] = json!([]));
        }
    },
    fault! {
        id: "lists_empty",
        title: "A list without a filter is always empty",
        story: "Look-ups work, but every import brings nobody: the list is read from an index that was never built.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| {
                list["Resources"] = json!([]);
                list["totalResults"] = 0.into();
                list["itemsPerPage"] = 0.into();
            });
        }
    },
];
