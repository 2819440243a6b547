//! Access tokens that expire, and the endpoint that gives them out (RFC 6749 §4.4).

use super::credential::{pair, same};
use super::message::{Answer, Request};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The path of the token endpoint, beside the base URL.
pub(super) const PATH: &str = "/oauth2/token";

/// How long an access token is good for, unless the operator says otherwise.
pub(super) const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// Tokens that are remembered; beyond it the oldest is forgotten, and with it is good no more.
const REMEMBERED: usize = 1024;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was given out and is good.
    Good,
    /// It was good once.
    Expired,
    /// It was never given out here, or long ago.
    Unknown,
}

/// Gives out access tokens to its clients.
#[derive(Debug)]
pub(super) struct Desk {
    /// Each `id:secret`.
    clients: Vec<String>,
    lifetime: Duration,
    issued: Mutex<VecDeque<(String, Instant)>>,
}

impl Desk {
    pub(super) fn new(clients: Vec<String>, lifetime: Duration) -> Self {
        Self { clients, lifetime, issued: Mutex::default() }
    }

    /// How long a token is good for.
    pub(super) const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// What this token is.
    pub(super) fn state(&self, token: &str) -> State {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        match issued.iter().find(|(known, _)| same(known, token)) {
            Some((_, when)) if when.elapsed() < self.lifetime => State::Good,
            Some(_) => State::Expired,
            None => State::Unknown,
        }
    }

    fn issue(&self) -> String {
        let token = format!("at-{}", uuid::Uuid::new_v4().simple());
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.len() == REMEMBERED {
            issued.pop_front();
        }
        issued.push_back((token.clone(), Instant::now()));
        token
    }

    /// Answers a request to the token endpoint: the grant `client_credentials`, the client in a Basic credential or in the form
    /// (RFC 6749 §2.3.1).
    pub(super) fn answer(&self, request: &Request) -> Answer {
        if request.method != "POST" {
            return told(405, &json!({ "error": "invalid_request", "error_description": "only POST" }))
                .with("allow", "POST");
        }
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&request.body).map(|(name, value)| (name.into(), value.into())).collect();
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let client = request
            .header("authorization")
            .and_then(decoded_pair)
            .or_else(|| Some(format!("{}:{}", field("client_id")?, field("client_secret")?)));
        if !client.is_some_and(|client| self.clients.iter().any(|known| same(known, &client))) {
            return told(401, &json!({ "error": "invalid_client" })).with("www-authenticate", "Basic realm=\"OAuth\"");
        }
        match field("grant_type") {
            Some("client_credentials") => {
                let (token, seconds) = (self.issue(), self.lifetime.as_secs());
                told(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds }))
            }
            Some(_) => told(400, &json!({ "error": "unsupported_grant_type" })),
            None => told(400, &json!({ "error": "invalid_request", "error_description": "grant_type is missing" })),
        }
    }
}

/// The parts of the pair are form-encoded each (RFC 6749 §2.3.1).
fn decoded_pair(header: &str) -> Option<String> {
    let pair = pair(header.trim())?;
    let (id, secret) = pair.split_once(':')?;
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some(format!("{}:{}", decode(id)?, decode(secret)?))
}

fn told(status: u16, body: &Value) -> Answer {
    let mut answer = Answer::empty(status).with("cache-control", "no-store");
    answer.say("application/json", &body.to_string());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_it_expires_and_never_before_it_was_given_out() {
        let desk = Desk::new(Vec::new(), Duration::from_secs(3600));
        let token = desk.issue();
        assert_eq!((desk.state(&token), desk.state("at-1")), (State::Good, State::Unknown));
        assert_ne!(token, desk.issue());
        let short = Desk::new(Vec::new(), Duration::ZERO);
        assert_eq!(short.state(&short.issue()), State::Expired);
    }

    #[test]
    fn no_more_tokens_are_remembered_than_said() {
        let desk = Desk::new(Vec::new(), Duration::from_secs(3600));
        let first = desk.issue();
        let last = (0..REMEMBERED).map(|_| desk.issue()).last().unwrap();
        assert_eq!((desk.state(&first), desk.state(&last)), (State::Unknown, State::Good));
        assert_eq!(desk.issued.lock().unwrap().len(), REMEMBERED);
    }
}
