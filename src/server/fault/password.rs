//! Faults about passwords.

use super::{Action, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::types::Kind;
use serde_json::{Map, Value};

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "password_echoed",
    title: "The password of a create is shown in its answer",
    story: "The password travels back in clear and into every log on the way; with Okta's next update it is pushed again.",
    source: "derived from Okta's own 2018 sample",
    case: "B090a",
    memory: std::sync::Mutex<Value>,
    fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
        if occasion.action == Action::Create && let Ok(mut kept) = self.0.lock() {
            *kept = body.get("password").cloned().unwrap_or_default();
        }
        Ok(())
    }
    fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
        if occasion.action == Action::Create && occasion.kind == Kind::User && let Ok(kept) = self.0.lock() {
            resource.insert("password".into(), kept.clone());
        }
    }
}];
