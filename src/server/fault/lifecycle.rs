//! Faults about deactivating and reactivating.

use super::{Action, Change, Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;

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
    fault! {
        id: "put_405",
        title: "PUT of users is not implemented",
        story: "No profile change from Okta ever arrives.",
        source: "coder/coder#15828",
        case: "B055",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "PUT" && request.path.contains("/Users/");
            hit.then(|| Answer::refusal(&ScimError::plain(405, "PUT is not supported")))
        }
    },
    fault! {
        id: "put_ignores_username",
        title: "PUT answers 200 and keeps the old userName",
        story: "A renamed person goes on under the old name; Okta looks up the new one and creates a second account.",
        source: "RoboFinSystems/robosystems#1165",
        case: "B056",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(name) = change.before.and_then(|before| before.get("userName")) {
                change.after.insert("userName".into(), name.clone());
            }
            Ok(())
        }
    },
    fault! {
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
    },
];
