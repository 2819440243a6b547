//! A header field.

use serde_json::{Number, Value};

use super::{Judgement, value};
use crate::exchange::Response;
use crate::scenario::{Kind, Test};

/// Tests the field of this name as a string; tests for a number read its digits. Where the field came several times,
/// one that passes is enough.
pub(super) fn judge(name: &str, test: &Test, response: &Response) -> Judgement {
    let place = format!("header {name}");
    let mut values = response
        .headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name))
        .map(|field| read(&field.value, test));
    let Some(first) = values.next() else { return value::test(&place, None, test) };
    let judged = value::test(&place, Some(&first), test);
    let passes = |value: &Value| value::test(&place, Some(value), test) == Judgement::Passed;
    if judged != Judgement::Passed && values.any(|value| passes(&value)) { Judgement::Passed } else { judged }
}

fn read(field: &str, test: &Test) -> Value {
    let number = match test {
        Test::Is(Kind::Integer) => field.parse().ok().map(|integer: i64| Value::from(integer)),
        Test::Is(Kind::Number) => field.parse().ok().and_then(Number::from_f64).map(Value::Number),
        _ => None,
    };
    number.unwrap_or_else(|| Value::from(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{failed, response_with};
    use super::*;

    fn answer() -> Response {
        response_with(429, &[("Retry-After", "soon"), ("X-Count", "12"), ("Vary", "a"), ("vary", "b")])
    }

    #[test]
    fn a_field_is_found_without_case_and_any_of_several_may_pass() {
        assert_eq!(judge("x-count", &Test::Is(Kind::Integer), &answer()), Judgement::Passed);
        assert_eq!(judge("x-count", &Test::Is(Kind::Number), &answer()), Judgement::Passed);
        assert_eq!(judge("Vary", &Test::Equals(json!("b")), &answer()), Judgement::Passed);
        assert_eq!(judge("Location", &Test::Absent, &answer()), Judgement::Passed);
    }

    #[test]
    fn a_wrong_or_missing_field_fails() {
        let finding = failed(judge("Retry-After", &Test::Is(Kind::Integer), &answer()));
        assert_eq!(finding.message, "header Retry-After is the string \"soon\", expected an integer");
        assert_eq!(finding.at.as_deref(), Some("header Retry-After"));
        assert_eq!(finding.actual, Some(json!("soon")));

        let finding = failed(judge("Location", &Test::Present, &answer()));
        assert_eq!(finding.message, "header Location is missing, expected a value");
        assert_eq!(finding.actual, None);
    }
}
