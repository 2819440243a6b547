//! The rule that passwords stay inside the server. Its findings name the place and never repeat the value.

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::super::{Finding, Judgement, pointer};
use super::Rules;
use super::target::Seen;
use crate::exchange::Body;

/// Shorter ones would be found by chance.
const SHORTEST: usize = 6;

/// Names of members that hold a password or what is made of one, in lower case and without `_`.
const NAMES: [&str; 6] =
    ["password", "passwordhash", "hashedpassword", "encryptedpassword", "passwordsalt", "passworddigest"];

/// Fails on a member for a password or its hash with a value in a successful answer (in an error it may be the name of the
/// field that is complained of), and on one of the run's generated passwords anywhere in any answer.
pub(super) fn password(seen: &Seen<'_>, rules: &Rules) -> Judgement {
    let Some(response) = &seen.exchange.response else { return Judgement::Skipped("no answer came".to_owned()) };
    let sent = &rules.passwords;
    let fail =
        |at: &str, message: &str| Judgement::Failed(Finding::new(at, message, Some(Value::from("no password")), None));
    if let Some(field) = response.headers.iter().find(|field| sent.occur_in(&field.value)) {
        let place = format!("header {}", field.name);
        return fail(&place, &format!("{place} contains a password that was sent"));
    }
    match &response.body {
        Body::Json(body) => {
            if let Some(at) = find(body, &|_, value| value.as_str().is_some_and(|text| sent.occur_in(text))) {
                return fail(&at, &format!("{at} contains a password that was sent"));
            }
            let member = |name: &str, value: &Value| {
                (value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())) && is_for_a_password(name)
            };
            match find(body, &member).filter(|_| response.status < 400) {
                Some(at) => fail(&at, &format!("{at} has a value; a password is never returned")),
                None => Judgement::Passed,
            }
        }
        Body::Text(text) if sent.occur_in(text) => fail("", "the body contains a password that was sent"),
        Body::Empty if response.headers.is_empty() => Judgement::Skipped("there is no body".to_owned()),
        _ => Judgement::Passed,
    }
}

/// True for the [`NAMES`], however they are written.
fn is_for_a_password(name: &str) -> bool {
    let letters = || name.bytes().filter(|letter| *letter != b'_').map(|letter| letter.to_ascii_lowercase());
    NAMES.iter().any(|known| letters().eq(known.bytes()))
}

/// The JSON Pointer of the first value, in any depth, for which `wanted` holds; it is given the member's name.
fn find(value: &Value, wanted: &impl Fn(&str, &Value) -> bool) -> Option<String> {
    fn inside(name: &str, value: &Value, wanted: &impl Fn(&str, &Value) -> bool) -> Option<Vec<String>> {
        if wanted(name, value) {
            return Some(Vec::new());
        }
        let step = |segment: &str, mut path: Vec<String>| {
            path.push(segment.to_owned());
            path
        };
        match value {
            Value::Object(members) => {
                members.iter().find_map(|(name, value)| inside(name, value, wanted).map(|path| step(name, path)))
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| inside("", item, wanted).map(|path| step(&index.to_string(), path))),
            _ => None,
        }
    }
    let path = inside("", value, wanted)?;
    Some(path.iter().rev().fold(String::new(), |at, segment| pointer::below(&at, segment)))
}

/// The passwords a run has sent, found in one pass over a text however many there are.
#[derive(Debug)]
pub(super) struct Sent(AhoCorasick);

impl Sent {
    pub(super) fn new(passwords: &[String]) -> Self {
        let search = AhoCorasick::new(passwords.iter().filter(|password| password.len() >= SHORTEST));
        Self(search.expect("passwords fit into memory many times"))
    }

    fn occur_in(&self, text: &str) -> bool {
        text.len() >= SHORTEST && self.0.is_match(text)
    }
}
