//! List forms, each with a passing and a failing answer.

use serde_json::json;

use super::super::testing::answered;
use super::super::testing::failed;
use super::*;

fn crowd() -> Value {
    json!({"totalResults": 4, "startIndex": 1, "itemsPerPage": 4, "Resources": [
        {"id": "a", "active": true}, {"id": "b", "active": "true"}, {"id": "a"}, {"id": 7, "active": null}
    ]})
}

#[test]
fn a_list_response_passes_whatever_the_case_of_its_names() {
    for body in [
        json!({"totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [{"id": "a"}]}),
        json!({"totalresults": 1, "resources": [{}]}),
        json!({"totalResults": 0}),
        json!({"totalResults": 0, "Resources": []}),
        json!({"totalResults": 2, "startIndex": 101, "itemsPerPage": 0, "Resources": []}),
    ] {
        assert_eq!(envelope(&body), Judgement::Passed, "{body}");
    }
}

#[test]
fn a_broken_envelope_fails_at_its_place() {
    for (body, at, message) in [
        (json!([]), "", "the body is an empty array, expected a ListResponse object"),
        (json!({}), "/totalResults", "/totalResults is missing, expected an integer of 0 or more"),
        (
            json!({"totalResults": "0"}),
            "/totalResults",
            "/totalResults is the string \"0\", expected an integer of 0 or more",
        ),
        (
            json!({"totalResults": 1.0}),
            "/totalResults",
            "/totalResults is the number 1.0, expected an integer of 0 or more",
        ),
        (
            json!({"totalResults": -1}),
            "/totalResults",
            "/totalResults is the number -1, expected an integer of 0 or more",
        ),
        (
            json!({"totalResults": 1}),
            "/Resources",
            "/Resources is missing, expected an array, because totalResults is 1",
        ),
        (json!({"totalResults": 0, "Resources": null}), "/Resources", "/Resources is null, expected an array"),
        (json!({"totalResults": 0, "Resources": {}}), "/Resources", "/Resources is an empty object, expected an array"),
        (
            json!({"totalResults": 2, "Resources": [{}, "b"]}),
            "/Resources/1",
            "/Resources/1 is the string \"b\", expected an object",
        ),
        (
            json!({"totalResults": 0, "startIndex": "1"}),
            "/startIndex",
            "/startIndex is the string \"1\", expected an integer",
        ),
        (
            json!({"totalResults": 0, "itemsPerPage": null}),
            "/itemsPerPage",
            "/itemsPerPage is null, expected an integer",
        ),
    ] {
        let finding = failed(envelope(&body));
        assert_eq!((finding.message.as_str(), finding.at.as_deref()), (message, Some(at)), "{body}");
    }
}

#[test]
fn the_total_is_compared() {
    assert_eq!(total(Total::Exactly(4), &crowd()), Judgement::Passed);
    assert_eq!(total(Total::AtLeast(3), &crowd()), Judgement::Passed);
    let finding = failed(total(Total::Exactly(2), &crowd()));
    assert_eq!(finding.message, "totalResults is 4, expected 2");
    assert_eq!((finding.expected, finding.actual), (Some(json!(2)), Some(json!(4))));
    assert_eq!(failed(total(Total::AtLeast(5), &crowd())).message, "totalResults is 4, expected at least 5");
    let finding = failed(total(Total::AtLeast(1), &json!({"totalResults": "4"})));
    assert_eq!(finding.message, "/totalResults is the string \"4\", expected the number at least 1");
}

#[test]
fn each_given_is_listed_exactly_once() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(lists("crowd", &ids(&["b", "7"]), &crowd()), Judgement::Passed);
    let finding = failed(lists("crowd", &ids(&["a", "b", "x", "y"]), &crowd()));
    assert_eq!(
        finding.message,
        "crowd: 2 of 4 missing from the list (\"x\", \"y\"), 1 of 4 listed more than once (\"a\")"
    );
    assert_eq!(finding.at.as_deref(), Some("/Resources"));
    let finding = failed(lists("crowd", &ids(&["a", "b", "c", "d"]), &json!({"totalResults": 4})));
    assert_eq!(finding.message, "crowd: 4 of 4 missing from the list (\"a\", \"b\", \"c\", …)");
    assert_eq!(lists("crowd", &[], &crowd()), Judgement::Skipped("crowd has no ids to look for".into()));
    assert_eq!(failed(lists("crowd", &ids(&["a"]), &json!("x"))).at.as_deref(), Some(""));
}

#[test]
fn each_names_the_first_resource_that_fails() {
    let boolean = |resource: &Value| match pointer::get(resource, "active") {
        None => Judgement::Skipped("no active".into()),
        Some(Value::Bool(_)) => Judgement::Passed,
        found => Judgement::Failed(wrong("/active", found, "a boolean")),
    };
    let finding = failed(each(&crowd(), boolean));
    assert_eq!(
        finding.message,
        "resource 1 (id \"b\"): /active is the string \"true\", expected a boolean; 2 of 4 resources fail"
    );
    assert_eq!(finding.at.as_deref(), Some("/Resources/1/active"));

    let one = |resource: Value| json!({"totalResults": 1, "Resources": [resource]});
    assert_eq!(each(&one(json!({"active": true})), boolean), Judgement::Passed);
    assert_eq!(
        failed(each(&one(json!({"active": 1})), boolean)).message,
        "resource 0: /active is the number 1, expected a boolean"
    );
    assert_eq!(each(&one(json!({})), boolean), Judgement::Skipped("no active".into()));
    assert_eq!(each(&json!({"totalResults": 0}), boolean), Judgement::Skipped("no resource is listed".into()));
    assert_eq!(failed(each(&json!({"Resources": {}}), boolean)).at.as_deref(), Some("/Resources"));
}

#[test]
fn a_repeated_id_is_told_with_both_places() {
    let finding = failed(no_repeats(&crowd()));
    assert_eq!(finding.message, "id \"a\" is listed twice, at /Resources/0 and /Resources/2");
    assert_eq!(finding.at.as_deref(), Some("/Resources/2/id"));
    assert_eq!(no_repeats(&json!({"Resources": [{"id": "a"}, {"id": "b"}, {}, {}]})), Judgement::Passed);
    assert_eq!(no_repeats(&json!({"Resources": []})), Judgement::Skipped("no resource is listed".into()));
}

#[test]
fn a_list_is_complete_when_its_total_says_what_is_listed() {
    assert_eq!(complete(&crowd()), Judgement::Passed);
    assert_eq!(complete(&json!({"totalResults": 0})), Judgement::Passed);
    let finding = failed(complete(&json!({"totalResults": 3, "Resources": [{"id": "a"}]})));
    assert_eq!(finding.message, "totalResults is 3, but over all pages 1 resources are listed");
    assert_eq!(failed(complete(&json!({"Resources": []}))).at.as_deref(), Some("/totalResults"));
}

#[test]
fn two_readings_have_one_order() {
    let list = |ids: &[&str]| json!({"Resources": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
    let earlier = answered("GET /Users", 200, list(&["a", "b"]));
    let context = Context { earlier: &|step| (step == "walk").then_some(&earlier), listed: &|_| Vec::new() };
    assert_eq!(same_order("walk", &list(&["a", "b"]), &context), Judgement::Passed);
    let finding = failed(same_order("walk", &list(&["b", "a"]), &context));
    assert_eq!(finding.message, "the order changed between two readings: at /Resources/0 there was \"a\", now \"b\"");
    assert_eq!(failed(same_order("walk", &list(&["a"]), &context)).at.as_deref(), Some("/Resources/1/id"));
    assert_eq!(same_order("walk", &list(&["a", "new", "b"]), &context), Judgement::Passed);
    assert!(matches!(same_order("other", &list(&[]), &context), Judgement::Skipped(_)));
    let one = answered("GET /Users", 200, list(&["a"]));
    let context = Context { earlier: &|_| Some(&one), listed: &|_| Vec::new() };
    assert!(matches!(same_order("walk", &list(&["a"]), &context), Judgement::Skipped(_)));
}
