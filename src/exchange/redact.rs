//! Secrets are taken out of an exchange when it is recorded; only the redacted exchange is judged and told.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::RwLock;

/// What stands in place of the credential.
pub const CREDENTIAL: &str = "[redacted]";

/// What stands in place of a generated password, in what we send and in what is echoed.
pub const PASSWORD: &str = "[generated password]";

/// Credentials shorter than this are redacted in header fields only: a short word would blank half the answers.
const SHORT: usize = 8;

/// Knows every secret of a run in all its spellings.
#[derive(Default)]
pub struct Redactor {
    credentials: Vec<String>,
    short: bool,
    passwords: RwLock<Passwords>,
}

/// Many passwords, found in one walk over a text however many there are.
#[derive(Default)]
struct Passwords {
    all: HashSet<String>,
    lengths: BTreeSet<usize>,
    first_bytes: BTreeSet<u8>,
}

impl Passwords {
    fn add(&mut self, password: &str) {
        let Some(first) = password.bytes().next() else { return };
        self.first_bytes.insert(first);
        self.lengths.insert(password.len());
        self.all.insert(password.to_owned());
    }

    /// The length of the password at this place, the longest if there are several.
    fn at(&self, text: &str, start: usize) -> Option<usize> {
        let here = |length: &&usize| text.get(start..start + **length).is_some_and(|part| self.all.contains(part));
        self.lengths.iter().rev().find(here).copied()
    }

    fn out_of(&self, text: String) -> String {
        let (mut clean, mut kept, mut next) = (String::new(), 0, 0);
        for (start, byte) in text.bytes().enumerate() {
            if start < next || !self.first_bytes.contains(&byte) {
                continue;
            }
            if let Some(length) = self.at(&text, start) {
                clean.push_str(&text[kept..start]);
                clean.push_str(PASSWORD);
                next = start + length;
                kept = next;
            }
        }
        if kept == 0 {
            return text;
        }
        clean.push_str(&text[kept..]);
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}

impl Redactor {
    /// `spellings`: every form in which the credential could be echoed; the bare form decides whether it is short.
    pub fn new(spellings: Vec<String>) -> Self {
        let short = spellings.iter().any(|s| s.chars().count() < SHORT);
        let mut credentials = spellings;
        credentials.retain(|s| !s.is_empty());
        credentials.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Self { credentials, short, passwords: RwLock::default() }
    }

    /// True when the credential is so short that bodies are not searched for it.
    pub const fn is_short(&self) -> bool {
        self.short
    }

    /// Adds a generated password.
    pub fn add_password(&self, password: &str) {
        self.passwords.write().unwrap_or_else(std::sync::PoisonError::into_inner).add(password);
    }

    /// A header value without secrets.
    pub fn header(&self, value: &str) -> String {
        self.passwords_out(replace_all(value.to_owned(), self.credentials.iter(), CREDENTIAL))
    }

    /// Body text or an error message without secrets.
    pub fn text(&self, text: String) -> String {
        // A short token is still searched for in its longer spellings (with scheme, base64).
        let searched = self.credentials.iter().filter(|s| !self.short || s.chars().count() >= SHORT);
        self.passwords_out(replace_all(text, searched, CREDENTIAL))
    }

    fn passwords_out(&self, text: String) -> String {
        self.passwords.read().unwrap_or_else(std::sync::PoisonError::into_inner).out_of(text)
    }
}

fn replace_all<'n>(text: String, needles: impl Iterator<Item = &'n String>, with: &str) -> String {
    needles.fold(
        text,
        |text, needle| {
            if text.contains(needle.as_str()) { text.replace(needle.as_str(), with) } else { text }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_goes_in_all_its_spellings() {
        let redactor = Redactor::new(vec!["Bearer abcdefgh".into(), "abcdefgh".into(), "YWJjZGVmZ2g=".into()]);
        assert_eq!(redactor.text("got Bearer abcdefgh".into()), "got [redacted]");
        assert_eq!(
            redactor.text(r#"{"t":"abcdefgh","b":"YWJjZGVmZ2g="}"#.into()),
            r#"{"t":"[redacted]","b":"[redacted]"}"#
        );
        assert_eq!(redactor.header("abcdefgh"), "[redacted]");
    }

    #[test]
    fn a_short_token_is_redacted_in_headers_only() {
        let redactor = Redactor::new(vec!["Bearer abc".into(), "abc".into()]);
        assert!(redactor.is_short());
        assert_eq!(redactor.text("abc".into()), "abc");
        assert_eq!(redactor.text("Bearer abc".into()), "[redacted]");
        assert_eq!(redactor.header("abc"), "[redacted]");
    }

    #[test]
    fn generated_passwords_are_masked() {
        let redactor = Redactor::new(vec!["token-token".into()]);
        redactor.add_password("aB3dE6gH");
        assert_eq!(redactor.text(r#"{"password":"aB3dE6gH"}"#.into()), r#"{"password":"[generated password]"}"#);
        redactor.add_password("aB3dE6gHlonger");
        redactor.add_password("");
        let twice = "é aB3dE6gHaB3dE6gHlonger, aB3 dE6gH";
        assert_eq!(redactor.text(twice.into()), "é [generated password][generated password], aB3 dE6gH");
        assert_eq!(redactor.text("aB3dE6gé".into()), "aB3dE6gé");
    }
}
