//! Resources of the reference server: what is stored, shown, kept and refused (RFC 7643; RFC 7644 §3.3, §3.5.1, §3.6).

mod server_target;

use scimulate::server::{Config, fault};
use serde_json::{Value, json};
use server_target::{Target, okta_user, total};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user with a value for every attribute a client may write.
fn full_user() -> Value {
    let list = |value: &str, kind: &str| json!([{"value":value,"display":"D","type":kind,"primary":true}]);
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "Ext-1",
        "userName": "full",
        "name": {"formatted":"Dr. Ann M. Lee Jr.","familyName":"Lee","givenName":"Ann","middleName":"M.",
            "honorificPrefix":"Dr.","honorificSuffix":"Jr."},
        "displayName": "Ann Lee 李安 🚀",
        "nickName": "Annie",
        "profileUrl": "https://people.example/ann",
        "title": "Lead",
        "userType": "Employee",
        "preferredLanguage": "en-GB",
        "locale": "en_US",
        "timezone": "Europe/Lisbon",
        "active": true,
        "emails": list("ann@corp.example", "work"),
        "phoneNumbers": list("tel:+1-201-555-0123", "mobile"),
        "ims": list("ann", "xmpp"),
        "photos": list("https://people.example/ann.png", "photo"),
        "addresses": [{"formatted":"1 Pier Rd, Porto","streetAddress":"1 Pier Rd","locality":"Porto","region":"N",
            "postalCode":"4000","country":"PT","type":"work","primary":true}],
        "entitlements": list("e1", "license"),
        "roles": list("admin", "role"),
        "x509Certificates": [{"value":"TUlJQw==","display":"D","type":"t","primary":true}],
        ENTERPRISE: {"employeeNumber":"7","costCenter":"C","organization":"O","division":"D","department":"Legal",
            "manager":{"value":"somebody-else"}},
    })
}

#[tokio::test]
async fn every_writable_attribute_survives_create_read_and_put() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &full_user()).await;
    assert_eq!(created.status, 201);
    let mut stored = created.body.clone();
    for server_made in ["id", "meta"] {
        stored.as_object_mut().unwrap().remove(server_made);
    }
    assert_eq!(stored, full_user());
    let path = format!("/Users/{}", created.id());
    assert_eq!(target.get(&path).await.body, created.body);
    assert_eq!(target.get(&path).await.body, created.body);
    assert_eq!(target.send_json("PUT", &path, &created.body).await.body, created.body);
}

#[tokio::test]
async fn what_only_the_server_sets_is_ignored_in_a_create() {
    let target = Target::healthy().await;
    let mut body = okta_user("ann");
    body["id"] = "mine".into();
    body["meta"] = json!({"created":"1999-01-01T00:00:00Z","resourceType":"Robot","version":"W/\"9\""});
    body["groups"] = json!([{"value":"g1"}]);
    body["shoeSize"] = 44.into();
    let created = target.send_json("POST", "/Users", &body).await;
    let meta = &created.body["meta"];
    assert_ne!(created.id(), "mine");
    assert!(!created.id().to_lowercase().contains("bulkid"));
    assert_eq!((&meta["resourceType"], &meta["created"]), (&json!("User"), &meta["lastModified"]));
    assert!(!meta["created"].as_str().unwrap().starts_with("1999") && meta["version"] != "W/\"9\"");
    assert!(created.body.get("groups").is_none() && created.body.get("shoeSize").is_none());
    target.get("/Users/mine").await.assert_refused(404, None);
    let group = target.send_json("POST", "/Groups", &json!({"schemas":[GROUP],"displayName":"G","members":[]})).await;
    assert_eq!((group.status, &group.body["meta"]["resourceType"]), (201, &json!("Group")));
    target.get(&format!("/Users/{}", group.id())).await.assert_refused(404, None);
}

#[tokio::test]
async fn what_is_missing_or_of_the_wrong_type_is_refused() {
    let target = Target::healthy().await;
    for (change, keyword) in [
        (json!({"userName":null}), "invalidValue"),
        (json!({"userName":""}), "invalidValue"),
        (json!({"userName":7}), "invalidValue"),
        (json!({"active":"maybe"}), "invalidValue"),
        (json!({"emails":{}}), "invalidValue"),
        (json!({"emails":["a@x.example"]}), "invalidValue"),
        (json!({"emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}), "invalidValue"),
        (json!({"name":"Ann"}), "invalidValue"),
        (json!({"x509Certificates":[{"value":"not base64!"}]}), "invalidValue"),
        (json!({"schemas":null}), "invalidSyntax"),
        (json!({"schemas":[]}), "invalidSyntax"),
        (json!({"schemas":["urn:example:other"]}), "invalidSyntax"),
        (json!({"USERNAME":"twice"}), "invalidSyntax"),
    ] {
        let mut body = okta_user("ann");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        target.send_json("POST", "/Users", &body).await.assert_refused(400, Some(keyword));
    }
    for body in
        [json!({"schemas":[GROUP]}), json!({"schemas":[GROUP],"displayName":"G","members":[{"value":"nobody"}]})]
    {
        target.send_json("POST", "/Groups", &body).await.assert_refused(400, Some("invalidValue"));
    }
    assert_eq!(total(&target.get("/").await), 0);
}

#[tokio::test]
async fn names_of_attributes_ignore_case_and_order_everywhere() {
    let target = Target::healthy().await;
    let body = json!({"DISPLAYNAME":"Ann","EMAILS":[{"TYPE":"Work","VALUE":"a@x"}],"USERname":"ann",
        "SCHEMAS":[ENTERPRISE.to_uppercase(), USER.to_uppercase()],ENTERPRISE.to_uppercase():{"DEPARTMENT":"L"}});
    let created = target.send_json("POST", "/Users", &body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!((&created.body["userName"], &created.body["displayName"]), (&json!("ann"), &json!("Ann")));
    assert_eq!(created.body["emails"], json!([{"value":"a@x","type":"work"}]));
    assert_eq!(created.body["schemas"], json!([USER, ENTERPRISE]));
}

#[tokio::test]
async fn null_and_empty_mean_no_value() {
    let target = Target::healthy().await;
    let mut body = okta_user("ann");
    body["title"] = Value::Null;
    body["phoneNumbers"] = json!([]);
    body["name"] = json!({});
    let created = target.send_json("POST", "/Users", &body).await;
    for absent in ["title", "phoneNumbers", "name"] {
        assert!(created.body.get(absent).is_none(), "{absent}");
    }
    let path = format!("/Users/{}", created.id());
    body["emails"] = json!([]);
    body["displayName"] = Value::Null;
    let put = target.send_json("PUT", &path, &body).await;
    assert!(put.body.get("emails").is_none() && put.body.get("displayName").is_none());
    assert_eq!(total(&target.get("/Users?filter=emails+pr+or+displayName+pr+or+title+pr").await), 0);
}

#[tokio::test]
async fn a_put_replaces_what_is_writable_and_keeps_the_rest() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &full_user()).await;
    let path = format!("/Users/{}", created.id());
    let body = json!({"schemas":[USER],"id":"other","userName":"new-name","emails":[{"value":"b@x.example"}],
        "meta":{"created":"1999-01-01T00:00:00Z"}});
    let put = target.send_json("PUT", &path, &body).await;
    assert_eq!((put.status, put.id()), (200, created.id()));
    assert_eq!(put.body["emails"], json!([{"value":"b@x.example"}]));
    assert!(put.body.get("title").is_none() && put.body.get(ENTERPRISE).is_none());
    assert_eq!(put.body["schemas"], json!([USER]));
    assert_eq!(put.body["meta"]["created"], created.body["meta"]["created"]);
    assert!(put.body["meta"]["lastModified"].as_str() > created.body["meta"]["lastModified"].as_str());
    assert_eq!(total(&target.get("/Users?filter=userName+eq+%22full%22").await), 0);
    assert_eq!(total(&target.get("/Users?filter=userName+eq+%22NEW-NAME%22").await), 1);
    target.send_json("PUT", &path, &json!({"schemas":[USER]})).await.assert_refused(400, Some("invalidValue"));
    target.send_json("PUT", "/Users/none", &body).await.assert_refused(404, None);
    assert_eq!(total(&target.get("/Users").await), 1);
}

#[tokio::test]
async fn what_changes_nothing_does_not_move_last_modified() {
    let target = Target::healthy().await;
    let ann = target.user("ann").await;
    let group = target.group("Crew", &[&ann]).await;
    let (user_path, group_path) = (format!("/Users/{ann}"), format!("/Groups/{group}"));
    let (user, crew) = (target.get(&user_path).await.body, target.get(&group_path).await.body);
    for operation in [
        json!({"op":"replace","value":{"active":true}}),
        json!({"op":"add","path":"emails","value":[{"value":"ANN","type":"work","primary":true}]}),
        json!({"op":"replace","path":"emails","value":user["emails"]}),
        json!({"op":"remove","path":"title"}),
        json!({"op":"replace","value":{"id":ann,"meta":user["meta"],"groups":user["groups"]}}),
    ] {
        assert_eq!(target.patch(&user_path, json!([operation])).await.body, user, "{operation}");
    }
    assert_eq!(target.send_json("PUT", &user_path, &user).await.body, user);
    for operation in [
        json!({"op":"add","path":"members","value":[{"value":ann,"display":"else"}]}),
        json!({"op":"remove","path":"members[value eq \"nobody\"]"}),
        json!({"op":"replace","path":"members","value":[{"value":ann}]}),
    ] {
        assert_eq!(target.patch(&group_path, json!([operation])).await.body, crew, "{operation}");
    }
    assert_eq!(target.send_json("PUT", &group_path, &crew).await.body, crew);
    let changed = target.patch(&user_path, json!([{"op":"replace","value":{"active":false}}])).await.body;
    assert!(changed["meta"]["lastModified"].as_str() > user["meta"]["lastModified"].as_str());
}

#[tokio::test]
async fn a_password_is_accepted_everywhere_and_never_seen_again() {
    let target = Target::healthy().await;
    let secret = "Zx9-secret-Qw";
    let mut body = okta_user("ann");
    body["password"] = secret.into();
    let created = target.send_json("POST", "/Users?attributes=password,userName", &body).await;
    let path = format!("/Users/{}", created.id());
    let before = target.get(&path).await.body["meta"]["lastModified"].clone();
    let answers = [
        created,
        target.send_json("PUT", &path, &body).await,
        target.patch(&path, json!([{"op":"replace","value":{"password":secret}}])).await,
        target.patch(&path, json!([{"op":"replace","path":"password","value":secret}])).await,
        target.patch(&path, json!([{"op":"replace","path":"password","value":[secret]}])).await,
        target.get(&format!("{path}?attributes=password")).await,
        target.get("/Users?attributes=password").await,
        target.get(&format!("/Users?filter=password+eq+%22{secret}%22")).await,
    ];
    for answer in &answers {
        assert!(!answer.body.to_string().contains(secret) && answer.body.get("password").is_none());
    }
    answers[4].assert_refused(400, Some("invalidValue"));
    answers[7].assert_refused(400, Some("invalidFilter"));
    assert_ne!(target.get(&path).await.body["meta"]["lastModified"], before, "a new password is a change");
    assert_eq!(target.get("/ServiceProviderConfig").await.body["changePassword"]["supported"], true);
}

#[tokio::test]
async fn the_location_is_told_alike_everywhere() {
    let target = Target::healthy().await;
    let created = target.send_json("POST", "/Users", &okta_user("ann")).await;
    let location = created.body["meta"]["location"].as_str().unwrap();
    assert_eq!(created.header("location"), location);
    let path = location.strip_prefix(&target.running.base_url).unwrap();
    let read = target.get(path).await;
    let put = target.send_json("PUT", path, &read.body).await;
    let patched = target.patch(path, json!([{"op":"remove","path":"title"}])).await;
    for answer in [read, put, patched] {
        assert_eq!(answer.header("content-location"), location);
        assert_eq!(answer.body["meta"]["location"], location);
    }
}

#[tokio::test]
async fn external_ids_may_repeat_and_keep_their_case() {
    let target = Target::healthy().await;
    for name in ["ann", "bob"] {
        let mut body = okta_user(name);
        body["externalId"] = "00uABC".into();
        assert_eq!(target.send_json("POST", "/Users", &body).await.body["externalId"], "00uABC");
    }
    assert_eq!(total(&target.get("/Users?filter=externalId+eq+%2200uABC%22").await), 2);
    assert_eq!(total(&target.get("/Users?filter=externalId+eq+%2200uabc%22").await), 0);
    let body = json!({"schemas":[USER],"userName":"cy"});
    assert!(target.send_json("POST", "/Users", &body).await.body.get("externalId").is_none());
}

#[tokio::test]
async fn members_and_groups_point_at_each_other() {
    let target = Target::healthy().await;
    let ann = target.user("ann").await;
    let inner = target.group("Inner", &[&ann]).await;
    let outer = target.group("Outer", &[&inner]).await;
    let member = target.get(&format!("/Groups/{outer}")).await.body["members"][0].clone();
    assert_eq!((&member["value"], &member["type"]), (&json!(inner), &json!("Group")));
    for reference in [&member["$ref"], &target.get(&format!("/Groups/{inner}")).await.body["members"][0]["$ref"]] {
        let path = reference.as_str().unwrap().strip_prefix(&target.running.base_url).unwrap();
        assert_eq!(target.get(path).await.status, 200);
    }
    let groups = target.get(&format!("/Users/{ann}")).await.body["groups"].clone();
    assert_eq!(groups[0]["value"], inner);
    assert!(groups[0]["$ref"].as_str().unwrap().ends_with(&format!("/Groups/{inner}")));
    assert_eq!((&groups[0]["display"], &groups[0]["type"]), (&json!("Inner"), &json!("direct")));
    let own = json!([{"op":"add","path":"members","value":[{"value":outer}]}]);
    target.patch(&format!("/Groups/{outer}"), own).await.assert_refused(400, Some("invalidValue"));
    let twin = target.group("Inner", &[]).await;
    assert_ne!(twin, inner, "group names need not be unique");
    target.send("DELETE", &format!("/Groups/{inner}")).await;
    assert!(target.get(&format!("/Groups/{outer}")).await.body.get("members").is_none());
}

#[tokio::test]
async fn a_manager_is_shown_with_the_name_the_server_knows() {
    let target = Target::healthy().await;
    let boss = target.user("boss").await;
    let mut body = okta_user("ann");
    body[ENTERPRISE] = json!({"manager":{"value":boss,"displayName":"Made up"}});
    let created = target.send_json("POST", "/Users", &body).await;
    let manager = &created.body[ENTERPRISE]["manager"];
    assert_eq!((&manager["value"], &manager["displayName"]), (&json!(boss), &json!("Ann Lee")));
    assert!(manager["$ref"].as_str().unwrap().ends_with(&boss));
    let path = format!("/Users/{}", created.id());
    assert_eq!(target.send_json("PUT", &path, &created.body).await.body, created.body);
}

#[tokio::test]
async fn an_extension_of_the_users_own_is_as_good_as_the_built_in_one() {
    let urn = "urn:example:params:scim:schemas:extension:badge:2.0:User";
    let schema = json!({"id":urn,"name":"Badge","attributes":[
        {"name":"level","type":"integer"},{"name":"code","mutability":"immutable"},
        {"name":"pin","mutability":"writeOnly","returned":"never"},{"name":"seen","mutability":"readOnly"},
        {"name":"note","returned":"request"},{"name":"tags","multiValued":true}]});
    let target = Target::with(Config { schemas: vec![schema], ..Config::default() }).await;
    let mut body = okta_user("ann");
    body[urn] = json!({"LEVEL":9,"code":"C-1","pin":"1234","seen":"x","note":"n","tags":["a","b","a"]});
    let created = target.send_json("POST", "/Users", &body).await;
    assert_eq!(created.body[urn], json!({"level":9,"code":"C-1","tags":["a","b"]}));
    assert_eq!(created.body["schemas"], json!([USER, urn]));
    let path = format!("/Users/{}", created.id());
    assert_eq!(target.get(&format!("{path}?attributes={urn}:note")).await.body[urn], json!({"note":"n"}));
    assert_eq!(total(&target.get(&format!("/Users?filter={urn}:level+gt+8+and+{urn}:tags+eq+%22B%22")).await), 1);
    target.get(&format!("/Users?filter={urn}:pin+pr")).await.assert_refused(400, Some("invalidFilter"));
    let mut other = created.body.clone();
    other[urn]["code"] = "C-2".into();
    target.send_json("PUT", &path, &other).await.assert_refused(400, Some("mutability"));
    other[urn] = json!({"level":1});
    assert_eq!(target.send_json("PUT", &path, &other).await.body[urn]["code"], "C-1");
    let mut bob = target.send_json("POST", "/Users", &okta_user("bob")).await.body;
    bob[urn] = json!({"code":"C-9"});
    let bob_path = format!("/Users/{}", bob["id"].as_str().unwrap());
    assert_eq!(target.send_json("PUT", &bob_path, &bob).await.body[urn]["code"], "C-9", "a first value is taken");
    let tags = json!([{"op":"remove","path":format!("{urn}:tags[value eq \"a\"]")}]);
    assert_eq!(target.patch(&path, tags).await.status, 200);
    other[urn] = json!({"level":1.5});
    target.send_json("PUT", &path, &other).await.assert_refused(400, Some("invalidValue"));
    assert_eq!(target.get("/ResourceTypes/User").await.body["schemaExtensions"][1]["schema"], urn);
    assert_eq!(target.get(&format!("/Schemas/{urn}")).await.body["attributes"].as_array().unwrap().len(), 6);

    let broken = scimulate::server::start(Config { schemas: vec![json!({"id":"badge"})], ..Config::default() }).await;
    assert!(broken.unwrap_err().to_string().contains("badge"));
}

#[tokio::test]
async fn roles_and_entitlements_are_offered_as_okta_reads_them() {
    let target = Target::with(Config { entitlements: true, ..Config::default() }).await;
    let types = target.get("/ResourceTypes").await.body;
    for kind in ["Role", "Entitlement"] {
        let schema = format!("urn:okta:scim:schemas:core:1.0:{kind}");
        let told = types["Resources"].as_array().unwrap().iter().find(|told| told["schema"] == schema).unwrap();
        let page = target.get(&format!("{}?count=1&startIndex=1", told["endpoint"].as_str().unwrap())).await;
        assert_eq!((total(&page), &page.body["itemsPerPage"]), (3, &json!(1)));
        let first = &page.body["Resources"][0];
        assert_eq!((&first["schemas"], &first["meta"]["resourceType"]), (&json!([schema]), &json!(kind)));
        assert!(first["id"].is_string() && first["displayName"].is_string());
        assert_eq!(target.get(&format!("/Schemas/{schema}")).await.status, 200);
    }
    let mut body = okta_user("ann");
    body["roles"] = json!([{"value":"r","display":"Administrator"}]);
    body["entitlements"] = json!([{"value":"e","display":"Basic","type":"license"}]);
    let created = target.send_json("POST", "/Users", &body).await;
    assert_eq!((&created.body["roles"], &created.body["entitlements"]), (&body["roles"], &body["entitlements"]));
    assert_eq!(total(&Target::healthy().await.get("/ResourceTypes").await), 2);
}

#[tokio::test]
async fn a_deleted_resource_is_gone_for_every_method_and_its_name_is_free() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    let path = format!("/Users/{id}");
    let deleted = target.send("DELETE", &path).await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));
    target.get(&path).await.assert_refused(404, None);
    target.send_json("PUT", &path, &okta_user("ann")).await.assert_refused(404, None);
    target.patch(&path, json!([{"op":"remove","path":"title"}])).await.assert_refused(404, None);
    target.send("DELETE", &path).await.assert_refused(404, None);
    assert_eq!(total(&target.get("/Users?filter=userName+eq+%22ann%22").await), 0);
    assert_ne!(target.user("ann").await, id);
}

#[tokio::test]
async fn concurrent_writes_lose_nothing_and_never_make_a_duplicate() {
    let target = std::sync::Arc::new(Target::healthy().await);
    let group = target.group("Crew", &[]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (target, group) = (std::sync::Arc::clone(&target), group.clone());
        tasks.spawn(async move {
            let id = target.user(&format!("user-{number}")).await;
            let same = target.send_json("POST", "/Users", &okta_user("contested")).await.status;
            let add = json!([{"op":"add","path":"members","value":[{"value":id}]}]);
            assert_eq!(target.patch(&format!("/Groups/{group}"), add).await.status, 200);
            same
        });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert!(statuses.iter().all(|status| [201, 409].contains(status)));
    assert_eq!(target.get(&format!("/Groups/{group}")).await.body["members"].as_array().unwrap().len(), 40);
    assert_eq!(total(&target.get("/Users").await), 41);
}

#[test]
fn a_fault_that_is_not_there_is_not_found() {
    assert!(fault::by_id("no_such_fault").is_none());
    assert_eq!(fault::by_id("dup_201").unwrap().case, "B048");
}
