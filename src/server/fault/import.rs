//! Faults about lists as imports and connection tests read them: without a filter, page by page.

use super::{Action, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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

/// Fails the first page of every n-th import, of users and of groups.
fn every(nth: usize, seen: &[AtomicUsize; 2], request: &Request) -> Option<Answer> {
    let starts = is_import(request) && request.query == "startIndex=1&count=100";
    let seen = &seen[usize::from(request.path.ends_with("/Groups"))];
    (starts && seen.fetch_add(1, Ordering::Relaxed) % nth == nth - 1).then(|| failure("a node is gone"))
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
        id: "list_second_500",
        title: "Every second import is answered 500",
        story: "One of two nodes is broken: the import that follows a working one fails.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        memory: [AtomicUsize; 2],
        fn request(&self, request: &mut Request) -> Option<Answer> {
            every(2, &self.0, request)
        }
    },
    fault! {
        id: "list_third_500",
        title: "Every third import is answered 500",
        story: "One of three nodes is broken: imports fail now and then, and nobody finds out why.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        memory: [AtomicUsize; 2],
        fn request(&self, request: &mut Request) -> Option<Answer> {
            every(3, &self.0, request)
        }
    },
    fault! {
        id: "start_must_fit_count",
        title: "A page that starts in the middle of another is refused",
        story: "The server knows numbered pages only. Who goes on behind what came, and not by the count, is refused.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let (start, count) = (number(request, "startIndex")?, number(request, "count")?);
            let fits = count == 0 || start.saturating_sub(1).is_multiple_of(count);
            (is_import(request) && !fits).then(|| Answer::refusal(&ScimError::plain(400, "There is no such page")))
        }
    },
    fault! {
        id: "past_the_end_404",
        title: "A page behind the end is answered 404",
        story: "A client that reads until a page is empty meets an error at the end of every import.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let past = is_import(request)
                && number(request, "startIndex") > Some(1)
                && body(answer).is_some_and(|list| list["itemsPerPage"] == 0);
            if past {
                *answer = Answer::refusal(&ScimError::plain(404, "There is no such page"));
            }
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
        id: "list_without_ids",
        title: "Listed resources have no id",
        story: "An import cannot tell whom to update and whom to link.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| each(list, |resource| _ = resource.remove("id")));
        }
    },
    fault! {
        id: "list_without_names",
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
        id: "list_without_active",
        title: "Listed users have no active",
        story: "Okta imports active users only and cannot know who is.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| each(list, |resource| _ = resource.remove("active")));
        }
    },
    fault! {
        id: "list_without_profile",
        title: "Lists show users without name and e-mail",
        story: "An import reads nothing but the list: everybody arrives without a name.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List {
                resource.remove("name");
                resource.remove("emails");
            }
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
        id: "list_hides_inactive",
        title: "Inactive users are in no list",
        story: "Okta takes a leaver for somebody who was deleted, and cannot link him when he returns.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| keep(list, |resource| resource.get("active") != Some(&Value::Bool(false))));
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
        id: "list_without_counters",
        title: "Lists tell neither startIndex nor itemsPerPage",
        story: "Okta's test of the server fails, and a client does not know where a page ends.",
        source: "derived from RFC 7644 §3.4.2.4 and Okta's way of importing",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            in_pages(request, answer, |list| if let Some(list) = list.as_object_mut() {
                list.remove("startIndex");
                list.remove("itemsPerPage");
            });
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
