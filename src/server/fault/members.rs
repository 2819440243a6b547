//! Faults about the members of groups.

use super::{Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::patch::{Operation, Verb};

/// True for an operation on `members`.
fn on_members(operation: &Operation) -> bool {
    operation.path.as_ref().is_some_and(|path| path.attribute.attribute.eq_ignore_ascii_case("members"))
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_add_replaces",
        title: "Adding a member replaces all the others",
        story: "With each person Okta adds, everybody else silently loses the access of the group.",
        source: "msaad00/agent-bom#3533",
        case: "B116",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.iter_mut().filter(|o| on_members(o) && o.verb == Verb::Add).for_each(|o| o.verb = Verb::Replace);
            Ok(())
        }
    },
    fault! {
        id: "group_remove_clears",
        title: "Removing one member removes all",
        story: "One person moves on, and the whole team is without access.",
        source: "simpleidserver/SimpleIdServer#164",
        case: "B117",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            for operation in operations.iter_mut().filter(|o| on_members(o) && o.verb == Verb::Remove) {
                if let Some(path) = &mut operation.path {
                    path.filter = None;
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "group_remove_noop",
        title: "Removing a member is accepted and does nothing",
        story: "Okta shows the person as removed; in the app the access stays.",
        source: "BerriAI/litellm#34181",
        case: "B118",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.retain(|o| !(on_members(o) && o.verb == Verb::Remove));
            Ok(())
        }
    },
];
