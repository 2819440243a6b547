//! The status code.

use serde_json::Value;

use super::{Finding, Judgement, pointer, show};
use crate::exchange::{Body, Response};

/// Passes when the status is one of `codes`; the finding quotes the server's own words when it gave a `detail`.
pub(super) fn judge(codes: &[u16], response: &Response) -> Judgement {
    if codes.contains(&response.status) {
        return Judgement::Passed;
    }
    let wanted = codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    let mut message = format!("status {}, expected {wanted}", response.status);
    if let Body::Json(body) = &response.body
        && let Some(Value::String(detail)) = pointer::get(body, "detail")
        && !detail.is_empty()
    {
        message = format!("{message}; the server says {}", show::quoted(detail, 200));
    }
    let expected = match codes {
        [one] => Value::from(*one),
        several => Value::from(several),
    };
    Judgement::Failed(Finding::new("status", &message, Some(expected), Some(&Value::from(response.status))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{failed, response};
    use super::*;

    #[test]
    fn one_of_the_codes_passes() {
        assert_eq!(judge(&[200, 204], &response(204, Body::Empty)), Judgement::Passed);
    }

    #[test]
    fn another_code_fails_and_the_server_is_quoted() {
        let finding = failed(judge(&[200, 204], &response(400, Body::Json(json!({"detail": "no such path"})))));
        assert_eq!(finding.message, "status 400, expected 200 or 204; the server says \"no such path\"");
        assert_eq!(finding.at.as_deref(), Some("status"));
        assert_eq!(finding.expected, Some(json!([200, 204])));
        assert_eq!(finding.actual, Some(json!(400)));

        let finding = failed(judge(&[201], &response(200, Body::Text("<html>".into()))));
        assert_eq!(finding.message, "status 200, expected 201");
        assert_eq!(finding.expected, Some(json!(201)));
    }
}
