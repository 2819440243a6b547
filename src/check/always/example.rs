//! An answer that keeps each rule and one that breaks it, as `explain` shows them: request and status, header fields, body.

/// Rule, right, wrong. The rule itself says of each whether it holds.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("in-time", "GET /Users -> 200 after 900 ms", "GET /Users -> 200 after 61000 ms"),
    ("no-5xx", "PUT /Users/2819c223 -> 400", "PUT /Users/2819c223 -> 500"),
    (
        "retry-after",
        "GET /Users -> 429\nRetry-After: 30",
        "GET /Users -> 429\nRetry-After: Sat, 31 Jan 2026 08:00:00 GMT",
    ),
    (
        "json",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223" }"#,
        r#"GET /Users/2819c223 -> 200
[{ "id": "2819c223" }]"#,
    ),
    (
        "schemas",
        r#"GET /Users/2819c223 -> 200
{ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "2819c223" }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223" }"#,
    ),
    (
        "id",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223" }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": 2819 }"#,
    ),
    (
        "id-in-path",
        r#"POST /Users -> 201
{ "id": "auth0-2819c223" }"#,
        r#"POST /Users -> 201
{ "id": "auth0|2819c223" }"#,
    ),
    (
        "counters",
        r#"GET /Users?startIndex=1&count=100 -> 200
{ "totalResults": 2, "startIndex": 1, "itemsPerPage": 2 }"#,
        r#"GET /Users?startIndex=1&count=100 -> 200
{ "totalResults": 2, "startIndex": "1", "itemsPerPage": 2 }"#,
    ),
    (
        "active",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "active": false }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "active": "false" }"#,
    ),
    (
        "password",
        r#"POST /Users -> 201
{ "id": "2819c223", "userName": "ann@example.com" }"#,
        r#"POST /Users -> 201
{ "id": "2819c223", "userName": "ann@example.com", "password": "$2y$10$N9qo8u" }"#,
    ),
    (
        "scim-error",
        r#"GET /Users/2819c223 -> 404
{ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "There is no such user." }"#,
        r#"GET /Users/2819c223 -> 404
{ "error": "not found" }"#,
    ),
    (
        "media-type",
        "GET /Users/2819c223 -> 200\nContent-Type: application/scim+json\n{ \"id\": \"2819c223\" }",
        "GET /Users/2819c223 -> 200\nContent-Type: text/html\n{ \"id\": \"2819c223\" }",
    ),
    (
        "location",
        "POST /Users -> 201\nLocation: https://app.example.com/scim/v2/Users/2819c223\n{ \"id\": \"2819c223\" }",
        "POST /Users -> 201\n{ \"id\": \"2819c223\" }",
    ),
    (
        "meta",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "resourceType": "User", "location": "https://app.example.com/scim/v2/Users/2819c223", "created": "2026-01-31T08:00:00Z", "lastModified": "2026-01-31T08:00:00Z" } }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "resourceType": "User" } }"#,
    ),
    (
        "address",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "location": "https://app.example.com/scim/v2/Users/2819c223" } }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "location": "http://10.0.3.7:8080/Users/2819c223" } }"#,
    ),
    (
        "time-zone",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "created": "2026-01-31T08:00:00Z" } }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "meta": { "created": "2026-01-31T08:00:00" } }"#,
    ),
    (
        "primary",
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "emails": [{ "value": "ann@example.com", "primary": true }, { "value": "a@home.example" }] }"#,
        r#"GET /Users/2819c223 -> 200
{ "id": "2819c223", "emails": [{ "value": "ann@example.com", "primary": true }, { "value": "a@home.example", "primary": true }] }"#,
    ),
    (
        "references",
        r#"GET /Groups/e9e30dba -> 200
{ "id": "e9e30dba", "members": [{ "value": "2819c223" }] }"#,
        r#"GET /Groups/e9e30dba -> 200
{ "id": "e9e30dba", "members": [{ "value": 2819 }] }"#,
    ),
    (
        "error-status",
        r#"GET /Users/2819c223 -> 404
{ "status": "404" }"#,
        r#"GET /Users/2819c223 -> 404
{ "status": 404 }"#,
    ),
    (
        "scim-type",
        r#"POST /Users -> 409
{ "status": "409", "scimType": "uniqueness" }"#,
        r#"POST /Users -> 409
{ "status": "409", "scimType": "userExists" }"#,
    ),
];

/// An answer that keeps the rule and one that breaks it, of several lines each; for every rule of [`super::RULES`].
pub fn example(rule: &str) -> Option<(&'static str, &'static str)> {
    EXAMPLES.iter().find(|(id, ..)| *id == rule).map(|(_, right, wrong)| (*right, *wrong))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::testing::exchange;
    use super::super::{Judgement, RULES, Rules, Seen, judge_always};
    use super::*;
    use crate::exchange::{Body, Exchange, Header};

    /// Reads an example as the exchange it stands for.
    fn read(text: &str) -> Exchange {
        let mut lines = text.lines();
        let (request, answer) = lines.next().and_then(|line| line.split_once(" -> ")).expect("request and status");
        let (status, took) = answer.split_once(" after ").unwrap_or((answer, "10 ms"));
        let mut read = exchange(request, status.parse().expect("a status"), Body::Empty);
        let response = read.response.as_mut().expect("an answer");
        response.ms = took.trim_end_matches(" ms").parse().expect("milliseconds");
        for line in lines {
            match line.split_once(": ").filter(|_| !line.starts_with(['{', '['])) {
                Some((name, value)) => {
                    response.headers.retain(|header| header.name != name);
                    response.headers.push(Header { name: name.into(), value: value.into() });
                }
                None => response.body = Body::Json(serde_json::from_str(line).expect("JSON")),
            }
        }
        read
    }

    #[test]
    fn every_rule_agrees_with_its_examples() {
        let rules = Rules::new(Duration::from_secs(60), &[], "https://app.example.com/scim/v2");
        for rule in RULES {
            let (right, wrong) = example(rule.id).unwrap_or_else(|| panic!("{} has no example", rule.id));
            assert_eq!(judge_always(rule, &Seen::of(&read(right)), &rules), Judgement::Passed, "{}: {right}", rule.id);
            let judgement = judge_always(rule, &Seen::of(&read(wrong)), &rules);
            assert!(matches!(judgement, Judgement::Failed(_)), "{}: {wrong}: {judgement:?}", rule.id);
        }
        assert_eq!(EXAMPLES.len(), RULES.len());
    }
}
