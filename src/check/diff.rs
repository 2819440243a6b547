//! Where an expected document and an actual one differ, by SCIM's idea of equality.
//!
//! The two are first aligned: same spelling of names, partners of multi-valued elements at the same index, what counts as
//! absent dropped. Then assert-json-diff decides whether they differ, and an own walk names the places. Everything keeps
//! its place from the actual document while being aligned, so the places are JSON Pointers into the document as received.

use std::collections::HashMap;

use assert_json_diff::{CompareMode, Config, NumericMode, assert_json_matches_no_panic};
use serde_json::{Map, Value};

use super::pairing::{self, Budget, Mode, Wish};
use super::pointer;
use crate::play::Difference;

/// What differs between two documents.
pub(super) struct Comparison {
    /// assert-json-diff's words.
    pub text: String,
    /// The places, in the order of the expected document.
    pub differences: Vec<Difference>,
}

/// Compares a document with what is expected of it; nothing when they agree.
pub(super) fn compare(expected: &Value, actual: &Value, mode: Mode) -> Option<Comparison> {
    let actual = pairing::canonical(actual);
    let expected = match mode {
        Mode::Subset => expected.clone(),
        Mode::Same => pairing::canonical(expected),
    };
    let aligned = match (Wish::of("", &expected), actual.is_null()) {
        (Wish::Nothing | Wish::Open, true) => return None,
        (Wish::Nothing, false) => Aligned { expected: Value::Null, actual },
        _ => align(&expected, &actual, mode, &Budget::new()),
    };
    let compare_mode = match mode {
        Mode::Subset => CompareMode::Inclusive,
        Mode::Same => CompareMode::Strict,
    };
    let config = Config::new(compare_mode).numeric_mode(NumericMode::AssumeFloat);
    let text = assert_json_matches_no_panic(&aligned.actual, &aligned.expected, config).err()?;
    let mut differences = Vec::new();
    walk(&aligned.expected, &aligned.actual, "", mode, &mut differences);
    Some(Comparison { text, differences })
}

/// The same place of both documents, comparable member by member and index by index.
struct Aligned {
    expected: Value,
    actual: Value,
}

fn align(expected: &Value, actual: &Value, mode: Mode, budget: &Budget) -> Aligned {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => align_members(expected, actual, mode, budget),
        (Value::Array(expected), Value::Array(actual)) => align_elements(expected, actual, mode, budget),
        _ if pairing::same_leaf(expected, actual, mode) => {
            Aligned { expected: expected.clone(), actual: expected.clone() }
        }
        _ => Aligned { expected: expected.clone(), actual: actual.clone() },
    }
}

fn align_members(expected: &Map<String, Value>, actual: &Map<String, Value>, mode: Mode, budget: &Budget) -> Aligned {
    let (wanted, names) = (Names::of(expected), Names::of(actual));
    let (mut left, mut right) = (Map::new(), Map::new());
    for (name, value) in expected {
        let wish = Wish::of(name, value);
        let found = names.partner(name, &wanted).and_then(|spelled| actual.get_key_value(spelled));
        let Some((spelled, found)) = found else {
            if wish == Wish::Value {
                left.insert(name.clone(), value.clone());
            }
            continue;
        };
        let aligned = match wish {
            // Null, because an expected `[]` would be included in any array.
            Wish::Nothing if value.is_array() => Aligned { expected: Value::Null, actual: found.clone() },
            _ => align(value, found, mode, budget),
        };
        left.insert(spelled.clone(), aligned.expected);
        right.insert(spelled.clone(), aligned.actual);
    }
    if mode == Mode::Same {
        for (name, value) in actual {
            if !left.contains_key(name) {
                right.insert(name.clone(), value.clone());
            }
        }
    }
    Aligned { expected: Value::Object(left), actual: Value::Object(right) }
}

fn align_elements(expected: &[Value], actual: &[Value], mode: Mode, budget: &Budget) -> Aligned {
    let (mut left, mut right) = (vec![Value::Null; actual.len()], vec![Value::Null; actual.len()]);
    if mode == Mode::Same {
        right.clone_from_slice(actual);
    }
    for (item, partner) in expected.iter().zip(pairing::pair(expected, actual, mode, budget)) {
        match partner {
            Some(index) => {
                let aligned = align(item, &actual[index], mode, budget);
                left[index] = aligned.expected;
                right[index] = aligned.actual;
            }
            None if pairing::is_void(item) => {}
            None => left.push(item.clone()),
        }
    }
    Aligned { expected: Value::Array(left), actual: Value::Array(right) }
}

/// An object's names for look-ups without case that stay cheap in large objects.
struct Names<'a> {
    exact: &'a Map<String, Value>,
    /// By lower-case name; none where several names are alike.
    folded: HashMap<String, Option<&'a str>>,
}

impl<'a> Names<'a> {
    fn of(members: &'a Map<String, Value>) -> Self {
        let mut folded = HashMap::new();
        for name in members.keys() {
            folded
                .entry(name.to_ascii_lowercase())
                .and_modify(|spelled| *spelled = None)
                .or_insert(Some(name.as_str()));
        }
        Self { exact: members, folded }
    }

    /// This object's spelling of a wanted name: the same, or the only one that is alike without case.
    fn partner(&self, name: &str, wanted: &Self) -> Option<&'a str> {
        if let Some((name, _)) = self.exact.get_key_value(name) {
            return Some(name);
        }
        let folded = name.to_ascii_lowercase();
        wanted.folded.get(&folded).copied().flatten()?;
        self.folded.get(&folded).copied().flatten()
    }
}

/// Collects the places where aligned documents differ. A missing element has the place `-`, JSON Pointer's name for the
/// one after the last.
fn walk(expected: &Value, actual: &Value, at: &str, mode: Mode, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                let at = pointer::below(at, name);
                match actual.get(name) {
                    Some(actual) => walk(value, actual, &at, mode, found),
                    None => found.push(Difference { at, expected: Some(value.clone()), actual: None }),
                }
            }
            if mode == Mode::Same {
                let extra = actual.iter().filter(|(name, _)| !expected.contains_key(*name));
                found.extend(extra.map(|(name, value)| Difference {
                    at: pointer::below(at, name),
                    expected: None,
                    actual: Some(value.clone()),
                }));
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            for (index, value) in expected.iter().enumerate() {
                match actual.get(index) {
                    Some(actual) => walk(value, actual, &pointer::below(at, &index.to_string()), mode, found),
                    None => found.push(Difference {
                        at: pointer::below(at, "-"),
                        expected: Some(value.clone()),
                        actual: None,
                    }),
                }
            }
        }
        _ if pairing::same_leaf(expected, actual, mode) => {}
        _ => {
            let there = |value: &Value| if value.is_null() { None } else { Some(value.clone()) };
            found.push(Difference { at: at.to_owned(), expected: there(expected), actual: there(actual) });
        }
    }
}

#[cfg(test)]
mod tests;
