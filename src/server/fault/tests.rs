//! Every fault is told; every seam is reached.

use super::*;
use crate::scim::error::ScimError;
use crate::scim::patch::Operation;
use crate::server::Config;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::tenant::House;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn every_fault_has_a_name_and_a_number_of_its_own_and_is_fully_told() {
    let (mut ids, mut cases) = (HashSet::new(), HashSet::new());
    for fault in all() {
        assert!(ids.insert(fault.id), "{} is there twice", fault.id);
        assert!(
            fault.case == "own" || cases.insert(fault.case),
            "{}: the case {} is there twice",
            fault.id,
            fault.case
        );
        assert!(fault.id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'));
        assert!(![fault.title, fault.story, fault.source].contains(&""), "{} is not told", fault.id);
        assert!(by_id(fault.id).is_some());
    }
}

/// A fault for a test; only its seams matter.
macro_rules! deviating {
    ($($seams:tt)+) => {{
        static FAULT: Fault = fault! { id: "t", title: "t", story: "t", source: "t", case: "t", $($seams)+ };
        Play(House::new(&Config { token: "t".into(), faults: vec![&FAULT], ..Config::default() }, "http://x/scim/v2").unwrap())
    }};
}

struct Play(House);

impl Play {
    fn answer(&self, method: &str, path: &str, body: &Value) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.into(),
            path: format!("/scim/v2{path}"),
            query: query.into(),
            headers: vec![("authorization".into(), "t".into())],
            body: body.to_string().into_bytes(),
        };
        self.0.answer(request, None)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.answer(method, path, body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    fn get(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).1
    }

    fn user(&self, name: &str) -> Value {
        self.send("POST", "/Users", &json!({"schemas":[crate::scim::schema::USER_URN],"userName":name,"active":true})).1
    }

    fn group(&self, members: &Value) -> (u16, Value) {
        let body = json!({"schemas":[crate::scim::schema::GROUP_URN],"displayName":"G","members":members});
        self.send("POST", "/Groups", &body)
    }
}

#[test]
fn what_arrives_can_be_changed_or_answered_at_once() {
    let play = deviating! {
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.query.clear();
            (request.method == "PUT").then(|| Answer::empty(405))
        }
    };
    play.user("ann");
    assert_eq!(play.get("/Users?filter=nonsense")["totalResults"], 1);
    assert_eq!(play.send("PUT", "/Users/x", &Value::Null).0, 405);
}

#[test]
fn the_verdict_on_a_credential_can_be_turned() {
    let play = deviating! {
        fn credential(&self, _: &Request, verdict: &mut Result<(), ScimError>) {
            *verdict = Err(ScimError::plain(500, "broken"));
        }
    };
    assert_eq!(play.get("/Users")["status"], "500");
}

#[test]
fn definitions_queries_and_lists_can_be_bent() {
    let play = deviating! {
        fn types(&self, types: &mut Types) {
            for (_, of) in types.all_mut() {
                of.attributes_mut().filter(|attribute| attribute.is("userName")).for_each(|name| name.case_exact = true);
            }
        }
        fn query(&self, _: &Occasion, query: &mut Query) {
            query.start_index += 1;
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            list.total = 7;
        }
    };
    play.user("Ann");
    play.user("Bob");
    let list = play.get("/Users");
    assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(7), &json!(1)));
    let look_up = |name: &str| play.get(&format!("/?filter=userName%20eq%20%22{name}%22&count=0"))["Resources"].clone();
    assert_eq!(look_up("ann"), json!([]));
    assert_eq!(play.get("/Users?filter=userName%20eq%20%22Ann%22&startIndex=0")["itemsPerPage"], 0);
}

#[test]
fn the_directory_can_start_with_others_and_a_page_be_cut_anew() {
    let play = deviating! {
        fn start(&self, resources: &mut Vec<(Kind, Value)>) {
            resources.push((Kind::User, json!({"schemas":[crate::scim::schema::USER_URN],"userName":"first"})));
        }
        fn page(&self, _: &Occasion, matches: usize, query: &mut Query) -> bool {
            let past = query.start_index > matches;
            query.start_index = if past { 1 } else { query.start_index };
            past
        }
    };
    play.user("ann");
    assert_eq!(play.get("/Users?startIndex=9&count=1")["Resources"][0]["userName"], "first");
    assert_eq!(play.get("/Users?startIndex=2&count=1")["Resources"][0]["userName"], "ann");
}

#[test]
fn bodies_operations_ids_and_shown_resources_can_be_bent() {
    let play = deviating! {
        fn body(&self, _: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            body["nickName"] = "bent".into();
            Ok(())
        }
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            operations.truncate(1);
            Ok(())
        }
        fn identifier(&self, _: &Occasion, body: &Value, id: &mut String) {
            *id = format!("id|{}", body["userName"].as_str().unwrap_or_default());
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            resource.insert("seen".into(), format!("{:?}", occasion.action).into());
        }
    };
    let user = play.user("ann");
    assert_eq!((&user["nickName"], &user["id"], &user["seen"]), (&json!("bent"), &json!("id|ann"), &json!("Create")));
    let operations = json!([{"op":"add","path":"title","value":"a"},{"op":"add","path":"title","value":"b"}]);
    let patch = json!({"schemas":[crate::scim::patch::PATCH_OP_URN],"Operations":operations});
    assert_eq!(play.send("PATCH", "/Users/id%7Cann", &patch).1["title"], "a");
    assert_eq!(play.get("/Users")["Resources"][0]["seen"], "List");
}

#[test]
fn what_is_stored_can_be_bent_lost_or_refused() {
    let play = deviating! {
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.after.insert("title".into(), "bent".into());
            change.vanish = change.before.is_some();
            if change.after["userName"] == "eve" { Err(ScimError::plain(500, "no")) } else { Ok(()) }
        }
    };
    let mut user = play.user("ann");
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    assert_eq!(play.get(&path)["title"], "bent");
    user["active"] = false.into();
    assert_eq!(play.send("PUT", &path, &user).0, 200);
    assert_eq!(play.get(&path)["status"], "404");
    assert_eq!(play.user("eve")["status"], "500");
}

#[test]
fn half_of_a_patch_that_fails_can_be_kept() {
    let operations = json!([{"op":"replace","path":"title","value":"half"},{"op":"replace","path":"nothing","value":"x"},
        {"op":"replace","path":"nickName","value":"rest"}]);
    let patch = json!({"schemas":[crate::scim::patch::PATCH_OP_URN],"Operations":operations});
    let half = deviating! {
        fn keeps_half(&self, occasion: &Occasion) -> bool {
            occasion.action == Action::Patch
        }
    };
    let all_or_none = deviating! {
        fn keeps_half(&self, _: &Occasion) -> bool {
            false
        }
    };
    for (play, title) in [(half, json!("half")), (all_or_none, Value::Null)] {
        let address = format!("/Users/{}", play.user("ann")["id"].as_str().unwrap());
        assert_eq!(play.send("PATCH", &address, &patch).0, 400);
        let user = play.get(&address);
        assert_eq!((user.get("title").cloned().unwrap_or_default(), user.get("nickName")), (title, None));
    }
}

#[test]
fn uniqueness_and_references_can_be_bent() {
    let play = deviating! {
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken = claim.held.iter().any(|held| held == claim.wanted);
        }
        fn stranger(&self, _: &Occasion, id: &str, verdict: &mut Stranger) {
            *verdict = if id == "keep" { Stranger::Keep } else { Stranger::Drop };
        }
    };
    play.user("ann");
    assert_eq!(play.user("ann")["status"], "409");
    assert!(play.user("ANN")["id"].is_string());
    let (status, group) = play.group(&json!([{"value":"nobody"},{"value":"keep"}]));
    assert_eq!((status, group["members"].as_array().unwrap().len()), (201, 1));
    assert_eq!(play.group(&json!([{"value":"nobody"}])).1.get("members"), None);
}

#[test]
fn refusals_and_answers_can_be_bent_and_a_fault_remembers() {
    let play = deviating! {
        memory: AtomicUsize,
        fn error(&self, _: &Request, error: &mut ScimError) {
            error.scim_type = None;
        }
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.cut = Some(self.0.fetch_add(1, Ordering::Relaxed));
        }
    };
    let refused = play.answer("GET", "/Users?count=x", &Value::Null);
    assert_eq!((refused.status, refused.cut), (400, Some(0)));
    assert!(!String::from_utf8(refused.body).unwrap().contains("scimType"));
    assert_eq!(play.answer("GET", "/Users", &Value::Null).cut, Some(1));
}

#[test]
fn a_removal_can_be_refused_or_left_undone() {
    let play = deviating! {
        fn removal(&self, _: &Occasion, resource: &Map<String, Value>, keep: &mut bool) -> Result<(), ScimError> {
            *keep = resource["userName"] == "ann";
            if resource["userName"] == "eve" { Err(ScimError::plain(405, "no")) } else { Ok(()) }
        }
    };
    for (name, deleted, read) in [("ann", 204, 200), ("bob", 204, 404), ("eve", 405, 200)] {
        let path = format!("/Users/{}", play.user(name)["id"].as_str().unwrap());
        assert_eq!(
            (play.send("DELETE", &path, &Value::Null).0, play.send("GET", &path, &Value::Null).0),
            (deleted, read)
        );
    }
}

#[test]
fn reads_can_lag_and_somebody_else_can_come_before() {
    let play = deviating! {
        fn lag(&self) -> Duration {
            Duration::from_secs(3600)
        }
        fn meanwhile(&self, request: &Request) -> Option<Request> {
            (request.method == "POST").then(|| request.clone())
        }
    };
    assert_eq!(play.user("ann")["status"], "409");
    assert_eq!(play.get("/Users")["totalResults"], 0);
}

#[test]
fn what_is_there_from_the_start_is_untouched_by_a_fault() {
    static FAULT: Fault = fault! {
        id: "t", title: "t", story: "t", source: "t", case: "t",
        fn body(&self, _: &Occasion, _: &mut Value) -> Result<(), ScimError> {
            Err(ScimError::plain(500, "no"))
        }
    };
    let config = Config { token: "t".into(), faults: vec![&FAULT], people: 2, ..Config::default() };
    let play = Play(House::new(&config, "http://x/scim/v2").unwrap());
    assert_eq!(play.get("/Users")["totalResults"], 2);
    assert_eq!(play.user("ann")["status"], "500");
}
