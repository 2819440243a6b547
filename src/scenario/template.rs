//! `{{name.path}}` in bodies, paths and expectations. Values are put in after parsing, so no quote in a name can break a
//! body; in paths they are percent-encoded as Okta encodes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::model::{Expect, Test};

/// The variables a template may name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope(Map<String, Value>);

/// Why a template cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No such variable, or no such member in it.
    #[error("{{{{{0}}}}} has no value")]
    Missing(String),
    /// A variable in a path that is no text, number or boolean.
    #[error("{{{{{0}}}}} is not a single value, so it cannot be part of a path")]
    NotScalar(String),
    /// An empty or dotted path segment: it would change which resource is meant.
    #[error("{{{{{0}}}}} is {1:?}, which cannot be put into a path")]
    UnsafeSegment(String, String),
    /// A path segment that servers refuse for its length.
    #[error("{{{{{0}}}}} has {1} bytes, which is too long for a path")]
    LongSegment(String, usize),
}

/// Bytes of an id in a path: many servers refuse an address of more than 8 KB, and each byte may take three there.
pub const LONGEST_SEGMENT: usize = 2048;

/// Everything but RFC 3986's unreserved characters.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same for text as written in a scenario, which also gives path and query their structure, names schemas by URN and
/// lists attributes.
const LITERAL: &AsciiSet = &VALUE.remove(b'/').remove(b'?').remove(b'&').remove(b'=').remove(b':').remove(b',');

impl Scope {
    /// Sets a variable; an older one of the name is replaced.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// A variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of `ann.emails.0.value`.
    fn lookup(&self, expression: &str) -> Result<&Value, TemplateError> {
        let missing = || TemplateError::Missing(expression.to_owned());
        let mut words = expression.split('.');
        let first = words.next().and_then(|name| self.0.get(name)).ok_or_else(missing)?;
        words
            .try_fold(first, |value, word| match value {
                Value::Object(members) => members.get(word),
                Value::Array(items) => items.get(word.parse::<usize>().ok()?),
                _ => None,
            })
            .ok_or_else(missing)
    }
}

/// A text split at its templates.
enum Part<'t> {
    Literal(&'t str),
    Expression(&'t str),
}

/// Splits a text. `{{` that opens no `name.member` is text as it is: a deliberately broken body may hold it, and lint
/// objects to it anywhere else.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut literal, mut from) = (0, 0);
    while let Some(open) = text[from..].find("{{").map(|found| from + found) {
        let inside = &text[open + 2..];
        match inside.split_once("}}") {
            Some((expression, _)) if is_expression(expression) => {
                parts.push(Part::Literal(&text[literal..open]));
                parts.push(Part::Expression(expression));
                from = open + expression.len() + 4;
                literal = from;
            }
            _ => from = open + 1,
        }
    }
    parts.push(Part::Literal(&text[literal..]));
    parts
}

/// `name.member.0`: words of letters, digits, `_` and `-`.
fn is_expression(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    text.split('.').all(word)
}

/// What follows a `{{` that opens no expression, if there is one.
pub fn stray(text: &str) -> Option<&str> {
    parts(text).into_iter().find_map(|part| match part {
        Part::Literal(text) => text.find("{{").map(|at| &text[at..]),
        Part::Expression(_) => None,
    })
}

/// The expressions a text names, in order.
pub fn expressions(text: &str) -> Vec<&str> {
    parts(text)
        .into_iter()
        .filter_map(|p| match p {
            Part::Expression(e) => Some(e),
            Part::Literal(_) => None,
        })
        .collect()
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Fills a text.
pub fn fill_text(template: &str, scope: &Scope) -> Result<String, TemplateError> {
    fill_with(template, scope, |text| text)
}

fn fill_with(template: &str, scope: &Scope, insert: impl Fn(String) -> String) -> Result<String, TemplateError> {
    parts(template)
        .into_iter()
        .map(|part| match part {
            Part::Literal(text) => Ok(text.to_owned()),
            Part::Expression(expression) => scope.lookup(expression).map(|value| insert(as_text(value))),
        })
        .collect()
}

/// Fills the strings of a JSON value, member names included. A string that is exactly one template takes the variable's
/// own JSON type.
pub fn fill_json(template: &Value, scope: &Scope) -> Result<Value, TemplateError> {
    Ok(match template {
        Value::String(text) => match parts(text).as_slice() {
            [Part::Literal(""), Part::Expression(expression), Part::Literal("")] => scope.lookup(expression)?.clone(),
            _ => Value::String(fill_text(text, scope)?),
        },
        Value::Array(items) => Value::Array(items.iter().map(|v| fill_json(v, scope)).collect::<Result<_, _>>()?),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(k, v)| Ok((fill_text(k, scope)?, fill_json(v, scope)?)))
                .collect::<Result<_, TemplateError>>()?,
        ),
        other => other.clone(),
    })
}

/// Fills and encodes a path with query. Text as written keeps `/ ? & = : ,` and unreserved characters, values keep only the
/// unreserved ones. A value between double quotes in the query is escaped as a JSON string first, as a filter's literal is.
pub fn fill_path(template: &str, scope: &Scope) -> Result<String, TemplateError> {
    let mut filled = String::new();
    let mut quoted = false;
    for part in parts(template) {
        match part {
            Part::Literal(text) => {
                quoted ^= text.matches('"').count() % 2 == 1;
                filled.extend(utf8_percent_encode(text, LITERAL));
            }
            Part::Expression(expression) => {
                let value = scope.lookup(expression)?;
                if !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
                    return Err(TemplateError::NotScalar(expression.to_owned()));
                }
                let text = as_text(value);
                let in_path = !filled.contains('?');
                if in_path && matches!(text.as_str(), "" | "." | "..") {
                    return Err(TemplateError::UnsafeSegment(expression.to_owned(), text));
                }
                if in_path && text.len() > LONGEST_SEGMENT {
                    return Err(TemplateError::LongSegment(expression.to_owned(), text.len()));
                }
                let text = if quoted { text.replace('\\', "\\\\").replace('"', "\\\"") } else { text };
                filled.extend(utf8_percent_encode(&text, VALUE));
            }
        }
    }
    Ok(filled)
}

/// Fills the values of an expectation; in a regular expression the inserted text stands for itself.
pub fn fill_expect(expect: &Expect, scope: &Scope) -> Result<Expect, TemplateError> {
    Ok(match expect {
        Expect::Header { name, test } => Expect::Header { name: name.clone(), test: fill_test(test, scope)? },
        Expect::At { at, test } => Expect::At { at: fill_text(at, scope)?, test: fill_test(test, scope)? },
        Expect::Includes { at, expected } => {
            Expect::Includes { at: fill_text(at, scope)?, expected: fill_json(expected, scope)? }
        }
        Expect::Each(inner) => Expect::Each(Box::new(fill_expect(inner, scope)?)),
        Expect::AnyOf(forms) => {
            Expect::AnyOf(forms.iter().map(|form| fill_expect(form, scope)).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

fn fill_test(test: &Test, scope: &Scope) -> Result<Test, TemplateError> {
    Ok(match test {
        Test::Equals(value) => Test::Equals(fill_json(value, scope)?),
        Test::OneOf(values) => Test::OneOf(values.iter().map(|v| fill_json(v, scope)).collect::<Result<_, _>>()?),
        Test::Contains(value) => Test::Contains(fill_json(value, scope)?),
        Test::Matches(pattern) => Test::Matches(fill_with(pattern, scope, |text| regex_lite::escape(&text))?),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope::default();
        scope.set("ann", json!({ "id": "a/b@c", "userName": "ann.o'brien+x@example.com", "n": 3, "tags": ["x", "y"] }));
        scope.set("odd", json!("say \"hi\" \\ 100%"));
        scope.set("dot", json!(".."));
        scope.set("empty", json!(""));
        scope
    }

    #[test]
    fn paths_are_encoded_as_okta_encodes_them() {
        let filled = fill_path("/Users?filter=userName eq \"{{ann.userName}}\"&startIndex=1&count=100", &scope());
        assert_eq!(
            filled.expect("filled"),
            "/Users?filter=userName%20eq%20%22ann.o%27brien%2Bx%40example.com%22&startIndex=1&count=100"
        );
        assert_eq!(fill_path("/Users/{{ann.id}}", &scope()).expect("filled"), "/Users/a%2Fb%40c");
    }

    #[test]
    fn a_quote_in_a_filter_value_is_escaped_first() {
        let filled = fill_path("/Groups?filter=displayName eq \"{{odd}}\"", &scope()).expect("filled");
        assert_eq!(filled, "/Groups?filter=displayName%20eq%20%22say%20%5C%22hi%5C%22%20%5C%5C%20100%25%22");
    }

    #[test]
    fn text_as_written_is_encoded_too() {
        for (written, sent) in [
            (
                "/Users?filter=userName eq \"50% a+b@c*d'e\"",
                "/Users?filter=userName%20eq%20%2250%25%20a%2Bb%40c%2Ad%27e%22",
            ),
            ("/Users?attributes=userName,urn:x&count=2", "/Users?attributes=userName,urn:x&count=2"),
            ("/Groups?x=members[é]", "/Groups?x=members%5B%C3%A9%5D"),
        ] {
            assert_eq!(fill_path(written, &scope()).expect("filled"), sent);
        }
    }

    #[test]
    fn a_value_in_a_regular_expression_stands_for_itself() {
        let expect = Expect::At { at: "/x".into(), test: Test::Matches("^{{ann.userName}}$".into()) };
        let Ok(Expect::At { test: Test::Matches(pattern), .. }) = fill_expect(&expect, &scope()) else {
            panic!("not filled");
        };
        assert_eq!(pattern, r"^ann\.o'brien\+x@example\.com$");
    }

    #[test]
    fn an_unsafe_segment_is_refused() {
        let mut too_long = Scope::default();
        too_long.set("long", json!("x".repeat(LONGEST_SEGMENT + 1)));
        let long = fill_path("/Users/{{long}}", &too_long).unwrap_err();
        assert_eq!(long.to_string(), "{{long}} has 2049 bytes, which is too long for a path");
        for name in ["dot", "empty"] {
            let error = fill_path(&format!("/Users/{{{{{name}}}}}"), &scope()).unwrap_err();
            assert!(matches!(error, TemplateError::UnsafeSegment(..)), "{error}");
        }
        assert!(matches!(fill_path("/Users/{{ann}}", &scope()), Err(TemplateError::NotScalar(_))));
    }

    #[test]
    fn a_lone_template_keeps_its_type() {
        let filled = fill_json(&json!({ "a": "{{ann.n}}", "b": "n={{ann.n}}", "c": ["{{ann.tags}}"] }), &scope());
        assert_eq!(filled.expect("filled"), json!({ "a": 3, "b": "n=3", "c": [["x", "y"]] }));
        assert_eq!(fill_text("{{ann.tags.1}}", &scope()).expect("filled"), "y");
    }

    #[test]
    fn what_opens_no_expression_is_text() {
        assert_eq!(fill_text("{ \"a\": {{ }} {{ann.n}}", &scope()).expect("filled"), "{ \"a\": {{ }} 3");
        assert_eq!(stray("{{ann.n}} {{ ann.n }}"), Some("{{ ann.n }}"));
        assert_eq!(stray("{{ann.n}} }}"), None);
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = fill_text("hello {{ann.nobody}}", &scope()).unwrap_err();
        assert_eq!(error.to_string(), "{{ann.nobody}} has no value");
    }

    proptest! {
        #[test]
        fn values_in_paths_decode_to_themselves(value in "\\PC{1,40}") {
            prop_assume!(value != "." && value != "..");
            let mut scope = Scope::default();
            scope.set("v", json!(value));
            let filled = fill_path("/Users/{{v}}", &scope).expect("filled");
            let segment = filled.strip_prefix("/Users/").expect("prefix");
            prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(percent_encoding::percent_decode_str(segment).decode_utf8().expect("UTF-8"), value);
        }
    }
}
