//! Expected beside actual, with the part marked in which they differ.

use serde::Serialize;
use serde_json::Value;

use crate::report::told::cut;

/// A piece of text, marked or not.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) mark: bool,
}

/// Both sides of one differing place.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    at: String,
    expected: Vec<Piece>,
    actual: Vec<Piece>,
}

/// Characters of one value that are shown.
const SHOWN: usize = 4000;

/// Values shorter than this in common are marked whole: `true` and `false` share an `e`, which says nothing.
const COMMON: usize = 4;

impl Comparison {
    pub(super) fn of(at: &str, expected: Option<&Value>, actual: Option<&Value>) -> Self {
        let (expected, actual) = (shown(expected), shown(actual));
        let (before, after) = common(&expected, &actual);
        let at = if at.is_empty() { "the whole body" } else { at };
        Self { at: at.to_owned(), expected: pieces(&expected, before, after), actual: pieces(&actual, before, after) }
    }
}

/// A value as one reads it: what has parts over several lines.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => "(absent)".to_owned(),
        Some(parts @ (Value::Array(_) | Value::Object(_))) if parts.to_string().len() > 60 => format!("{parts:#}"),
        Some(plain) => plain.to_string(),
    };
    match cut(&text, SHOWN) {
        (_, 0) => text,
        (kept, more) => format!("{kept}\n({more} characters more in report.json)"),
    }
}

/// How many bytes are the same at the beginning and at the end; neither where it is too little to help.
fn common(a: &str, b: &str) -> (usize, usize) {
    let before: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (&a[before..], &b[before..]);
    let after: usize =
        a.chars().rev().zip(b.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    if before + after < COMMON { (0, 0) } else { (before, after) }
}

fn pieces(text: &str, before: usize, after: usize) -> Vec<Piece> {
    let (first, rest) = text.split_at(before);
    let (middle, last) = rest.split_at(rest.len() - after);
    let parts = [(first, false), (middle, true), (last, false)];
    let parts = parts.into_iter().filter(|(text, _)| !text.is_empty());
    parts.map(|(text, mark)| Piece { text: text.to_owned(), mark }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sides(expected: &Value, actual: Option<&Value>) -> (String, String) {
        let comparison = Comparison::of("/x", Some(expected), actual);
        let side = |pieces: &[Piece]| {
            let text = |p: &Piece| if p.mark { format!("<{}>", p.text) } else { p.text.clone() };
            pieces.iter().map(text).collect::<String>()
        };
        (side(&comparison.expected), side(&comparison.actual))
    }

    #[test]
    fn the_differing_part_is_marked() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            sides(&json!("Bob Builder"), Some(&json!("Bob Bilder"))),
            pair("\"Bob B<u>ilder\"", "\"Bob Bilder\"")
        );
        assert_eq!(sides(&json!("Zoë M"), Some(&json!("Zoé M"))), pair("\"Zo<ë> M\"", "\"Zo<é> M\""));
        assert_eq!(sides(&json!(false), Some(&json!(true))), pair("<false>", "<true>"));
        assert_eq!(sides(&json!("aaaa"), Some(&json!("aaa"))), pair("\"aaa<a>\"", "\"aaa\""));
        assert_eq!(sides(&json!("a"), None), pair("<\"a\">", "<(absent)>"));
    }

    #[test]
    fn long_values_are_cut_with_a_count() {
        let (expected, _) = sides(&json!("x".repeat(9000)), None);
        assert!(expected.ends_with("(5002 characters more in report.json)>"), "{expected}");
    }
}
