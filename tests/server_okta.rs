//! Okta's own flows against the healthy reference server, and what two faults make of them.

mod server_target;

use scimulate::server::{self, Config, PatchAnswer};
use serde_json::json;
use server_target::{TOKEN, Target, okta_user, total};

#[tokio::test]
async fn the_connection_test_is_answered_for_every_form_of_the_credential() {
    let target = Target::healthy().await;
    let test = "/Users?startIndex=1&count=2";
    assert_eq!(total(&target.get(test).await), 0);
    for value in [TOKEN.to_owned(), format!("bearer {TOKEN}")] {
        let url = format!("{}{test}", target.running.base_url);
        let answer = Target::answer(target.client.get(url).header("authorization", value)).await;
        assert_eq!(answer.status, 200);
    }
    let url = format!("{}{test}", target.running.base_url);
    let refused = Target::answer(target.client.get(url).header("authorization", "non-token")).await;
    refused.assert_refused(401, None);
    assert!(refused.header("www-authenticate").contains("Bearer"));
    target.running.stop().await;
}

#[tokio::test]
async fn a_user_is_looked_up_created_found_and_not_created_twice() {
    let target = Target::healthy().await;
    let look_up = "/Users?filter=userName%20eq%20%22ANN.LEE%40example.com%22&startIndex=1&count=100";
    let before = target.get(look_up).await;
    assert_eq!(before.body["totalResults"], 0);
    assert_eq!(before.body["Resources"], json!([]));
    let created = target.send_json("POST", "/Users", &okta_user("ann.lee@example.com")).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), "application/scim+json");
    assert_eq!(created.header("location"), created.body["meta"]["location"].as_str().unwrap());
    assert!(created.body.get("password").is_none() && created.body.get("groups").is_none());
    assert_eq!(created.body["externalId"], "00u-ann.lee@example.com");
    let read = target.get(&format!("/Users/{}", created.id())).await;
    assert_eq!(read.body, created.body);
    assert_eq!(target.get(look_up).await.body["Resources"][0], created.body);
    let again = target.send_json("POST", "/Users", &okta_user("Ann.Lee@EXAMPLE.com")).await;
    again.assert_refused(409, Some("uniqueness"));
    assert_eq!(total(&target.get(look_up).await), 1);
}

#[tokio::test]
async fn a_profile_is_updated_by_putting_back_what_was_read() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    let group = target.group("Crew", &[&id]).await;
    let path = format!("/Users/{id}");
    let mut document = target.get(&path).await.body;
    assert_eq!(document["groups"][0]["value"], group);
    let unchanged = target.send_json("PUT", &path, &document).await;
    assert_eq!((unchanged.status, &unchanged.body), (200, &document));
    document["name"]["givenName"] = "Anna".into();
    document["groups"] = json!([]);
    document["meta"]["created"] = "1999-01-01T00:00:00Z".into();
    let changed = target.send_json("PUT", &path, &document).await;
    assert_eq!(changed.body["name"]["givenName"], "Anna");
    assert_eq!(changed.body["groups"][0]["value"], group);
    assert_eq!(changed.body["meta"]["created"], unchanged.body["meta"]["created"]);
    assert_ne!(changed.body["meta"]["lastModified"], unchanged.body["meta"]["lastModified"]);
}

#[tokio::test]
async fn deactivating_and_reactivating_keeps_the_user_readable_under_its_id() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    let path = format!("/Users/{id}");
    for active in [false, true, false] {
        let answer = target.patch(&path, json!([{"op":"replace","value":{"active":active}}])).await;
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(active)));
        assert_eq!(target.get(&path).await.body["active"], active);
        let listed = target.get("/Users?filter=userName%20eq%20%22ann%22&startIndex=1&count=100").await;
        assert_eq!(listed.body["Resources"][0]["active"], active);
    }
    let mut document = target.get(&path).await.body;
    document["active"] = true.into();
    assert_eq!(target.send_json("PUT", &path, &document).await.body["active"], true);
}

#[tokio::test]
async fn a_group_is_pushed_renamed_changed_and_deleted() {
    let target = Target::healthy().await;
    let (ann, bob) = (target.user("ann").await, target.user("bob").await);
    let group = target.group("Night Shift", &[]).await;
    let path = format!("/Groups/{group}");
    let renamed =
        target.patch(&path, json!([{"op":"replace","value":{"id":group,"displayName":"Night Shift 2"}}])).await;
    assert_eq!(renamed.body["displayName"], "Night Shift 2");
    let member = |id: &str| json!({"value":id,"display":"somebody"});
    let add = json!([{"op":"add","path":"members","value":[member(&ann),member(&bob)]}]);
    let added = target.patch(&path, add.clone()).await;
    assert_eq!(added.body["members"].as_array().unwrap().len(), 2);
    assert_eq!(target.patch(&path, add).await.body, added.body);
    let absent = json!([{"op":"remove","path":"members[value eq \"nobody\"]"}]);
    assert_eq!(target.patch(&path, absent).await.body, added.body);
    let swapped = target
        .patch(&path, json!([{"op":"remove","path":format!("members[value eq \"{ann}\"]")},{"op":"add","path":"members","value":[member(&bob)]}]))
        .await;
    assert_eq!(swapped.body["members"].as_array().unwrap().len(), 1);
    assert!(target.get(&format!("/Users/{ann}")).await.body.get("groups").is_none());
    assert_eq!(target.get(&format!("/Users/{bob}")).await.body["groups"][0]["display"], "Night Shift 2");
    let emptied = target.patch(&path, json!([{"op":"replace","path":"members","value":[]}])).await;
    assert!(emptied.status == 200 && emptied.body.get("members").is_none());
    let put = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":group,"displayName":"N","members":[member(&ann)]});
    assert_eq!(target.send_json("PUT", &path, &put).await.body["members"][0]["value"], ann);
    assert_eq!(total(&target.get("/Groups?filter=displayName%20eq%20%22n%22&startIndex=1&count=100").await), 1);
    assert_eq!(target.send("DELETE", &path).await.status, 204);
    target.get(&path).await.assert_refused(404, None);
    assert!(target.get(&format!("/Users/{ann}")).await.body.get("groups").is_none());
}

#[tokio::test]
async fn a_deleted_user_leaves_its_groups_and_its_name() {
    let target = Target::healthy().await;
    let ann = target.user("ann").await;
    let group = target.group("Crew", &[&ann]).await;
    assert_eq!(target.send("DELETE", &format!("/Users/{ann}")).await.status, 204);
    assert!(target.get(&format!("/Groups/{group}")).await.body.get("members").is_none());
    target.send("DELETE", &format!("/Users/{ann}")).await.assert_refused(404, None);
    assert_ne!(target.user("ann").await, ann);
}

#[tokio::test]
async fn an_import_walks_all_pages_once() {
    let target = Target::with(Config { people: 250, ..Config::default() }).await;
    let mut seen = Vec::new();
    for start in [1, 101, 201, 301] {
        let page = target.get(&format!("/Users?startIndex={start}&count=100")).await;
        assert_eq!(total(&page), 250);
        let resources = page.body["Resources"].as_array().unwrap();
        assert_eq!(page.body["itemsPerPage"], resources.len());
        assert_eq!(page.body["startIndex"], start);
        seen.extend(resources.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (250, 250));
}

#[tokio::test]
async fn a_patch_is_answered_204_when_the_server_is_set_so() {
    let target = Target::with(Config { patch_answer: PatchAnswer::NoContent204, ..Config::default() }).await;
    let path = format!("/Users/{}", target.user("ann").await);
    let operations = json!([{"op":"replace","value":{"active":false}}]);
    assert_eq!(target.patch(&path, operations.clone()).await.status, 204);
    let projected = target.patch(&format!("{path}?attributes=active"), operations).await;
    assert_eq!((projected.status, &projected.body["active"]), (200, &json!(false)));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_a_scim_error() {
    let target = Target::healthy().await;
    target.get("/Nothing").await.assert_refused(404, None);
    target.get("/Users/nobody").await.assert_refused(404, None);
    let nowhere = Target::answer(target.client.get(target.running.base_url.replace("/scim/v2", "/x"))).await;
    nowhere.assert_refused(404, None);
    target.send("DELETE", "/Users").await.assert_refused(405, None);
    target.send("BREW", "/Users").await.assert_refused(501, None);
    let post = |media: &'static str, body: &str| {
        Target::answer(target.request("POST", "/Users").header("content-type", media).body(body.to_owned()))
    };
    post("application/scim+json", "{").await.assert_refused(400, Some("invalidSyntax"));
    post("application/scim+json", "{\"a\":1,\"a\":2}").await.assert_refused(400, Some("invalidSyntax"));
    post("text/xml", "<user/>").await.assert_refused(415, None);
    post("application/json", &" ".repeat(17 * 1024 * 1024)).await.assert_refused(413, None);
    let accept = Target::answer(target.request("GET", "/Users").header("accept", "text/xml")).await;
    assert_eq!(accept.status, 200, "one of several Accept headers fits");
}

#[tokio::test]
async fn the_server_tells_what_it_is() {
    let target = Target::healthy().await;
    let url = format!("{}/ServiceProviderConfig", target.running.base_url);
    let config = Target::answer(target.client.get(url)).await;
    assert_eq!((config.status, &config.body["patch"]["supported"]), (200, &json!(true)));
    assert_eq!(total(&target.get("/ResourceTypes").await), 2);
    assert_eq!(total(&target.get("/Schemas").await), 3);
    assert_eq!(target.get("/ResourceTypes/User").await.body["endpoint"], "/Users");
    target.get("/Schemas?filter=id%20pr").await.assert_refused(403, None);
}

#[tokio::test]
async fn each_fault_is_wrong_in_its_own_way_only() {
    let target = Target::faulty("deactivate_noop").await;
    let path = format!("/Users/{}", target.user("ann").await);
    let patched = target.patch(&path, json!([{"op":"replace","value":{"active":false}}])).await;
    assert_eq!((patched.status, &target.get(&path).await.body["active"]), (200, &json!(true)));
    let mut document = target.get(&path).await.body;
    document["active"] = false.into();
    document["title"] = "Lead".into();
    assert_eq!(target.send_json("PUT", &path, &document).await.status, 200);
    let after = target.get(&path).await.body;
    assert_eq!((&after["active"], &after["title"]), (&json!(true), &json!("Lead")));

    let target = Target::faulty("dup_201").await;
    assert_ne!(target.user("ann").await, target.user("ann").await);
    assert_eq!(total(&target.get("/Users?filter=userName%20eq%20%22ann%22").await), 2);
}

#[tokio::test]
async fn a_taken_port_is_told_and_a_stopped_server_frees_its_port() {
    let first = server::start(Config::default()).await.unwrap();
    let port: u16 = first.base_url.split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap();
    let taken = server::start(Config { port, ..Config::default() }).await.unwrap_err();
    assert!(taken.to_string().contains(&port.to_string()));
    first.stop().await;
    server::start(Config { port, ..Config::default() }).await.unwrap().stop().await;
}
