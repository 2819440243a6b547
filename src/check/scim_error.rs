//! The SCIM Error message (RFC 7644 §3.12).

use serde_json::Value;

use super::{Finding, Judgement, pointer, show};
use crate::play::Difference;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Passes when the body is a SCIM Error for this HTTP status: the Error schema, the status as text or number, a `detail`
/// that is not empty (Okta shows it to the administrator), and the `scimType` when one is asked for.
pub(super) fn judge(scim_type: Option<&str>, body: &Value, status: u16) -> Judgement {
    if !body.is_object() {
        let message = format!("the body is {}, expected a SCIM Error object", show::described(body));
        return Judgement::Failed(Finding::new("", &message, Some(Value::from("a SCIM Error")), Some(body)));
    }
    let schemas = pointer::get(body, "schemas");
    let named = schemas.and_then(Value::as_array).is_some_and(|urns| urns.iter().any(|urn| urn == ERROR));
    let status_told = match pointer::get(body, "status") {
        Some(Value::String(text)) => text.parse() == Ok(status),
        Some(Value::Number(number)) => number.as_u64() == Some(u64::from(status)),
        _ => false,
    };
    let detailed = pointer::get(body, "detail").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let typed = scim_type.is_none_or(|wanted| pointer::get(body, "scimType").and_then(Value::as_str) == Some(wanted));
    let rows = [
        (named, "schemas", Value::from(vec![ERROR])),
        (status_told, "status", Value::from(status.to_string())),
        (detailed, "detail", Value::from("text for the administrator")),
        (typed, "scimType", Value::from(scim_type)),
    ];
    let wrong: Vec<_> =
        rows.into_iter().filter(|(holds, ..)| !holds).map(|(_, name, expected)| (name, expected)).collect();
    let Some((name, expected)) = wrong.first() else { return Judgement::Passed };
    let at = pointer::below("", name);
    let actual = pointer::get(body, name);
    let wanted = if *name == "detail" { "text for the administrator".to_owned() } else { show::inline(expected) };
    let found = actual.map_or_else(|| "missing".to_owned(), show::described);
    let message =
        format!("not a full SCIM Error: {at} is {found}, expected {wanted}{}", show::and_more(wrong.len() - 1));
    let mut finding = Finding::new(&at, &message, Some(expected.clone()), actual);
    if wrong.len() > 1 {
        finding.differences = wrong
            .into_iter()
            .map(|(name, expected)| Difference {
                at: pointer::below("", name),
                expected: Some(expected),
                actual: pointer::get(body, name).map(show::cut),
            })
            .collect();
    }
    Judgement::Failed(finding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::failed;
    use super::*;

    #[test]
    fn an_error_with_its_status_as_text_or_number_passes() {
        let body = json!({"schemas": [ERROR], "status": "404", "detail": "no such user"});
        assert_eq!(judge(None, &body, 404), Judgement::Passed);
        let body = json!({"Schemas": ["urn:x", ERROR], "status": 409, "detail": "taken", "scimType": "uniqueness"});
        assert_eq!(judge(Some("uniqueness"), &body, 409), Judgement::Passed);
    }

    #[test]
    fn what_is_wrong_is_named_and_counted() {
        let good = json!({"schemas": [ERROR], "status": "404", "detail": "no such user"});
        for (name, value, message) in [
            (
                "schemas",
                json!(ERROR),
                format!("not a full SCIM Error: /schemas is the string \"{ERROR}\", expected [\"{ERROR}\"]"),
            ),
            ("status", json!("400"), "not a full SCIM Error: /status is the string \"400\", expected \"404\"".into()),
            ("status", json!(404.5), "not a full SCIM Error: /status is the number 404.5, expected \"404\"".into()),
            (
                "detail",
                json!(" "),
                "not a full SCIM Error: /detail is the string \" \", expected text for the administrator".into(),
            ),
        ] {
            let mut body = good.clone();
            body[name] = value;
            let finding = failed(judge(None, &body, 404));
            assert_eq!((finding.message, finding.differences), (message, vec![]));
        }
        let finding = failed(judge(Some("noTarget"), &good, 404));
        assert_eq!(finding.message, "not a full SCIM Error: /scimType is missing, expected \"noTarget\"");

        let finding = failed(judge(None, &json!({"error": "gone"}), 404));
        assert_eq!(
            finding.message,
            format!("not a full SCIM Error: /schemas is missing, expected [\"{ERROR}\"] (and 2 more)")
        );
        assert_eq!(finding.differences.len(), 3);
        let finding = failed(judge(None, &json!(["gone"]), 404));
        assert_eq!(finding.message, "the body is an array of 1, expected a SCIM Error object");
    }
}
