//! A refusal as SCIM tells it: HTTP status, scimType keyword, detail (RFC 7644 §3.12).

use serde_json::{Value, json};

/// The URN of the error message.
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The keywords of RFC 7644 §3.12, table 9, and of RFC 9865 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is malformed, or its attribute and operator do not go together.
    InvalidFilter,
    /// More results than the server is willing to compute.
    TooMany,
    /// The value is already in use.
    Uniqueness,
    /// The attribute cannot be changed this way.
    Mutability,
    /// The body has the wrong structure.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing known.
    InvalidPath,
    /// The path of a PATCH operation finds nothing to act on.
    NoTarget,
    /// A required value is missing, or a value does not fit its attribute.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVers,
    /// The request carries personal data where it must not.
    Sensitive,
    /// The cursor is none of this server for this query.
    InvalidCursor,
    /// The cursor is too old.
    ExpiredCursor,
    /// The count beside a cursor cannot be used.
    InvalidCount,
}

impl ScimType {
    /// The keyword as it stands in the message.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

/// One refusal: everything the Error message carries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct ScimError {
    /// The HTTP status, repeated in the body as a string.
    pub status: u16,
    /// The keyword, where RFC 7644 defines one.
    pub scim_type: Option<ScimType>,
    /// What happened and what to do, for a person.
    pub detail: String,
}

impl ScimError {
    /// A refusal without keyword.
    pub fn plain(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 400 with a keyword.
    pub fn bad(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// A 400 invalidValue, the most common refusal.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidValue, detail)
    }

    /// A 409 uniqueness (RFC 7644 §3.3).
    pub fn taken(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some(ScimType::Uniqueness), detail: detail.into() }
    }

    /// The Error message: `schemas`, `status` (a string), `scimType` where there is one, `detail`.
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "schemas": [ERROR_URN], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.keyword().into();
        }
        body["detail"] = self.detail.as_str().into();
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_carries_status_as_a_string_and_the_keyword() {
        let body = ScimError::taken("userName is in use").to_json();
        assert_eq!(body["schemas"], json!([ERROR_URN]));
        assert_eq!(body["status"], "409");
        assert_eq!(body["scimType"], "uniqueness");
        assert_eq!(body["detail"], "userName is in use");
    }

    #[test]
    fn a_plain_error_has_no_keyword() {
        assert!(ScimError::plain(404, "none").to_json().get("scimType").is_none());
    }
}
