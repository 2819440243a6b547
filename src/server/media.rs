//! Media types: what a client takes, and what it sent (RFC 7644 §3.8).

use super::message::Request;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::json as strict;
use serde_json::Value;

/// Refuses with 406 when the client takes no form of JSON.
pub(super) fn accepts(header: Option<&str>) -> Result<(), ScimError> {
    let Some(header) = header.filter(|header| !header.trim().is_empty()) else { return Ok(()) };
    let wanted = ["application/scim+json", "application/json", "application/*", "*/*"];
    let fits = header.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.replace(' ', "").eq_ignore_ascii_case("q=0"));
        !refused && wanted.iter().any(|known| known.eq_ignore_ascii_case(media))
    });
    if fits {
        return Ok(());
    }
    Err(ScimError::plain(406, format!("The answer is application/scim+json, which Accept: {header} does not allow")))
}

/// The JSON body of a write, in application/scim+json or application/json, in UTF-8.
pub(super) fn json_body(request: &Request) -> Result<Value, ScimError> {
    if let Some(header) = request.header("content-type") {
        let mut parts = header.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let known = ["application/scim+json", "application/json"].iter().any(|known| known.eq_ignore_ascii_case(media));
        let utf_8 = parts.all(|part| match part.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        });
        if !known || !utf_8 {
            let detail = format!("The body must be application/scim+json or application/json in UTF-8, not {header}");
            return Err(ScimError::plain(415, detail));
        }
    }
    strict::read(&request.body).map_err(|error| {
        ScimError::bad(ScimType::InvalidSyntax, format!("The body is not JSON that can be read: {error}"))
    })
}
