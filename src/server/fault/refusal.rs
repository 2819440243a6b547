//! Faults about parts of Okta's create body that are refused, and one it lacks that is demanded.

use super::{Action, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::types::Kind;
use serde_json::Value;

/// Refuses the create of a user whose body has something at this JSON Pointer.
fn refuse_create_with(occasion: &Occasion, body: &Value, pointer: &str) -> Result<(), ScimError> {
    let hit = occasion.action == Action::Create && occasion.kind == Kind::User && body.pointer(pointer).is_some();
    if hit { Err(ScimError::plain(400, "This attribute is not supported")) } else { Ok(()) }
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "create_refuses_groups",
        title: "A create with groups: [] is refused",
        story: "groups is read-only, but Okta sends it empty with every create: nobody can be created.",
        source: "seen on independent servers, which check the body against a strict model",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse_create_with(occasion, body, "/groups")
        }
    },
    fault! {
        id: "create_refuses_password",
        title: "A create with a password is refused",
        story: "Okta sends a random password with every create unless passwords are synchronised: nobody can be created.",
        source: "seen on independent servers: the schema names no password",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse_create_with(occasion, body, "/password")
        }
    },
    fault! {
        id: "create_refuses_locale",
        title: "A create with locale en-US is refused",
        story: "locale is in Okta's default mapping. A server that knows other spellings only creates nobody.",
        source: "seen on independent servers: a list of known locales",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse_create_with(occasion, body, "/locale")
        }
    },
    fault! {
        id: "create_refuses_email_type",
        title: "A create with a type at the e-mail address is refused",
        story: "Okta sends type work with the primary address: nobody can be created.",
        source: "seen on independent servers, which check the body against a strict model",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse_create_with(occasion, body, "/emails/0/type")
        }
    },
    fault! {
        id: "create_demands_formatted",
        title: "A create without name.formatted is refused",
        story: "Okta sends givenName and familyName only: nobody can be created.",
        source: "seen on independent servers, whose own record has one field for the name",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let lacks = body.pointer("/name/formatted").is_none();
            if occasion.action == Action::Create && occasion.kind == Kind::User && lacks {
                return Err(ScimError::plain(400, "name.formatted is required"));
            }
            Ok(())
        }
    },
    fault! {
        id: "update_refuses_title",
        title: "An update with a title is refused",
        story: "The title is in the mapping, so no change of any kind reaches this person any more.",
        source: "seen on independent servers, which check the body against a strict model",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Replace && body.get("title").is_some() {
                return Err(ScimError::plain(400, "This attribute is not supported"));
            }
            Ok(())
        }
    },
];
