//! Versions of resources, and what a client demands of them (RFC 7644 §3.14, RFC 9110 §13).

use super::message::Request;
use crate::scim::error::ScimError;
use serde_json::{Map, Value};
use std::hash::{DefaultHasher, Hasher as _};
use std::io;

type Fields = Map<String, Value>;

/// A checksum that is written to.
#[derive(Default)]
struct Sum(DefaultHasher);

impl io::Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The version of a resource as a client sees it. It is weak: `attributes` and compression change the bytes, not the version.
///
/// Members are not looked at, however many there are: a change of theirs moves `meta.lastModified` of the group.
pub(super) fn version(resource: &Fields) -> String {
    let mut sum = Sum::default();
    for (name, value) in resource.iter().filter(|(name, _)| *name != "members") {
        // A checksum takes in everything.
        let _ = serde_json::to_writer(&mut sum, name).and_then(|()| serde_json::to_writer(&mut sum, value));
    }
    format!("W/\"{:016x}\"", sum.0.finish())
}

/// `meta.version` of a resource as a client sees it.
pub(super) fn told(resource: &Fields) -> &str {
    resource.get("meta").and_then(|meta| meta.get("version")).and_then(Value::as_str).unwrap_or_default()
}

/// Versions that a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// `*`: whatever there is.
    Any,
    /// What stands in the quotes of each; weak or strong makes no difference.
    These(Vec<String>),
}

impl Named {
    /// Reads `*` or a list of entity tags; what is none names no version.
    fn read(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        // A tag may hold a comma, so the quotes part the list: every second piece is a tag.
        Self::These(header.split('"').skip(1).step_by(2).map(str::to_owned).collect())
    }

    /// RFC 9110 §13.1.1 compares If-Match strongly, which no weak tag passes; RFC 7644 §3.14 sends weak ones there.
    fn names(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => version.split('"').nth(1).is_some_and(|tag| tags.iter().any(|named| named == tag)),
        }
    }
}

/// What a request demands of the version it meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Precondition {
    wanted: Option<Named>,
    unwanted: Option<Named>,
}

impl Precondition {
    /// From If-Match and If-None-Match.
    pub(super) fn of(request: &Request) -> Self {
        let named = |name| request.header(name).map(Named::read);
        Self { wanted: named("if-match"), unwanted: named("if-none-match") }
    }

    /// False when nothing is demanded: then the version need not be known.
    pub(super) const fn demands(&self) -> bool {
        self.wanted.is_some() || self.unwanted.is_some()
    }

    /// True when the client of a read has this version already: a 304 answers it.
    pub(super) fn has_it(&self, version: &str) -> bool {
        self.unwanted.as_ref().is_some_and(|named| named.names(version))
    }

    /// Refuses with 412 when the version is none that If-Match names.
    pub(super) fn must_match(&self, version: &str) -> Result<(), ScimError> {
        if self.wanted.as_ref().is_none_or(|named| named.names(version)) {
            return Ok(());
        }
        let detail =
            format!("The resource has the version {version} by now, which If-Match does not name; read it again");
        Err(ScimError::plain(412, detail))
    }

    /// The same for a write, which If-None-Match can forbid too.
    pub(super) fn must_allow_write(&self, version: &str) -> Result<(), ScimError> {
        self.must_match(version)?;
        if self.has_it(version) {
            let detail = format!("The resource has the version {version}, which If-None-Match excludes");
            return Err(ScimError::plain(412, detail));
        }
        Ok(())
    }
}

/// Puts the version in `meta`, in the place of one that came from elsewhere.
pub(super) fn stamp(resource: &mut Fields) {
    let version = version(resource);
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("version".into(), version.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_version_follows_what_is_seen_apart_from_members() {
        let group = fields(json!({"displayName":"a","members":[{"value":"1"}],"meta":{"lastModified":"1"}}));
        let without = fields(json!({"displayName":"a","meta":{"lastModified":"1"}}));
        let later = fields(json!({"displayName":"a","meta":{"lastModified":"2"}}));
        assert_eq!(version(&group), version(&without));
        assert_ne!(version(&group), version(&later));
        assert!(version(&group).starts_with("W/\""));
    }

    #[test]
    fn headers_name_one_version_several_or_any() {
        for (header, names) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("W/\"b\", W/\"a\"", true),
            (" * ", true),
            ("\"b,a\"", false),
            ("W/\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(Named::read(header).names("W/\"a\""), names, "{header}");
        }
    }

    #[test]
    fn a_write_is_refused_for_a_version_that_is_not_wanted() {
        let demand = |wanted: Option<&str>, unwanted: Option<&str>| Precondition {
            wanted: wanted.map(Named::read),
            unwanted: unwanted.map(Named::read),
        };
        assert!(!demand(None, None).demands());
        assert!(demand(Some("\"a\""), None).must_allow_write("W/\"a\"").is_ok());
        for refused in [demand(Some("\"b\""), None), demand(None, Some("\"a\"")), demand(None, Some("*"))] {
            assert_eq!(refused.must_allow_write("W/\"a\"").unwrap_err().status, 412);
        }
        assert!(demand(None, Some("\"b\"")).must_allow_write("W/\"a\"").is_ok());
    }
}
