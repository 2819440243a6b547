//! Faults about creating users.

use super::{Fault, fault};
use crate::server::message::{Answer, Request};

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "create_empty_body",
    title: "A create is answered 201 without a body",
    story: "Okta needs the id of the new user and reports \"Create new user returned empty user\".",
    source: "Okta SCIM 2.0 reference, error texts",
    case: "B020",
    fn answer(&self, request: &Request, answer: &mut Answer) {
        if request.method == "POST" && answer.status == 201 {
            answer.body.clear();
        }
    }
}];
