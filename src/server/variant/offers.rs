//! What a server need not offer, or offers less of.

use super::{Variant, variant};
use crate::scim::error::ScimError;
use crate::server::fault::Occasion;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value, json};

pub(super) const VARIANTS: &[Variant] = &[
    variant! {
        id: "no_groups_404",
        title: "there are no groups: 404",
        why: "RFC 7644 §4: /ResourceTypes tells what a server offers; groups are not demanded of anybody.",
        fn types(&self, types: &mut Types) {
            types.withdraw(Kind::Group);
        }
    },
    variant! {
        id: "no_groups_501",
        title: "there are no groups: 501",
        why: "RFC 7644 §3.12: 501 says that an operation is not supported.",
        fn types(&self, types: &mut Types) {
            types.withdraw(Kind::Group);
        }
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.is_at("Groups") && error.status == 404 {
                *error = ScimError::plain(501, "Groups are not supported");
            }
        }
    },
    variant! {
        id: "no_user_delete_405",
        title: "users cannot be deleted: 405",
        why: "Okta SCIM 2.0: Okta deletes no users. RFC 9110 §15.5.6: 405 says that the method is not supported here.",
        fn removal(&self, occasion: &Occasion, _: &Map<String, Value>, _: &mut bool) -> Result<(), ScimError> {
            no_user(occasion, 405)
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 405 && request.method == "DELETE" && request.is_at("Users") {
                answer.headers.push(("allow".into(), "GET, PUT, PATCH".into()));
            }
        }
    },
    variant! {
        id: "no_user_delete_403",
        title: "the credential may not delete users: 403",
        why: "RFC 7644 §3.12: 403 says that the credential does not permit the operation. Okta deletes no users.",
        fn removal(&self, occasion: &Occasion, _: &Map<String, Value>, _: &mut bool) -> Result<(), ScimError> {
            no_user(occasion, 403)
        }
    },
    variant! {
        id: "no_bulk_no_cursor",
        title: "there are no bulk requests and no cursors",
        why: "RFC 7643 §5: bulk.supported tells whether there are. RFC 9865 §4: so does pagination.",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.set_parameter("cursor", None);
            let bulk = request.is_at("Bulk");
            bulk.then(|| Answer::refusal(&ScimError::plain(501, "Bulk requests are not supported")))
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_at("ServiceProviderConfig") {
                answer.edit(|body| {
                    body["bulk"] = json!({ "supported": false, "maxOperations": 0, "maxPayloadSize": 0 });
                    body.as_object_mut().map(|body| body.shift_remove("pagination"));
                });
            }
        }
    },
    variant! {
        id: "page_cap_7",
        title: "a page holds 7 resources at most",
        why: "RFC 7644 §3.4.2.4: a page may hold fewer resources than count asks for.",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.limit = 7;
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            tell_limit(request, answer, 7);
        }
    },
    variant! {
        id: "page_cap_50",
        title: "a page holds 50 resources at most",
        why: "RFC 7644 §3.4.2.4: a page may hold fewer resources than count asks for.",
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.limit = 50;
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            tell_limit(request, answer, 50);
        }
    },
    variant! {
        id: "members_never_shown",
        title: "the members of a group are never shown",
        why: "RFC 7643 §7: an attribute may be defined as returned never. Okta SCIM 2.0: answers may leave members out.",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group {
                resource.shift_remove("members");
            }
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.is_at("Schemas") {
                answer.edit(tell_members_hidden);
            }
        }
    },
];

fn no_user(occasion: &Occasion, status: u16) -> Result<(), ScimError> {
    match occasion.kind {
        Kind::User => Err(ScimError::plain(status, "Users are not deleted here; set active to false instead")),
        _ => Ok(()),
    }
}

/// `filter.maxResults` is the most a query returns (RFC 7643 §5).
fn tell_limit(request: &Request, answer: &mut Answer, limit: usize) {
    if request.is_at("ServiceProviderConfig") {
        answer.edit(|body| {
            body["filter"]["maxResults"] = limit.into();
            body["pagination"]["maxPageSize"] = limit.into();
            body["pagination"]["defaultPageSize"] = limit.into();
        });
    }
}

/// Finds the definition of members, however deep.
fn tell_members_hidden(value: &mut Value) {
    if value.get("name") == Some(&"members".into()) {
        value["returned"] = "never".into();
        return;
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(tell_members_hidden),
        Value::Array(items) => items.iter_mut().for_each(tell_members_hidden),
        _ => {}
    }
}
