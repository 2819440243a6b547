//! Faults about the forms of PATCH.

use super::{Action, Change, Fault, fault};
use crate::scim::error::ScimError;
use crate::server::types::Kind;

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "patch_pathless_wipes",
    title: "A replace without a path clears all other attributes",
    story: "Deactivating a leaver wipes the profile; when the person comes back, there is nothing left.",
    source: "ssoready/ssoready#206",
    case: "B066",
    fn change(&self, change: &mut Change) -> Result<(), ScimError> {
        if change.occasion.action == Action::Patch && change.occasion.kind == Kind::User {
            let kept = ["schemas", "id", "userName", "active", "meta"];
            change.after.retain(|name, _| kept.contains(&name.as_str()));
        }
        Ok(())
    }
}];
