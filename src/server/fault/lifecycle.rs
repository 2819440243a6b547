//! Faults about deactivating, reactivating and deleting.

use super::{Change, Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};

pub(super) const FAULTS: &[Fault] = &[
    fault! {
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
    },
    fault! {
        id: "deactivate_deletes",
        title: "active=false deletes the user",
        story: "Okta expects to find the account again when the person comes back. It is gone, with everything in it.",
        source: "growthbook/growthbook#1680",
        case: "B082",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.vanish |= change.before.is_some() && change.after.get("active") == Some(&false.into());
            Ok(())
        }
    },
    fault! {
        id: "reactivate_noop",
        title: "active=true is accepted and ignored",
        story: "Okta shows the returning colleague as active; the account stays locked.",
        source: "grokability/snipe-it#14481",
        case: "B084",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.before.is_some_and(|before| before.get("active") == Some(&false.into())) {
                change.after.insert("active".into(), false.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_users_501",
        title: "PATCH of users is not implemented",
        story: "Okta does not fall back to PUT: the leaver is never deactivated.",
        source: "unitycatalog/unitycatalog#423",
        case: "B081",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "PATCH" && request.path.contains("/Users/");
            hit.then(|| Answer::refusal(&ScimError::plain(501, "PATCH is not implemented")))
        }
    },
];
