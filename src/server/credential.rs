//! Who may use the server: its token in each form that Okta sends it, Basic pairs, and access tokens that expire.

use super::Config;
use super::token::{Desk, State};
use crate::scim::error::ScimError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The credentials of one tenant.
#[derive(Debug)]
pub(super) struct Gate {
    /// Empty when there is none.
    token: String,
    /// Each `user:password`.
    pairs: Vec<String>,
    /// Where access tokens are got, when they are.
    pub(super) desk: Option<Desk>,
}

/// True when both are the same text. How long it takes tells only the length.
pub(super) fn same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

/// What stands behind the name of a scheme, whatever its case.
pub(super) fn after<'h>(header: &'h str, scheme: &str) -> Option<&'h str> {
    let (named, rest) = header.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// `user:password` of an Authorization header of the Basic scheme.
pub(super) fn pair(header: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(after(header, "basic")?).ok()?).ok()
}

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        let desk = (!config.clients.is_empty()).then(|| Desk::new(config.clients.clone(), config.token_lifetime));
        Self { token: config.token.clone(), pairs: config.basic.clone(), desk }
    }

    /// Accepts `Bearer <token>`, the token as it is (Okta's Header Auth app sends what was typed), `Basic <base64>` of a pair or
    /// of a token with a colon, and `Bearer <access token>` until it expires. All else is a 401.
    pub(super) fn check(&self, header: Option<&str>) -> Result<(), ScimError> {
        let refuse = |detail: &str| Err(ScimError::plain(401, detail));
        let Some(header) = header.map(str::trim) else {
            return refuse("No credential: send an Authorization header, such as Bearer followed by the token");
        };
        if self.token.is_empty() && self.pairs.is_empty() && self.desk.is_none() {
            return refuse("This server has no token, so it accepts no credential");
        }
        let is_token = |text: &str| !self.token.is_empty() && same(text, &self.token);
        let bearer = after(header, "bearer");
        let is_pair = |sent: &String| {
            (self.token.contains(':') && is_token(sent)) || self.pairs.iter().any(|pair| same(pair, sent))
        };
        if bearer.is_some_and(is_token) || is_token(header) || pair(header).as_ref().is_some_and(is_pair) {
            return Ok(());
        }
        match bearer.zip(self.desk.as_ref()).map(|(token, desk)| desk.state(token)) {
            Some(State::Good) => Ok(()),
            Some(State::Expired) => refuse("The access token has expired: get another one at the token endpoint"),
            _ => refuse("The credential is not accepted: check the token and its scheme"),
        }
    }

    fn takes_pairs(&self) -> bool {
        !self.pairs.is_empty() || self.token.contains(':')
    }

    /// The schemes that are offered, as WWW-Authenticate tells them (RFC 7644 §2); after a Bearer token that was refused with
    /// what is wrong with it (RFC 6750 §3).
    pub(super) fn challenge(&self, header: Option<&str>) -> String {
        let mut challenge = "Bearer realm=\"SCIM\"".to_owned();
        if header.is_some_and(|header| after(header.trim(), "bearer").is_some_and(|token| !token.is_empty())) {
            challenge += ", error=\"invalid_token\"";
        }
        if self.takes_pairs() {
            challenge += ", Basic realm=\"SCIM\"";
        }
        challenge
    }

    /// The schemes that are offered, as ServiceProviderConfig tells them (RFC 7643 §5). The first is the primary one.
    pub(super) fn schemes(&self) -> Value {
        let scheme = |kind: &str, name: &str, description: String, rfc: u16| {
            let uri = format!("https://www.rfc-editor.org/info/rfc{rfc}");
            json!({ "type": kind, "name": name, "description": description, "specUri": uri })
        };
        let mut schemes = Vec::new();
        if !self.token.is_empty() || self.desk.is_none() {
            let description = "Authorization: Bearer followed by the server's token".to_owned();
            schemes.push(scheme("oauthbearertoken", "Bearer token", description, 6750));
        }
        if let Some(desk) = &self.desk {
            let (path, seconds) = (super::token::PATH, desk.lifetime().as_secs());
            let description = format!(
                "Authorization: Bearer followed by an access token, good for {seconds} s; client_credentials at {path}"
            );
            schemes.push(scheme("oauth2", "OAuth 2.0", description, 6749));
        }
        if self.takes_pairs() {
            let description = "Authorization: Basic with user and password".to_owned();
            schemes.push(scheme("httpbasic", "HTTP Basic", description, 7617));
        }
        for (number, scheme) in schemes.iter_mut().enumerate() {
            scheme["primary"] = (number == 0).into();
        }
        schemes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: Option<&str>, token: &str) -> Result<(), ScimError> {
        Gate::new(&Config { token: token.into(), ..Config::default() }).check(header)
    }

    #[test]
    fn each_form_of_the_token_is_accepted() {
        for header in ["Bearer abc", "bearer abc", "BEARER  abc", "abc"] {
            assert!(check(Some(header), "abc").is_ok(), "{header}");
        }
        assert!(check(Some("Basic dXNlcjpwdw=="), "user:pw").is_ok());
        assert!(check(Some("Bearer abc"), "Bearer abc").is_ok());
    }

    #[test]
    fn everything_else_is_a_401_that_names_no_token() {
        for (header, token) in [
            (None, "abc"),
            (Some(""), "abc"),
            (Some("Bearer"), "abc"),
            (Some("Bearer abd"), "abc"),
            (Some("Bearer ab"), "abc"),
            (Some("Basic YWJj"), "abc"),
            (Some("Bearer "), ""),
            (Some("non-token"), "abc"),
        ] {
            let error = check(header, token).unwrap_err();
            assert_eq!(error.status, 401);
            assert!(!error.detail.contains("abc"));
        }
    }

    #[test]
    fn only_what_is_accepted_is_offered() {
        let gate = |token: &str, basic: &[&str]| {
            let basic = basic.iter().map(|pair| (*pair).to_owned()).collect();
            Gate::new(&Config { token: token.into(), basic, ..Config::default() })
        };
        assert_eq!(gate("abc", &[]).challenge(None), "Bearer realm=\"SCIM\"");
        assert_eq!(gate("abc", &["a:b"]).challenge(Some("Basic x")), "Bearer realm=\"SCIM\", Basic realm=\"SCIM\"");
        assert_eq!(
            gate("a:b", &[]).challenge(Some("bearer x")),
            "Bearer realm=\"SCIM\", error=\"invalid_token\", Basic realm=\"SCIM\""
        );
        assert_eq!(gate("abc", &[]).schemes().as_array().unwrap().len(), 1);
        assert!(gate("abc", &["a:b"]).check(Some("Basic YTpi")).is_ok());
        assert!(gate("abc", &["a:c"]).check(Some("Basic YTpi")).is_err());
    }
}
