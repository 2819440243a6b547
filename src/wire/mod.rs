//! How true the simulation is: what a real Okta sent, from an HTTP archive, beside what the simulated client sends for the same
//! operation.

mod archive;
mod operation;
mod shape;

pub use archive::{ArchiveError, read};
pub use operation::Operation;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::exchange::{Body, Exchange};

/// One request, with what is needed to compare it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Where it is from: a scenario step, or its place in the archive.
    pub source: String,
    /// HTTP method, upper case.
    pub method: String,
    /// Path and query behind the base URL, as sent.
    pub target: String,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// The body; a text that is not JSON is a string.
    pub body: Option<Value>,
    /// The answer, when it is JSON.
    pub answer: Option<Value>,
}

impl Sent {
    /// A request that the simulated client has sent.
    pub fn ours(source: &str, exchange: &Exchange) -> Self {
        let request = &exchange.request;
        let headers = request.headers.iter().map(|header| (header.name.clone(), header.value.clone()));
        let body = match &request.body {
            Body::Json(value) => Some(value.clone()),
            Body::Text(text) => Some(Value::String(text.clone())),
            Body::Empty | Body::Binary(_) => None,
        };
        Self {
            source: source.to_owned(),
            method: request.method.clone(),
            target: request.path.clone(),
            headers: headers.collect(),
            body,
            answer: exchange.json().cloned(),
        }
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query as sent, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

/// What became of the requests of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What Okta does.
    pub operation: Operation,
    /// How many of the archive's requests do it.
    pub requests: usize,
    /// The step of ours that is nearest; none when we never do it.
    pub nearest: Option<String>,
    /// In what the archive's requests differ from ours, each told once.
    pub differences: BTreeSet<String>,
}

/// Compares the requests of an archive with ours, operation by operation, in the order of their first appearance. Each
/// request is compared with the one of ours that it differs from least.
pub fn compare(theirs: &[Sent], ours: &[Sent]) -> Vec<Compared> {
    let mut known: BTreeMap<Operation, Vec<(&Sent, BTreeSet<String>)>> = BTreeMap::new();
    for (at, sent) in ours.iter().enumerate() {
        known.entry(Operation::of(sent)).or_default().push((sent, shape::read_before(&ours[..at], sent)));
    }
    let mut compared: Vec<Compared> = Vec::new();
    for (at, sent) in theirs.iter().enumerate() {
        let operation = Operation::of(sent);
        let read = shape::read_before(&theirs[..at], sent);
        let near = known.get(&operation).into_iter().flatten();
        let near = near.map(|(ours, own_read)| (shape::differences((sent, &read), (*ours, own_read)), *ours));
        let nearest = near.min_by_key(|(differences, _)| differences.len());
        let (differences, nearest) = nearest.map_or_else(
            || (BTreeSet::from(["Okta sends this, and we never do".to_owned()]), None),
            |(differences, ours)| (differences, Some(ours.source.clone())),
        );
        if let Some(one) = compared.iter_mut().find(|one| one.operation == operation) {
            one.requests += 1;
            one.differences.extend(differences);
            one.nearest = one.nearest.take().or(nearest);
        } else {
            compared.push(Compared { operation, requests: 1, nearest, differences });
        }
    }
    compared
}

/// The comparison for people; the last line is the sum.
pub fn tell(compared: &[Compared]) -> String {
    let mut text = String::new();
    for one in compared {
        let requests = if one.requests == 1 { "1 request".to_owned() } else { format!("{} requests", one.requests) };
        let nearest = one.nearest.as_ref().map_or_else(String::new, |nearest| format!(", as {nearest}"));
        let word = if one.differences.is_empty() { "same" } else { "DIFFERS" };
        let _ = writeln!(text, "{word:<8}{} ({requests}{nearest})", one.operation);
        for difference in &one.differences {
            let _ = writeln!(text, "          {difference}");
        }
    }
    let differing = compared.iter().filter(|one| !one.differences.is_empty()).count();
    let _ = writeln!(text, "\n{} of {} operations differ", differing, compared.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(method: &str, target: &str, body: Option<Value>) -> Sent {
        let headers = vec![("User-Agent".to_owned(), "Okta SCIM Client 1.0.0".to_owned())];
        Sent { source: "s".into(), method: method.into(), target: target.into(), headers, body, answer: None }
    }

    #[test]
    fn the_nearest_of_ours_is_what_counts() {
        let create = |name: Value| json!({ "schemas": ["urn:u"], "userName": name, "active": true });
        let ours =
            [sent("POST", "/Users", Some(json!({ "odd": 1 }))), sent("POST", "/Users", Some(create("a".into())))];
        let theirs = [sent("POST", "/Users", Some(create("b".into()))), sent("POST", "/Users", Some(create(4.into())))];
        let compared = compare(&theirs, &ours);
        assert_eq!((compared.len(), compared[0].requests), (1, 2));
        assert_eq!(
            compared[0].differences,
            BTreeSet::from(["body /userName: Okta sends a number, we send a string".into()])
        );
        assert!(tell(&compared).ends_with("1 of 1 operations differ\n"));
    }

    #[test]
    fn what_we_never_send_is_told() {
        let compared = compare(&[sent("GET", "/Bulk", None)], &[]);
        assert_eq!(compared[0].nearest, None);
        assert!(tell(&compared).contains("we never do"), "{compared:?}");
    }
}
