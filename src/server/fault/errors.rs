//! Faults about refusals.

use super::{Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};

/// True for a request on one user.
fn on_a_user(request: &Request) -> bool {
    request.path.rsplit_once('/').is_some_and(|(before, id)| before.ends_with("/Users") && !id.is_empty())
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "error_plain_text",
        title: "Errors are plain text",
        story: "Okta shows a JSON parse error instead of the reason, and the administrator cannot help himself.",
        source: "Metatavu/keycloak-scim-server#100",
        case: "B148",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status >= 400 {
                answer.headers.retain(|(name, _)| name != "content-type");
                answer.headers.push(("content-type".into(), "text/plain".into()));
                answer.body = b"something went wrong".to_vec();
            }
        }
    },
    fault! {
        id: "unknown_user_500",
        title: "A read of an unknown user is answered 500",
        story: "Okta takes the user who is gone for a broken server and keeps the task open.",
        source: "elimity-com/scim#167",
        case: "B149",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.method == "GET" && error.status == 404 && on_a_user(request) {
                *error = ScimError::plain(500, "index out of range");
            }
        }
    },
];
