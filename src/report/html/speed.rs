//! How fast the target answered, on a logarithmic scale from a millisecond to Okta's timeout.

use serde::Serialize;

use crate::report::Report;
use crate::report::pace::{OKTA_SUITE_MS, OKTA_TIMEOUT_MS, duration, paces};
use crate::report::told::count;

/// One operation: its figures, and where they are on the scale (0 to 100).
#[derive(Debug, Serialize)]
pub(super) struct Speed {
    operation: &'static str,
    request: &'static str,
    answers: String,
    unanswered: Option<String>,
    median: String,
    p95: String,
    slowest: String,
    /// `good`, `warn` from the suite's limit on, `bad` from Okta's timeout on or where an answer is missing.
    tone: &'static str,
    median_at: f64,
    p95_at: f64,
    slowest_at: f64,
    limit_at: f64,
}

pub(super) fn speeds(report: &Report) -> Vec<Speed> {
    let speeds = paces(report).into_iter().map(|pace| Speed {
        operation: pace.operation,
        request: pace.request,
        answers: count(pace.answers, "answer"),
        unanswered: (pace.unanswered > 0).then(|| format!("{} without an answer", pace.unanswered)),
        median: duration(pace.median),
        p95: duration(pace.p95),
        slowest: duration(pace.slowest),
        tone: match pace.slowest {
            _ if pace.unanswered > 0 => "bad",
            slowest if slowest >= OKTA_TIMEOUT_MS => "bad",
            slowest if slowest >= OKTA_SUITE_MS => "warn",
            _ => "good",
        },
        median_at: at(pace.median),
        p95_at: at(pace.p95),
        slowest_at: at(pace.slowest),
        limit_at: at(OKTA_SUITE_MS),
    });
    speeds.collect()
}

/// The place of a time on the scale, in hundredths of it.
fn at(ms: f64) -> f64 {
    let place = 100.0 * ms.clamp(1.0, OKTA_TIMEOUT_MS).log10() / OKTA_TIMEOUT_MS.log10();
    (place * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_reaches_from_a_millisecond_to_the_timeout() {
        let places = [0.2, 1.0, 60_000.0, 90_000.0].map(|ms| at(ms).to_string());
        assert_eq!(places, ["0", "0", "100", "100"]);
        assert!(at(600.0) > 58.0 && at(600.0) < 59.0);
    }
}
