//! Faults about what must be unique.

use super::{Action, Claim, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::Request;

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "dup_201",
        title: "A second user with the same userName is created",
        story: "Okta takes the 201 for a new account and links to it. Two accounts then answer to one name, and the next \
            look-up finds both.",
        source: "grokability/snipe-it#13854",
        case: "B048",
        fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
            if occasion.action == Action::Create {
                *taken = false;
            }
        }
    },
    fault! {
        id: "dup_400",
        title: "A duplicate create is answered 400",
        story: "Okta does not see that the name is taken and reports a bad request instead of a conflict.",
        source: "FusionAuth/fusionauth-issues#1776",
        case: "B049",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.method == "POST" && error.status == 409 {
                error.status = 400;
            }
        }
    },
    fault! {
        id: "dup_case_variant_ok",
        title: "The same userName in other letters is a second user",
        story: "One person has two accounts, and which one Okta finds depends on how the name was typed.",
        source: "langfuse/langfuse#13528",
        case: "B051",
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken &= claim.held.iter().any(|held| held == claim.wanted);
        }
    },
];
