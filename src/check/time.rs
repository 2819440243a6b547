//! How long the answer took.

use std::time::Duration;

use serde_json::Value;

use super::{Finding, Judgement};
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{failed, response};
    use super::*;
    use crate::exchange::Body;

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
