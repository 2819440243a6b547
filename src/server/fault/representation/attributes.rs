//! Faults about the attributes of users: their types, and whether they are there at all.

use super::values;
use crate::scim::error::ScimError;
use crate::server::fault::{Action, Change, Fault, Occasion, fault};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

/// True when a user is shown in a list.
fn listed_user(occasion: &Occasion) -> bool {
    occasion.action == Action::List && occasion.kind == Kind::User
}

/// Takes an attribute from the account that a product is set up with, the first one there is.
fn set_up_without(attribute: &str, resources: &mut [(Kind, Value)]) {
    let first = resources.iter_mut().find(|(kind, _)| *kind == Kind::User);
    if let Some(user) = first.and_then(|(_, user)| user.as_object_mut()) {
        user.shift_remove(attribute);
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "active_number",
        title: "active is 1 or 0",
        story: "Okta expects a boolean; whether the account is on or off cannot be read.",
        source: "grokability/snipe-it#13948",
        case: "B037",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if let Some(active) = resource.get_mut("active") {
                *active = json!(u8::from(*active == json!(true)));
            }
        }
    },
    fault! {
        id: "active_text_in_lists",
        title: "active is a text in lists",
        story: "Reads are right, but an import sees \"false\", a text like any other, and may take a leaver for active.",
        source: "derived from grokability/snipe-it#13948",
        case: "B037a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if listed_user(occasion) && let Some(active) = resource.get_mut("active") {
                *active = json!(active.to_string());
            }
        }
    },
    fault! {
        id: "active_text_after_put",
        title: "active is a text in the answer to a PUT",
        story: "The value goes through the form of the request and comes back as \"true\".",
        source: "derived from grokability/snipe-it#13948",
        case: "B037b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Replace && let Some(active) = resource.get_mut("active") {
                *active = json!(active.to_string());
            }
        }
    },
    fault! {
        id: "active_omitted_false",
        title: "active is left out when it is false",
        story: "Okta cannot tell a deactivated account from one without the attribute; its CRUD test fails.",
        source: "grokability/snipe-it#13855",
        case: "B038",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if resource.get("active") == Some(&json!(false)) {
                resource.shift_remove("active");
            }
        }
    },
    fault! {
        id: "active_omitted_in_lists",
        title: "Lists do not show active",
        story: "An import cannot tell leavers from colleagues, because nothing but the list is read.",
        source: "derived from grokability/snipe-it#13855",
        case: "B038a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if listed_user(occasion) {
                resource.shift_remove("active");
            }
        }
    },
    fault! {
        id: "active_null_false",
        title: "active is null when it is false",
        story: "A deactivated account has no state at all.",
        source: "derived from grokability/snipe-it#13855",
        case: "B038b",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if resource.get("active") == Some(&json!(false)) {
                resource.insert("active".into(), Value::Null);
            }
        }
    },
    fault! {
        id: "name_omitted_when_empty",
        title: "An account without a name is listed without one",
        story: "The account the product was set up with has no name and is the first in the list. Okta's test looks at just \
            that one and fails.",
        source: "PostHog/posthog#42205",
        case: "B039",
        fn start(&self, resources: &mut Vec<(Kind, Value)>) {
            set_up_without("name", resources);
        }
    },
    fault! {
        id: "emails_omitted_when_empty",
        title: "An account without an e-mail address is listed without emails",
        story: "Okta's test reads the address of the first listed user and fails.",
        source: "derived from PostHog/posthog#42205",
        case: "B039a",
        fn start(&self, resources: &mut Vec<(Kind, Value)>) {
            set_up_without("emails", resources);
        }
    },
    fault! {
        id: "name_in_one_in_lists",
        title: "Lists show a name in one piece only",
        story: "An import finds neither first nor last name, which every Okta profile needs.",
        source: "derived from onyx-dot-app/onyx#8925",
        case: "B039b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if listed_user(occasion) && let Some(name) = resource.get_mut("name") {
                let part = |key: &str| name[key].as_str().unwrap_or_default();
                *name = json!({ "formatted": format!("{} {}", part("givenName"), part("familyName")) });
            }
        }
    },
    fault! {
        id: "emails_primary_lost",
        title: "Answers do not say which e-mail address is the primary one",
        story: "Okta goes by primary when somebody has more than one address; without it an import may take any.",
        source: "wso2/product-is#6627",
        case: "B040",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            for email in values(resource, "emails").filter_map(Value::as_object_mut) {
                email.shift_remove("primary");
            }
        }
    },
    fault! {
        id: "emails_as_text",
        title: "emails is an array of texts",
        story: "Okta looks for value in each address and finds none.",
        source: "wso2/product-is#7304",
        case: "B040a",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            values(resource, "emails").for_each(|email| *email = email["value"].take());
        }
    },
    fault! {
        id: "second_email_as_text",
        title: "An address that is not the primary one is a bare text",
        story: "One kind of value in the array is an object, the other is not; a client that reads both alike fails at the \
            first person with two addresses.",
        source: "wso2/product-is#7304",
        case: "B040b",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let others = values(resource, "emails").filter(|email| email["primary"] != json!(true));
            others.for_each(|email| *email = email["value"].take());
        }
    },
    fault! {
        id: "emails_all_primary",
        title: "Every e-mail address is shown as the primary one",
        story: "There may be one; which of them Okta imports is chance.",
        source: "derived from wso2/product-is#6627",
        case: "B040c",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            for email in values(resource, "emails").filter_map(Value::as_object_mut) {
                email.insert("primary".into(), json!(true));
            }
        }
    },
    fault! {
        id: "externalid_dropped",
        title: "externalId is never stored",
        story: "Okta's own id of the person is lost, and with it the one link that survives a rename.",
        source: "grokability/snipe-it#12049",
        case: "B046",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.after.shift_remove("externalId");
            Ok(())
        }
    },
    fault! {
        id: "externalid_dropped_on_put",
        title: "A PUT clears externalId",
        story: "It is stored on create and gone with the first profile update.",
        source: "derived from 15five/django-scim2#29",
        case: "B046a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Replace {
                change.after.shift_remove("externalId");
            }
            Ok(())
        }
    },
    fault! {
        id: "externalid_not_listed",
        title: "Lists do not show externalId",
        story: "It is stored and can be read, but an import, which reads only lists, never sees it.",
        source: "derived from scimmyjs/scimmy#57",
        case: "B046b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if listed_user(occasion) {
                resource.shift_remove("externalId");
            }
        }
    },
    fault! {
        id: "externalid_frozen",
        title: "A changed externalId is not stored",
        story: "Okta answers for a person under a new id of its own, and the app keeps the old one for ever.",
        source: "derived from langwatch/langwatch#6974",
        case: "B046c",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(old) = change.before.and_then(|before| before.get("externalId")) {
                change.after.insert("externalId".into(), old.clone());
            }
            Ok(())
        }
    },
];
