//! One recorded request and its answer, as every judge and every report sees it: credentials are already redacted and
//! bodies are already bounded when an [`Exchange`] exists.

pub mod curl;
pub mod decode;
pub mod json;
mod keep;
pub mod redact;
mod spelling;

pub use redact::Redactor;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// The request as it was sent, credential redacted.
    pub request: Request,
    /// The answer; absent when none came (see `failure`).
    pub response: Option<Response>,
    /// Why no complete answer came, in plain words; absent when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// A shell command that repeats the request; base URL and credential are variables.
    pub curl: String,
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// HTTP method, upper case.
    pub method: String,
    /// Path and query after the base URL, percent-encoded as sent, starting with `/`.
    pub path: String,
    /// Header fields in the order they were set; the credential reads `[redacted]`.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
}

/// An answer as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Header fields in the order they came.
    pub headers: Vec<Header>,
    /// The body, decompressed.
    pub body: Body,
    /// True when the body was longer than what is read or kept and was cut; of a list the first part is there.
    pub truncated: bool,
    /// Milliseconds from sending until the last byte of the body.
    pub ms: f64,
}

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Field name as sent or received.
    pub name: String,
    /// Field value; bytes that are not UTF-8 are replaced.
    pub value: String,
}

/// A body, told apart by what it turned out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Body {
    /// No bytes (or only white space).
    Empty,
    /// Valid UTF-8 and valid JSON.
    Json(Value),
    /// Valid UTF-8, but not JSON.
    Text(String),
    /// Not UTF-8: the number of bytes.
    Binary(usize),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// The cause in one sentence.
    pub message: String,
}

/// The kinds of failure that leave a request without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The host name has no address.
    Resolve,
    /// No connection could be made.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No complete answer within the time limit.
    Timeout,
    /// The connection broke, or the answer was not HTTP.
    Transport,
    /// The engine refused to send it: it would have written to something the run does not own, or left the base URL.
    Refused,
}

impl Exchange {
    /// The status code of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|r| r.status)
    }

    /// The answer's body when it is JSON.
    pub fn json(&self) -> Option<&Value> {
        match &self.response.as_ref()?.body {
            Body::Json(value) => Some(value),
            _ => None,
        }
    }
}

impl Exchange {
    /// True when only a part of the answer was read or kept.
    pub fn is_truncated(&self) -> bool {
        self.response.as_ref().is_some_and(|r| r.truncated)
    }
}

impl Response {
    /// The first header field of this name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }
}
