//! Faults about credentials, media types and who may touch what.

use super::{Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::Request;

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "auth_missing_500",
        title: "A request without a token is answered 500",
        story: "A missing token is the commonest set-up mistake. Okta shows a server failure instead of saying that the \
            credential is missing.",
        source: "keycloak/keycloak#49973",
        case: "B001",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if request.header("authorization").is_none() {
                *verdict = Err(ScimError::plain(500, "The credential could not be read"));
            }
        }
    },
    fault! {
        id: "auth_any_accepted",
        title: "Any token is accepted",
        story: "Everybody who finds the address reads and changes the directory. Okta's connection test is green.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005a",
        fn credential(&self, _: &Request, verdict: &mut Result<(), ScimError>) {
            *verdict = Ok(());
        }
    },
];
