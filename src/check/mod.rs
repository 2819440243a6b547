//! How an answer is judged. Pure: an exchange and an expectation go in, a judgement comes out. One file per form of
//! expectation; the rules that hold for every exchange live in [`always`].

pub mod always;
mod body;
mod datetime;
mod diff;
pub mod example;
mod header;
mod list;
mod pairing;
mod pointer;
mod scim_error;
mod shape;
mod show;
mod spec;
mod status;
#[cfg(test)]
mod testing;
mod time;
mod value;

use serde_json::Value;

use crate::exchange::{Exchange, Response};
use crate::play::Difference;
use crate::scenario::Expect;

pub use spec::spec_url;

/// What a judge found.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It holds.
    Passed,
    /// It does not.
    Failed(Finding),
    /// It does not apply to this answer; the reason, for people.
    Skipped(String),
}

/// What was wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// One sentence: `/active is true, expected false`.
    pub message: String,
    /// JSON Pointer, `status` or `header Name`.
    pub at: Option<String>,
    /// What was expected there.
    pub expected: Option<Value>,
    /// What was there.
    pub actual: Option<Value>,
    /// All differing places, when there are several.
    pub differences: Vec<Difference>,
}

impl Finding {
    /// A finding at one place; long text and large values are shortened.
    fn new(at: &str, message: &str, expected: Option<Value>, actual: Option<&Value>) -> Self {
        Self {
            message: show::clip(message, show::MESSAGE),
            at: Some(show::clip(at, show::TEXT)),
            expected: expected.map(|value| show::cut(&value)),
            actual: actual.map(show::cut),
            differences: Vec::new(),
        }
    }
}

/// What a judge may ask about the rest of the scenario.
pub struct Context<'a> {
    /// The judged exchange of an earlier step, by step id; for `same_as` and `later_than`.
    pub earlier: &'a dyn Fn(&str) -> Option<&'a Exchange>,
    /// The ids of a named given's resources; for `lists`.
    pub listed: &'a dyn Fn(&str) -> Vec<String>,
}

/// Judges one exchange by one expectation whose templates are filled.
///
/// Without an answer every form fails with the cause. A form about the body is skipped on a 204, and fails on a body
/// that is not JSON.
pub fn judge(expect: &Expect, exchange: &Exchange, context: &Context<'_>) -> Judgement {
    let response = match answer(exchange) {
        Ok(response) => response,
        Err(finding) => return Judgement::Failed(*finding),
    };
    if matches!(expect, Expect::Status(_) | Expect::Header { .. } | Expect::FasterThan(_)) {
        return judge_body(expect, &Value::Null, response, context);
    }
    // Okta takes a 404 on a look-up as "nobody"; whether it may be one is the business of the step's status check.
    if response.status == 404 && list::judges(expect) {
        return Judgement::Skipped("the server answered 404 instead of an empty list".to_owned());
    }
    match body::json(response) {
        Ok(value) => judge_body(expect, value, response, context),
        Err(judgement) => *judgement,
    }
}

/// Judges a body, or one listed resource as if it were the body.
fn judge_body(expect: &Expect, body: &Value, response: &Response, context: &Context<'_>) -> Judgement {
    match expect {
        Expect::Status(codes) => status::judge(codes, response),
        Expect::Header { name, test } => header::judge(name, test, response),
        Expect::FasterThan(limit) => time::judge(*limit, response),
        Expect::At { at, test } => value::judge(at, test, body),
        Expect::SameAs { step, .. } | Expect::SameOrderAs(step)
            if response.truncated || (context.earlier)(step).is_some_and(Exchange::is_truncated) =>
        {
            Judgement::Skipped("one of the two answers is too long to be kept whole".to_owned())
        }
        Expect::SameAs { step, except } => shape::same_as(step, except, body, context),
        Expect::LaterThan { at, step } => time::later(at, step, body, context),
        Expect::List => list::envelope(body),
        Expect::ListTotal(total) => list::total(*total, body),
        Expect::Lists(_) | Expect::Complete | Expect::Includes { .. } if response.truncated => {
            Judgement::Skipped("the list is long, so only its first part was read".to_owned())
        }
        Expect::Includes { at, expected } => shape::includes(at, expected, body),
        Expect::Lists(name) => list::lists(name, &(context.listed)(name), body),
        Expect::Each(form) => list::each(body, |resource| judge_body(form, resource, response, context)),
        Expect::AnyOf(forms) => any_of(forms.iter().map(|form| judge_body(form, body, response, context))),
        Expect::NoRepeats => list::no_repeats(body),
        Expect::Complete => list::complete(body),
        Expect::SameOrderAs(step) => list::same_order(step, body, context),
        Expect::ScimError { scim_type } => scim_error::judge(scim_type.as_deref(), body, response.status),
    }
}

/// Passes when one of them does; otherwise all that was found is told, at the place of the first.
fn any_of(judgements: impl Iterator<Item = Judgement>) -> Judgement {
    let mut found: Vec<Finding> = Vec::new();
    for judgement in judgements {
        match judgement {
            Judgement::Failed(finding) => found.push(finding),
            other => return other,
        }
    }
    let message = found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join(", and ");
    Judgement::Failed(Finding { message, ..found.into_iter().next().unwrap_or_default() })
}

/// The complete answer, or why there is none.
fn answer(exchange: &Exchange) -> Result<&Response, Box<Finding>> {
    let missing = |message: &str| Box::new(Finding { message: message.to_owned(), ..Finding::default() });
    match (&exchange.failure, &exchange.response) {
        (Some(failure), _) => Err(missing(&failure.message)),
        (None, Some(response)) => Ok(response),
        (None, None) => Err(missing("no answer was recorded")),
    }
}

#[cfg(test)]
mod tests;
