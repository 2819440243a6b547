//! Rules on the answer as such: its time, status, body and label.

use serde_json::Value;

use super::super::{Finding, Judgement, body, pointer, scim_error as error_form, show, time};
use super::Rules;
use super::target::{Kind, Seen, Target};
use crate::exchange::{Body, FailureKind, Response};

/// Seconds: twice what Okta waits on its own when it is told nothing.
const LONGEST_PAUSE: u64 = 600;

/// The words of RFC 7644 §3.12, table 9, and those that RFC 9865 §2.1 adds for cursors.
const SCIM_TYPES: [&str; 13] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

fn skipped(reason: &str) -> Judgement {
    Judgement::Skipped(reason.to_owned())
}

/// The answer, or the judgement that rules give without one: the scenario's own checks tell why none came.
fn answer<'a>(seen: &Seen<'a>) -> Result<&'a Response, Box<Judgement>> {
    match (&seen.exchange.failure, &seen.exchange.response) {
        (None, Some(response)) => Ok(response),
        _ => Err(Box::new(skipped("no answer came"))),
    }
}

pub(super) fn in_time(seen: &Seen<'_>, rules: &Rules) -> Judgement {
    if let Some(failure) = seen.exchange.failure.as_ref().filter(|failure| failure.kind == FailureKind::Timeout) {
        return Judgement::Failed(Finding { message: failure.message.clone(), ..Finding::default() });
    }
    match answer(seen) {
        Ok(response) => time::judge(rules.limit, response),
        Err(judgement) => *judgement,
    }
}

/// 501 counts on users only: elsewhere it is how a server says that it does not offer something.
pub(super) fn no_5xx(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let response = match answer(seen) {
        Ok(response) => response,
        Err(judgement) => return *judgement,
    };
    let users = |target: &Target| target.kind == Kind::User && !(target.list && seen.exchange.request.method == "POST");
    let users = seen.target.as_ref().is_some_and(users);
    match response.status {
        501 if !users => skipped("501 says that this is not offered"),
        500..=599 => {
            let mut message = format!("the server failed with status {}", response.status);
            if let Body::Json(body) = &response.body
                && let Some(Value::String(detail)) = pointer::get(body, "detail")
            {
                message = format!("{message}: {}", show::quoted(detail, 200));
            }
            let expected = Some(Value::from("a status below 500"));
            Judgement::Failed(Finding::new("status", &message, expected, Some(&Value::from(response.status))))
        }
        _ => Judgement::Passed,
    }
}

/// Okta reads Retry-After as whole seconds only (Okta SCIM concepts: rate limits).
pub(super) fn retry_after(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let Some(response) = seen.exchange.response.as_ref().filter(|response| response.status == 429) else {
        return skipped("not throttled");
    };
    let told = response.header("Retry-After");
    match told.map(|text| text.trim().parse::<u64>()) {
        Some(Ok(seconds)) if seconds <= LONGEST_PAUSE => Judgement::Passed,
        _ => {
            let found = told.map_or_else(|| "missing".to_owned(), |text| show::quoted(text, 60));
            let message = format!("header Retry-After is {found}, expected whole seconds up to {LONGEST_PAUSE}");
            let expected = Some(Value::from("whole seconds"));
            Judgement::Failed(Finding::new("header Retry-After", &message, expected, told.map(Value::from).as_ref()))
        }
    }
}

pub(super) fn json(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let response = match answer(seen) {
        Ok(response) => response,
        Err(judgement) => return *judgement,
    };
    match &response.body {
        _ if !(200..300).contains(&response.status) => skipped("not a successful answer"),
        _ if seen.exchange.request.method == "DELETE" => skipped("nobody reads the body of a deletion"),
        Body::Empty if !response.truncated => skipped("there is no body"),
        Body::Json(Value::Object(_)) => Judgement::Passed,
        Body::Json(other) => {
            let message = format!("the body is {}, expected a JSON object", show::described(other));
            Judgement::Failed(Finding::new("", &message, Some(Value::from("a JSON object")), Some(other)))
        }
        _ => Judgement::Failed(body::not_json(response)),
    }
}

pub(super) fn scim_error(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let response = match answer(seen) {
        Ok(response) => response,
        Err(judgement) => return *judgement,
    };
    match &response.body {
        _ if response.status < 400 => skipped("not an error"),
        Body::Json(error) => error_form::judge(None, error, response.status),
        _ => {
            let finding = body::not_json(response);
            let message = format!("status {}: {}", response.status, finding.message);
            Judgement::Failed(Finding { message, expected: Some(Value::from("a SCIM Error")), ..finding })
        }
    }
}

/// A member of the document that an error was told with.
fn told_in_error<'a>(seen: &Seen<'a>, name: &str) -> Option<&'a Value> {
    let status = seen.exchange.status()?;
    pointer::get(seen.exchange.json().filter(|_| status >= 400)?, name)
}

pub(super) fn error_status(seen: &Seen<'_>, _: &Rules) -> Judgement {
    match told_in_error(seen, "status") {
        None => skipped("not an error that tells its status"),
        Some(Value::String(_)) => Judgement::Passed,
        Some(other) => {
            let message = format!("/status is {}, expected a string", show::described(other));
            let expected = seen.exchange.status().map(|status| Value::from(status.to_string()));
            Judgement::Failed(Finding::new("/status", &message, expected, Some(other)))
        }
    }
}

pub(super) fn scim_type(seen: &Seen<'_>, _: &Rules) -> Judgement {
    match told_in_error(seen, "scimType") {
        None | Some(Value::Null) => skipped("not an error that names a scimType"),
        Some(Value::String(word)) if SCIM_TYPES.contains(&word.as_str()) => Judgement::Passed,
        Some(other) => {
            let message = format!("/scimType is {}, which SCIM does not define", show::described(other));
            Judgement::Failed(Finding::new(
                "/scimType",
                &message,
                Some(Value::from(SCIM_TYPES.as_slice())),
                Some(other),
            ))
        }
    }
}

pub(super) fn media_type(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let Some(response) = seen.exchange.response.as_ref().filter(|response| matches!(response.body, Body::Json(_)))
    else {
        return skipped("there is no JSON body");
    };
    let label = response.header("Content-Type");
    if label.is_some_and(is_json_label) {
        return Judgement::Passed;
    }
    let message = match label {
        None => "header Content-Type is missing, expected application/scim+json".to_owned(),
        Some(label) => format!("header Content-Type is {}, expected application/scim+json", show::quoted(label, 100)),
    };
    let actual = label.map(Value::from);
    let expected = Some(Value::from("application/scim+json"));
    Judgement::Failed(Finding::new("header Content-Type", &message, expected, actual.as_ref()))
}

/// True for the two JSON media types, with charset utf-8 or none.
fn is_json_label(label: &str) -> bool {
    let mut parts = label.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let json = kind.eq_ignore_ascii_case("application/scim+json") || kind.eq_ignore_ascii_case("application/json");
    json && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        let charset = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset")
            || charset.eq_ignore_ascii_case("utf-8")
            || charset.eq_ignore_ascii_case("utf8")
    })
}
