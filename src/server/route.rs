//! From the path of a request to what it names.

use super::message::Answer;
use super::types::{Kind, Types};
use crate::scim::error::{ScimError, ScimType};
use percent_encoding::percent_decode_str;

/// What the path below the base URL names.
#[derive(Debug)]
pub(super) enum Target {
    Root,
    Search(Vec<Kind>),
    Collection(Kind),
    Resource(Kind, String),
    /// The user the credential belongs to (RFC 7644 §3.11).
    Me,
    /// Many requests in one (RFC 7644 §3.7).
    Bulk,
    ServiceProviderConfig,
    ResourceTypes(Option<String>),
    Schemas(Option<String>),
}

impl Target {
    /// What these segments name, decoded.
    pub(super) fn of(segments: &[String], types: &Types) -> Option<Self> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match *segments {
            [] => Self::Root,
            [".search"] => Self::Search(types.all().map(|(kind, _)| kind).collect()),
            ["ServiceProviderConfig"] => Self::ServiceProviderConfig,
            ["ResourceTypes"] => Self::ResourceTypes(None),
            ["ResourceTypes", name] => Self::ResourceTypes(Some(name.into())),
            ["Schemas"] => Self::Schemas(None),
            ["Schemas", urn] => Self::Schemas(Some(urn.into())),
            ["Me"] => Self::Me,
            ["Bulk"] => Self::Bulk,
            [endpoint] => Self::Collection(types.at(endpoint)?),
            [endpoint, ".search"] => Self::Search(vec![types.at(endpoint)?]),
            [endpoint, id] => Self::Resource(types.at(endpoint)?, id.into()),
            _ => return None,
        })
    }

    /// The methods it has.
    pub(super) const fn methods(&self) -> &'static str {
        match self {
            Self::Collection(_) => "GET, POST",
            Self::Resource(..) | Self::Me => "GET, PUT, PATCH, DELETE",
            Self::Search(_) | Self::Bulk => "POST",
            _ => "GET",
        }
    }

    /// A 405 that tells the methods it has.
    pub(super) fn has_no(&self, method: &str) -> Answer {
        let allowed = self.methods();
        let detail = format!("{method} is not possible here, only {allowed}");
        Answer::refusal(&ScimError::plain(405, detail)).with("allow", allowed)
    }
}

/// The decoded segments of the path below the base. Another protocol version is told apart from an unknown path
/// (RFC 7644 §3.13).
pub(super) fn segments(path: &str, base_path: &str) -> Result<Vec<String>, ScimError> {
    let below = below_base(path, base_path)?;
    let decoded = below.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
        percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| not_found(path))
    });
    decoded.collect()
}

fn below_base<'r>(path: &'r str, base_path: &str) -> Result<&'r str, ScimError> {
    if base_path == "/" {
        return Ok(path);
    }
    if let Some(rest) = path.strip_prefix(base_path)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return Ok(rest);
    }
    let version = |segment: &str| {
        segment.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some((parent, own)) = base_path.rsplit_once('/')
        && version(own)
        && let Some(rest) = path.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'))
        && let Some(other) = rest.split('/').next().filter(|segment| version(segment))
    {
        let detail = format!("The protocol version {other} is not supported; this server speaks {own}");
        return Err(ScimError::bad(ScimType::InvalidVers, detail));
    }
    Err(not_found(path))
}

/// A 404 for a path that names nothing.
pub(super) fn not_found(path: &str) -> ScimError {
    ScimError::plain(404, format!("There is nothing at {path}; resources are at /Users and /Groups below the base URL"))
}
