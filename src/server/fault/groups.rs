//! Faults about groups as resources.

use super::{Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::patch::Operation;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_filter_400",
        title: "A filter on groups is refused",
        story: "Okta cannot see whether the group it pushes is there already, and the push fails.",
        source: "okta/okta-developer-docs#3506",
        case: "B113",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let filtered = request.path.ends_with("/Groups") && request.query.contains("filter=");
            filtered.then(|| Answer::refusal(&ScimError::plain(400, "Groups cannot be filtered")))
        }
    },
    fault! {
        id: "group_pathless_400",
        title: "The name of a group cannot be written without a path",
        story: "Okta writes the name right after each create. The push goes into error, and members are never sent.",
        source: "Metatavu/keycloak-scim-server#113",
        case: "B114",
        fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            if occasion.kind == Kind::Group && operations.iter().any(|o| o.path.is_none()) {
                return Err(ScimError::plain(400, "path is required"));
            }
            Ok(())
        }
    },
];
