//! Strangers' data stays private: of resources the run does not own, reports keep keys, types and lengths, not values.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ledger::{Collection, Ledger, id_of};
use super::outcome::ScenarioResult;
use crate::exchange::{Body, Exchange};

/// Members whose values say nothing about a person.
const PUBLIC: [&str; 2] = ["schemas", "resourceType"];

/// Masks every answer about resources the run does not own, and what findings quote of them. Texts that hold the run token
/// are our own.
pub(super) fn mask(scenarios: &mut [ScenarioResult], ledger: &Ledger, token: &str) {
    for step in scenarios.iter_mut().flat_map(|s| &mut s.steps) {
        let mut hidden = BTreeSet::new();
        for exchange in &mut step.exchanges {
            mask_exchange(exchange, ledger, token, &mut hidden);
        }
        if hidden.is_empty() {
            continue;
        }
        // The longest first, so that no part of a name survives the hiding of a shorter one.
        let mut hidden: Vec<String> = hidden.into_iter().collect();
        hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        for check in &mut step.checks {
            check.message = conceal(&check.message, &hidden);
            for value in [&mut check.actual, &mut check.expected].into_iter().flatten() {
                conceal_value(value, &hidden);
            }
            for difference in &mut check.differences {
                for value in [&mut difference.actual, &mut difference.expected].into_iter().flatten() {
                    conceal_value(value, &hidden);
                }
            }
        }
    }
}

fn mask_exchange(exchange: &mut Exchange, ledger: &Ledger, token: &str, hidden: &mut BTreeSet<String>) {
    let Some((collection, _)) = Collection::of(&exchange.request.path) else { return };
    let Some(Body::Json(body)) = exchange.response.as_mut().map(|r| &mut r.body) else { return };
    let foreign = |resource: &Value| id_of(resource).is_some_and(|id| !ledger.owns(collection, &id));
    if foreign(body) {
        mask_value(body, token, hidden);
    } else if let Some(Value::Array(listed)) = body.get_mut("Resources") {
        for resource in listed.iter_mut().filter(|r| foreign(r)) {
            mask_value(resource, token, hidden);
        }
    }
}

fn mask_value(value: &mut Value, token: &str, hidden: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if !text.contains(token) => {
            let masked = format!("[{} characters]", text.chars().count());
            if text.chars().count() > 2 {
                hidden.insert(std::mem::take(text));
            }
            *text = masked;
        }
        Value::Number(_) => *value = Value::from("[number]"),
        Value::Array(items) => items.iter_mut().for_each(|v| mask_value(v, token, hidden)),
        Value::Object(members) => {
            for (key, member) in members.iter_mut().filter(|(k, _)| !PUBLIC.contains(&k.as_str())) {
                let _ = key;
                mask_value(member, token, hidden);
            }
        }
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn conceal(text: &str, hidden: &[String]) -> String {
    hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[not shown]"))
}

fn conceal_value(value: &mut Value, hidden: &[String]) {
    match value {
        Value::String(text) => *text = conceal(text, hidden),
        Value::Array(items) => items.iter_mut().for_each(|v| conceal_value(v, hidden)),
        Value::Object(members) => members.values_mut().for_each(|v| conceal_value(v, hidden)),
        _ => {}
    }
}
