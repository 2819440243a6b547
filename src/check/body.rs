//! Getting at an answer's body before a form looks into it.

use serde_json::Value;

use super::{Finding, Judgement, show};
use crate::exchange::json::{self, Unreadable};
use crate::exchange::{Body, Response};

/// The JSON body; else the judgement that every body form gives: skipped on a 204, failed on anything that is not JSON.
pub(super) fn json(response: &Response) -> Result<&Value, Box<Judgement>> {
    if response.status == 204 {
        return Err(Box::new(Judgement::Skipped(
            "the server answered 204 without a body, which is allowed; a later read judges it".to_owned(),
        )));
    }
    match &response.body {
        Body::Json(value) => Ok(value),
        _ => Err(Box::new(Judgement::Failed(not_json(response)))),
    }
}

/// Says what a body was instead of JSON.
pub(super) fn not_json(response: &Response) -> Finding {
    let (message, actual) = match &response.body {
        _ if response.truncated => {
            let message = "the body is too long (more than 8 MB, or a single resource of megabytes) and was cut, so it cannot \
                           be read as JSON; send no more resources at once than `count` asks for";
            (message.to_owned(), None)
        }
        Body::Text(text) => (not_read(text), Some(Value::String(text.chars().take(show::TEXT + 1).collect()))),
        Body::Binary(bytes) => (format!("the body is not UTF-8 text ({bytes} bytes), expected JSON"), None),
        Body::Empty | Body::Json(_) => ("the body is empty, expected JSON".to_owned(), None),
    };
    Finding::new("", &message, Some(Value::from("a JSON body")), actual.as_ref())
}

/// Why a text was not read as JSON.
fn not_read(text: &str) -> String {
    let begins = show::quoted(text, 60);
    match json::read(text) {
        Err(Unreadable::Deep) => {
            format!("the body is nested deeper than {} levels, which no JSON parser need read: {begins}", json::DEPTH)
        }
        Err(Unreadable::Number) => {
            format!("the body holds a number that is too large for JSON parsers (beyond 1.8e308): {begins}")
        }
        Err(Unreadable::Values) => {
            format!("the body holds more than {} values outside of lists, too many to read: {begins}", 2 * json::VALUES)
        }
        Ok(_) | Err(Unreadable::Syntax) => format!("the body is text and not JSON: {begins}"),
    }
}
