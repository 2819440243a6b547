//! How values are worded in findings, and how large ones are shortened.

use std::io::{self, Write};

use serde_json::Value;

/// Characters of a string that a finding keeps.
pub(super) const TEXT: usize = 300;
/// Characters of a finding's sentence.
pub(super) const MESSAGE: usize = 1000;
/// Bytes of an array's or object's JSON text that a finding keeps whole.
const STRUCTURE: usize = 2048;
/// Characters of a value inside a sentence.
const INLINE: usize = 120;

/// The text itself, or its first `limit` characters and an ellipsis.
pub(super) fn clip(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text in JSON's quotes, shortened to `limit` characters.
pub(super) fn quoted(text: &str, limit: usize) -> String {
    Value::String(clip(text, limit)).to_string()
}

/// A value as compact JSON for use inside a sentence, shortened.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text, INLINE),
        _ => clip(&prefix(value, INLINE * 4).0, INLINE),
    }
}

/// A value together with its type: `the string "false"`, `an array of 3`.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => inline(value),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quoted(text, INLINE)),
        Value::Array(items) if items.is_empty() => "an empty array".to_owned(),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value as sentences name it beside what was expected: with its type where the types differ.
pub(super) fn against(actual: &Value, expected: &Value) -> String {
    if std::mem::discriminant(actual) == std::mem::discriminant(expected) { inline(actual) } else { described(actual) }
}

/// How sentences name a JSON Pointer.
pub(super) fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the body" } else { pointer }
}

/// `(and 2 more)`, or nothing.
pub(super) fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (and {count} more)") }
}

/// The value for a finding: itself when small, else a shortened text with a note.
pub(super) fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT) {
            Some((end, _)) => {
                Value::String(format!("{}… ({} characters, shortened)", &text[..end], text.chars().count()))
            }
            None => value.clone(),
        },
        Value::Array(_) | Value::Object(_) => match prefix(value, STRUCTURE) {
            (_, true) => value.clone(),
            (text, false) => Value::String(format!("{} ({}, shortened)", clip(&text, TEXT), described(value))),
        },
        _ => value.clone(),
    }
}

/// The first `limit` bytes of the value's JSON text, and whether that is all of it.
fn prefix(value: &Value, limit: usize) -> (String, bool) {
    let mut writer = Bounded { bytes: Vec::new(), limit };
    let whole = serde_json::to_writer(&mut writer, value).is_ok();
    let text = match String::from_utf8(writer.bytes) {
        Ok(text) => text,
        Err(error) => {
            let end = error.utf8_error().valid_up_to();
            String::from_utf8_lossy(&error.as_bytes()[..end]).into_owned()
        }
    };
    (text, whole)
}

/// Stops the serializer at a limit, so that a huge value costs no more than what is shown of it.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.bytes.len();
        if room == 0 && !chunk.is_empty() {
            return Err(io::Error::other("limit reached"));
        }
        let taken = room.min(chunk.len());
        self.bytes.extend_from_slice(&chunk[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn small_values_are_kept_and_large_ones_are_shortened_with_a_note() {
        let small = json!({"a": [1, 2]});
        assert_eq!(cut(&small), small);
        assert_eq!(cut(&json!("é".repeat(300))), json!("é".repeat(300)));

        let text = cut(&json!("é".repeat(301)));
        assert_eq!(text, json!(format!("{}… (301 characters, shortened)", "é".repeat(300))));

        let array = cut(&json!(vec!["日本"; 1000]));
        let shortened = array.as_str().expect("a text");
        assert!(shortened.ends_with("… (an array of 1000, shortened)"), "{shortened}");
        assert!(shortened.len() < 1100);
    }

    #[test]
    fn a_value_is_worded_with_its_type_only_where_types_differ() {
        assert_eq!(against(&json!("false"), &json!(false)), "the string \"false\"");
        assert_eq!(against(&json!(true), &json!(false)), "true");
        assert_eq!(against(&json!([1]), &json!({})), "an array of 1");
        assert_eq!(against(&json!({}), &json!(1)), "an empty object");
        assert_eq!(inline(&json!({"a": "x".repeat(500)})).chars().count(), 121);
    }
}
