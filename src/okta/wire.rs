//! What Okta's SCIM client puts on the wire: header fields and percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// Okta's User-Agent (Okta SCIM 2.0 reference).
pub const USER_AGENT: &str = "Okta SCIM Client 1.0.0";

/// The media type of Okta's bodies.
pub const CONTENT_TYPE: &str = "application/scim+json; charset=utf-8";

/// Everything but RFC 3986's unreserved characters is encoded: `@` is `%40`, a space `%20`, a plus `%2B`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The body of a PATCH with one operation (Okta SCIM 2.0 reference).
pub fn patch_op(operation: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] })
}

/// Percent-encodes a value as Okta does: UTF-8, all but unreserved characters.
pub fn percent_encode(value: &str) -> String {
    utf8_percent_encode(value, RESERVED).to_string()
}

/// The header fields of a request besides Authorization and Host, in order. GET carries no Content-Type; bodies and
/// DELETE do (header dumps of Okta's 2018 reference, User-Agent and GET confirmed since).
pub fn headers(method: &str) -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![
        ("User-Agent", USER_AGENT),
        ("Accept", "application/scim+json"),
        ("Accept-Charset", "utf-8"),
        ("Accept-Encoding", "gzip,deflate"),
        ("Connection", "Keep-Alive"),
    ];
    if method != "GET" {
        fields.push(("Content-Type", CONTENT_TYPE));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_okta_encodes_them() {
        assert_eq!(percent_encode("ann.lee+x@example.com"), "ann.lee%2Bx%40example.com");
        assert_eq!(percent_encode("O'Brien Ü"), "O%27Brien%20%C3%9C");
        assert_eq!(percent_encode("a-b_c.d~e"), "a-b_c.d~e");
    }

    #[test]
    fn a_get_has_no_content_type() {
        assert!(headers("GET").iter().all(|(n, _)| *n != "Content-Type"));
        assert!(headers("PATCH").contains(&("Content-Type", CONTENT_TYPE)));
    }
}
