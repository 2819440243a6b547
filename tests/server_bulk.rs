//! Bulk requests to the reference server (RFC 7644 §3.7).

mod server_target;

use scimulate::server::Config;
use serde_json::{Value, json};
use server_target::{Answer, Target, okta_user, patch_op, total};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[expect(clippy::needless_pass_by_value, reason = "callers write the operations as a literal")]
fn bulk(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations })
}

/// The results of a bulk request, in their order.
async fn results(target: &Target, body: &Value) -> Vec<Value> {
    let answer = target.send_json("POST", "/Bulk", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    answer.body["Operations"].as_array().unwrap().clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().expect("text")).collect()
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}

async fn at(target: &Target, result: &Value) -> Answer {
    let location = result["location"].as_str().expect("a location");
    target.get(location.strip_prefix(target.running.base_url.as_str()).unwrap()).await
}

#[tokio::test]
async fn each_operation_is_done_as_if_it_were_alone() {
    let target = Target::healthy().await;
    let (ann, bob) = (target.user("ann").await, target.user("bob").await);
    let mut put = okta_user("ann");
    put["title"] = "Chief".into();
    let body = bulk(json!([
        post("/Users", "cy", &okta_user("cy")),
        { "method": "PUT", "path": format!("/Users/{ann}"), "data": put },
        { "method": "patch", "path": format!("/Users/{bob}?attributes=userName"), "bulkId": "b",
          "data": patch_op(json!([{"op":"replace","path":"title","value":"Cook"}])) },
        { "method": "DELETE", "path": format!("/Users/{ann}") },
    ]));
    let results = results(&target, &body).await;
    assert_eq!(statuses(&results), ["201", "200", "200", "204"]);
    let shown: Vec<_> = results.iter().map(|result| (&result["method"], result.get("bulkId"))).collect();
    let (cy, b) = (json!("cy"), json!("b"));
    let methods = ["POST", "PUT", "PATCH", "DELETE"].map(Value::from);
    assert_eq!(shown, [(&methods[0], Some(&cy)), (&methods[1], None), (&methods[2], Some(&b)), (&methods[3], None)]);
    for (result, name) in [(&results[0], "cy"), (&results[2], "bob")] {
        let read = at(&target, result).await;
        assert_eq!((&read.body["userName"], read.header("etag")), (&json!(name), result["version"].as_str().unwrap()));
    }
    assert_eq!(at(&target, &results[2]).await.body["title"], "Cook");
    assert!(results.iter().all(|result| result.get("response").is_none()));
    at(&target, &results[3]).await.assert_refused(404, None);
}

#[tokio::test]
async fn what_fails_says_why_and_the_rest_is_done() {
    let target = Target::healthy().await;
    let ann = target.user("ann").await;
    let version = target.get(&format!("/Users/{ann}")).await.header("etag").to_owned();
    let change = |word: &str| patch_op(json!([{"op":"replace","path":"title","value":word}]));
    let path = format!("/Users/{ann}");
    let operations = json!([
        post("/Users", "twin", &okta_user("ANN")),
        { "method": "POST", "path": "/Users", "data": okta_user("nobody") },
        { "method": "PUT", "path": path },
        { "method": "GET", "path": path },
        { "data": okta_user("nobody") },
        { "method": "PATCH", "path": path, "version": version, "data": change("Chief") },
        { "method": "PATCH", "path": path, "version": version, "data": change("Cook") },
        { "method": "DELETE", "path": "/Users/nobody" },
        { "method": "DELETE", "path": "/Nothing/1" },
        { "method": "POST", "path": "/Bulk", "bulkId": "deep", "data": bulk(json!([])) },
        { "method": "POST", "path": "/Users/.search", "bulkId": "look", "data": {} },
        post("/Groups", "lost", &group("Lost", &["bulkId:none"])),
        post("/Groups", "late", &group("Late", &["bulkId:twin"])),
        post("/Users", "bob", &okta_user("bob")),
    ]);
    let results = results(&target, &bulk(operations.clone())).await;
    let wanted = ["409", "400", "400", "400", "400", "200", "412", "404", "404", "400", "400", "400", "409", "201"];
    assert_eq!(statuses(&results), wanted);
    for (result, operation) in results.iter().zip(operations.as_array().unwrap()) {
        let failed = !result["status"].as_str().unwrap().starts_with('2');
        assert_eq!(result.get("response").is_some(), failed, "{result}");
        if failed {
            assert_eq!(result["response"]["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
            assert_eq!(result["response"]["status"], result["status"]);
        }
        let has_location = !(failed && operation["method"] == "POST") && operation["path"].is_string();
        assert_eq!(result.get("location").is_some(), has_location, "{result}");
    }
    assert_eq!(results[0]["response"]["scimType"], "uniqueness");
    assert_eq!(target.get(&path).await.body["title"], "Chief");
    assert_eq!((total(&target.get("/Users").await), total(&target.get("/Groups").await)), (2, 0));
}

#[tokio::test]
async fn fail_on_errors_ends_it_and_only_what_was_done_is_told() {
    let target = Target::healthy().await;
    let bad = |number: usize| json!({ "method": "DELETE", "path": format!("/Users/none{number}") });
    let good = |name: &str| post("/Users", name, &okta_user(name));
    let mut body = bulk(json!([good("a"), bad(1), good("b"), bad(2), good("c"), bad(3)]));
    body["failOnErrors"] = 2.into();
    assert_eq!(statuses(&results(&target, &body).await), ["201", "404", "201", "404"]);
    assert_eq!(total(&target.get("/Users").await), 2);
}

#[tokio::test]
async fn references_lead_to_what_the_same_request_creates_in_any_order() {
    let target = Target::healthy().await;
    let mut worker = okta_user("worker");
    worker[ENTERPRISE] = json!({ "manager": { "value": "bulkId:boss" } });
    let add = patch_op(json!([{"op":"add","path":"members","value":[{"value":"bulkId:worker"}]}]));
    let body = bulk(json!([
        { "method": "PATCH", "path": "/Groups/bulkId:crew", "data": add },
        post("/Groups", "crew", &group("Crew", &["bulkId:boss"])),
        post("/Users", "worker", &worker),
        post("/Users", "boss", &okta_user("boss")),
    ]));
    let results = results(&target, &body).await;
    assert_eq!(statuses(&results), ["200", "201", "201", "201"]);
    let (crew, worker, boss) =
        (at(&target, &results[1]).await, at(&target, &results[2]).await, at(&target, &results[3]).await);
    let members: Vec<_> = crew.body["members"].as_array().unwrap().iter().map(|one| one["value"].clone()).collect();
    assert_eq!(members, [boss.id(), worker.id()].map(Value::from));
    assert_eq!(worker.body[ENTERPRISE]["manager"]["value"], boss.id());
    assert_eq!(results[0]["location"], crew.body["meta"]["location"]);
}

#[tokio::test]
async fn references_in_a_circle_are_resolved() {
    let target = Target::healthy().await;
    let mut alone = okta_user("alone");
    alone[ENTERPRISE] = json!({ "desk": 7, "manager": { "value": "bulkId:alone" } });
    let body = bulk(json!([
        post("/Groups", "a", &group("A", &["bulkId:b"])),
        post("/Groups", "b", &group("B", &["bulkId:c"])),
        post("/Groups", "c", &group("C", &["bulkId:a"])),
        post("/Users", "alone", &alone),
    ]));
    let results = results(&target, &body).await;
    assert_eq!(statuses(&results), ["201"; 4]);
    let mut groups = Vec::new();
    for result in &results {
        let read = at(&target, result).await;
        assert_eq!(read.header("etag"), result["version"].as_str().unwrap(), "{}", read.body);
        groups.push(read);
    }
    for (holder, member) in [(0, 1), (1, 2), (2, 0)] {
        assert_eq!(groups[holder].body["members"][0]["value"], groups[member].id());
    }
    assert_eq!(groups[3].body[ENTERPRISE]["manager"]["value"], groups[3].id());
}

#[tokio::test]
async fn a_circle_that_cannot_be_closed_leaves_nothing_behind() {
    let target = Target::healthy().await;
    let body = bulk(json!([
        post("/Groups", "a", &group("A", &["bulkId:b"])),
        post("/Groups", "b", &group("", &["bulkId:a"])),
        post("/Groups", "c", &group("C", &["bulkId:d"])),
        post("/Groups", "d", &group("D", &["bulkId:c", "nobody"])),
    ]));
    let results = results(&target, &body).await;
    assert!(statuses(&results).iter().all(|status| ["400", "409"].contains(status)), "{results:?}");
    assert!(results.iter().all(|result| result.get("location").is_none()));
    assert_eq!(total(&target.get("/Groups").await), 0);
}

#[tokio::test]
async fn a_request_beyond_the_limits_is_a_413_that_names_the_limit() {
    let target = Target::healthy().await;
    let told = target.get("/ServiceProviderConfig").await.body["bulk"].clone();
    let (operations, bytes) = (told["maxOperations"].as_u64().unwrap(), told["maxPayloadSize"].as_u64().unwrap());
    let delete = json!({ "method": "DELETE", "path": "/Users/none" });
    let count = usize::try_from(operations).unwrap();
    let most = bulk(vec![delete.clone(); count].into());
    assert_eq!(results(&target, &most).await.len(), count);
    let too_many = target.send_json("POST", "/Bulk", &bulk(vec![delete; count + 1].into())).await;
    too_many.assert_refused(413, None);
    assert!(too_many.body["detail"].as_str().unwrap().contains(&operations.to_string()));
    let mut large = okta_user("large");
    large["title"] = "x".repeat(usize::try_from(bytes).unwrap()).into();
    let too_large = target.send_json("POST", "/Bulk", &bulk(json!([post("/Users", "large", &large)]))).await;
    too_large.assert_refused(413, None);
    assert!(too_large.body["detail"].as_str().unwrap().contains(&bytes.to_string()));
    assert_eq!(total(&target.get("/Users").await), 0);
    target.send_json("POST", "/Bulk", &json!({})).await.assert_refused(400, Some("invalidSyntax"));
    target.send_json("POST", "/Bulk", &bulk(json!([]))).await.assert_refused(400, Some("invalidSyntax"));
}

#[tokio::test]
async fn a_fault_shows_in_a_bulk_as_it_does_alone() {
    let fault = scimulate::server::fault::by_id("deactivate_noop").unwrap();
    let target = Target::with(Config { faults: vec![fault], ..Config::default() }).await;
    let ann = target.user("ann").await;
    let off = patch_op(json!([{"op":"replace","value":{"active":false}}]));
    let body = bulk(json!([{ "method": "PATCH", "path": format!("/Users/{ann}"), "data": off }]));
    assert_eq!(statuses(&results(&target, &body).await), ["200"]);
    assert_eq!(target.get(&format!("/Users/{ann}")).await.body["active"], true);
}
