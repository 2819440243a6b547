//! How a server may put its answers.

use super::{Variant, variant};
use crate::server::fault::{Action, Occasion};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use std::io::Write;

pub(super) const VARIANTS: &[Variant] = &[
    variant! {
        id: "patch_204",
        title: "a PATCH is answered 204",
        why: "RFC 7644 §3.5.2: a PATCH may be answered with 204 and no body, unless attributes are asked for.",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "PATCH" && answer.status == 200 && !request.query.contains("ttributes=") {
                *answer = Answer::empty(204);
            }
        }
    },
    variant! {
        id: "members_not_echoed",
        title: "the answer to a PATCH or PUT leaves members out",
        why: "Okta SCIM 2.0: members may be left out of the answer to an update of a group.",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if matches!(occasion.action, Action::Patch | Action::Replace) && occasion.kind == Kind::Group {
                resource.shift_remove("members");
            }
        }
    },
    variant! {
        id: "plain_json",
        title: "answers are labelled application/json",
        why: "RFC 7644 §3.8 and §8.1: application/json is the older label of the same thing.",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            relabel(answer, "application/json");
        }
    },
    variant! {
        id: "charset_told",
        title: "the label of an answer names its charset",
        why: "RFC 9110 §8.3: a media type may have parameters. Okta itself sends this one.",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            relabel(answer, "application/scim+json;charset=UTF-8");
        }
    },
    variant! {
        id: "gzip",
        title: "answers are compressed",
        why: "RFC 9110 §8.4: what the client says it accepts in Accept-Encoding may be used.",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let accepted = request.header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip"));
            if accepted && !answer.body.is_empty() {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                // Writing into memory does not fail; if it did, the answer stays as it is.
                if let Ok(body) = packed.write_all(&answer.body).and_then(|()| packed.finish()) {
                    answer.body = body;
                    answer.headers.push(("content-encoding".into(), "gzip".into()));
                }
            }
        }
    },
    variant! {
        id: "connection_closed",
        title: "the connection is closed after each answer",
        why: "RFC 9112 §9.6: a server may close a connection when it has answered.",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.headers.push(("connection".into(), "close".into()));
        }
    },
    variant! {
        id: "empty_list_bare",
        title: "a list of nothing has no Resources",
        why: "RFC 7644 §3.4.2: Resources is required only if totalResults is not zero.",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            edit_list(answer, |list| {
                if list.get("totalResults") == Some(&0.into()) {
                    list.shift_remove("Resources");
                }
            });
        }
    },
    variant! {
        id: "whole_list_uncounted",
        title: "a list that is not paged has no startIndex and no itemsPerPage",
        why: "RFC 7644 §3.4.2: both are required only when a page is part of the results.",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let first_page = !request.query.contains("startIndex=") || request.query.contains("startIndex=1&");
            edit_list(answer, |list| {
                let shown = list.get("Resources").and_then(Value::as_array).map_or(0, Vec::len);
                if first_page && list.get("totalResults") == Some(&shown.into()) {
                    list.shift_remove("startIndex");
                    list.shift_remove("itemsPerPage");
                }
            });
        }
    },
    variant! {
        id: "unset_shown",
        title: "attributes without a value are shown as null or []",
        why: "RFC 7643 §2.5: null, an empty array and no value at all are the same.",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            let unset: &[(&str, Value)] = match occasion.kind {
                Kind::User => &[
                    ("nickName", Value::Null),
                    ("title", Value::Null),
                    ("externalId", Value::Null),
                    ("phoneNumbers", Value::Array(Vec::new())),
                    ("groups", Value::Array(Vec::new())),
                    ("roles", Value::Array(Vec::new())),
                ],
                Kind::Group => &[("members", Value::Array(Vec::new())), ("externalId", Value::Null)],
                Kind::Role | Kind::Entitlement => &[],
            };
            for (name, nothing) in unset {
                resource.entry(*name).or_insert_with(|| nothing.clone());
            }
        }
    },
    variant! {
        id: "extension_of_its_own",
        title: "users carry an extension of the server's own",
        why: "RFC 7643 §3.3: a resource may have extensions, named in schemas.",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            const URN: &str = "urn:example:params:scim:schemas:extension:desk:2.0:User";
            if occasion.kind == Kind::User {
                if let Some(schemas) = resource.get_mut("schemas").and_then(Value::as_array_mut) {
                    schemas.push(URN.into());
                }
                resource.insert(URN.into(), json!({ "desk": "4711", "badges": [] }));
            }
        }
    },
    variant! {
        id: "user_groups_not_shown",
        title: "a user does not say its groups",
        why: "RFC 7643 §4.1.2: groups of a user is the server's own to give. Okta does not read it.",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::User {
                resource.shift_remove("groups");
            }
        }
    },
    variant! {
        id: "times_with_offset",
        title: "times are told with an offset",
        why: "RFC 7643 §2.3.5: a dateTime is one of XML Schema, which may have an offset and no fraction.",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            for name in ["created", "lastModified"] {
                if let Some(time) = resource.get_mut("meta").and_then(|meta| meta.get_mut(name)) {
                    let told = time.as_str().and_then(|text| text.strip_suffix('Z')).map(|text| format!("{text}+00:00"));
                    *time = told.map_or(time.take(), Value::from);
                }
            }
        }
    },
    variant! {
        id: "no_versions",
        title: "resources have no versions",
        why: "RFC 7644 §3.14: a server need not support ETags. RFC 7643 §5: etag.supported tells whether it does.",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.headers.retain(|(name, _)| name != "if-match" && name != "if-none-match");
            None
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
                meta.shift_remove("version");
            }
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            answer.drop_header("etag");
            if request.is_at("ServiceProviderConfig") {
                answer.edit(|body| body["etag"]["supported"] = false.into());
            }
        }
    },
    variant! {
        id: "order_turned",
        title: "the members of every JSON object are in another order",
        why: "RFC 8259 §4: the members of an object have no order.",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.edit(turn);
        }
    },
];

fn relabel(answer: &mut Answer, label: &str) {
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "content-type") {
        label.clone_into(value);
    }
}

fn edit_list(answer: &mut Answer, edit: impl FnOnce(&mut Map<String, Value>)) {
    answer.edit(|body| {
        if let Some(list) = body.as_object_mut().filter(|body| body.contains_key("totalResults")) {
            edit(list);
        }
    });
}

/// Puts the last member of every object first.
fn turn(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(turn);
            *fields = std::mem::take(fields).into_iter().rev().collect();
        }
        Value::Array(items) => items.iter_mut().for_each(turn),
        _ => {}
    }
}
