//! Versions of resources (RFC 7644 §3.14) and `/Me` (RFC 7644 §3.11) of the reference server.

mod server_target;

use reqwest::RequestBuilder;
use scimulate::server::{Config, PatchAnswer};
use serde_json::{Value, json};
use server_target::{Answer, Target, okta_user, patch_op};

/// The version an answer tells: in the header and in the body alike.
#[track_caller]
fn version(answer: &Answer) -> String {
    let told = answer.header("etag").to_owned();
    assert!(told.starts_with("W/\"") && told.ends_with('"'), "{told:?}: {}", answer.status);
    if answer.body.get("meta").is_some() {
        assert_eq!(answer.body["meta"]["version"], told.as_str());
    }
    told
}

fn with_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/scim+json").body(body.to_string())
}

async fn demanding(target: &Target, method: &str, path: &str, demand: (&str, &str), body: &Value) -> Answer {
    Target::answer(with_body(target.request(method, path).header(demand.0, demand.1), body)).await
}

fn title(word: &str) -> Value {
    patch_op(json!([{"op":"replace","path":"title","value":word}]))
}

#[tokio::test]
async fn every_answer_with_a_resource_tells_its_version() {
    for patch_answer in [PatchAnswer::Ok200, PatchAnswer::NoContent204] {
        let target = Target::with(Config { patch_answer, ..Config::default() }).await;
        let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
        let path = format!("/Users/{}", created.id());
        let read = target.get(&path).await;
        assert_eq!((version(&read), &read.body), (version(&created), &created.body));
        assert_eq!(target.get("/Users").await.body["Resources"][0]["meta"]["version"], read.header("etag"));
        assert_eq!(version(&target.get(&format!("{path}?attributes=userName")).await), version(&read));
        let patched = target.send_json("PATCH", &path, &title("Chief")).await;
        let after = target.get(&path).await;
        assert_eq!(version(&patched), version(&after));
        assert_ne!(version(&after), version(&read));
        let group = target.group("Crew", &[&created.id()]).await;
        let group = format!("/Groups/{group}");
        let before = target.get(&group).await;
        let add = json!([{"op":"add","path":"members","value":[{"value":target.user("bob").await}]}]);
        let added = target.patch(&group, add.clone()).await;
        assert_ne!(version(&added), version(&before));
        assert_eq!(version(&added), version(&target.get(&group).await));
        assert_eq!(version(&target.patch(&group, add).await), version(&added), "nothing changed");
        assert_eq!(version(&target.get(&format!("{group}?excludedAttributes=members")).await), version(&added));
    }
}

#[tokio::test]
async fn a_version_changes_with_the_resource_and_not_without() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let path = format!("/Users/{}", created.id());
    let mut known = vec![version(&created)];
    for (method, body, changes) in [
        ("PUT", created.body.clone(), false),
        ("PATCH", title("Chief"), true),
        ("PATCH", title("Chief"), false),
        ("PATCH", patch_op(json!([{"op":"replace","value":{"password":"n3w-Secret"}}])), true),
        ("PATCH", title("Cook"), true),
        ("PATCH", title("Chief"), true),
    ] {
        let answer = target.send_json(method, &path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(!known.contains(&version(&answer)), changes, "{method} {body}");
        known.push(version(&answer));
    }
    let group = target.group("Crew", &[&created.id()]).await;
    let in_group = version(&target.get(&path).await);
    assert!(!known.contains(&in_group), "the groups of a user are part of what is seen");
    target.patch(&format!("/Groups/{group}"), json!([{"op":"replace","value":{"displayName":"Staff"}}])).await;
    assert_ne!(version(&target.get(&path).await), in_group);
}

#[tokio::test]
async fn a_read_of_a_version_the_client_has_is_a_304() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let path = format!("/Users/{}", created.id());
    let tag = version(&created);
    let several = format!("\"a,b\", {tag}");
    for known in [tag.as_str(), several.as_str(), "*"] {
        let answer = demanding(&target, "GET", &path, ("if-none-match", known), &Value::Null).await;
        assert_eq!((answer.status, &answer.body), (304, &Value::Null), "{known}");
        assert_eq!(version(&answer), tag);
        assert_eq!(answer.header("content-location"), created.header("location"));
    }
    target.send_json("PATCH", &path, &title("Chief")).await;
    for stale in [tag.as_str(), "nonsense", ""] {
        let answer = demanding(&target, "GET", &path, ("if-none-match", stale), &Value::Null).await;
        assert_eq!((answer.status, &answer.body["title"]), (200, &json!("Chief")), "{stale}");
    }
    let answer = demanding(&target, "GET", &path, ("if-match", &tag), &Value::Null).await;
    answer.assert_refused(412, None);
    let none = demanding(&target, "GET", "/Users/nobody", ("if-none-match", "*"), &Value::Null).await;
    none.assert_refused(404, None);
}

#[tokio::test]
async fn a_write_to_another_version_than_the_client_demands_is_a_412_and_changes_nothing() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let path = format!("/Users/{}", created.id());
    let old = version(&created);
    let mut put = created.body.clone();
    put["nickName"] = "Annie".into();
    let current = target.send_json("PATCH", &path, &title("Chief")).await;
    let now = version(&current);
    let unwanted = ("if-none-match", now.as_str());
    for demand in [("if-match", old.as_str()), ("if-match", "W/\"0\", \"1\""), ("if-none-match", "*"), unwanted] {
        for (method, body) in [("PUT", &put), ("PATCH", &title("Cook")), ("DELETE", &Value::Null)] {
            let refused = demanding(&target, method, &path, demand, body).await;
            refused.assert_refused(412, None);
            assert_eq!(target.get(&path).await.body, current.body, "{method} {demand:?}");
        }
    }
    let replaced = demanding(&target, "PUT", &path, ("if-match", &now), &put).await;
    assert_eq!((replaced.status, &replaced.body["nickName"]), (200, &json!("Annie")));
    let several = format!("\"x\", {}", version(&replaced));
    let patched = demanding(&target, "PATCH", &path, ("if-match", &several), &title("Cook")).await;
    assert_eq!((patched.status, &patched.body["title"]), (200, &json!("Cook")));
    let again = demanding(&target, "PUT", &path, ("if-match", "*"), &put).await;
    assert_eq!(again.status, 200);
    let absent = demanding(&target, "PUT", "/Users/nobody", ("if-match", "*"), &put).await;
    absent.assert_refused(404, None);
    let gone = demanding(&target, "DELETE", &path, ("if-match", &version(&again)), &Value::Null).await;
    assert_eq!(gone.status, 204);
    target.get(&path).await.assert_refused(404, None);
}

#[tokio::test]
async fn of_two_writers_with_the_same_version_one_wins() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let path = format!("/Users/{}", created.id());
    let tag = version(&created);
    let (one, other) = (title("Chief"), title("Cook"));
    let writes = [&one, &other].map(|body| demanding(&target, "PATCH", &path, ("if-match", &tag), body));
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(writes).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn me_is_the_user_of_the_credential_at_its_own_address() {
    let target = Target::with(Config { me: Some("ANN".into()), ..Config::default() }).await;
    target.get("/Me").await.assert_refused(404, None);
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let path = format!("/Users/{}", created.id());
    let read = target.get("/Me").await;
    assert_eq!((read.status, &read.body), (200, &created.body));
    let home = created.header("location");
    let mut put = okta_user("anna");
    put["title"] = "Chief".into();
    let replaced = target.send_json("PUT", "/Me", &put).await;
    assert_eq!((replaced.status, &replaced.body["userName"]), (200, &json!("anna")));
    let patched = target.send_json("PATCH", "/Me", &title("Cook")).await;
    assert_eq!((patched.status, &patched.body), (200, &target.get(&path).await.body), "by another name still the same");
    let stale = demanding(&target, "PATCH", "/Me", ("if-match", &version(&replaced)), &title("No")).await;
    stale.assert_refused(412, None);
    let same = demanding(&target, "GET", "/Me", ("if-none-match", &version(&patched)), &Value::Null).await;
    let deleted = target.send("DELETE", "/Me").await;
    assert_eq!((same.status, deleted.status), (304, 204));
    for answer in [&read, &replaced, &patched, &same, &deleted] {
        assert_eq!(answer.header("location"), home);
    }
    for answer in [&read, &replaced, &patched] {
        assert_eq!(answer.body["meta"]["location"], home);
        assert_eq!(answer.header("content-location"), home);
    }
    target.get(&path).await.assert_refused(404, None);
    target.get("/Me").await.assert_refused(404, None);
    let again = target.user("ann").await;
    assert_eq!(target.get("/Me").await.id(), again);
    let post = target.send_json("POST", "/Me", &okta_user("eve")).await;
    post.assert_refused(405, None);
    assert_eq!(post.header("allow"), "GET, PUT, PATCH, DELETE");
}
