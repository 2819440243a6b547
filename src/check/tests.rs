//! What holds for every form: no answer, 204, bodies that are not JSON.

use std::time::Duration;

use serde_json::json;

use super::testing::{ALONE, answered, exchange, failed};
use super::*;
use crate::exchange::{Body, Failure, FailureKind};
use crate::scenario::{Kind, Test, Total};

fn body_forms() -> Vec<Expect> {
    vec![
        Expect::At { at: "/id".into(), test: Test::Present },
        Expect::Includes { at: String::new(), expected: json!({"id": "1"}) },
        Expect::SameAs { step: "before".into(), except: vec![] },
        Expect::List,
        Expect::ListTotal(Total::Exactly(1)),
        Expect::Lists("crowd".into()),
        Expect::Each(Box::new(Expect::List)),
        Expect::NoRepeats,
        Expect::Complete,
        Expect::SameOrderAs("before".into()),
        Expect::AnyOf(vec![Expect::List, Expect::NoRepeats]),
        Expect::ScimError { scim_type: None },
    ]
}

fn every_form() -> Vec<Expect> {
    let mut forms = body_forms();
    forms.push(Expect::Status(vec![200]));
    forms.push(Expect::Header { name: "Location".into(), test: Test::Absent });
    forms.push(Expect::FasterThan(Duration::from_secs(60)));
    forms
}

#[test]
fn without_an_answer_every_form_fails_with_the_cause() {
    let mut broken = exchange("GET /Users", 200, Body::Empty);
    broken.response = None;
    for form in every_form() {
        assert_eq!(failed(judge(&form, &broken, &ALONE)).message, "no answer was recorded");
    }
    broken.failure = Some(Failure { kind: FailureKind::Connect, message: "connection refused".into() });
    for form in every_form() {
        assert_eq!(failed(judge(&form, &broken, &ALONE)).message, "connection refused", "{form:?}");
    }
}

#[test]
fn body_forms_are_skipped_on_a_204() {
    let reason = "the server answered 204 without a body, which is allowed; a later read judges it";
    let empty = exchange("PATCH /Users/1", 204, Body::Empty);
    for form in body_forms() {
        assert_eq!(judge(&form, &empty, &ALONE), Judgement::Skipped(reason.into()), "{form:?}");
    }
    assert_eq!(judge(&Expect::Status(vec![200, 204]), &empty, &ALONE), Judgement::Passed);
}

#[test]
fn a_body_that_is_not_json_fails_and_is_described() {
    let long = format!("<html>{}", "x".repeat(100));
    for (body, message) in [
        (Body::Empty, "the body is empty, expected JSON".to_owned()),
        (Body::Text(long.clone()), format!("the body is text and not JSON: \"{}…\"", &long[..60])),
        (Body::Binary(9), "the body is not UTF-8 text (9 bytes), expected JSON".to_owned()),
    ] {
        let answer = exchange("GET /Users/1", 200, body);
        for form in body_forms() {
            assert_eq!(failed(judge(&form, &answer, &ALONE)).message, message, "{form:?}");
        }
    }
    let mut cut = exchange("GET /Users", 200, Body::Text("{\"a\":".into()));
    cut.response.as_mut().expect("an answer").truncated = true;
    assert!(failed(judge(&Expect::List, &cut, &ALONE)).message.contains("the body is too long"));
}

#[test]
fn each_judges_resources_by_any_form() {
    let list = answered("GET /Users", 200, json!({"totalResults": 1, "Resources": [{"id": "1", "emails": []}]}));
    let each = |form: Expect| judge(&Expect::Each(Box::new(form)), &list, &ALONE);
    assert_eq!(each(Expect::At { at: "/id".into(), test: Test::Is(Kind::NonEmptyString) }), Judgement::Passed);
    assert_eq!(each(Expect::Status(vec![200])), Judgement::Passed);
    let finding = failed(each(Expect::Includes { at: String::new(), expected: json!({"a": 1, "b": 2}) }));
    assert_eq!(finding.message, "resource 0 (id \"1\"): /a: expected 1, nothing is there (and 1 more)");
    assert_eq!(finding.differences[1].at, "/Resources/0/b");
    assert_eq!(failed(each(Expect::Status(vec![201]))).at.as_deref(), Some("status"));
}

#[test]
fn any_of_holds_when_one_does_and_tells_all_when_none_does() {
    let user = answered("GET /Users/1", 200, json!({"title": "A"}));
    let any_of = |values: [&str; 2]| {
        let form = |value: &str| Expect::At { at: "/title".into(), test: Test::Equals(json!(value)) };
        judge(&Expect::AnyOf(values.map(form).into()), &user, &ALONE)
    };
    assert_eq!(any_of(["B", "A"]), Judgement::Passed);
    let finding = failed(any_of(["B", "C"]));
    assert_eq!(finding.at.as_deref(), Some("/title"));
    assert!(finding.message.contains("\"B\"") && finding.message.contains("\"C\""), "{finding:?}");
}

#[test]
fn values_in_findings_are_shortened() {
    let huge = answered("GET /Users/1", 200, json!({"id": "x".repeat(5000), "list": vec![json!({"a": "b"}); 5000]}));
    for at in ["/id", "/list", ""] {
        let finding = failed(judge(&Expect::At { at: at.into(), test: Test::Equals(json!(1)) }, &huge, &ALONE));
        assert!(serde_json::to_string(&finding.actual).expect("JSON").len() < 2500, "{at}");
        assert!(finding.message.len() < 1200);
    }
}

#[test]
fn deep_documents_are_judged() {
    let text = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let deep: Value = serde_json::from_str(&text).expect("JSON");
    let answer = answered("GET /Users/1", 200, deep.clone());
    for form in every_form() {
        judge(&form, &answer, &ALONE);
    }
    let includes = Expect::Includes { at: String::new(), expected: deep };
    assert_eq!(judge(&includes, &answer, &ALONE), Judgement::Passed);
}

#[test]
fn a_404_instead_of_a_list_is_left_to_the_status_check() {
    let gone = answered("GET /Users", 404, json!({"schemas": [], "status": "404"}));
    for form in [Expect::List, Expect::ListTotal(Total::Exactly(0)), Expect::NoRepeats] {
        assert!(matches!(judge(&form, &gone, &ALONE), Judgement::Skipped(_)), "{form:?}");
    }
    let refused = answered("GET /Users", 400, json!({"schemas": []}));
    failed(judge(&Expect::List, &refused, &ALONE));
}
