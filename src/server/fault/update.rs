//! Faults about PUT.

use super::{Change, Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};

pub(super) const FAULTS: &[Fault] = &[
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
];
