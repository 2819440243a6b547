//! Faults about deactivating and reactivating.

use super::{Change, Fault, fault};
use crate::scim::error::ScimError;

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "deactivate_noop",
    title: "active=false is accepted and ignored",
    story: "Okta shows the leaver as deactivated, because the server said so. The account stays active, and the leaver \
        keeps access.",
    source: "NorthlandPositronics/Cogtrix#122",
    case: "B080",
    fn change(&self, change: &mut Change) -> Result<(), ScimError> {
        if let Some(before) = change.before
            && change.after.get("active") == Some(&false.into())
        {
            match before.get("active") {
                Some(active) => change.after.insert("active".into(), active.clone()),
                None => change.after.shift_remove("active"),
            };
        }
        Ok(())
    }
}];
