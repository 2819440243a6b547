//! A request and its answer, apart from any HTTP library: what the seams of a fault see.

use crate::scim::error::ScimError;
use serde_json::Value;
use std::time::Duration;

/// The media type of SCIM.
pub const SCIM_JSON: &str = "application/scim+json";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method in upper case.
    pub method: String,
    /// The path, percent-encoded as sent.
    pub path: String,
    /// The query without its question mark, encoded as sent; empty when there is none.
    pub query: String,
    /// Header names in lower case with their values; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The id in the path, encoded as sent, of a request on one resource of this endpoint (`Users`).
    pub fn one_of(&self, endpoint: &str) -> Option<&str> {
        let (before, id) = self.path.rsplit_once('/')?;
        (before.rsplit('/').next() == Some(endpoint) && !id.is_empty()).then_some(id)
    }
}

/// An answer as it will be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers; the content length is added when it is sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait before sending it.
    pub delay: Duration,
    /// After how many bytes of the body the connection breaks off.
    pub cut: Option<usize>,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// An answer with a SCIM body.
    pub fn scim(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), SCIM_JSON.into())],
            body: body.to_string().into_bytes(),
            ..Self::default()
        }
    }

    /// A SCIM Error; a 401 says how to authenticate (RFC 7644 §2).
    pub fn refusal(error: &ScimError) -> Self {
        let mut answer = Self::scim(error.status, &error.to_json());
        if error.status == 401 {
            answer = answer.with("www-authenticate", "Bearer realm=\"SCIM\", Basic realm=\"SCIM\"");
        }
        answer
    }

    /// Changes a JSON body; any other stays as it is.
    pub fn rewrite(&mut self, change: impl FnOnce(&mut Value)) {
        if let Ok(mut body) = serde_json::from_slice(&self.body) {
            change(&mut body);
            self.body = body.to_string().into_bytes();
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_on_one_resource_is_told_from_others() {
        let one_of = |path: &str| {
            let request = Request {
                method: "GET".into(),
                path: path.into(),
                query: String::new(),
                headers: Vec::new(),
                body: Vec::new(),
            };
            request.one_of("Users").map(str::to_owned)
        };
        assert_eq!(one_of("/scim/v2/Users/a%2Fb").as_deref(), Some("a%2Fb"));
        for other in ["/scim/v2/Users", "/scim/v2/Users/", "/scim/v2/Groups/1", "Users", "/Users/1/roles"] {
            assert_eq!(one_of(other), None, "{other}");
        }
    }

    #[test]
    fn only_a_json_body_is_rewritten() {
        let mut answer = Answer::scim(200, &json!({ "a": 1 }));
        answer.rewrite(|body| body["a"] = json!(2));
        assert_eq!(answer.body, br#"{"a":2}"#);
        answer.body = b"text".to_vec();
        answer.rewrite(|body| *body = Value::Null);
        assert_eq!(answer.body, b"text");
    }
}
