//! Each rule that always holds, seen to pass and to fail.

use serde_json::{Value, json};

use super::super::testing::{answered, exchange, failed};
use super::*;
use crate::exchange::{Body, Exchange, Failure, FailureKind, Header};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

fn judged(id: &str, exchange: &Exchange) -> Judgement {
    let rule = RULES.iter().find(|rule| rule.id == id).expect("a rule");
    let passwords = ["aB3dE6gH".to_owned(), "x".to_owned()];
    let rules = Rules::new(Duration::from_secs(60), &passwords, "https://example.com");
    judge_always(rule, &Seen::of(exchange), &rules)
}

fn passes(id: &str, exchange: &Exchange) {
    assert_eq!(judged(id, exchange), Judgement::Passed, "{id}");
}

fn skips(id: &str, exchange: &Exchange) {
    let judgement = judged(id, exchange);
    assert!(matches!(judgement, Judgement::Skipped(_)), "{id}: {judgement:?}");
}

fn fails(id: &str, exchange: &Exchange, at: &str, message: &str) {
    let finding = failed(judged(id, exchange));
    assert_eq!((finding.at.as_deref(), finding.message.as_str()), (Some(at), message), "{id}");
}

fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:x"], "id": "a@b", "userName": "ann", "active": true,
        "meta": {
            "resourceType": "User", "location": "https://example.com/Users/a%40b",
            "created": "2024-01-01T00:00:00Z", "lastModified": "2024-01-01T00:00:00Z"
        }
    })
}

/// A user with one member set; null takes it away.
fn user_with(name: &str, value: Value) -> Value {
    let mut user = user();
    if value.is_null() {
        user.as_object_mut().expect("an object").remove(name);
    } else {
        user[name] = value;
    }
    user
}

fn read(user: Value) -> Exchange {
    answered("GET /Users/a%40b", 200, user)
}

fn list_of(users: &[Value]) -> Exchange {
    let body = json!({"schemas": [LIST], "totalResults": users.len(), "startIndex": 1, "itemsPerPage": users.len(), "Resources": users});
    answered("GET /Users?startIndex=1&count=100", 200, body)
}

fn error(status: u16, told: &Value) -> Exchange {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    answered("GET /Users/1", status, json!({"schemas": schemas, "status": told, "detail": "no"}))
}

#[test]
fn a_healthy_answer_breaks_no_rule() {
    let mut created = answered("POST /Users", 201, user());
    let location = Header { name: "Location".into(), value: "https://example.com/Users/a%40b".into() };
    created.response.as_mut().expect("an answer").headers.push(location);
    let mut throttled = error(429, &json!("429"));
    let pause = Header { name: "Retry-After".into(), value: "2".into() };
    throttled.response.as_mut().expect("an answer").headers.push(pause);
    let mut refused = error(400, &json!("400"));
    if let Some(Body::Json(body)) = refused.response.as_mut().map(|response| &mut response.body) {
        body["scimType"] = "invalidValue".into();
    }
    let exchanges = [
        created,
        throttled,
        read(user()),
        list_of(&[user(), user()]),
        read(user_with("groups", json!([{"value": "g", "display": "G"}]))),
        list_of(&[user(), user_with("groups", json!([{ "value": "g1" }]))]),
        error(404, &json!("404")),
        refused,
        exchange("DELETE /Groups/1", 204, Body::Empty),
    ];
    for rule in RULES {
        let mut passed = 0;
        for exchange in &exchanges {
            match judged(rule.id, exchange) {
                Judgement::Passed => passed += 1,
                Judgement::Skipped(_) => {}
                Judgement::Failed(finding) => panic!("{}: {finding:?}", rule.id),
            }
        }
        assert!(passed > 0, "{} was never judged", rule.id);
    }
}

#[test]
fn every_rule_says_what_to_do_and_on_whose_authority() {
    for rule in RULES {
        assert!(rule.spec.iter().all(|name| super::super::spec_url(name).is_some()), "{}", rule.id);
        assert!(!rule.spec.is_empty() && rule.fix.ends_with('.') && rule.why.ends_with('.'), "{}", rule.id);
        assert_eq!(RULES.iter().filter(|other| other.id == rule.id).count(), 1);
        assert!(rule.capability.is_none() || rule.level == Level::Should, "{}", rule.id);
    }
}

#[test]
fn without_an_answer_only_time_is_judged() {
    let mut lost = exchange("GET /Users", 200, Body::Empty);
    lost.response = None;
    lost.failure = Some(Failure { kind: FailureKind::Connect, message: "refused".into() });
    for rule in RULES {
        skips(rule.id, &lost);
    }
    lost.failure = Some(Failure { kind: FailureKind::Timeout, message: "no complete answer within 60 s".into() });
    assert_eq!(failed(judged("in-time", &lost)).message, "no complete answer within 60 s");
}

#[test]
fn a_late_answer_breaks_in_time() {
    let mut late = read(user());
    late.response.as_mut().expect("an answer").ms = 60_001.0;
    assert_eq!(failed(judged("in-time", &late)).message, "the answer took 60001 ms, expected at most 60000 ms");
}

#[test]
fn server_failures_break_no_5xx_unless_something_is_not_offered() {
    let failing = answered("PATCH /Users/1", 500, json!({"detail": "oops"}));
    fails("no-5xx", &failing, "status", "the server failed with status 500: \"oops\"");
    fails("no-5xx", &exchange("PATCH /Users/1", 501, Body::Empty), "status", "the server failed with status 501");
    fails("no-5xx", &exchange("GET /Groups", 502, Body::Empty), "status", "the server failed with status 502");
    for request in ["GET /Groups", "GET /Me", "POST /Users/.search"] {
        skips("no-5xx", &exchange(request, 501, Body::Empty));
    }
    passes("no-5xx", &exchange("GET /Users/1", 404, Body::Empty));
}

#[test]
fn a_success_that_is_no_json_object_breaks_json() {
    let html = exchange("GET /Users", 200, Body::Text("<html>".into()));
    fails("json", &html, "", "the body is text and not JSON: \"<html>\"");
    fails(
        "json",
        &exchange("GET /Users", 200, Body::Binary(3)),
        "",
        "the body is not UTF-8 text (3 bytes), expected JSON",
    );
    fails("json", &answered("GET /Users", 200, json!([])), "", "the body is an empty array, expected a JSON object");
    skips("json", &exchange("DELETE /Groups/1", 200, Body::Text("deleted".into())));
    skips("json", &exchange("PATCH /Users/1", 200, Body::Empty));
    skips("json", &exchange("GET /Users/1", 404, Body::Text("gone".into())));
}

#[test]
fn missing_or_wrong_schemas_break_schemas() {
    let wanted = "expected an array of strings with \"urn:ietf:params:scim:schemas:core:2.0:User\"";
    fails("schemas", &read(user_with("schemas", Value::Null)), "/schemas", &format!("/schemas is missing, {wanted}"));
    fails(
        "schemas",
        &read(user_with("schemas", json!([]))),
        "/schemas",
        &format!("/schemas is an empty array, {wanted}"),
    );
    fails(
        "schemas",
        &read(user_with("schemas", json!(["urn:x"]))),
        "/schemas",
        &format!("/schemas is an array of 1, {wanted}"),
    );
    let odd = user_with("schemas", json!(["urn:ietf:params:scim:schemas:core:2.0:User", 1]));
    fails(
        "schemas",
        &list_of(&[user(), odd]),
        "/Resources/1/schemas",
        &format!("/Resources/1/schemas is an array of 2, {wanted}"),
    );
    let bare = answered("GET /Groups", 200, json!({"totalResults": 0}));
    fails("schemas", &bare, "/schemas", &format!("/schemas is missing, expected an array of strings with \"{LIST}\""));
    skips("schemas", &answered("GET /ServiceProviderConfig", 200, json!({})));
}

#[test]
fn a_missing_numeric_or_other_id_breaks_id() {
    fails("id", &read(user_with("id", Value::Null)), "/id", "/id is missing, expected a string that is not empty");
    fails("id", &read(user_with("id", json!(7))), "/id", "/id is the number 7, expected a string that is not empty");
    fails(
        "id",
        &read(user_with("id", json!(""))),
        "/id",
        "/id is the string \"\", expected a string that is not empty",
    );
    fails("id", &read(user_with("id", json!("c"))), "/id", "/id is \"c\", but \"a@b\" was asked for");
    let many = list_of(&[user(), user_with("id", json!(7)), user_with("id", json!(8))]);
    let message = "/Resources/1/id is the number 7, expected a string that is not empty (and in 1 more place)";
    fails("id", &many, "/Resources/1/id", message);
    skips("id", &list_of(&[]));
}

#[test]
fn counters_that_are_not_integers_break_counters() {
    let with = |name: &str, value: Value| {
        let mut body = json!({"schemas": [LIST], "totalResults": 0, "Resources": []});
        body[name] = value;
        answered("GET /Roles", 200, body)
    };
    fails(
        "counters",
        &with("startIndex", json!("1")),
        "/startIndex",
        "/startIndex is the string \"1\", expected an integer",
    );
    fails(
        "counters",
        &with("itemsPerPage", Value::Null),
        "/itemsPerPage",
        "/itemsPerPage is null, expected an integer",
    );
    let message = "/totalResults is the string \"0\", expected an integer of 0 or more";
    fails("counters", &with("totalResults", json!("0")), "/totalResults", message);
    passes("counters", &with("other", json!(1)));
    skips("counters", &read(user()));
}

#[test]
fn an_active_that_is_no_boolean_breaks_active() {
    let text = user_with("active", json!("false"));
    fails("active", &read(text.clone()), "/active", "/active is the string \"false\", expected a boolean");
    let list = list_of(&[user(), text]);
    fails("active", &list, "/Resources/1/active", "/Resources/1/active is the string \"false\", expected a boolean");
    skips("active", &read(user_with("active", Value::Null)));
    skips("active", &answered("GET /Groups/1", 200, json!({"active": "yes"})));
}

#[test]
fn a_password_in_any_answer_breaks_password_and_is_not_repeated() {
    let hashed = list_of(&[user(), user_with("Password", json!("$2b$12$abc"))]);
    fails(
        "password",
        &hashed,
        "/Resources/1/Password",
        "/Resources/1/Password has a value; a password is never returned",
    );
    let echo = answered("POST /Users", 400, json!({"errors": [{"detail": "weak: aB3dE6gH!"}]}));
    fails("password", &echo, "/errors/0/detail", "/errors/0/detail contains a password that was sent");
    let text = exchange("POST /Users", 500, Body::Text("INSERT ('aB3dE6gH')".into()));
    fails("password", &text, "", "the body contains a password that was sent");
    let mut header = exchange("POST /Users", 204, Body::Empty);
    let field = Header { name: "X-Debug".into(), value: "pw=aB3dE6gH".into() };
    header.response.as_mut().expect("an answer").headers.push(field);
    fails("password", &header, "header X-Debug", "header X-Debug contains a password that was sent");
    for exchange in [&hashed, &echo, &text, &header] {
        assert_eq!(failed(judged("password", exchange)).actual, None);
    }
    for name in ["passwordHash", "password_hash", "hashedPassword"] {
        failed(judged("password", &read(user_with(name, json!("$2b$10$abc")))));
    }
    passes("password", &read(user_with("passwordChanged", json!("2024-05-06T07:08:09Z"))));
    passes("password", &read(user_with("password", json!(""))));
    passes("password", &answered("POST /Users", 400, json!({"errors": {"password": "is too short"}})));
    passes("password", &answered("GET /Schemas", 200, json!({"attributes": [{"name": "password"}]})));
}

#[test]
fn an_error_that_okta_cannot_read_breaks_scim_error() {
    let text = exchange("GET /Users", 401, Body::Text("Unauthorized".into()));
    fails("scim-error", &text, "", "status 401: the body is text and not JSON: \"Unauthorized\"");
    fails("scim-error", &exchange("GET /Users", 401, Body::Empty), "", "status 401: the body is empty, expected JSON");
    let message = "not a full SCIM Error: /status is the string \"400\", expected \"404\"";
    fails("scim-error", &error(404, &json!("400")), "/status", message);
    passes("scim-error", &error(404, &json!(404)));
    skips("scim-error", &read(user()));
}

#[test]
fn a_scim_type_of_the_servers_own_breaks_scim_type() {
    let error = |word: Value| answered("POST /Users", 400, json!({"status": "400", "scimType": word}));
    fails(
        "scim-type",
        &error(json!("schemaViolated")),
        "/scimType",
        "/scimType is the string \"schemaViolated\", which SCIM does not define",
    );
    fails("scim-type", &error(json!(7)), "/scimType", "/scimType is the number 7, which SCIM does not define");
    passes("scim-type", &error(json!("invalidValue")));
    passes("scim-type", &error(json!("expiredCursor")));
    skips("scim-type", &error(Value::Null));
    skips("scim-type", &read(user_with("scimType", json!("mine"))));
}

#[test]
fn an_error_status_that_is_no_string_breaks_error_status() {
    fails("error-status", &error(404, &json!(404)), "/status", "/status is the number 404, expected a string");
    skips("error-status", &exchange("GET /Users", 401, Body::Empty));
    skips("error-status", &read(user_with("status", json!(1))));
}

#[test]
fn a_wrong_label_breaks_media_type() {
    let labelled = |label: Option<&str>| {
        let mut exchange = read(user());
        let response = exchange.response.as_mut().expect("an answer");
        response.headers =
            label.map(|value| Header { name: "content-type".into(), value: value.into() }).into_iter().collect();
        exchange
    };
    for good in
        ["application/scim+json;charset=UTF-8", "application/json", "Application/SCIM+JSON; charset=\"utf-8\"; x=y"]
    {
        passes("media-type", &labelled(Some(good)));
    }
    for bad in ["text/html", "application/scim+json; charset=iso-8859-1", "application/jsonp", ""] {
        let message = format!("header Content-Type is \"{bad}\", expected application/scim+json");
        fails("media-type", &labelled(Some(bad)), "header Content-Type", &message);
    }
    let message = "header Content-Type is missing, expected application/scim+json";
    fails("media-type", &labelled(None), "header Content-Type", message);
    skips("media-type", &exchange("GET /Users", 200, Body::Text("<html>".into())));
}

#[test]
fn a_missing_relative_or_wrong_location_breaks_location() {
    let created = |location: Option<&str>| {
        let mut exchange = answered("POST /Users", 201, user());
        let fields = location.map(|value| Header { name: "Location".into(), value: value.into() });
        exchange.response.as_mut().expect("an answer").headers.extend(fields);
        exchange
    };
    passes("location", &created(Some("http://other/scim/v2/Users/a%40b/")));
    let at = "header Location";
    fails("location", &created(None), at, "header Location is missing, expected the URI of the new resource");
    fails(
        "location",
        &created(Some("/Users/a%40b")),
        at,
        "header Location is \"/Users/a%40b\", expected an absolute URI",
    );
    let message = "header Location is \"https://x/Users\", which is not the new resource \"a@b\"";
    fails("location", &created(Some("https://x/Users")), at, message);
    skips("location", &read(user()));
}

#[test]
fn an_incomplete_meta_breaks_meta() {
    fails("meta", &read(user_with("meta", Value::Null)), "/meta", "/meta is missing, expected an object");
    for (name, value, message) in [
        ("resourceType", json!("user"), "/meta/resourceType is the string \"user\", expected \"User\""),
        ("location", json!(""), "/meta/location is the string \"\", expected the URI of the resource"),
        (
            "created",
            json!(1_700_000_000),
            "/meta/created is the number 1700000000, expected a dateTime such as 2024-01-31T08:00:00Z",
        ),
        ("lastModified", Value::Null, "/meta/lastModified is null, expected a dateTime such as 2024-01-31T08:00:00Z"),
    ] {
        let mut user = user();
        user["meta"][name] = value;
        fails("meta", &read(user), &format!("/meta/{name}"), message);
    }
}

#[test]
fn a_429_names_whole_seconds() {
    let throttled = |value: Option<&str>| {
        let mut exchange = answered("GET /Users", 429, json!({}));
        if let (Some(value), Some(response)) = (value, &mut exchange.response) {
            response.headers.push(Header { name: "Retry-After".into(), value: value.into() });
        }
        exchange
    };
    passes("retry-after", &throttled(Some("3")));
    skips("retry-after", &answered("GET /Users", 200, json!({})));
    let wrong = |found: &str| format!("header Retry-After is {found}, expected whole seconds up to 600");
    fails("retry-after", &throttled(None), "header Retry-After", &wrong("missing"));
    fails("retry-after", &throttled(Some("999999")), "header Retry-After", &wrong("\"999999\""));
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    fails("retry-after", &throttled(Some(date)), "header Retry-After", &wrong(&format!("\"{date}\"")));
}

#[test]
fn a_projected_answer_needs_no_meta() {
    let mut bare = user();
    bare.as_object_mut().expect("an object").shift_remove("meta");
    fails("meta", &read(bare.clone()), "/meta", "/meta is missing, expected an object");
    skips("meta", &answered("GET /Users/a%40b?attributes=userName", 200, bare));
}

#[test]
fn an_id_must_fit_into_a_path() {
    for id in ["7", "a-b_c.d~e", "a@b:c", "ä"] {
        passes("id-in-path", &answered("POST /Users", 201, user_with("id", json!(id))));
    }
    fails(
        "id-in-path",
        &answered("POST /Users", 201, user_with("id", json!("saml|1"))),
        "/id",
        "/id is \"saml|1\", and \"|\" cannot stand in a path as it is",
    );
    let list = list_of(&[user_with("id", json!("a/b"))]);
    fails(
        "id-in-path",
        &list,
        "/Resources/0/id",
        "/Resources/0/id is \"a/b\", and \"/\" cannot stand in a path as it is",
    );
    skips("id-in-path", &answered("POST /Users", 201, user_with("id", json!(7))));
}

#[test]
fn addresses_lead_back_to_their_resource() {
    passes("address", &read(user()));
    passes("address", &list_of(&[user()]));
    let at = |address: &str| user_with("meta", json!({ "location": address }));
    for good in ["https://EXAMPLE.com:443/Users/a%40b/", "/Users/a%40b", "Users/a%40b"] {
        passes("address", &read(at(good)));
    }
    for bad in
        ["http://example.com/Users/a%40b", "https://internal/Users/a%40b", "https://example.com/Users", "/Groups/a%40b"]
    {
        let message = format!("/meta/location is \"{bad}\", expected https://example.com/Users/a@b");
        fails("address", &read(at(bad)), "/meta/location", &message);
    }
    skips("address", &read(user_with("meta", Value::Null)));
    let mut created = answered("POST /Users", 201, user_with("meta", Value::Null));
    let response = created.response.as_mut().expect("an answer");
    response.headers.push(Header { name: "Location".into(), value: "https://example.com/v2/Users/a%40b".into() });
    fails(
        "address",
        &created,
        "header Location",
        "header Location is \"https://example.com/v2/Users/a%40b\", expected https://example.com/Users/a@b",
    );
}

#[test]
fn times_say_their_zone() {
    passes("time-zone", &read(user()));
    skips("time-zone", &read(user_with("meta", Value::Null)));
    let meta = json!({ "created": "2024-01-01T00:00:00+02:00", "lastModified": "2024-01-01T00:00:00" });
    fails(
        "time-zone",
        &read(user_with("meta", meta)),
        "/meta/lastModified",
        "/meta/lastModified is \"2024-01-01T00:00:00\", expected a zone: Z or an offset",
    );
}

#[test]
fn one_value_is_primary_and_references_are_ids() {
    let emails = |second: bool| json!([{ "value": "a", "primary": true }, { "value": "b", "primary": second }]);
    passes("primary", &read(user_with("emails", emails(false))));
    fails(
        "primary",
        &read(user_with("emails", emails(true))),
        "/emails",
        "/emails has more than one primary value, expected one at most",
    );
    skips("references", &read(user()));
    passes("references", &read(user_with("groups", json!([{ "value": "g1" }]))));
    fails(
        "references",
        &read(user_with("groups", json!([{ "value": "g1" }, { "value": 2 }]))),
        "/groups/1/value",
        "/groups/1/value is the number 2, expected an id, a string that is not empty",
    );
}
