//! Strangers' data stays private: of resources the run does not own, reports keep keys, types and lengths, not values.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::Outcome;
use super::ledger::{Collection, Ledger, id_of};
use super::mark::carries;
use super::outcome::{CheckResult, CheckStatus, ScenarioResult};
use crate::exchange::{Body, Exchange};
use crate::okta::wire::percent_encode;

/// Members whose values say nothing about a person.
const PUBLIC: [&str; 2] = ["schemas", "resourceType"];

/// What stands in place of what is hidden.
const NOT_SHOWN: &str = "[not shown]";

/// Texts that are hidden wherever they are found. Where two overlap, all that belongs to one of them is.
struct Hidden {
    texts: Vec<String>,
    /// How they begin: hardly any text has that in it, and one pass tells.
    beginnings: AhoCorasick,
}

impl Hidden {
    /// Bytes of a beginning. The texts themselves may be as long as a target likes.
    const BEGINNING: usize = 8;

    /// `None` when there is nothing to hide.
    fn new(texts: impl IntoIterator<Item = String>) -> Option<Self> {
        let texts: Vec<String> = texts.into_iter().filter(|text| text.chars().count() > 2).collect();
        let beginnings = texts.iter().map(|text| &text.as_bytes()[..text.len().min(Self::BEGINNING)]);
        let beginnings = AhoCorasick::new(beginnings).expect("a few bytes for each text that fits into memory");
        (!texts.is_empty()).then_some(Self { texts, beginnings })
    }

    fn out_of(&self, text: &mut String) {
        if !self.beginnings.is_match(text.as_str()) {
            return;
        }
        let longer = self.texts.iter().filter(|hidden| hidden.len() <= text.len());
        let found = longer.flat_map(|hidden| text.match_indices(hidden.as_str()));
        let mut spans: Vec<(usize, usize)> = found.map(|(start, part)| (start, start + part.len())).collect();
        spans.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for (start, end) in spans {
            match merged.last_mut() {
                Some((_, before)) if start < *before => *before = end.max(*before),
                _ => merged.push((start, end)),
            }
        }
        for (start, end) in merged.into_iter().rev() {
            text.replace_range(start..end, NOT_SHOWN);
        }
    }
}

/// Masks every answer about resources the run does not own, and what findings quote of them. Texts that hold the run token
/// are our own.
pub(super) fn mask(scenarios: &mut [ScenarioResult], ledger: &Ledger, token: &str) {
    for step in scenarios.iter_mut().flat_map(|s| &mut s.steps) {
        let mut hidden = BTreeSet::new();
        let mut unseen = false;
        for exchange in &mut step.exchanges {
            unseen |= exchange.is_truncated() && Collection::of(&exchange.request.path).is_some();
            unseen |= mask_exchange(exchange, ledger, token, &mut hidden);
        }
        if unseen {
            step.checks.iter_mut().for_each(|check| unquote(check, token));
        }
        // What holds quotes nothing.
        let mut quoting = step.checks.iter_mut().filter(|check| check.status != CheckStatus::Passed).peekable();
        if quoting.peek().is_some()
            && let Some(hidden) = Hidden::new(hidden)
        {
            quoting.for_each(|check| conceal_check(check, &hidden));
        }
    }
}

/// Hides names wherever a report would tell them, in the spellings in which they are sent: what the operator said was there
/// before is a stranger's too.
pub(super) fn hide(outcome: &mut Outcome, names: impl Iterator<Item = String>) {
    let spellings = |name: String| {
        let escaped = Value::from(name.as_str()).to_string();
        [percent_encode(&name), escaped[1..escaped.len() - 1].to_owned(), name]
    };
    let Some(hidden) = Hidden::new(names.flat_map(spellings)) else { return };
    for step in outcome.scenarios.iter_mut().flat_map(|s| &mut s.steps) {
        step.note.iter_mut().for_each(|note| hidden.out_of(note));
        step.exchanges.iter_mut().for_each(|exchange| hide_in(exchange, &hidden));
        step.checks.iter_mut().for_each(|check| conceal_check(check, &hidden));
    }
    for left in &mut outcome.cleanup.left {
        hidden.out_of(&mut left.name);
    }
}

fn hide_in(exchange: &mut Exchange, hidden: &Hidden) {
    let conceal_body = |body: &mut Body| match body {
        Body::Json(value) => conceal_value(value, hidden),
        Body::Text(text) => hidden.out_of(text),
        Body::Empty | Body::Binary(_) => {}
    };
    hidden.out_of(&mut exchange.request.path);
    hidden.out_of(&mut exchange.curl);
    conceal_body(&mut exchange.request.body);
    if let Some(response) = &mut exchange.response {
        response.headers.iter_mut().for_each(|header| hidden.out_of(&mut header.value));
        conceal_body(&mut response.body);
    }
}

fn conceal_check(check: &mut CheckResult, hidden: &Hidden) {
    hidden.out_of(&mut check.message);
    for value in [&mut check.actual, &mut check.expected].into_iter().flatten() {
        conceal_value(value, hidden);
    }
    for difference in &mut check.differences {
        for value in [&mut difference.actual, &mut difference.expected].into_iter().flatten() {
            conceal_value(value, hidden);
        }
    }
}

/// Masks one exchange. True when its body tells of resources in a form that cannot be looked into.
fn mask_exchange(exchange: &mut Exchange, ledger: &Ledger, token: &str, hidden: &mut BTreeSet<String>) -> bool {
    let Some((collection, _)) = Collection::of(&exchange.request.path) else { return false };
    let body = match exchange.response.as_mut().map(|r| &mut r.body) {
        Some(Body::Json(body)) => body,
        Some(Body::Text(text)) if text.trim_start().starts_with(['{', '[']) => {
            *text =
                format!("({} characters that are no JSON, though they begin as such; not shown)", text.chars().count());
            return true;
        }
        _ => return false,
    };
    let foreign = |resource: &Value| id_of(resource).is_some_and(|id| !ledger.owns(collection, &id));
    if foreign(body) {
        mask_value(body, token, hidden);
    } else if let Some(Value::Array(listed)) = body.get_mut("Resources") {
        for resource in listed.iter_mut().filter(|r| foreign(r)) {
            mask_value(resource, token, hidden);
        }
    }
    false
}

/// Takes out of a finding everything it quotes: whose words they are cannot be told any more.
fn unquote(check: &mut CheckResult, token: &str) {
    let parts: Vec<&str> = check.message.split('"').collect();
    let told = |(index, part): (usize, &&str)| {
        if index % 2 == 0 || part.contains(token) { (*part).to_owned() } else { NOT_SHOWN.to_owned() }
    };
    check.message = parts.iter().enumerate().map(told).collect::<Vec<_>>().join("\"");
    let mut ignored = BTreeSet::new();
    if let Some(actual) = &mut check.actual {
        mask_value(actual, token, &mut ignored);
    }
    for actual in check.differences.iter_mut().filter_map(|d| d.actual.as_mut()) {
        mask_value(actual, token, &mut ignored);
    }
}

fn mask_value(value: &mut Value, token: &str, hidden: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if !carries(text, token) => {
            let masked = format!("[{} characters]", text.chars().count());
            hidden.insert(std::mem::replace(text, masked));
        }
        Value::Number(_) => *value = Value::from("[number]"),
        Value::Array(items) => items.iter_mut().for_each(|v| mask_value(v, token, hidden)),
        Value::Object(members) => {
            let private = members.iter_mut().filter(|(key, _)| !PUBLIC.contains(&key.as_str()));
            private.for_each(|(_, member)| mask_value(member, token, hidden));
        }
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn conceal_value(value: &mut Value, hidden: &Hidden) {
    match value {
        Value::String(text) => hidden.out_of(text),
        Value::Array(items) => items.iter_mut().for_each(|v| conceal_value(v, hidden)),
        Value::Object(members) => members.values_mut().for_each(|v| conceal_value(v, hidden)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Judgement};
    use crate::exchange::{Request, Response};
    use crate::play::{ScenarioStatus, StepResult};
    use crate::scenario::{Capability, Level};
    use serde_json::json;

    fn played(answer: Value) -> Vec<ScenarioResult> {
        let exchange = Exchange {
            request: Request {
                method: "GET".into(),
                path: "/Users?count=2".into(),
                headers: vec![],
                body: Body::Empty,
            },
            response: Some(Response {
                status: 200,
                headers: vec![],
                body: Body::Json(answer),
                truncated: false,
                ms: 1.0,
            }),
            failure: None,
            curl: String::new(),
        };
        let finding = Finding {
            message: "/userName is \"boss@corp.example\"".into(),
            actual: Some(json!("boss@corp.example")),
            ..Finding::default()
        };
        let check = CheckResult::passed("x.y/z".into(), Capability::CreateUsers, Level::Must, vec![], "")
            .judged(Judgement::Failed(finding));
        let step = StepResult {
            id: "s".into(),
            title: String::new(),
            exchanges: vec![exchange],
            judged: Some(0),
            note: None,
            checks: vec![check],
        };
        vec![ScenarioResult {
            id: "x.y".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::CreateUsers,
            source: "builtin".into(),
            status: ScenarioStatus::Failed,
            reason: None,
            seconds: 0.0,
            steps: vec![step],
        }]
    }

    #[test]
    fn of_a_strangers_resource_keys_types_and_lengths_stay() {
        let mut scenarios = played(json!({
            "totalResults": 1,
            "Resources": [{ "schemas": ["urn:x"], "id": "42", "userName": "boss@corp.example", "active": true,
                "emails": [{ "value": "boss@corp.example" }], "age": 50 }]
        }));
        mask(&mut scenarios, &Ledger::new("tok123"), "tok123");
        let step = &scenarios[0].steps[0];
        assert_eq!(
            step.exchanges[0].json().expect("JSON")["Resources"][0],
            json!({ "schemas": ["urn:x"], "id": "[2 characters]", "userName": "[17 characters]", "active": true,
                "emails": [{ "value": "[17 characters]" }], "age": "[number]" })
        );
        assert!(!serde_json::to_string(&scenarios).expect("JSON").contains("boss@corp"), "{scenarios:?}");
    }

    #[test]
    fn what_cannot_be_looked_into_is_not_quoted() {
        let mut scenarios = played(json!({}));
        let response = scenarios[0].steps[0].exchanges[0].response.as_mut().expect("response");
        response.body = Body::Text("{\"userName\":\"boss@corp.example\",".into());
        mask(&mut scenarios, &Ledger::new("tok123"), "tok123");
        assert!(!serde_json::to_string(&scenarios).expect("JSON").contains("boss@corp"), "{scenarios:?}");
    }

    #[test]
    fn of_names_that_overlap_nothing_stays() {
        let hidden = Hidden::new(["abc", "cde", "bc", "xyz", "a"].map(str::to_owned)).expect("texts");
        for (text, left) in [
            ("-abcde-", "-[not shown]-"),
            ("abcxyz abc", "[not shown][not shown] [not shown]"),
            ("é cde é", "é [not shown] é"),
            ("a, b", "a, b"),
        ] {
            let mut shown = text.to_owned();
            hidden.out_of(&mut shown);
            assert_eq!(shown, left);
        }
    }

    #[test]
    fn our_own_resources_stay_readable() {
        let ours = json!({ "Resources": [{ "id": "7", "userName": "scimulate-ann-tok123@example.com" }] });
        let mut ledger = Ledger::new("tok123");
        assert!(ledger.recover(Collection::Users, &ours["Resources"][0]));
        let mut scenarios = played(ours.clone());
        mask(&mut scenarios, &ledger, "tok123");
        assert_eq!(scenarios[0].steps[0].exchanges[0].json(), Some(&ours));
    }
}
