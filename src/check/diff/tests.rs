//! The difference walker, alone and against assert-json-diff.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;

fn places(expected: &Value, actual: &Value, mode: Mode) -> Vec<(String, Option<Value>, Option<Value>)> {
    let found = compare(expected, actual, mode).map(|comparison| comparison.differences).unwrap_or_default();
    found.into_iter().map(|difference| (difference.at, difference.expected, difference.actual)).collect()
}

#[test]
fn a_subset_names_the_place_in_the_document_as_received() {
    let actual = json!({"Name": {"givenName": "Bo"}, "emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}]});
    let expected = json!({"name": {"givenName": "Ann"}, "emails": [{"type": "work", "value": "v"}], "x/y": 1});
    assert_eq!(
        places(&expected, &actual, Mode::Subset),
        [
            ("/Name/givenName".into(), Some(json!("Ann")), Some(json!("Bo"))),
            ("/emails/1/value".into(), Some(json!("v")), Some(json!("w"))),
            ("/x~1y".into(), Some(json!(1)), None),
        ]
    );
    let text = compare(&expected, &actual, Mode::Subset).expect("a difference").text;
    assert!(text.contains("json atoms at path \".Name.givenName\" are not equal"), "{text}");
}

#[test]
fn expected_null_means_absent_or_empty() {
    for expected in [json!({"title": null}), json!({"title": []}), json!({"title": [null]})] {
        for actual in [json!({}), json!({"title": null}), json!({"title": []}), json!({"TITLE": {}})] {
            assert!(compare(&expected, &actual, Mode::Subset).is_none(), "{expected} {actual}");
        }
        for value in [json!("x"), json!([1]), json!({"x": 1}), json!(false)] {
            let actual = json!({"title": value});
            assert_eq!(places(&expected, &actual, Mode::Subset), [("/title".into(), None, Some(value.clone()))]);
        }
    }
    assert_eq!(places(&json!([]), &json!([1]), Mode::Subset), [(String::new(), None, Some(json!([1])))]);
    assert_eq!(places(&json!(null), &json!([]), Mode::Subset), []);
}

#[test]
fn an_object_of_nothings_asks_for_nothing_else() {
    let expected = json!({"name": {"formatted": null}});
    for actual in [json!({}), json!({"name": null}), json!({"name": {"givenName": "Ann"}})] {
        assert!(compare(&expected, &actual, Mode::Subset).is_none(), "{actual}");
    }
    assert_eq!(
        places(&expected, &json!({"name": {"formatted": "Ann"}}), Mode::Subset),
        [("/name/formatted".into(), None, Some(json!("Ann")))]
    );
    assert_eq!(places(&expected, &json!({"name": "Ann"}), Mode::Subset).len(), 1);
}

#[test]
fn a_primary_that_is_absent_is_false() {
    let actual = json!({"emails": [{"value": "a"}, {"value": "b", "primary": true}]});
    assert!(compare(&json!({"emails": [{"value": "a", "primary": false}]}), &actual, Mode::Subset).is_none());
    let expected = json!({"emails": [{"value": "b", "primary": false}]});
    assert_eq!(
        places(&expected, &actual, Mode::Subset),
        [("/emails/1/primary".into(), Some(json!(false)), Some(json!(true)))]
    );
}

#[test]
fn a_missing_element_has_the_place_after_the_last() {
    let expected = json!({"members": [{"value": "1"}, {"value": "3"}]});
    let actual = json!({"members": [{"value": "2"}, {"value": "1"}]});
    assert_eq!(places(&expected, &actual, Mode::Subset), [("/members/-".into(), Some(json!({"value": "3"})), None)]);
    assert_eq!(places(&json!({"a": []}), &json!({"a": null}), Mode::Subset), []);
    assert_eq!(places(&json!({"a": [1]}), &json!({"a": {"b": 1}}), Mode::Subset).len(), 1);
}

#[test]
fn sameness_looks_both_ways() {
    let before =
        json!({"a": 1, "b": [1, 2], "m": "2024-01-01T00:00:00Z", "n": null, "e": [{"primary": false, "value": "x"}]});
    let same = json!({"A": 1.0, "b": [2, 1], "m": "2024-01-01T01:00:00+01:00", "e": [{"value": "x"}], "o": []});
    assert_eq!(places(&before, &same, Mode::Same), []);
    let other = json!({"b": [1, 3, 4], "m": "2024-01-01T00:00:01Z", "e": [{"value": "x", "type": "work"}], "z": 1});
    let at: Vec<_> = places(&before, &other, Mode::Same).into_iter().map(|(at, ..)| at).collect();
    assert_eq!(at, ["/a", "/b/1", "/b/2", "/b/-", "/m", "/e/0/type", "/z"]);
}

#[test]
fn names_that_differ_in_case_only_do_not_hide_each_other() {
    assert_eq!(places(&json!({"a": 1, "A": 2}), &json!({"a": 1}), Mode::Subset), [("/A".into(), Some(json!(2)), None)]);
    assert_eq!(places(&json!({"aB": 1, "Ab": 2}), &json!({"ab": 1}), Mode::Subset).len(), 2);
}

/// Documents with few names and values, so that they often meet.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        Just(json!(1.0)),
        prop::sample::select(vec!["a", "b", "", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.0Z"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop::sample::select(vec!["value", "Value", "id", "type", "primary", "name", "x/~y"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// The same document with arrays reversed and members re-ordered.
fn shuffled(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().rev().map(shuffled).collect()),
        Value::Object(members) => members.iter().rev().map(|(name, value)| (name.clone(), shuffled(value))).collect(),
        _ => value.clone(),
    }
}

/// The same documents in every run.
fn fixed() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(7643),
        failure_persistence: None,
        cases: 1000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(fixed())]

    #[test]
    fn the_gate_and_the_walk_agree(expected in document(), actual in document(), same in any::<bool>()) {
        let mode = if same { Mode::Same } else { Mode::Subset };
        if let Some(comparison) = compare(&expected, &actual, mode) {
            prop_assert_eq!(comparison.text.split("\n\n").count(), comparison.differences.len());
        }
        let found = compare(&expected, &actual, mode).map(|comparison| comparison.differences);
        let actual = pairing::canonical(&actual);
        let expected = if same { pairing::canonical(&expected) } else { expected };
        let aligned = align(&expected, &actual, mode, &Budget::new());
        let mut differences = Vec::new();
        walk(&aligned.expected, &aligned.actual, "", mode, &mut differences);
        // A whole document of nothing is judged before anything is walked.
        if Wish::of("", &expected) == Wish::Value {
            prop_assert_eq!(found.unwrap_or_default(), differences.clone());
            prop_assert_eq!(pairing::covers(&expected, &actual, mode, &Budget::new()), differences.is_empty());
        }
        for difference in &differences {
            if let Some(there) = &difference.actual {
                prop_assert_eq!(actual.pointer(&difference.at), Some(there));
            }
        }
    }

    #[test]
    fn a_document_equals_and_includes_itself_in_any_order(document in document()) {
        prop_assert!(compare(&document, &shuffled(&document), Mode::Same).is_none());
        prop_assert!(compare(&document, &document, Mode::Subset).is_none());
    }

    #[test]
    fn sameness_does_not_depend_on_the_side(one in document(), other in document()) {
        prop_assert_eq!(compare(&one, &other, Mode::Same).is_none(), compare(&other, &one, Mode::Same).is_none());
    }
}
