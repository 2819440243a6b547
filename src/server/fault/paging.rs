//! Faults about lists and their pages.

use super::{Fault, ListAnswer, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use serde_json::{Value, json};

/// Changes the JSON body of a list that was answered.
fn in_list(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return };
    if body.get("totalResults").is_some() {
        change(&mut body);
        answer.body = body.to_string().into_bytes();
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
            in_list(answer, |body| {
                for counter in ["totalResults", "startIndex", "itemsPerPage"] {
                    body[counter] = json!(body[counter].to_string());
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
            in_list(answer, |body| {
                if body["totalResults"] == 0 {
                    body["Resources"] = Value::Null;
                }
            });
        }
    },
    fault! {
        id: "total_is_page_size",
        title: "totalResults counts the page and not the matches",
        story: "An import ends after the first page, and everybody behind it is missing in Okta.",
        source: "oktadev samples; see the fault catalogue's kind pagination",
        case: "B096a",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = list.resources.len();
        }
    },
    fault! {
        id: "start_index_ignored",
        title: "startIndex is ignored",
        story: "Every page of an import is the first one: the same people again and again, the others never.",
        source: "oktadev samples; see the fault catalogue's kind pagination",
        case: "B097a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index = 1;
        }
    },
];
