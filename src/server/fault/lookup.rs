//! Faults about look-ups and filters.

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{Filter, Operator};
use crate::scim::path::AttributePath;
use crate::scim::text::fold;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Visits each comparison of a query's filter.
fn each_term(query: &mut Query, mut visit: impl FnMut(&mut Filter)) {
    if let Some(filter) = &mut query.filter {
        filter.each_term(&mut visit);
    }
}

/// An attribute of the core schema.
fn attribute(name: &str) -> AttributePath {
    AttributePath { uri: None, attribute: name.into(), sub: None }
}

/// A filter that nothing satisfies: every resource has an id.
fn nothing() -> Filter {
    Filter::Compare(attribute("id"), Operator::Eq, Value::Null)
}

/// All of these; nothing when there is none.
fn all_of(mut filters: Vec<Filter>) -> Option<Filter> {
    if filters.len() > 1 { Some(Filter::And(filters)) } else { filters.pop() }
}

/// Makes every `eq` another comparison.
fn eq_becomes(query: &mut Query, other: Operator) {
    each_term(query, |term| {
        if let Filter::Compare(_, operator @ Operator::Eq, Value::String(_)) = term {
            *operator = other;
        }
    });
}

/// Compares an attribute with regard to case.
fn compare_exactly(types: &mut Types, kind: Kind, name: &str) {
    for (_, of) in types.all_mut().filter(|(known, _)| *known == kind) {
        of.attributes_mut().filter(|attribute| attribute.is(name)).for_each(|attribute| attribute.case_exact = true);
    }
}

/// Whether a list was asked for by filter and nothing found.
fn found_nothing(request: &Request, answer: &Answer) -> bool {
    let total = || serde_json::from_slice::<Value>(&answer.body).ok()?.get("totalResults")?.as_u64();
    request.method == "GET" && request.parameter("filter").is_some() && total() == Some(0)
}

/// Whether a filter is written exactly as Okta writes it.
fn okta_spells(filter: &str) -> bool {
    let rest = filter.strip_prefix("userName eq \"").or_else(|| filter.strip_prefix("displayName eq \""));
    rest.is_some_and(|rest| rest.ends_with('"'))
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "filter_case_sensitive",
        title: "userName is compared with regard to case in a filter",
        story: "Okta looks somebody up whose name is stored in another letter case, finds nobody, and creates a second account.",
        source: "zulip/zulip#21758; open-webui/open-webui#18039; zitadel/zitadel#9257",
        case: "B012",
        fn types(&self, types: &mut Types) {
            compare_exactly(types, Kind::User, "userName");
        }
    },
    fault! {
        id: "filter_lowers_value",
        title: "The value of a filter is put into lower case, the stored name is not",
        story: "Whoever has a capital letter in the userName is never found again, so Okta creates and conflicts for ever.",
        source: "derived from zulip/zulip#21758",
        case: "B012a",
        fn types(&self, types: &mut Types) {
            compare_exactly(types, Kind::User, "userName");
        }
        fn query(&self, _: &Occasion, query: &mut Query) {
            each_term(query, |term| {
                if let Filter::Compare(_, _, Value::String(text)) = term {
                    *text = text.to_lowercase();
                }
            });
        }
    },
    fault! {
        id: "filter_group_case_sensitive",
        title: "displayName of a group is compared with regard to case in a filter",
        story: "A group that was renamed in letter case only is pushed a second time.",
        source: "derived from simpleidserver/SimpleIdServer#489",
        case: "B012b",
        fn types(&self, types: &mut Types) {
            compare_exactly(types, Kind::Group, "displayName");
        }
    },
    fault! {
        id: "filter_index_stale",
        title: "The index of userNames keeps the name a user was created with",
        story: "After a rename Okta finds the person under the old name and nobody under the new one.",
        source: "derived from growthbook/growthbook#5332",
        case: "B012c",
        memory: Mutex<BTreeMap<String, String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let name = |fields: &Map<String, Value>| fields.get("userName").and_then(Value::as_str).map(fold);
            if let (Some(old), Some(new)) = (change.before.and_then(name), name(change.after)) {
                let mut renamed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let first = renamed.iter().find(|(_, now)| **now == old).map_or(old, |(first, _)| first.clone());
                renamed.insert(first, new);
            }
            Ok(())
        }
        fn query(&self, _: &Occasion, query: &mut Query) {
            let renamed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            each_term(query, |term| {
                let Filter::Compare(path, Operator::Eq, Value::String(text)) = &mut *term else { return };
                if path.attribute.eq_ignore_ascii_case("userName") {
                    match renamed.get(&fold(text)) {
                        Some(now) => text.clone_from(now),
                        None if renamed.values().any(|now| *now == fold(text)) => *term = nothing(),
                        None => {}
                    }
                }
            });
        }
    },
    fault! {
        id: "filter_ignored",
        title: "The filter parameter is ignored and the whole list returned",
        story: "Okta takes the first listed user for the one it looked up and links the new person to a stranger's account.",
        source: "support.okta.com: Multiple users found by userName",
        case: "B013",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.filter = None;
        }
    },
    fault! {
        id: "filter_ignored_groups",
        title: "The filter parameter is ignored on groups only",
        story: "Okta links the pushed group to the first group of the directory and overwrites it.",
        source: "derived from support.okta.com: Multiple users found by userName",
        case: "B013a",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::Group {
                query.filter = None;
            }
        }
    },
    fault! {
        id: "filter_eq_is_sw",
        title: "eq finds every name that begins with the value",
        story: "Okta looks ann@corp up and is given ann@corp.example, who is somebody else.",
        source: "derived from cloudfoundry/uaa#596",
        case: "B013b",
        fn query(&self, _: &Occasion, query: &mut Query) {
            eq_becomes(query, Operator::Sw);
        }
    },
    fault! {
        id: "filter_eq_is_ew",
        title: "eq finds every name that ends with the value",
        story: "Okta looks ann@corp.example up and is given joann@corp.example.",
        source: "derived from cloudfoundry/uaa#596",
        case: "B013c",
        fn query(&self, _: &Occasion, query: &mut Query) {
            eq_becomes(query, Operator::Ew);
        }
    },
    fault! {
        id: "filter_bad_returns_all",
        title: "A filter that cannot be read counts as none",
        story: "One unexpected character in a filter and Okta is shown everybody, of whom it takes the first.",
        source: "NorthlandPositronics/Cogtrix#124",
        case: "B014",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.parameter("filter").is_some_and(|filter| Filter::parse(&filter).is_err()) {
                request.set_parameter("filter", None);
            }
            None
        }
    },
    fault! {
        id: "filter_first_clause_only",
        title: "Of several clauses of a filter only the first is applied",
        story: "A client that asks for the active user of a name is given an inactive one.",
        source: "NorthlandPositronics/Cogtrix#124",
        case: "B014a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            if let Some(Filter::And(parts) | Filter::Or(parts)) = &mut query.filter {
                query.filter = Some(parts.remove(0));
            }
        }
    },
    fault! {
        id: "filter_unknown_attribute_all",
        title: "A filter by an attribute the server does not know finds everybody",
        story: "A client that looks up by an attribute of its own is given the whole directory.",
        source: "derived from NorthlandPositronics/Cogtrix#124",
        case: "B014b",
        fn query(&self, _: &Occasion, query: &mut Query) {
            let Some(filter) = &mut query.filter else { return };
            let known = ["userName", "displayName", "externalId", "id", "active", "meta", "name", "emails", "members"];
            let mut strange = false;
            filter.each_term(&mut |term| {
                if let Filter::Compare(path, ..) | Filter::Present(path) = term {
                    strange |= !known.iter().any(|name| path.attribute.eq_ignore_ascii_case(name));
                }
            });
            if strange {
                query.filter = None;
            }
        }
    },
    fault! {
        id: "filter_nomatch_404",
        title: "A look-up that finds nothing is answered 404",
        story: "Okta takes it for nobody, but its published test does not: it wants 200 and an empty list.",
        source: "jelhub/scimgateway#18",
        case: "B015",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if found_nothing(request, answer) {
                *answer = Answer::refusal(&ScimError::plain(404, "Nothing matches the filter"));
            }
        }
    },
    fault! {
        id: "filter_nomatch_500",
        title: "A look-up that finds nothing fails",
        story: "The server trips over the missing row; Okta cannot tell whether the name is free and creates nobody.",
        source: "derived from jelhub/scimgateway#18",
        case: "B015a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if found_nothing(request, answer) {
                *answer = Answer::refusal(&ScimError::plain(500, "Cannot read property id of undefined"));
            }
        }
    },
    fault! {
        id: "filter_regex_exact",
        title: "Only userName eq and displayName eq in one spelling are understood, anything else finds nothing",
        story: "A client that writes the filter a little differently finds nobody and creates everybody again.",
        source: "langwatch/langwatch#6973",
        case: "B016",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.parameter("filter").is_some_and(|filter| !okta_spells(&filter)) {
                request.set_parameter("filter", Some(&nothing().to_string()));
            }
            None
        }
    },
    fault! {
        id: "filter_hides_preexisting",
        title: "Lists show only who came through SCIM, though everybody's name is taken",
        story: "Whoever had an account before Okta came is both absent and there: Okta finds nobody, creates, and meets a \
            conflict it can never resolve.",
        source: "Metatavu/keycloak-scim-server#74; support.okta.com: Existing SCIM user being created at assignment",
        case: "B017",
        memory: Mutex<Vec<Value>>,
        fn start(&self, resources: &mut Vec<(Kind, Value)>) {
            let people = resources.iter().filter(|(kind, _)| *kind == Kind::User);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(people.map(|(_, one)| one["userName"].clone()));
        }
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::User {
                let hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let others = hidden.iter().map(|name| Filter::Compare(attribute("userName"), Operator::Ne, name.clone()));
                query.filter = all_of(query.filter.take().into_iter().chain(others).collect());
            }
        }
    },
    fault! {
        id: "filter_hides_inactive",
        title: "A look-up does not find inactive users, though their names stay taken",
        story: "Somebody comes back: Okta finds nobody, creates, and meets a conflict it can never resolve.",
        source: "derived from Metatavu/keycloak-scim-server#74",
        case: "B017a",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::User
                && let Some(filter) = query.filter.take()
            {
                let active = Filter::Compare(attribute("active"), Operator::Eq, true.into());
                query.filter = Some(Filter::And(vec![filter, active]));
            }
        }
    },
    fault! {
        id: "filter_urn_unknown",
        title: "A name with the URN of its schema matches nothing in a filter",
        story: "A client that writes names in full finds nobody and creates everybody again.",
        source: "rancher/rancher#54871",
        case: "B018",
        fn query(&self, _: &Occasion, query: &mut Query) {
            each_term(query, |term| {
                if let Filter::Compare(AttributePath { uri: Some(_), .. }, ..) = term {
                    *term = nothing();
                }
            });
        }
    },
    fault! {
        id: "lookup_wrong_user",
        title: "A look-up finds the right number of users, but answers with the first of the directory",
        story: "Okta links the person to a stranger and overwrites the stranger's profile.",
        source: "derived from wso2/product-is#6631",
        case: "own",
        memory: Mutex<Option<Map<String, Value>>>,
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::User && occasion.action == Action::List {
                let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                *resource = first.get_or_insert_with(|| resource.clone()).clone();
            }
        }
    },
    fault! {
        id: "filter_unsupported_400",
        title: "Filters are refused",
        story: "Okta cannot look anybody up, so it can neither link nor create.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.parameter("filter")?;
            Some(Answer::refusal(&ScimError::bad(ScimType::InvalidFilter, "Filters are not supported")))
        }
    },
    fault! {
        id: "filter_case_404",
        title: "A look-up in another letter case is not found",
        story: "Okta asks for the name as it knows it and is told that there is no such page.",
        source: "derived: no report is known",
        case: "own",
        fn types(&self, types: &mut Types) {
            compare_exactly(types, Kind::User, "userName");
            compare_exactly(types, Kind::Group, "displayName");
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if found_nothing(request, answer) {
                *answer = Answer::refusal(&ScimError::plain(404, "Nothing matches the filter"));
            }
        }
    },
    fault! {
        id: "filter_spelling_400",
        title: "Only userName eq and displayName eq in one spelling are understood, anything else is refused",
        story: "A client that writes the filter a little differently is told that it is wrong.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let strange = !okta_spells(&request.parameter("filter")?);
            strange.then(|| Answer::refusal(&ScimError::bad(ScimType::InvalidFilter, "The filter is not supported")))
        }
    },
    fault! {
        id: "filter_error_untyped",
        title: "A filter that cannot be read is refused without saying that it was the filter",
        story: "A client cannot tell what was wrong with its request.",
        source: "derived: no report is known",
        case: "own",
        fn error(&self, _: &Request, error: &mut ScimError) {
            error.scim_type = None;
        }
    },
    fault! {
        id: "filter_unknown_attribute_500",
        title: "A filter by an attribute the server does not know makes it fail",
        story: "A client that tries another attribute takes the server for broken.",
        source: "derived: no report is known",
        case: "own",
        fn error(&self, _: &Request, error: &mut ScimError) {
            if error.detail.contains("has no attribute") {
                (error.status, error.scim_type) = (500, None);
            }
        }
    },
    fault! {
        id: "parameter_unknown_400",
        title: "A parameter the server does not know is refused",
        story: "A client that adds one of its own is never answered.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let known = ["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes"];
            let strange = request.parameter_names().any(|name| !known.contains(&name));
            strange.then(|| Answer::refusal(&ScimError::plain(400, "There is no such parameter")))
        }
    },
    fault! {
        id: "parameters_in_order_400",
        title: "Parameters in another order than filter, startIndex, count are refused",
        story: "Okta's published test writes count first and is told off.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let place = |name| ["filter", "startIndex", "count"].iter().position(|known| *known == name);
            let places: Vec<_> = request.parameter_names().filter_map(place).collect();
            (!places.is_sorted()).then(|| Answer::refusal(&ScimError::plain(400, "The parameters are out of order")))
        }
    },
    fault! {
        id: "read_not_offered",
        title: "A user or group cannot be read by its id",
        story: "Okta reads before each update, so nothing can be pushed to anybody who is there.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let listed = ["/Users", "/Groups"].iter().any(|end| request.path.ends_with(end));
            let read = request.method == "GET" && (request.is_at("Users") || request.is_at("Groups")) && !listed;
            read.then(|| Answer::refusal(&ScimError::plain(404, "There is no such page")))
        }
    },
];
