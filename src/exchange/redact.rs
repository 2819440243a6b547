//! Secrets are taken out of an exchange when it is recorded; only the redacted exchange is judged and told.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;

use super::spelling::spellings;

/// What stands in place of the credential.
pub const CREDENTIAL: &str = "[redacted]";

/// What stands in place of a generated password, in what we send and in what is echoed.
pub const PASSWORD: &str = "[generated password]";

/// Credentials shorter than this are redacted in header fields only: a short word would blank half the answers.
const SHORT: usize = 8;

/// Knows every secret of a run in all its spellings.
#[derive(Default)]
pub struct Redactor {
    /// Spellings long enough to be searched for anywhere.
    long: Option<AhoCorasick>,
    /// The others: what a header field says between its separators may be one of them.
    short: Vec<String>,
    passwords: RwLock<Passwords>,
    /// The bytes of the shortest text that is searched for: in a shorter one there is none.
    shortest: AtomicUsize,
}

/// Many passwords, found in one walk over a text however many there are.
#[derive(Default)]
struct Passwords {
    all: HashSet<String>,
    lengths: BTreeSet<usize>,
    begins: Beginnings,
}

impl Passwords {
    fn add(&mut self, password: &str) {
        self.begins.add(password.as_bytes());
        self.lengths.insert(password.len());
        self.all.insert(password.to_owned());
    }

    /// The length of the password at this place, the longest if there are several.
    fn at(&self, text: &str, start: usize) -> Option<usize> {
        let here = |length: &&usize| text.get(start..start + **length).is_some_and(|part| self.all.contains(part));
        self.lengths.iter().rev().find(here).copied()
    }

    fn out_of<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let (mut clean, mut kept, mut next) = (String::new(), 0, 0);
        for start in 0..text.len() {
            if start < next || !self.begins.may_be(&text.as_bytes()[start..]) {
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
        Cow::Owned(clean)
    }
}

/// The first bytes of all passwords, each a bit at its hash: asked at every byte of every answer.
struct Beginnings(Box<[u64; Self::WORDS]>);

impl Beginnings {
    /// How many bytes are a beginning. Passwords have eight.
    const BYTES: usize = 4;
    const WORDS: usize = 1024;

    fn add(&mut self, password: &[u8]) {
        match password.first_chunk() {
            Some(bytes) => {
                let (word, bit) = Self::place(*bytes);
                self.0[word] |= bit;
            }
            // Too short to be told by its beginning: every place is looked at.
            None => self.0.fill(u64::MAX),
        }
    }

    /// Whether a password may begin here. At the end of a text only a short one can.
    fn may_be(&self, text: &[u8]) -> bool {
        let (word, bit) = text.first_chunk().map_or((0, 1), |bytes| Self::place(*bytes));
        self.0[word] & bit != 0
    }

    /// The word and the bit in it: the upper 16 bits of a multiplicative hash.
    fn place(bytes: [u8; Self::BYTES]) -> (usize, u64) {
        let hash = u32::from_le_bytes(bytes).wrapping_mul(0x9e37_79b1) >> 16;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}

impl Default for Beginnings {
    fn default() -> Self {
        Self(Box::new([0; Self::WORDS]))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}

impl Redactor {
    /// `secrets`: what must never be told, in the form that is meant; here all its spellings are found.
    pub fn new(secrets: &[String]) -> Self {
        let spellings = secrets.iter().flat_map(|secret| spellings(secret)).filter(|text| !text.is_empty());
        let (long, short): (Vec<_>, Vec<_>) = spellings.partition(|text| text.chars().count() >= SHORT);
        let shortest = AtomicUsize::new(long.iter().map(String::len).min().unwrap_or(usize::MAX));
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
        let search = search.build(long).expect("a few dozen short texts");
        let short = short.into_iter().filter(|text| secrets.contains(text)).collect();
        Self { long: Some(search), short, passwords: RwLock::default(), shortest }
    }

    /// True when a credential is so short that bodies are not searched for it.
    pub const fn is_short(&self) -> bool {
        !self.short.is_empty()
    }

    /// Adds a generated password.
    pub fn add_password(&self, password: &str) {
        if password.is_empty() {
            return;
        }
        self.shortest.fetch_min(password.len(), Ordering::Relaxed);
        self.passwords.write().unwrap_or_else(std::sync::PoisonError::into_inner).add(password);
    }

    /// A header value without secrets.
    pub fn header(&self, value: &str) -> String {
        let text = self.text(value);
        if self.short.is_empty() {
            return text;
        }
        let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '=' | '"' | ':');
        let words = text.split_inclusive(separates).map(|word| {
            let bare = word.trim_end_matches(separates);
            if self.short.iter().any(|short| short.eq_ignore_ascii_case(bare)) {
                [CREDENTIAL, &word[bare.len()..]].concat()
            } else {
                word.to_owned()
            }
        });
        words.collect()
    }

    /// Body text or an error message without secrets.
    pub fn text(&self, text: &str) -> String {
        self.clean(text).into_owned()
    }

    /// The same, and the text itself when there is no secret in it.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.len() < self.shortest.load(Ordering::Relaxed) {
            return Cow::Borrowed(text);
        }
        let (mut clean, mut kept) = (String::new(), 0);
        for found in self.long.iter().flat_map(|long| long.find_iter(text)) {
            clean.push_str(&text[kept..found.start()]);
            clean.push_str(CREDENTIAL);
            kept = found.end();
        }
        let clean = if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(clean + &text[kept..]) };
        self.passwords.read().unwrap_or_else(std::sync::PoisonError::into_inner).out_of(clean)
    }

    /// Takes secrets out of the texts and member names of a document, where escapes may have hidden them.
    pub fn document(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.clean(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.document(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.document(member));
                if members.keys().any(|name| matches!(self.clean(name), Cow::Owned(_))) {
                    *members = std::mem::take(members).into_iter().map(|(name, v)| (self.text(&name), v)).collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(&secrets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_credential_goes_in_all_its_spellings() {
        let redactor = redactor(&["abcd/fgh", "Bearer abcd/fgh"]);
        assert_eq!(redactor.text("got Bearer abcd/fgh"), "got [redacted]");
        assert_eq!(redactor.text(r#"{"t":"abcd/fgh","b":"YWJjZC9mZ2g="}"#), r#"{"t":"[redacted]","b":"[redacted]g="}"#);
        assert_eq!(redactor.text("ABCD%2fFGH abcd%2Ffgh 616263642f666768"), "[redacted] [redacted] [redacted]");
        assert_eq!(redactor.header("abcd/fgh"), "[redacted]");
    }

    #[test]
    fn what_escapes_hide_is_found_when_a_document_is_read() {
        let redactor = redactor(&["abcd/fgh"]);
        let mut document = serde_json::from_str(r#"{"\u0061bcd\/fgh": ["x abc\u0064/fgh"], "n": 1}"#).expect("JSON");
        redactor.document(&mut document);
        assert_eq!(document, serde_json::json!({ "[redacted]": ["x [redacted]"], "n": 1 }));
    }

    #[test]
    fn a_short_token_is_redacted_in_headers_only() {
        let redactor = redactor(&["scim", "Bearer scim"]);
        assert!(redactor.is_short());
        assert_eq!(redactor.text("scim"), "scim");
        assert_eq!(redactor.text("Bearer scim"), "[redacted]");
        assert_eq!(redactor.header("scim"), "[redacted]");
        assert_eq!(redactor.header("token=\"scim\", x"), "token=\"[redacted]\", x");
        assert_eq!(redactor.header("application/scim+json; charset=utf-8"), "application/scim+json; charset=utf-8");
    }

    #[test]
    fn generated_passwords_are_masked() {
        let redactor = redactor(&["token-token"]);
        redactor.add_password("aB3dE6gH");
        assert_eq!(redactor.text(r#"{"password":"aB3dE6gH"}"#), r#"{"password":"[generated password]"}"#);
        redactor.add_password("aB3dE6gHlonger");
        redactor.add_password("");
        assert_eq!(redactor.text("aB3"), "aB3");
        let twice = "é aB3dE6gHaB3dE6gHlonger, aB3 dE6gH";
        assert_eq!(redactor.text(twice), "é [generated password][generated password], aB3 dE6gH");
        assert_eq!(redactor.text("aB3dE6gé"), "aB3dE6gé");
        redactor.add_password("aB3");
        assert_eq!(redactor.text("x aB3dE6g aB3"), "x [generated password]dE6g [generated password]");
    }
}
