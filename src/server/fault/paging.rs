//! Faults about pages: where they start, how long they are, in what order they are cut. What a list says and holds is in
//! [`lists`].

pub(super) mod lists;

use super::{Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::path::AttributePath;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::Kind;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

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

pub(super) const FAULTS: &[Fault] = &[
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
            list.start_index = list.start_index.saturating_sub(1);
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
        id: "start_ignored_inside",
        title: "startIndex is ignored when all matches fit on one page and it lies among them",
        story: "An import that goes on behind what it has read is given the first people again, though the end looks right.",
        source: "derived from scimmyjs/scimmy#21",
        case: "B104a",
        fn page(&self, _: &Occasion, matches: usize, query: &mut Query) -> bool {
            let ignored = (2..=matches).contains(&query.start_index) && matches <= query.page_size();
            if ignored {
                query.start_index = 1;
            }
            ignored
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
    fault! {
        id: "count_zero_400",
        title: "A count of 0 is refused",
        story: "A client that only wants to know how many there are is told off.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let zero = number(request, "count") == Some(0);
            zero.then(|| Answer::refusal(&ScimError::plain(400, "count must be positive")))
        }
    },
    fault! {
        id: "count_missing_400",
        title: "A list without a count is refused",
        story: "Okta's published test looks people up without one, and is told off.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let bare = request.method == "GET" && request.path.ends_with("/Users") && number(request, "count").is_none();
            bare.then(|| Answer::refusal(&ScimError::plain(400, "count is required")))
        }
    },
    fault! {
        id: "start_not_aligned_400",
        title: "A startIndex that begins no page of a hundred is refused",
        story: "A server that caps its pages lower than asked cannot be read on.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let odd = number(request, "startIndex").is_some_and(|start| start > 1 && start % 100 != 1);
            odd.then(|| Answer::refusal(&ScimError::plain(400, "startIndex begins no page")))
        }
    },
    fault! {
        id: "list_again_500",
        title: "The same list cannot be read twice",
        story: "The first import works and none after it: the kept answer is broken.",
        source: "derived: no report is known",
        case: "own",
        memory: Mutex<String>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.method != "GET" || request.query.is_empty() || request.parameter("filter").is_some() {
                return None;
            }
            let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let list = format!("{}?{}", request.path, request.query);
            let again = *before == list;
            *before = list;
            again.then(|| Answer::refusal(&ScimError::plain(500, "The kept answer is damaged")))
        }
    },
    fault! {
        id: "start_between_pages_400",
        title: "A startIndex that is not a whole number of counts behind the first is refused",
        story: "The server knows page numbers only: a client that reads on behind a short page is told off.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let (start, count) = (number(request, "startIndex")?, number(request, "count")?);
            let between = start > 1 && count > 0 && (start - 1) % count != 0;
            between.then(|| Answer::refusal(&ScimError::plain(400, "startIndex begins no page")))
        }
    },
    fault! {
        id: "list_after_update_500",
        title: "Nothing can be listed after somebody was updated, until somebody is created",
        story: "An import works until the first push and never after it.",
        source: "derived: no report is known",
        case: "own",
        memory: AtomicBool,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            match request.method.as_str() {
                "PUT" | "PATCH" => self.0.store(true, Ordering::Relaxed),
                "POST" => self.0.store(false, Ordering::Relaxed),
                _ => {}
            }
            let fails = request.method == "GET" && number(request, "count") == Some(100) && self.0.load(Ordering::Relaxed);
            (fails && request.parameter("filter").is_none())
                .then(|| Answer::refusal(&ScimError::plain(500, "The kept list is damaged")))
        }
    },
];
