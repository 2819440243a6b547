//! Whole documents: what a body must include, and whether it still is what an earlier answer was.

use serde_json::Value;

use super::diff::{self, Comparison};
use super::pairing::Mode;
use super::{Context, Finding, Judgement, pointer, show};
use crate::play::Difference;

/// Differences that a finding lists; its sentence counts them all.
const LISTED: usize = 50;

/// Passes when what is at `at` includes the expected subset.
pub(super) fn includes(at: &str, expected: &Value, body: &Value) -> Judgement {
    let actual = pointer::resolve(body, at).unwrap_or(&Value::Null);
    let Some(comparison) = diff::compare(expected, actual, Mode::Subset) else { return Judgement::Passed };
    Judgement::Failed(finding(&comparison, at, |difference, place| {
        let expected = difference.expected.as_ref();
        match (&difference.actual, expected) {
            (None, _) if difference.at.ends_with("/-") => {
                let list = place.strip_suffix("/-").unwrap_or(place);
                format!("{}: expected an element {}, there is none", show::place(list), words(expected))
            }
            (None, _) => format!("{}: expected {}, nothing is there", show::place(place), words(expected)),
            (Some(actual), None) => {
                format!("{}: expected nothing, actual {}", show::place(place), show::inline(actual))
            }
            (Some(actual), Some(expected)) => {
                let actual = show::against(actual, expected);
                format!("{}: expected {}, actual {actual}", show::place(place), show::inline(expected))
            }
        }
    }))
}

/// Passes when the body equals the earlier step's, apart from `except` and what is below.
pub(super) fn same_as(step: &str, except: &[String], body: &Value, context: &Context<'_>) -> Judgement {
    let Some(earlier) = (context.earlier)(step) else {
        return Judgement::Skipped(format!("step {step} has no answer to compare with"));
    };
    let Some(before) = earlier.json() else {
        return Judgement::Skipped(format!("the answer to step {step} has no JSON body to compare with"));
    };
    let (mut before, mut after) = (before.clone(), body.clone());
    for pointer in except {
        pointer::remove(&mut before, pointer);
        pointer::remove(&mut after, pointer);
    }
    let Some(comparison) = diff::compare(&before, &after, Mode::Same) else { return Judgement::Passed };
    Judgement::Failed(finding(&comparison, "", |difference, place| {
        let place = show::place(place);
        match (&difference.expected, &difference.actual) {
            (Some(before), Some(after)) => {
                format!("{place} changed from {} to {}", show::inline(before), show::against(after, before))
            }
            (Some(before), None) => {
                let place = place.strip_suffix("/-").unwrap_or(place);
                format!("{place} lost {}", show::inline(before))
            }
            (None, after) => format!("{place} is new: {}", words(after.as_ref())),
        }
    }))
}

/// The finding of a comparison below `at`: its first difference as a sentence, and all of them as places.
fn finding(comparison: &Comparison, at: &str, sentence: impl Fn(&Difference, &str) -> String) -> Finding {
    let Some(first) = comparison.differences.first() else {
        // The walk finds whatever the gate finds (a property test holds that); its words are the honest last resort.
        return Finding::new(at, &comparison.text, None, None);
    };
    let count = comparison.differences.len();
    let place = format!("{at}{}", first.at);
    let message = format!("{}{}", sentence(first, &place), show::and_more(count - 1));
    let mut finding = Finding::new(&place, &message, first.expected.clone(), first.actual.as_ref());
    if count > 1 {
        let shortened = comparison.differences.iter().take(LISTED).map(|difference| Difference {
            at: show::clip(&format!("{at}{}", difference.at), show::TEXT),
            expected: difference.expected.as_ref().map(show::cut),
            actual: difference.actual.as_ref().map(show::cut),
        });
        finding.differences = shortened.collect();
    }
    finding
}

fn words(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), show::inline)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{answered, exchange, failed};
    use super::*;
    use crate::exchange::{Body, Exchange};

    fn user() -> Value {
        json!({
            "userName": "bo@example.com", "name": {"givenName": "Bo", "familyName": "Kim"}, "active": "true", "title": null,
            "emails": [{"value": "home@x", "type": "home"}, {"value": "bo@x", "type": "work", "primary": true}]
        })
    }

    #[test]
    fn a_subset_passes_whatever_the_order_and_the_case_of_names() {
        let expected = json!({"USERNAME": "bo@example.com", "title": null, "emails": [{"type": "work"}, {"type": "home", "primary": false}]});
        assert_eq!(includes("", &expected, &user()), Judgement::Passed);
        assert_eq!(includes("/Name", &json!({"givenName": "Bo"}), &user()), Judgement::Passed);
        assert_eq!(includes("/nickName", &Value::Null, &user()), Judgement::Passed);
        assert_eq!(includes("/photos", &json!([]), &user()), Judgement::Passed);
    }

    #[test]
    fn the_first_difference_is_told_and_the_others_are_counted() {
        let expected = json!({"name": {"givenName": "Ann", "familyName": "Lee"}, "active": true});
        let finding = failed(includes("", &expected, &user()));
        assert_eq!(finding.message, "/name/givenName: expected \"Ann\", actual \"Bo\" (and 2 more)");
        assert_eq!(finding.at.as_deref(), Some("/name/givenName"));
        assert_eq!((finding.expected, finding.actual), (Some(json!("Ann")), Some(json!("Bo"))));
        assert_eq!(finding.differences.len(), 3);
        assert_eq!(finding.differences[2].at, "/active");
    }

    #[test]
    fn each_kind_of_difference_has_its_words() {
        for (at, expected, message) in [
            ("", json!({"active": true}), "/active: expected true, actual the string \"true\""),
            ("", json!({"nickName": "B"}), "/nickName: expected \"B\", nothing is there"),
            ("/name", json!({"givenName": null}), "/name/givenName: expected nothing, actual \"Bo\""),
            ("", json!({"emails": [{"value": "x"}]}), "/emails: expected an element {\"value\":\"x\"}, there is none"),
            ("/emails", json!([{"value": "x"}]), "/emails: expected an element {\"value\":\"x\"}, there is none"),
            ("/nickName", json!("B"), "/nickName: expected \"B\", nothing is there"),
        ] {
            let finding = failed(includes(at, &expected, &user()));
            assert_eq!(finding.message, message);
            assert_eq!(finding.differences, []);
        }
    }

    fn compared(before: &Exchange, except: &[&str], after: &Value) -> Judgement {
        let except: Vec<_> = except.iter().map(|pointer| (*pointer).to_owned()).collect();
        let earlier = |step: &str| (step == "before").then_some(before);
        same_as("before", &except, after, &Context { earlier: &earlier, listed: &|_| Vec::new() })
    }

    #[test]
    fn an_unchanged_body_passes_apart_from_what_is_excepted() {
        let before = answered("GET /Users/1", 200, user());
        assert_eq!(compared(&before, &[], &user()), Judgement::Passed);
        let mut after = user();
        after["meta"] = json!({"version": 2});
        after["active"] = json!(false);
        assert_eq!(compared(&before, &["/meta", "/ACTIVE"], &after), Judgement::Passed);
        assert_eq!(failed(compared(&before, &["/meta"], &after)).message, "/active changed from \"true\" to false");
    }

    #[test]
    fn the_first_change_is_named() {
        let before = answered("GET /Users/1", 200, user());
        let mut after = user();
        after["name"] = json!({"familyName": "Kim"});
        after["nickName"] = json!("B");
        let finding = failed(compared(&before, &[], &after));
        assert_eq!(finding.message, "/name/givenName lost \"Bo\" (and 1 more)");
        assert_eq!(finding.differences[1].at, "/nickName");
        assert_eq!(finding.differences[1].expected, None);

        after = user();
        after["nickName"] = json!("B");
        assert_eq!(failed(compared(&before, &[], &after)).message, "/nickName is new: \"B\"");
    }

    #[test]
    fn without_an_earlier_body_it_is_skipped() {
        let before = exchange("PATCH /Users/1", 204, Body::Empty);
        let reason = "the answer to step before has no JSON body to compare with";
        assert_eq!(compared(&before, &[], &user()), Judgement::Skipped(reason.into()));
        let alone = same_as("x", &[], &user(), &super::super::testing::ALONE);
        assert_eq!(alone, Judgement::Skipped("step x has no answer to compare with".into()));
    }
}
