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
}

/// Everything but RFC 3986's unreserved characters.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is encoded of a path as written in a scenario, outside of quotes: everything that is no delimiter of path or query.
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

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((expression, behind)) = after.split_once("}}") else { break };
        parts.push(Part::Literal(before));
        parts.push(Part::Expression(expression.trim()));
        rest = behind;
    }
    parts.push(Part::Literal(rest));
    parts
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
    parts(template)
        .into_iter()
        .map(|part| match part {
            Part::Literal(text) => Ok(text.to_owned()),
            Part::Expression(expression) => scope.lookup(expression).map(as_text),
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

/// Fills and encodes a path with query. Literal text keeps the delimiters of path and query; values keep only unreserved
/// characters. A value between double quotes in the query is escaped as a JSON string first, as a filter's literal is.
pub fn fill_path(template: &str, scope: &Scope) -> Result<String, TemplateError> {
    let mut filled = String::new();
    let mut quoted = false;
    for part in parts(template) {
        match part {
            Part::Literal(text) => {
                // What stands between quotes is part of a filter's value, also when the scenario writes it out.
                for (index, piece) in text.split('"').enumerate() {
                    if index > 0 {
                        quoted = !quoted;
                        filled.push_str("%22");
                    }
                    filled.extend(utf8_percent_encode(piece, if quoted { VALUE } else { LITERAL }));
                }
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
                let text = if quoted { text.replace('\\', "\\\\").replace('"', "\\\"") } else { text };
                filled.extend(utf8_percent_encode(&text, VALUE));
            }
        }
    }
    Ok(filled)
}

/// Fills the values of an expectation.
pub fn fill_expect(expect: &Expect, scope: &Scope) -> Result<Expect, TemplateError> {
    Ok(match expect {
        Expect::Header { name, test } => Expect::Header { name: name.clone(), test: fill_test(test, scope)? },
        Expect::At { at, test } => Expect::At { at: fill_text(at, scope)?, test: fill_test(test, scope)? },
        Expect::Includes { at, expected } => {
            Expect::Includes { at: fill_text(at, scope)?, expected: fill_json(expected, scope)? }
        }
        Expect::Each(inner) => Expect::Each(Box::new(fill_expect(inner, scope)?)),
        other => other.clone(),
    })
}

fn fill_test(test: &Test, scope: &Scope) -> Result<Test, TemplateError> {
    Ok(match test {
        Test::Equals(value) => Test::Equals(fill_json(value, scope)?),
        Test::OneOf(values) => Test::OneOf(values.iter().map(|v| fill_json(v, scope)).collect::<Result<_, _>>()?),
        Test::Contains(value) => Test::Contains(fill_json(value, scope)?),
        Test::Matches(pattern) => Test::Matches(fill_text(pattern, scope)?),
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
    fn what_a_scenario_writes_between_quotes_is_encoded_like_a_value() {
        let filled = fill_path("/Users?filter=userName eq \"50%_a+b@{{ann.n}}\"&count=1", &scope()).expect("filled");
        assert_eq!(filled, "/Users?filter=userName%20eq%20%2250%25_a%2Bb%403%22&count=1");
        let schema = "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User?attributes=id,name";
        assert_eq!(fill_path(schema, &scope()).expect("filled"), schema);
    }

    #[test]
    fn a_quote_in_a_filter_value_is_escaped_first() {
        let filled = fill_path("/Groups?filter=displayName eq \"{{odd}}\"", &scope()).expect("filled");
        assert_eq!(filled, "/Groups?filter=displayName%20eq%20%22say%20%5C%22hi%5C%22%20%5C%5C%20100%25%22");
    }

    #[test]
    fn an_unsafe_segment_is_refused() {
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
