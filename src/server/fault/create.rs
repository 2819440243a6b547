//! Faults about creating users.

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::ENTERPRISE_URN;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};

/// Refuses a create of a user that lacks this attribute.
fn requires(name: &str, occasion: &Occasion, body: &Value) -> Result<(), ScimError> {
    if occasion.is(Action::Create, Kind::User) && body.get(name).is_none_or(Value::is_null) {
        return Err(ScimError::value(format!("{name} must not be blank")));
    }
    Ok(())
}

/// Refuses a create of a user whose userName is not as this server wants it.
fn name_must(hold: fn(&str) -> bool, occasion: &Occasion, body: &Value) -> Result<(), ScimError> {
    match body["userName"].as_str() {
        Some(name) if occasion.is(Action::Create, Kind::User) && !hold(name) => {
            Err(ScimError::value("userName is not valid"))
        }
        _ => Ok(()),
    }
}

/// A manager that is nobody here breaks the write; ids here are UUIDs.
fn fail_on_manager(body: &Value) -> Result<(), ScimError> {
    match body[ENTERPRISE_URN]["manager"]["value"].as_str() {
        Some(manager) if uuid::Uuid::parse_str(manager).is_err() => {
            Err(ScimError::plain(500, "The manager could not be loaded"))
        }
        _ => Ok(()),
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(members) => members.values().any(holds_null),
        _ => false,
    }
}

fn lower(value: &mut Value) {
    if let Some(text) = value.as_str() {
        *value = text.to_lowercase().into();
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "create_200",
        title: "A create is answered 200",
        story: "Okta and its SPEC test expect 201 for a new user; a 200 reads as if nothing had been made.",
        source: "FusionAuth/fusionauth-issues#1775",
        case: "B019",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "POST" && answer.status == 201 {
                answer.status = 200;
            }
        }
    },
    fault! {
        id: "create_202",
        title: "A create is answered 202",
        story: "The user is there, but Okta is told that it may come later, and takes the task as failed.",
        source: "derived from FusionAuth/fusionauth-issues#1775",
        case: "B019a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "POST" && answer.status == 201 {
                answer.status = 202;
            }
        }
    },
    fault! {
        id: "create_empty_body",
        title: "A create is answered 201 without a body",
        story: "Okta needs the id of the new user and reports \"Create new user returned empty user\".",
        source: "Okta SCIM 2.0 reference, error texts",
        case: "B020",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "POST" && answer.status == 201 {
                answer.body.clear();
            }
        }
    },
    fault! {
        id: "create_answer_sparse",
        title: "The answer to a create holds nothing but schemas, id and meta",
        story: "Okta links the account, but has nothing to compare with what it sent; its SPEC test misses every attribute.",
        source: "derived from the Okta SCIM 2.0 reference",
        case: "B020a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.is(Action::Create, Kind::User) {
                resource.retain(|name, _| ["schemas", "id", "meta"].contains(&name.as_str()));
            }
        }
    },
    fault! {
        id: "create_requires_externalid",
        title: "A create without externalId is refused",
        story: "Okta's SPEC test sends none, and its create is answered 400; so is each create once the mapping is taken away.",
        source: "onyx-dot-app/onyx#8925",
        case: "B021",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            requires("externalId", occasion, body)
        }
    },
    fault! {
        id: "create_requires_locale",
        title: "A create without locale is refused",
        story: "An administrator unmaps an attribute nobody needs, and from then on nobody can be assigned.",
        source: "directus/v8-archive#1648",
        case: "B022",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            requires("locale", occasion, body)
        }
    },
    fault! {
        id: "create_requires_title",
        title: "A create without title is refused",
        story: "Only people who have a job title can be assigned; Okta sends an attribute only when it has a value.",
        source: "derived from directus/v8-archive#1648",
        case: "B022a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            requires("title", occasion, body)
        }
    },
    fault! {
        id: "create_requires_password",
        title: "A create without password is refused",
        story: "Okta's SPEC test sends no password, and its create is answered 400.",
        source: "derived from directus/v8-archive#1648",
        case: "B022b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            requires("password", occasion, body)
        }
    },
    fault! {
        id: "create_rejects_unknown",
        title: "A create with an attribute the app does not keep is refused",
        story: "Okta's default profile has more in it than the app knows: locale, groups, a password. Nobody can be assigned.",
        source: "fleetdm/fleet#42761",
        case: "B023",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let known = ["schemas", "externalId", "userName", "name", "displayName", "emails", "active"];
            let mut sent = body.as_object().into_iter().flat_map(Map::keys);
            match sent.find(|name| occasion.is(Action::Create, Kind::User) && !known.contains(&name.as_str())) {
                Some(name) => Err(ScimError::value(format!("{name} is not known"))),
                None => Ok(()),
            }
        }
    },
    fault! {
        id: "custom_schema_400",
        title: "A body with a schema of the administrator's own is refused",
        story: "One custom attribute is mapped in Okta, and every create and every push fails.",
        source: "derived from fleetdm/fleet#42761",
        case: "B023a",
        fn body(&self, _: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let mut urns = body["schemas"].as_array().into_iter().flatten().filter_map(Value::as_str)
                .chain(body.as_object().into_iter().flat_map(Map::keys).map(String::as_str));
            if urns.any(|urn| urn.starts_with("urn:") && !urn.starts_with("urn:ietf:")) {
                return Err(ScimError::bad(ScimType::InvalidSyntax, "The schema is not known"));
            }
            Ok(())
        }
    },
    fault! {
        id: "null_rejected",
        title: "A body with null in it is refused",
        story: "A cleared attribute travels as null, which means no value; the server takes it for a value of the wrong type.",
        source: "simpleidserver/SimpleIdServer#823",
        case: "B024",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if matches!(occasion.action, Action::Create | Action::Replace) && holds_null(body) {
                return Err(ScimError::value("null is not a value"));
            }
            Ok(())
        }
    },
    fault! {
        id: "null_keeps",
        title: "null in a PUT leaves the old value",
        story: "An attribute is cleared in Okta and stays in the app for ever.",
        source: "derived from simpleidserver/SimpleIdServer#823",
        case: "B024a",
        memory: std::sync::Mutex<Vec<String>>,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Replace && let Ok(mut cleared) = self.0.lock() {
                let members = body.as_object().into_iter().flatten();
                *cleared = members.filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
            }
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Action::Replace, Some(before), Ok(cleared)) = (change.occasion.action, change.before, self.0.lock()) {
                for name in cleared.iter() {
                    change.after.extend(before.get(name).map(|value| (name.clone(), value.clone())));
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "empty_text_400",
        title: "An empty text is refused",
        story: "Okta pushes the whole profile, attributes without a value included; each such push is answered 400.",
        source: "derived from simpleidserver/SimpleIdServer#823",
        case: "B024b",
        fn body(&self, _: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            match body.as_object().and_then(|body| body.iter().find(|(_, value)| **value == json!(""))) {
                Some((name, _)) => Err(ScimError::value(format!("{name} must not be empty"))),
                None => Ok(()),
            }
        }
    },
    fault! {
        id: "create_inactive_400",
        title: "A create with active=false is refused",
        story: "An account that is to be prepared before its first day cannot be made.",
        source: "bitwarden/server#7891",
        case: "B025",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Create, Kind::User) && body["active"] == false {
                return Err(ScimError::value("A new user must be active"));
            }
            Ok(())
        }
    },
    fault! {
        id: "create_inactive_ignored",
        title: "A user created with active=false is active",
        story: "Somebody has access before the first day, and Okta does not know it.",
        source: "getprobo/probo#711",
        case: "B026",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if let (true, Some(body)) = (occasion.is(Action::Create, Kind::User), body.as_object_mut()) {
                body.insert("active".into(), true.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "create_username_charset",
        title: "A userName with an @ is refused",
        story: "Okta's userName is the e-mail address, so nobody at all can be assigned.",
        source: "Tr3kkR/Yuzu#2020",
        case: "B027",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            name_must(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), occasion, body)
        }
    },
    fault! {
        id: "create_username_plus",
        title: "A userName with a plus sign is refused",
        story: "People with a plus sign in their address, often test accounts and contractors, cannot be assigned.",
        source: "derived from Tr3kkR/Yuzu#2020",
        case: "B027a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            name_must(|name| !name.contains('+'), occasion, body)
        }
    },
    fault! {
        id: "create_username_long",
        title: "A userName of more than 64 characters is refused",
        story: "An address may have 64 characters before its @ alone. People with long names stay without an account.",
        source: "derived from Tr3kkR/Yuzu#2020",
        case: "B027b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            name_must(|name| name.chars().count() <= 64, occasion, body)
        }
    },
    fault! {
        id: "create_manager_500",
        title: "A create with a manager nobody knows fails with 500",
        story: "Okta maps a name or an id of its own to manager. Everybody who has a manager stays without an account.",
        source: "grokability/snipe-it#19005",
        case: "B028",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Create, Kind::User) { fail_on_manager(body) } else { Ok(()) }
        }
    },
    fault! {
        id: "put_manager_500",
        title: "A PUT with a manager nobody knows fails with 500",
        story: "The account is made, but no later change of a person who has a manager arrives.",
        source: "derived from grokability/snipe-it#19005",
        case: "B028a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.is(Action::Replace, Kind::User) { fail_on_manager(body) } else { Ok(()) }
        }
    },
    fault! {
        id: "username_lowercased",
        title: "userName comes back in lower case",
        story: "Okta's SPEC test compares the name with what it sent, capitals included, and fails.",
        source: "PostHog/posthog#42253",
        case: "B029",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            resource.entry("userName").and_modify(lower);
        }
    },
    fault! {
        id: "email_lowercased",
        title: "E-mail addresses come back in lower case",
        story: "Okta reads another address than it sent, and an import offers a change that no push can remove.",
        source: "derived from PostHog/posthog#42253",
        case: "B029a",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            for email in resource.get_mut("emails").and_then(Value::as_array_mut).into_iter().flatten() {
                email.get_mut("value").map(lower);
            }
        }
    },
    fault! {
        id: "externalid_lowercased",
        title: "externalId is stored in lower case",
        story: "Okta's ids differ in case alone; a server that folds them can no longer tell two people apart.",
        source: "derived from PostHog/posthog#42253",
        case: "B029b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.after.entry("externalId").and_modify(lower);
            Ok(())
        }
    },
];
