//! How fast the target answered, operation by operation.

use super::Report;

/// After so many milliseconds without an answer Okta gives a request up.
pub const OKTA_TIMEOUT_MS: f64 = 60_000.0;

/// The one limit in Okta's published suites: a list of groups in fewer milliseconds than this.
pub const OKTA_SUITE_MS: f64 = 600.0;

/// The answers to one kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// What Okta wants, e.g. `Look up a user`.
    pub operation: &'static str,
    /// The request it sends for that, e.g. `GET /Users?filter=…`.
    pub request: &'static str,
    /// How many answers came.
    pub answers: usize,
    /// How many requests stayed without one.
    pub unanswered: usize,
    /// Half of the answers took no longer, in milliseconds; 0 without answers, as are the next two.
    pub median: f64,
    /// 95 of 100 answers took no longer.
    pub p95: f64,
    /// The slowest answer.
    pub slowest: f64,
}

/// Okta's operations, in the order they are told; a request is the first one that it matches.
const OPERATIONS: [(&str, &str); 15] = [
    ("Look up a user", "GET /Users?filter=…"),
    ("List users", "GET /Users"),
    ("Read a user", "GET /Users/{id}"),
    ("Create a user", "POST /Users"),
    ("Replace a user", "PUT /Users/{id}"),
    ("Change a user", "PATCH /Users/{id}"),
    ("Delete a user", "DELETE /Users/{id}"),
    ("Look up a group", "GET /Groups?filter=…"),
    ("List groups", "GET /Groups"),
    ("Read a group", "GET /Groups/{id}"),
    ("Create a group", "POST /Groups"),
    ("Replace a group", "PUT /Groups/{id}"),
    ("Change a group", "PATCH /Groups/{id}"),
    ("Delete a group", "DELETE /Groups/{id}"),
    ("Everything else", "other requests"),
];

/// The place of a request among the operations.
fn operation(method: &str, path: &str) -> usize {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let looked_up = query.split('&').any(|part| part.starts_with("filter="));
    let shape = match path.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        [collection] if looked_up => format!("{method} /{collection}?filter=…"),
        [collection] => format!("{method} /{collection}"),
        [collection, _] => format!("{method} /{collection}/{{id}}"),
        _ => String::new(),
    };
    OPERATIONS.iter().position(|(_, request)| *request == shape).unwrap_or(OPERATIONS.len() - 1)
}

/// The pace of every operation that was played, in a fixed order.
pub fn paces(report: &Report) -> Vec<Pace> {
    let mut times: [Vec<f64>; OPERATIONS.len()] = Default::default();
    let mut unanswered = [0; OPERATIONS.len()];
    for exchange in report.scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.exchanges) {
        let index = operation(&exchange.request.method, &exchange.request.path);
        match &exchange.response {
            Some(response) => times[index].push(response.ms),
            None => unanswered[index] += 1,
        }
    }
    let paces = OPERATIONS.into_iter().zip(times).zip(unanswered).map(|(((operation, request), mut times), silent)| {
        times.sort_by(f64::total_cmp);
        let (median, p95, slowest) = (at(&times, 50), at(&times, 95), at(&times, 100));
        Pace { operation, request, answers: times.len(), unanswered: silent, median, p95, slowest }
    });
    paces.filter(|pace| pace.answers + pace.unanswered > 0).collect()
}

/// The smallest time that this many of a hundred answers do not exceed.
fn at(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// `9.9 ms`, `250 ms`, `2.1 s`: as many digits as one reads.
pub fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 99_950.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn requests_are_told_apart_by_what_okta_wants() {
        let name = |method, path| OPERATIONS[operation(method, path)].0;
        assert_eq!(name("GET", "/Users?filter=userName%20eq%20%22a%22&startIndex=1"), "Look up a user");
        assert_eq!(name("GET", "/Users?startIndex=1&count=100"), "List users");
        assert_eq!(name("GET", "/Groups/7?excludedAttributes=members"), "Read a group");
        assert_eq!(name("PATCH", "/Users/7"), "Change a user");
        assert_eq!(name("PATCH", "/Users/7/8"), "Everything else");
        assert_eq!(name("GET", "/ServiceProviderConfig"), "Everything else");
        assert_eq!(name("GET", "other requests"), "Everything else");
    }

    #[test]
    fn percentiles_are_answers_that_were_measured() {
        let times: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!((at(&times, 50), at(&times, 95), at(&times, 100)), (10.0, 19.0, 20.0));
        assert_eq!((at(&[7.0], 50), at(&[7.0], 95), at(&[], 50)), (7.0, 7.0, 0.0));
    }

    #[test]
    fn only_what_was_played_is_told() {
        let paces = paces(&sample::failing());
        let told: Vec<_> = paces.iter().map(|p| (p.operation, p.answers, p.unanswered)).collect();
        assert_eq!(told, [("Read a user", 2, 0), ("Change a user", 1, 0)]);
        assert_eq!(duration(paces[0].median), "12 ms");
        assert_eq!(["0.4 ms", "999 ms", "1.0 s", "120 s"], [0.42, 999.4, 999.6, 120_000.0].map(duration));
    }
}
