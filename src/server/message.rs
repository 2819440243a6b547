//! A request and its answer, apart from any HTTP library: what the seams of a fault see.

use super::query::Parameters;
use crate::scim::error::ScimError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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

    /// Whether the path leads to this endpoint, such as `Users`, or to something below it.
    pub fn is_at(&self, endpoint: &str) -> bool {
        self.path.split('/').any(|segment| segment == endpoint)
    }

    /// A parameter of the query, decoded; nothing when the query cannot be read.
    pub fn parameter(&self, name: &str) -> Option<String> {
        Parameters::parse(&self.query).ok()?.get(name).map(str::to_owned)
    }

    /// The names of the query's parameters, in order, as sent.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair))
    }

    /// Puts another value in the place of a parameter, or takes the parameter away.
    pub fn set_parameter(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(|value| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        let others = self.query.split('&').filter(|pair| pair.split('=').next() != Some(name));
        self.query = value.as_deref().into_iter().chain(others).collect::<Vec<_>>().join("&");
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

    /// Rewrites a JSON body; any other stays.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        if let Ok(mut body) = serde_json::from_slice(&self.body) {
            edit(&mut body);
            self.body = body.to_string().into_bytes();
        }
    }

    /// Rewrites a list; any other answer stays.
    pub fn edit_list(&mut self, edit: impl FnOnce(&mut Value)) {
        self.edit(|body| {
            if body.get("totalResults").is_some() {
                edit(body);
            }
        });
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

    fn request(query: &str) -> Request {
        let nothing = String::new();
        Request { method: nothing.clone(), path: nothing, query: query.into(), headers: vec![], body: vec![] }
    }

    #[test]
    fn a_parameter_can_be_read_replaced_and_taken_away() {
        let mut request = request("startIndex=1&filter=userName%20eq%20%22a%2Bb%22&count=2");
        assert_eq!(request.parameter("filter").as_deref(), Some("userName eq \"a+b\""));
        assert_eq!(request.parameter_names().collect::<Vec<_>>(), ["startIndex", "filter", "count"]);
        request.set_parameter("filter", Some("a & b"));
        assert_eq!(request.query, "filter=a%20%26%20b&startIndex=1&count=2");
        request.set_parameter("filter", None);
        assert_eq!((request.query.as_str(), request.parameter("filter")), ("startIndex=1&count=2", None));
    }

    #[test]
    fn only_a_list_is_rewritten_as_one() {
        let mut list = Answer::scim(200, &serde_json::json!({"totalResults": 1}));
        list.edit_list(|body| body["totalResults"] = 2.into());
        assert_eq!(list.body, br#"{"totalResults":2}"#);
        let mut user = Answer::scim(200, &serde_json::json!({"id": "1"}));
        user.edit_list(|body| body["id"] = 2.into());
        assert_eq!(user.body, br#"{"id":"1"}"#);
    }
}
