//! Which element of a multi-valued attribute answers which expected one. SCIM gives elements no order (RFC 7643 §2.4), so
//! they are paired by content: first those that match in full, then those with the same `value` or `id`, then the most alike.
//! Greedy and on a budget of steps: a hostile document costs bounded time and at worst gets a less apt finding.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use super::{datetime, pointer};

/// How two documents are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The actual document may hold more than the expected one.
    Subset,
    /// Both hold the same; texts that denote the same moment are equal.
    Same,
}

/// Comparison steps that are left.
pub(super) struct Budget(Cell<u32>);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(Cell::new(1_000_000))
    }

    fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    fn spend(&self, steps: usize) -> bool {
        let left = self.0.get().saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        self.0.set(left);
        left > 0
    }
}

/// True when `actual` includes `expected` as a subset.
pub(super) fn includes(actual: &Value, expected: &Value) -> bool {
    covers(expected, &canonical(actual), Mode::Subset, &Budget::new())
}

/// The document without members that SCIM counts as absent: null, `[]`, objects without members (RFC 7643 §2.5) and
/// `primary: false`. Such elements of arrays become null, so that the others keep their places.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| !is_false_primary(name, value));
            let kept = kept.map(|(name, value)| (name.clone(), canonical(value)));
            let kept: Map<_, _> = kept.filter(|(_, value)| !value.is_null()).collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        Value::Array(items) => {
            let kept: Vec<_> = items.iter().map(canonical).collect();
            if kept.iter().all(Value::is_null) { Value::Null } else { Value::Array(kept) }
        }
        _ => value.clone(),
    }
}

/// What an expected member says about an actual one that is absent or there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Something must be there.
    Value,
    /// Null, `[]` or `primary: false`: nothing may be there.
    Nothing,
    /// An object of nothings: absence will do, and so will an object without those.
    Open,
}

impl Wish {
    pub(super) fn of(name: &str, expected: &Value) -> Self {
        match expected {
            _ if is_false_primary(name, expected) => Self::Nothing,
            _ if !is_void(expected) => Self::Value,
            Value::Object(_) => Self::Open,
            _ => Self::Nothing,
        }
    }
}

/// True for null and for arrays and objects that hold nothing.
pub(super) fn is_void(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_void),
        Value::Object(members) => members.iter().all(|(name, value)| is_false_primary(name, value) || is_void(value)),
        _ => false,
    }
}

fn is_false_primary(name: &str, value: &Value) -> bool {
    *value == Value::Bool(false) && name.eq_ignore_ascii_case("primary")
}

/// Equality of two values that are not both arrays or both objects.
pub(super) fn same_leaf(expected: &Value, actual: &Value, mode: Mode) -> bool {
    match (expected, actual) {
        (Value::Number(expected), Value::Number(actual)) => expected.as_f64() == actual.as_f64(),
        (Value::String(expected), Value::String(actual)) => {
            expected == actual || (mode == Mode::Same && datetime::same(expected, actual))
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(expected), Value::Bool(actual)) => expected == actual,
        _ => false,
    }
}

/// True when no other name of the object is the same without case; only then may it match one of another spelling.
fn is_alone(members: &Map<String, Value>, name: &str) -> bool {
    members.keys().filter(|other| other.eq_ignore_ascii_case(name)).count() == 1
}

/// True when a canonical `actual` holds what is expected.
pub(super) fn covers(expected: &Value, actual: &Value, mode: Mode, budget: &Budget) -> bool {
    if !budget.spend(1) {
        return false;
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            if !budget.spend(expected.len()) {
                return false;
            }
            let mut met = 0;
            for (name, value) in expected {
                let found = match actual.get(name) {
                    Some(found) => Some(found),
                    None if !budget.spend(expected.len() + actual.len()) => return false,
                    None if is_alone(expected, name) => pointer::member(actual, name).map(|(_, found)| found),
                    None => None,
                };
                match (Wish::of(name, value), found) {
                    (Wish::Nothing | Wish::Open, None) => {}
                    (Wish::Value | Wish::Open, Some(found)) if covers(value, found, mode, budget) => met += 1,
                    _ => return false,
                }
            }
            mode == Mode::Subset || met == actual.len()
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if !budget.spend(expected.len() + actual.len()) {
                return false;
            }
            let wanted = expected.iter().filter(|item| !is_void(item)).count();
            let there = actual.iter().filter(|item| !item.is_null()).count();
            if wanted > there || (mode == Mode::Same && wanted != there) {
                return false;
            }
            let mut pairing = Pairing::new(expected, actual, mode, budget);
            pairing.pair_full_matches();
            pairing.partner.iter().flatten().count() == wanted
        }
        _ => same_leaf(expected, actual, mode),
    }
}

/// For each expected element the index of the actual one that answers it best, each used once.
pub(super) fn pair(expected: &[Value], actual: &[Value], mode: Mode, budget: &Budget) -> Vec<Option<usize>> {
    let mut pairing = Pairing::new(expected, actual, mode, budget);
    pairing.pair_full_matches();
    pairing.pair_alike();
    pairing.pair_the_only_two();
    pairing.partner
}

struct Pairing<'a> {
    expected: &'a [Value],
    actual: &'a [Value],
    mode: Mode,
    budget: &'a Budget,
    /// Actual indices by what identifies an element: itself when it is a scalar, else its `value` or `id`.
    by_identity: HashMap<String, VecDeque<usize>>,
    free: Vec<bool>,
    partner: Vec<Option<usize>>,
}

impl<'a> Pairing<'a> {
    fn new(expected: &'a [Value], actual: &'a [Value], mode: Mode, budget: &'a Budget) -> Self {
        let mut by_identity: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, item) in actual.iter().enumerate() {
            for identity in identities(item, mode) {
                by_identity.entry(identity).or_default().push_back(index);
            }
        }
        let free = actual.iter().map(|item| !item.is_null()).collect();
        Self { expected, actual, mode, budget, by_identity, free, partner: vec![None; expected.len()] }
    }

    /// Expected elements without a partner; those that say most come first, so that a vague one does not take the only
    /// match of a precise one.
    fn open(&self) -> Vec<usize> {
        let mut open: Vec<_> =
            (0..self.expected.len()).filter(|&e| self.partner[e].is_none() && !is_void(&self.expected[e])).collect();
        open.sort_by_key(|&e| std::cmp::Reverse(self.expected[e].as_object().map_or(0, Map::len)));
        open
    }

    fn pair_full_matches(&mut self) {
        for e in self.open() {
            let full = |a: &usize| covers(&self.expected[e], &self.actual[*a], self.mode, self.budget);
            let found = match identity(&self.expected[e], self.mode) {
                Some(identity) => self.by_identity.get(&identity).and_then(|same| same.iter().copied().find(full)),
                None => (0..self.actual.len()).filter(|&a| self.free[a]).find(full),
            };
            self.join(e, found);
        }
    }

    fn pair_alike(&mut self) {
        for e in self.open() {
            let named = identity(&self.expected[e], self.mode).and_then(|identity| self.by_identity.get(&identity));
            let found = match named {
                Some(same) if !same.is_empty() => self.most_alike(e, same.iter().copied()).or(same.front().copied()),
                // Beyond the budget the same place has to do.
                _ if self.budget.is_spent() => Some(e).filter(|&e| self.free.get(e) == Some(&true)),
                _ => self.most_alike(e, (0..self.actual.len()).filter(|&a| self.free[a])),
            };
            self.join(e, found);
        }
    }

    /// The candidate that shares most with an expected element; none when nothing is shared.
    fn most_alike(&self, e: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
        let mut best = None;
        let mut most = 0;
        for a in candidates {
            if !self.budget.spend(1) {
                break;
            }
            let likeness = self.likeness(&self.expected[e], &self.actual[a]);
            if likeness > most {
                (best, most) = (Some(a), likeness);
            }
        }
        best
    }

    fn likeness(&self, expected: &Value, actual: &Value) -> usize {
        let (Value::Object(expected), Value::Object(actual)) = (expected, actual) else { return 0 };
        let mut likeness = 0;
        for (name, value) in expected {
            if name.eq_ignore_ascii_case("primary") || !self.budget.spend(1 + actual.len()) {
                continue;
            }
            if pointer::member(actual, name).is_some_and(|(_, found)| same_leaf(value, found, self.mode)) {
                likeness += if name.eq_ignore_ascii_case("type") { 100 } else { 1 };
            }
        }
        likeness
    }

    /// Where each side has one element only, they are compared even if nothing about them is alike.
    fn pair_the_only_two(&mut self) {
        let mut free = (0..self.actual.len()).filter(|&a| !self.actual[a].is_null());
        if let ([e], (Some(a), None)) = (self.open().as_slice(), (free.next(), free.next()))
            && self.expected.iter().filter(|item| !is_void(item)).count() == 1
        {
            self.join(*e, Some(a));
        }
    }

    fn join(&mut self, e: usize, found: Option<usize>) {
        let Some(a) = found else { return };
        self.partner[e] = Some(a);
        self.free[a] = false;
        for identity in identities(&self.actual[a], self.mode) {
            if let Some(same) = self.by_identity.get_mut(&identity)
                && let Some(position) = same.iter().position(|&index| index == a)
            {
                same.remove(position);
            }
        }
    }
}

/// What an element must share with its partner: itself when it is a scalar, else its `value`, else its `id`. None for
/// elements that nothing identifies.
fn identity(item: &Value, mode: Mode) -> Option<String> {
    identities(item, mode).next()
}

fn identities(item: &Value, mode: Mode) -> impl Iterator<Item = String> {
    let named = item.as_object().map(|members| {
        ["value", "id"].into_iter().filter_map(move |name| {
            let identity = scalar_identity(pointer::member(members, name)?.1, mode)?;
            Some(format!("{name} {identity}"))
        })
    });
    named.into_iter().flatten().chain(scalar_identity(item, mode))
}

fn scalar_identity(value: &Value, mode: Mode) -> Option<String> {
    match value {
        Value::String(text) => match datetime::parse(text).filter(|_| mode == Mode::Same) {
            Some(moment) => Some(format!("{moment:?}")),
            None => Some(value.to_string()),
        },
        // Adding zero makes -0.0 and 0.0 one.
        Value::Number(number) => number.as_f64().map(|number| format!("number {}", number + 0.0)),
        Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(expected: &Value, actual: &Value) -> Vec<Option<usize>> {
        let (Value::Array(expected), Value::Array(actual)) = (expected, actual) else { panic!("two arrays") };
        pair(expected, actual, Mode::Subset, &Budget::new())
    }

    #[test]
    fn elements_pair_by_value_then_type_then_likeness() {
        let actual = json!([
            {"type": "home", "value": "h@x"}, {"type": "work", "value": "w@x", "primary": true}, {"value": "o@x", "display": "O"}
        ]);
        assert_eq!(pairs(&json!([{"value": "w@x"}, {"value": "h@x"}]), &actual), [Some(1), Some(0)]);
        assert_eq!(pairs(&json!([{"type": "work", "value": "new@x"}]), &actual), [Some(1)]);
        assert_eq!(pairs(&json!([{"display": "O", "value": "new@x"}]), &actual), [Some(2)]);
        assert_eq!(pairs(&json!([{"value": "new@x", "primary": true}]), &actual), [None]);
        assert_eq!(pairs(&json!([{"value": "new@x"}]), &json!([{"value": "old@x"}])), [Some(0)]);
    }

    #[test]
    fn a_vague_element_leaves_the_match_to_a_precise_one() {
        let actual = json!([{"type": "work", "n": 1}, {"type": "work", "n": 2}]);
        assert_eq!(pairs(&json!([{"type": "work"}, {"type": "work", "n": 1}]), &actual), [Some(1), Some(0)]);
    }

    #[test]
    fn each_element_answers_once() {
        assert_eq!(pairs(&json!(["a", "a"]), &json!(["b", "a"])), [Some(1), None]);
        assert!(!includes(&json!(["a"]), &json!(["a", "a"])));
        assert!(includes(&json!(["b", "a", null]), &json!(["a"])));
        assert!(includes(&json!([{"id": 1, "value": 2}]), &json!([{"id": 1}])));
    }

    #[test]
    fn what_scim_counts_as_absent_is_dropped() {
        let document =
            json!({"a": null, "b": [], "c": {"d": {}}, "emails": [null, {"primary": false, "value": 1}], "e": ""});
        assert_eq!(canonical(&document), json!({"emails": [null, {"value": 1}], "e": ""}));
    }

    #[test]
    fn ten_thousand_members_pair_at_once_and_hostile_ones_end() {
        let members: Vec<_> = (0..10_000).map(|n| json!({"value": n.to_string()})).collect();
        let reversed: Vec<_> = members.iter().rev().cloned().collect();
        assert!(covers(&json!(members), &json!(reversed), Mode::Same, &Budget::new()));

        let nested: Vec<_> = (0..2_000).map(|n| json!([[n, [n]]])).collect();
        let other: Vec<_> = (0..2_000).map(|n| json!([[n + 1, [n + 2]]])).collect();
        assert!(!covers(&json!(nested), &json!(other), Mode::Same, &Budget::new()));

        let budget = Budget::new();
        assert_eq!(pair(&other, &nested, Mode::Same, &budget).len(), 2_000);
        assert!(budget.is_spent());
    }
}
