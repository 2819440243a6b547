//! What the ledger lets out and what it takes for its own.

use super::*;
use crate::exchange::{Request, Response};
use serde_json::json;

fn exchange(method: &str, path: &str, sent: Value, status: u16, answer: Value) -> Exchange {
    let body = |v: Value| if v.is_null() { Body::Empty } else { Body::Json(v) };
    Exchange {
        request: Request { method: method.into(), path: path.into(), headers: vec![], body: body(sent) },
        response: Some(Response { status, headers: vec![], body: body(answer), truncated: false, ms: 1.0 }),
        failure: None,
        curl: String::new(),
    }
}

fn permit(ledger: &Ledger, method: &str, path: &str) -> Result<(), String> {
    ledger.permit(&Outgoing::new(method, path))
}

fn create(ledger: &mut Ledger, name: &str, status: u16, answer: Value) -> Option<Unsettled> {
    let sent = json!({ "userName": name });
    ledger.announce("/Users", &sent);
    ledger.record(&exchange("POST", "/Users", sent, status, answer))
}

#[test]
fn only_what_our_post_made_may_be_written() {
    let mut ledger = Ledger::default();
    assert!(permit(&ledger, "POST", "/Users").is_ok());
    assert!(permit(&ledger, "PATCH", "/Users/1").is_err());
    assert_eq!(create(&mut ledger, "ann", 201, json!({ "id": "1", "userName": "Ann" })), None);
    assert!(permit(&ledger, "PATCH", "/Users/1").is_ok());
    assert!(permit(&ledger, "DELETE", "/Groups/1").is_err());
    assert!(ledger.unsettled().is_empty());
}

#[test]
fn writes_elsewhere_are_refused() {
    let ledger = Ledger::default();
    for (method, path) in [
        ("DELETE", "/Users"),
        ("POST", "/Bulk"),
        ("POST", "/Users/1"),
        ("PATCH", "/Users/"),
        ("PUT", "/Users/a/b"),
        ("PATCH", "/"),
    ] {
        assert!(permit(&ledger, method, path).is_err(), "{method} {path}");
    }
}

#[test]
fn an_id_seen_before_is_never_ours() {
    let mut ledger = Ledger::default();
    let listing = json!({ "Resources": [{ "id": "boss", "userName": "boss" }] });
    ledger.record(&exchange("GET", "/Users?startIndex=1", Value::Null, 200, listing));
    let open = create(&mut ledger, "ann", 200, json!({ "id": "boss", "userName": "ann" }));
    assert!(open.is_some());
    assert!(permit(&ledger, "DELETE", "/Users/boss").is_err());
}

#[test]
fn another_name_in_the_answer_is_not_ours() {
    let mut ledger = Ledger::default();
    assert!(create(&mut ledger, "ann", 201, json!({ "id": "7", "userName": "root" })).is_some());
    assert!(permit(&ledger, "DELETE", "/Users/7").is_err());
}

#[test]
fn a_user_without_a_name_is_ours_by_its_display_name() {
    let mut ledger = Ledger::default();
    let sent = json!({ "displayName": "Nobody" });
    ledger.announce("/Users", &sent);
    ledger.record(&exchange("POST", "/Users", sent, 201, json!({ "id": "5", "displayName": "Nobody" })));
    assert!(ledger.owns(Collection::Users, "5"));
    assert!(ledger.unsettled().is_empty());
}

#[test]
fn an_empty_success_is_settled_by_reading_back() {
    let mut ledger = Ledger::default();
    let open = create(&mut ledger, "ann", 201, Value::Null).expect("open");
    assert!(ledger.settle(&open, &json!({ "Resources": [{ "id": "9", "userName": "ann" }] })));
    assert!(ledger.owns(Collection::Users, "9"));
    assert!(ledger.unsettled().is_empty());
}

#[test]
fn an_answer_without_a_name_is_settled_by_reading_back() {
    let mut ledger = Ledger::default();
    let open = create(&mut ledger, "ann", 201, json!({ "id": "7" })).expect("unsettled");
    assert!(!ledger.owns(Collection::Users, "7"));
    assert!(ledger.settle(&open, &json!({ "Resources": [{ "id": "7", "userName": "ann" }] })));
    assert!(ledger.owns(Collection::Users, "7"));
}

#[test]
fn a_refusal_leaves_nothing_and_a_lost_answer_stays_unsettled() {
    let mut ledger = Ledger::default();
    create(&mut ledger, "ann", 409, json!({ "detail": "taken" }));
    assert!(ledger.unsettled().is_empty());
    create(&mut ledger, "bob", 500, Value::Null);
    assert_eq!(ledger.unsettled().len(), 1);
    create(&mut ledger, "bob", 409, json!({ "detail": "taken" }));
    assert_eq!(ledger.unsettled().len(), 1, "by the first create, which was not answered");
}

#[test]
fn ids_in_paths_are_decoded() {
    let mut ledger = Ledger::default();
    create(&mut ledger, "ann@x", 201, json!({ "id": "ann@x", "userName": "ann@x" }));
    assert!(permit(&ledger, "PUT", "/Users/ann%40x").is_ok());
}

#[test]
fn what_is_created_carries_the_token() {
    let ledger = Ledger::new("dev");
    let permit = |path: &str, body: Value| ledger.permit(&Outgoing::new("POST", path).json(&body)).is_ok();
    assert!(permit("/Users", json!({ "userName": "x-ANN-Dev-1@example.com" })));
    assert!(permit("/Users", json!({ "displayName": "Nobody dev" })));
    assert!(permit("/Groups", json!({})));
    assert!(!permit("/Users", json!({ "userName": "devon@example.com" })));
    assert!(!permit("/Groups", json!({ "displayName": "Administrators" })));
    let raw = Outgoing { body: Payload::Raw(r#"{"userName":"root"}"#), ..Outgoing::new("POST", "/Users") };
    assert!(ledger.permit(&raw).is_err());
}

#[test]
fn read_only_lets_no_write_out() {
    let ledger = Ledger::new("dev").with(true, Existing::default());
    assert!(permit(&ledger, "GET", "/Users").is_ok());
    assert!(permit(&ledger, "POST", "/Users").is_err());
}

#[test]
fn an_id_that_was_deleted_and_turns_up_as_somebody_else_is_not_ours_any_more() {
    let mut ledger = Ledger::new("dev");
    create(&mut ledger, "ann-dev-1", 201, json!({ "id": "7", "userName": "ann-dev-1" }));
    ledger.record(&exchange("GET", "/Users/7", Value::Null, 200, json!({ "id": "7", "userName": "mangled" })));
    assert!(ledger.owns(Collection::Users, "7"), "nothing was deleted yet");
    ledger.record(&exchange("DELETE", "/Users/7", Value::Null, 204, Value::Null));
    ledger.record(&exchange("GET", "/Users/7", Value::Null, 200, json!({ "id": "7", "userName": "ann-dev-1" })));
    assert!(ledger.owns(Collection::Users, "7"), "a server that lies about a DELETE is tidied up");
    let listing = json!({ "Resources": [{ "id": "7", "userName": "newcomer@example.com" }] });
    ledger.record(&exchange("GET", "/Users", Value::Null, 200, listing));
    assert!(permit(&ledger, "DELETE", "/Users/7").is_err());
}

#[test]
fn a_create_without_a_name_is_ours_when_the_token_comes_back() {
    let mut ledger = Ledger::new("dev");
    let made = json!({ "id": "3", "userName": "cut-dev-1" });
    ledger.record(&exchange("POST", "/Users", Value::Null, 201, made));
    assert!(ledger.owns(Collection::Users, "3"));
    ledger.record(&exchange("POST", "/Users", Value::Null, 201, json!({ "id": "4", "userName": "boss" })));
    assert!(!ledger.owns(Collection::Users, "4"));
}

/// The answer to a create of the name the operator gave, with the server's time of day.
fn probe(ledger: &mut Ledger, status: u16, answer: Value) {
    let sent = json!({ "userName": "Boss@Corp.example" });
    assert_eq!(ledger.permit(&Outgoing::new("POST", "/Users").json(&sent)), Ok(()));
    assert_eq!(ledger.announce("/Users", &sent), None, "a look-up would find the operator's own");
    let mut exchange = exchange("POST", "/Users", sent, status, answer);
    let date = crate::exchange::Header { name: "date".into(), value: "Wed, 25 Nov 2026 13:00:05 GMT".into() };
    exchange.response.as_mut().expect("response").headers.push(date);
    assert_eq!(ledger.record(&exchange), None);
}

fn with_boss() -> Ledger {
    Ledger::new("dev").with(false, Existing::new(Some("boss@corp.example"), None))
}

#[test]
fn what_comes_of_the_create_of_an_existing_name_is_ours_only_when_it_is_certainly_another() {
    let named = |id: &str| json!({ "id": id, "userName": "boss@corp.example" });
    let look_up = |ledger: &mut Ledger, id: &str| {
        let path = "/Users?filter=x";
        ledger.record(&exchange("GET", path, Value::Null, 200, json!({ "Resources": [named(id)] })));
    };

    let mut ledger = with_boss();
    probe(&mut ledger, 409, json!({ "detail": "taken" }));
    assert!(ledger.owned().is_empty() && ledger.doubtful().is_empty());

    // Shown before under its own id: another id is another resource, the same id is the same.
    let mut ledger = with_boss();
    look_up(&mut ledger, "42");
    probe(&mut ledger, 201, named("42"));
    assert!(ledger.owned().is_empty() && ledger.doubtful().is_empty());
    probe(&mut ledger, 201, named("43"));
    assert!(permit(&ledger, "DELETE", "/Users/43").is_ok());
    assert!(permit(&ledger, "DELETE", "/Users/42").is_err());

    // Never shown: what says that it was made just now is ours, what is older or does not say is not.
    for (created, ours) in [("2026-11-25T13:00:04Z", true), ("2024-01-01T00:00:00Z", false), ("", false)] {
        let mut ledger = with_boss();
        let mut answer = named("42");
        answer["meta"] = json!({ "created": created });
        probe(&mut ledger, 201, answer);
        assert_eq!(permit(&ledger, "DELETE", "/Users/42").is_ok(), ours, "{created}");
        assert_eq!(ledger.doubtful().is_empty(), ours, "{created}");
    }
}

#[test]
fn a_group_of_the_existing_user_s_name_may_not_be_created() {
    let body = json!({ "displayName": "boss@corp.example" });
    assert!(with_boss().permit(&Outgoing::new("POST", "/Groups").json(&body)).is_err());
}

#[test]
fn an_id_that_is_given_again_is_ours_again() {
    let mut ledger = Ledger::new("dev");
    create(&mut ledger, "ann-dev-1", 201, json!({ "id": "7", "userName": "ann-dev-1" }));
    ledger.remove(Collection::Users, "7");
    create(&mut ledger, "bob-dev-1", 201, json!({ "id": "7", "userName": "bob-dev-1" }));
    let there: Vec<_> = ledger.owned().iter().filter(|o| !o.removed).map(|o| o.name.as_str()).collect();
    assert_eq!(there, ["bob-dev-1"]);
}
