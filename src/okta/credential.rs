//! The three forms in which an Okta app sends its credential, and the traps of typing one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret as _, SecretString};

/// How the typed credential becomes an Authorization header (Okta's app templates).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum AuthForm {
    /// The value as typed, scheme included (SCIM 2.0 Test App, Header Auth).
    #[default]
    Header,
    /// `Bearer ` is put before it (OAuth Bearer Token app, wizard apps).
    Bearer,
    /// `user:password`, base64 (Basic Auth app).
    Basic,
}

/// A credential. It has no way to be printed.
#[derive(Clone, Debug)]
pub struct Credential {
    form: AuthForm,
    typed: SecretString,
}

impl Credential {
    /// Takes the credential as typed. Refused when it cannot be an HTTP header value (control characters).
    pub fn new(form: AuthForm, typed: impl Into<String>) -> Result<Self, String> {
        let typed = typed.into();
        if typed.chars().any(|c| c.is_control() && c != '\t') {
            return Err("the credential holds a line break or another control character; give it on one line".into());
        }
        if typed.trim().is_empty() {
            return Err("the credential is empty; set SCIM_TOKEN or give --token-file".into());
        }
        Ok(Self { form, typed: typed.into() })
    }

    fn typed(&self) -> &str {
        self.typed.expose_secret()
    }

    /// The form it is sent in.
    pub const fn form(&self) -> AuthForm {
        self.form
    }

    /// How many characters were typed.
    pub fn chars(&self) -> usize {
        self.typed().chars().count()
    }

    /// The value of the Authorization header.
    pub fn header_value(&self) -> String {
        match self.form {
            AuthForm::Header => self.typed().to_owned(),
            AuthForm::Bearer => format!("Bearer {}", self.typed()),
            AuthForm::Basic => format!("Basic {}", BASE64.encode(self.typed())),
        }
    }

    /// The value of the Authorization header with the name of its scheme, where it has one, in lower case.
    pub fn lower_scheme(&self) -> String {
        let value = self.header_value();
        match value.split_once(' ') {
            Some((scheme, rest)) if ["bearer", "basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
                format!("{} {rest}", scheme.to_ascii_lowercase())
            }
            _ => value,
        }
    }

    /// A credential of the same form that no server can know.
    #[must_use]
    pub fn made_up(&self) -> Self {
        let typed = match self.form {
            AuthForm::Header if self.typed().split_once(' ').is_some() => {
                let scheme = self.typed().split_once(' ').map_or("Bearer", |(s, _)| s);
                format!("{scheme} scimulate-made-up-credential")
            }
            AuthForm::Header | AuthForm::Bearer => "scimulate-made-up-credential".to_owned(),
            AuthForm::Basic => "scimulate-made-up-user:scimulate-made-up-password".to_owned(),
        };
        Self { form: self.form, typed: typed.into() }
    }

    /// The same text with `Bearer ` before it, for header credentials typed without a scheme.
    pub fn with_bearer(&self) -> Option<Self> {
        (self.form == AuthForm::Header && !self.typed().trim().contains(' '))
            .then(|| Self { form: AuthForm::Bearer, typed: self.typed().trim().into() })
    }

    /// What looks wrong about it, one sentence each. It is sent as it is all the same.
    pub fn traps(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.typed().trim() != self.typed() {
            told.push("The credential has spaces at its start or end; they are sent as typed.".to_owned());
        }
        let has_scheme = |s: &str| s.split_once(' ').is_some_and(|(w, _)| w.eq_ignore_ascii_case("bearer"));
        match self.form {
            AuthForm::Header if !self.typed().trim().contains(' ') => told.push(
                "The header credential has no scheme. Okta's Header Auth app sends the value as typed; most servers want \
                 \"Bearer \" before the token (or use --auth bearer)."
                    .to_owned(),
            ),
            AuthForm::Bearer if has_scheme(self.typed().trim()) => told.push(
                "The bearer credential already starts with \"Bearer \", so the word is sent twice. Leave it out, or use \
                 --auth header."
                    .to_owned(),
            ),
            AuthForm::Basic if !self.typed().contains(':') => {
                told.push("The basic credential has no colon; it is meant to be user:password.".to_owned());
            }
            _ => {}
        }
        told
    }

    /// What of it is secret: what stands behind the scheme, of user and password both together and the password. With a
    /// scheme that is part of the secret, and with spaces that were typed by mistake, the whole.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let bare = self.typed().trim();
        let mut secrets = match self.form {
            AuthForm::Basic => vec![bare, bare.split_once(':').map_or("", |(_, password)| password)],
            AuthForm::Header | AuthForm::Bearer => {
                vec![bare.split_once(' ').map_or(bare, |(_, token)| token.trim()), bare]
            }
        };
        secrets.retain(|secret| !secret.is_empty());
        secrets.dedup();
        let mut secrets: Vec<String> = secrets.into_iter().map(str::to_owned).collect();
        // A short token can still be told with its scheme before it.
        secrets.push(self.header_value());
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(form: AuthForm, typed: &str) -> Credential {
        Credential::new(form, typed).expect(typed)
    }

    #[test]
    fn each_form_has_its_header() {
        assert_eq!(credential(AuthForm::Header, "Bearer abc").header_value(), "Bearer abc");
        assert_eq!(credential(AuthForm::Header, "Token abc").header_value(), "Token abc");
        assert_eq!(credential(AuthForm::Bearer, "abc").header_value(), "Bearer abc");
        assert_eq!(credential(AuthForm::Basic, "ann:pw").header_value(), "Basic YW5uOnB3");
        assert_eq!(credential(AuthForm::Basic, "ann:pw").lower_scheme(), "basic YW5uOnB3");
        assert_eq!(credential(AuthForm::Header, "BEARER ABC").lower_scheme(), "bearer ABC");
        assert_eq!(credential(AuthForm::Header, "Token ABC").lower_scheme(), "Token ABC");
    }

    #[test]
    fn traps_are_told() {
        assert!(credential(AuthForm::Header, "abc").traps()[0].contains("no scheme"));
        assert!(credential(AuthForm::Bearer, "Bearer abc").traps()[0].contains("twice"));
        assert!(credential(AuthForm::Bearer, " abc").traps()[0].contains("spaces"));
        assert!(credential(AuthForm::Basic, "abc").traps()[0].contains("colon"));
        assert!(credential(AuthForm::Header, "Bearer abc").traps().is_empty());
        assert!(credential(AuthForm::Bearer, "abc").traps().is_empty());
    }

    #[test]
    fn a_made_up_one_keeps_the_form() {
        assert!(credential(AuthForm::Header, "Bearer abc").made_up().header_value().starts_with("Bearer scimulate"));
        assert!(credential(AuthForm::Basic, "a:b").made_up().header_value().starts_with("Basic "));
    }

    #[test]
    fn it_cannot_be_printed_and_line_breaks_are_refused() {
        assert!(!format!("{:?}", credential(AuthForm::Bearer, "hidden-token")).contains("hidden"));
        assert!(Credential::new(AuthForm::Bearer, "a\r\nb").is_err());
        assert!(Credential::new(AuthForm::Bearer, "  ").is_err());
    }

    #[test]
    fn what_is_secret_stands_behind_the_scheme() {
        assert_eq!(credential(AuthForm::Header, "Bearer to/ken=12").secrets()[0], "to/ken=12");
        assert_eq!(credential(AuthForm::Bearer, " token-1234 ").secrets()[0], "token-1234");
        assert_eq!(credential(AuthForm::Basic, "ann:pass:word").secrets()[..2], ["ann:pass:word", "pass:word"]);
    }
}
