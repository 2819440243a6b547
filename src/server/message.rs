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

    /// The endpoint in the path (`Users`, `Groups`) and, for one resource, its id as sent.
    pub fn target(&self) -> Option<(&str, Option<&str>)> {
        let mut segments = self.path.rsplit('/').filter(|segment| !segment.is_empty());
        let last = segments.next()?;
        match segments.next() {
            _ if ["Users", "Groups"].contains(&last) => Some((last, None)),
            Some(endpoint) if ["Users", "Groups"].contains(&endpoint) => Some((endpoint, Some(last))),
            _ => None,
        }
    }

    /// The id in the path, encoded as sent, of a request on one resource of this endpoint.
    pub fn one_of(&self, endpoint: &str) -> Option<&str> {
        let (before, id) = self.path.rsplit_once('/')?;
        (before.rsplit('/').next() == Some(endpoint) && !id.is_empty()).then_some(id)
    }

    /// True for a request on the collection of this endpoint.
    pub fn is_on(&self, method: &str, endpoint: &str) -> bool {
        self.method == method && self.target() == Some((endpoint, None))
    }

    /// True for a request on one resource of this endpoint.
    pub fn is_on_one(&self, method: &str, endpoint: &str) -> bool {
        self.method == method && matches!(self.target(), Some((found, Some(_))) if found == endpoint)
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// How long an answer is held back before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delay {
    /// Not at all.
    #[default]
    None,
    /// This long.
    Exactly(Duration),
    /// So many hundredths of the time after which a client gives up: a fault is slow in the client's eyes, whatever its
    /// patience.
    Patience(u32),
}

impl Delay {
    /// The delay before a client that waits this long.
    pub(super) fn before(self, patience: Duration) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Exactly(delay) => delay,
            Self::Patience(hundredths) => patience * hundredths / 100,
        }
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
    /// How long it is held back.
    pub delay: Delay,
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

    /// A SCIM Error.
    pub fn refusal(error: &ScimError) -> Self {
        Self::scim(error.status, &error.to_json())
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Changes the body, where it is JSON.
    pub fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        if let Some(mut body) = self.json() {
            change(&mut body);
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

    /// Takes a header away.
    pub fn drop_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }

    /// Puts text in the place of the body.
    pub fn say(&mut self, media_type: &str, text: &str) {
        self.drop_header("content-type");
        self.headers.push(("content-type".into(), media_type.into()));
        self.body = text.as_bytes().to_vec();
    }

    /// Holds the answer back for so many hundredths of the client's patience: from 100 on it comes too late.
    pub fn slow(&mut self, hundredths: u32) {
        self.delay = Delay::Patience(hundredths);
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

    #[test]
    fn a_delay_is_measured_by_the_clients_patience() {
        let patience = Duration::from_secs(60);
        let mut answer = Answer::empty(204);
        assert_eq!(answer.delay.before(patience), Duration::ZERO);
        answer.slow(130);
        assert_eq!(answer.delay.before(patience), Duration::from_secs(78));
        assert_eq!(Delay::Exactly(Duration::from_millis(700)).before(patience), Duration::from_millis(700));
    }

    #[test]
    fn a_path_names_an_endpoint_and_perhaps_one_resource() {
        let at = |path: &str| Request {
            method: "GET".into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        assert_eq!(at("/scim/v2/Users").target(), Some(("Users", None)));
        assert_eq!(at("/scim/v2/Groups/a%2Fb").target(), Some(("Groups", Some("a%2Fb"))));
        assert_eq!(at("/scim/v2/Schemas/x").target(), None);
        assert!(at("/Users").is_on("GET", "Users") && !at("/Users/1").is_on("GET", "Users"));
        assert!(at("/Users/1").is_on_one("GET", "Users") && !at("/Users/1").is_on_one("PUT", "Users"));
    }

    #[test]
    fn a_body_that_is_json_can_be_changed_and_any_replaced() {
        let mut answer = Answer::scim(200, &serde_json::json!({ "a": 1 }));
        answer.edit(|body| body["a"] = 2.into());
        assert_eq!(answer.json().unwrap()["a"], 2);
        answer.say("text/plain", "no");
        answer.edit(|_| unreachable!());
        assert_eq!((answer.headers.len(), answer.body.as_slice()), (1, b"no".as_slice()));
    }

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
