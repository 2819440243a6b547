//! The value at a JSON Pointer, or of a header field, against one test.

use regex_lite::Regex;
use serde_json::Value;

use super::{Finding, Judgement, datetime, pairing, pointer, show};
use crate::scenario::{Kind, Test};

/// Judges the value at `at` in a body.
pub(super) fn judge(at: &str, wanted: &Test, body: &Value) -> Judgement {
    test(at, pointer::resolve(body, at), wanted)
}

/// Judges one value, or its absence. In `equals` and `one_of`, null and `[]` are also equal to absence (RFC 7643 §2.5);
/// `absent` accepts both.
pub(super) fn test(at: &str, actual: Option<&Value>, wanted: &Test) -> Judgement {
    let holds = match wanted {
        Test::Equals(expected) => equals(actual, expected),
        Test::OneOf(several) => several.iter().any(|expected| equals(actual, expected)),
        Test::Is(kind) => actual.is_some_and(|value| is(value, *kind)),
        Test::Present => actual.is_some_and(|value| !value.is_null()),
        Test::Absent => actual.is_none_or(unassigned),
        Test::Contains(expected) => actual.is_some_and(|value| contains(value, expected)),
        Test::Matches(pattern) => match Regex::new(pattern) {
            Ok(regex) => actual.and_then(Value::as_str).is_some_and(|text| regex.is_match(text)),
            Err(error) => {
                let message = format!("the scenario's pattern {} is not valid: {error}", show::quoted(pattern, 100));
                return Judgement::Failed(Finding::new(at, &message, None, None));
            }
        },
    };
    if holds { Judgement::Passed } else { Judgement::Failed(finding(at, actual, wanted)) }
}

fn finding(at: &str, actual: Option<&Value>, wanted: &Test) -> Finding {
    let expected = match wanted {
        Test::Equals(value) | Test::Contains(value) => Some(value.clone()),
        Test::OneOf(values) => Some(Value::Array(values.clone())),
        Test::Is(kind) => Some(Value::from(name(*kind))),
        Test::Matches(pattern) => Some(Value::String(format!("text that matches {pattern}"))),
        Test::Present | Test::Absent => None,
    };
    let words = match wanted {
        Test::Equals(value) => show::inline(value),
        Test::OneOf(values) => values.iter().map(show::inline).collect::<Vec<_>>().join(" or "),
        Test::Is(kind) => name(*kind).to_owned(),
        Test::Present => "a value".to_owned(),
        Test::Absent => "nothing there".to_owned(),
        Test::Contains(value) => match actual {
            Some(Value::String(_)) => format!("text that contains {}", show::inline(value)),
            Some(Value::Array(_)) => format!("an element {}", show::inline(value)),
            _ => format!("text or an array that contains {}", show::inline(value)),
        },
        Test::Matches(pattern) => format!("text that matches {pattern}"),
    };
    // A password that should not be there is not repeated in reports.
    let secret = *wanted == Test::Absent && pointer::last(at).eq_ignore_ascii_case("password");
    let place = show::place(at);
    let message = match (actual, wanted) {
        (None, _) => format!("{place} is missing, expected {words}"),
        (Some(_), _) if secret => format!("{place} has a value, expected nothing there"),
        (Some(value), Test::Equals(expected)) => {
            format!("{place} is {}, expected {words}", show::against(value, expected))
        }
        (Some(value), Test::Absent) => format!("{place} is {}, expected {words}", show::inline(value)),
        (Some(value), _) => format!("{place} is {}, expected {words}", show::described(value)),
    };
    Finding::new(at, &message, expected, if secret { None } else { actual })
}

fn equals(actual: Option<&Value>, expected: &Value) -> bool {
    match actual {
        Some(actual) if same(actual, expected) => true,
        _ => unassigned(expected) && actual.is_none_or(unassigned),
    }
}

/// Null and `[]` mean the same as absence.
fn unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Equality as JSON: numbers by value, strings exactly, arrays in order.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), Value::Object(_)) => items.iter().any(|item| pairing::includes(item, expected)),
        (Value::Array(items), _) => items.iter().any(|item| same(item, expected)),
        _ => false,
    }
}

fn is(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::NonEmptyString => value.as_str().is_some_and(|text| !text.is_empty()),
        Kind::NotEmpty => match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Bool(_) | Value::Number(_) => true,
        },
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Array => value.is_array(),
        Kind::NonEmptyArray => value.as_array().is_some_and(|items| !items.is_empty()),
        Kind::Object => value.is_object(),
        Kind::DateTime => value.as_str().is_some_and(|text| datetime::parse(text).is_some()),
        Kind::Uri => value.as_str().is_some_and(is_uri),
    }
}

fn is_uri(text: &str) -> bool {
    let clean = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    clean && (text.starts_with('/') || url::Url::parse(text).is_ok())
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a string",
        Kind::NonEmptyString => "a string that is not empty",
        Kind::NotEmpty => "a value that is not empty",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::Array => "an array",
        Kind::NonEmptyArray => "an array that is not empty",
        Kind::Object => "an object",
        Kind::DateTime => "a dateTime such as 2024-01-31T08:00:00Z",
        Kind::Uri => "a URI",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::failed;
    use super::*;

    fn body() -> Value {
        json!({
            "active": "false", "title": null, "count": 2.0, "userName": "ann@example.com", "Password": "s3cret",
            "emails": [{"value": "a@x", "type": "work", "primary": true}], "members": [], "schemas": ["urn:a", "urn:b"],
            "created": "2024-01-31T08:00:00Z", "ref": "/Users/1", "size": 3
        })
    }

    fn passes(at: &str, wanted: &Test) {
        assert_eq!(judge(at, wanted, &body()), Judgement::Passed, "{at} {wanted:?}");
    }

    fn fails(at: &str, wanted: &Test, message: &str) -> Finding {
        let finding = failed(judge(at, wanted, &body()));
        assert_eq!(finding.message, message);
        assert_eq!(finding.at.as_deref(), Some(at));
        finding
    }

    #[test]
    fn equals_compares_numbers_by_value_and_strings_exactly() {
        passes("/count", &Test::Equals(json!(2)));
        passes("/username", &Test::Equals(json!("ann@example.com")));
        passes("/emails", &Test::Equals(json!([{"type": "work", "primary": true, "value": "a@x"}])));
        passes("/nothing", &Test::Equals(json!([])));
        passes("/members", &Test::Equals(Value::Null));
        passes("/size", &Test::OneOf(vec![json!(1), json!(3)]));
        fails(
            "/userName",
            &Test::Equals(json!("Ann@example.com")),
            "/userName is \"ann@example.com\", expected \"Ann@example.com\"",
        );
        let finding = fails("/active", &Test::Equals(json!(false)), "/active is the string \"false\", expected false");
        assert_eq!((finding.expected, finding.actual), (Some(json!(false)), Some(json!("false"))));
        let finding = fails("/nick", &Test::Equals(json!("A")), "/nick is missing, expected \"A\"");
        assert_eq!((finding.expected, finding.actual), (Some(json!("A")), None));
        fails("/size", &Test::OneOf(vec![json!(1), json!("3")]), "/size is the number 3, expected 1 or \"3\"");
    }

    #[test]
    fn types_are_told_apart() {
        for (at, kind) in [
            ("/active", Kind::String),
            ("/active", Kind::NonEmptyString),
            ("/emails", Kind::NotEmpty),
            ("/size", Kind::Integer),
            ("/count", Kind::Number),
            ("/emails/0/primary", Kind::Boolean),
            ("/members", Kind::Array),
            ("/emails", Kind::NonEmptyArray),
            ("", Kind::Object),
            ("/created", Kind::DateTime),
            ("/schemas/0", Kind::Uri),
            ("/ref", Kind::Uri),
        ] {
            passes(at, &Test::Is(kind));
        }
        fails("/active", &Test::Is(Kind::Boolean), "/active is the string \"false\", expected a boolean");
        fails("/count", &Test::Is(Kind::Integer), "/count is the number 2.0, expected an integer");
        fails(
            "/members",
            &Test::Is(Kind::NonEmptyArray),
            "/members is an empty array, expected an array that is not empty",
        );
        fails("/title", &Test::Is(Kind::String), "/title is null, expected a string");
        fails("/nick", &Test::Is(Kind::Object), "/nick is missing, expected an object");
        fails("/userName", &Test::Is(Kind::Uri), "/userName is the string \"ann@example.com\", expected a URI");
        fails(
            "/ref",
            &Test::Is(Kind::DateTime),
            "/ref is the string \"/Users/1\", expected a dateTime such as 2024-01-31T08:00:00Z",
        );
        fails("", &Test::Is(Kind::Array), "the body is an object, expected an array");
    }

    #[test]
    fn null_is_neither_present_nor_in_the_way_of_absence() {
        passes("/size", &Test::Present);
        passes("/members", &Test::Present);
        passes("/title", &Test::Absent);
        passes("/nick", &Test::Absent);
        passes("/members", &Test::Absent);
        fails("/title", &Test::Present, "/title is null, expected a value");
        fails("/nick", &Test::Present, "/nick is missing, expected a value");
        fails("/size", &Test::Absent, "/size is 3, expected nothing there");
        let finding = fails("/password", &Test::Absent, "/password has a value, expected nothing there");
        assert_eq!(finding.actual, None);
    }

    #[test]
    fn contains_looks_into_text_and_arrays() {
        passes("/userName", &Test::Contains(json!("@example")));
        passes("/schemas", &Test::Contains(json!("urn:b")));
        passes("/emails", &Test::Contains(json!({"VALUE": "a@x"})));
        fails(
            "/userName",
            &Test::Contains(json!("Ann")),
            "/userName is the string \"ann@example.com\", expected text that contains \"Ann\"",
        );
        fails("/schemas", &Test::Contains(json!("urn")), "/schemas is an array of 2, expected an element \"urn\"");
        fails(
            "/emails",
            &Test::Contains(json!({"value": "b"})),
            "/emails is an array of 1, expected an element {\"value\":\"b\"}",
        );
        fails(
            "/size",
            &Test::Contains(json!("3")),
            "/size is the number 3, expected text or an array that contains \"3\"",
        );
    }

    #[test]
    fn matches_is_unanchored_and_a_broken_pattern_is_told() {
        passes("/userName", &Test::Matches("^ann@[a-z]+".into()));
        fails(
            "/active",
            &Test::Matches("^true$".into()),
            "/active is the string \"false\", expected text that matches ^true$",
        );
        fails("/size", &Test::Matches("3".into()), "/size is the number 3, expected text that matches 3");
        let finding = failed(judge("/active", &Test::Matches("(".into()), &body()));
        assert!(finding.message.starts_with("the scenario's pattern \"(\" is not valid"), "{}", finding.message);
    }
}
