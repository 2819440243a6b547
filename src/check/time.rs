//! How long the answer took, and whether a time it tells has moved on.

use std::cmp::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::{Context, Finding, Judgement, datetime, pointer, show};
use crate::exchange::Response;

/// Passes when the complete answer came within `limit`.
pub(super) fn judge(limit: Duration, response: &Response) -> Judgement {
    let limit_ms = limit.as_secs_f64() * 1000.0;
    if response.ms <= limit_ms {
        return Judgement::Passed;
    }
    let took = format!("{:.0} ms", response.ms);
    let allowed = format!("at most {limit_ms:.0} ms");
    let message = format!("the answer took {took}, expected {allowed}");
    let finding = Finding::new("", &message, Some(Value::from(allowed)), Some(&Value::from(took)));
    Judgement::Failed(Finding { at: None, ..finding })
}

/// Passes when the dateTime at `at` is later than the one there in the earlier step's body. Skipped without two times that
/// can be compared, and when both are the same whole second: that much may happen within one.
pub(super) fn later(at: &str, step: &str, body: &Value, context: &Context<'_>) -> Judgement {
    let time = |body| pointer::resolve(body, at).and_then(Value::as_str);
    let before = (context.earlier)(step).and_then(|earlier| time(earlier.json()?));
    let (Some(before), Some(after)) = (before, time(body)) else {
        return Judgement::Skipped(format!("{} is not there before and after", show::place(at)));
    };
    match datetime::compare(before, after) {
        None => Judgement::Skipped("there are no two times that can be compared".to_owned()),
        Some(Ordering::Less) => Judgement::Passed,
        Some(Ordering::Equal) if datetime::whole_second(after) => {
            Judgement::Skipped("the times are whole seconds, too coarse to tell".to_owned())
        }
        Some(_) => {
            let message = format!(
                "{} is {}, expected a time after {}",
                show::place(at),
                show::quoted(after, 60),
                show::quoted(before, 60)
            );
            let expected = Some(Value::from(format!("a time after {before}")));
            Judgement::Failed(Finding::new(at, &message, expected, Some(&Value::from(after))))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{answered, failed, response};
    use super::*;
    use crate::exchange::Body;

    #[test]
    fn a_time_must_have_moved_on_unless_it_is_too_coarse_to_tell() {
        let judged = |before: Value, after: Value| {
            let before = answered("GET /Users/1", 200, json!({ "meta": before }));
            let earlier = |_: &str| Some(&before);
            let context = Context { earlier: &earlier, listed: &|_| Vec::new() };
            later("/meta", "before", &json!({ "meta": after }), &context)
        };
        let skipped = |judgement| matches!(judgement, Judgement::Skipped(_));
        assert_eq!(judged(json!("2024-01-01T00:00:00.120Z"), json!("2024-01-01T00:00:00.121Z")), Judgement::Passed);
        assert_eq!(judged(json!("2024-01-01T02:00:00+02:00"), json!("2024-01-01T00:00:01Z")), Judgement::Passed);
        let finding = failed(judged(json!("2024-01-01T00:00:00.120Z"), json!("2024-01-01T00:00:00.120Z")));
        assert_eq!(
            finding.message,
            "/meta is \"2024-01-01T00:00:00.120Z\", expected a time after \"2024-01-01T00:00:00.120Z\""
        );
        failed(judged(json!("2024-01-01T00:00:01Z"), json!("2024-01-01T00:00:00Z")));
        assert!(skipped(judged(json!("2024-01-01T00:00:01Z"), json!("2024-01-01T00:00:01.000Z"))));
        assert!(skipped(judged(json!("2024-01-01T00:00:01Z"), json!("2024-01-01T00:00:01"))));
        assert!(skipped(judged(Value::Null, json!("2024-01-01T00:00:01Z"))));
    }

    #[test]
    fn the_limit_itself_passes_and_more_fails() {
        let mut answer = response(200, Body::Empty);
        answer.ms = 500.0;
        assert_eq!(judge(Duration::from_millis(500), &answer), Judgement::Passed);

        answer.ms = 1234.4;
        let finding = failed(judge(Duration::from_millis(500), &answer));
        assert_eq!(finding.message, "the answer took 1234 ms, expected at most 500 ms");
        assert_eq!(
            (finding.at, finding.expected, finding.actual),
            (None, Some(json!("at most 500 ms")), Some(json!("1234 ms")))
        );
    }
}
