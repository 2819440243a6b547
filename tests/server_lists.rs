//! Lists of the reference server: envelope, order, paging, projection, search (RFC 7644 §3.4, §3.9, §3.10).

mod server_target;

use scimulate::server::Config;
use serde_json::{Value, json};
use server_target::{Answer, Target, total};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Creates users with these further attributes.
async fn with_users(users: &[(&str, Value)]) -> Target {
    let target = Target::healthy().await;
    for (name, attributes) in users {
        let mut body = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":name});
        body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        assert_eq!(target.send_json("POST", "/Users", &body).await.status, 201);
    }
    target
}

fn names(list: &Answer) -> Vec<&str> {
    assert_eq!(list.status, 200, "{}", list.body);
    list.body["Resources"].as_array().unwrap().iter().map(|user| user["userName"].as_str().unwrap_or("-")).collect()
}

#[tokio::test]
async fn a_list_says_how_much_there_is_and_what_it_shows() {
    let target = Target::with(Config { people: 3, ..Config::default() }).await;
    let page = target.get("/Users?startIndex=2&count=1").await;
    assert_eq!(page.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    assert_eq!((&page.body["totalResults"], &page.body["startIndex"]), (&json!(3), &json!(2)));
    assert_eq!(page.body["itemsPerPage"], 1);
    assert_eq!(page.body["Resources"].as_array().unwrap().len(), 1);
    let all = target.get("/Users").await;
    assert_eq!((&all.body["startIndex"], &all.body["itemsPerPage"]), (&json!(1), &json!(3)));
    for user in all.body["Resources"].as_array().unwrap() {
        assert_eq!(target.get(&format!("/Users/{}", user["id"].as_str().unwrap())).await.body, *user);
    }
    let none = target.get("/Users?filter=userName%20eq%20%22nobody%22").await;
    assert_eq!((total(&none), &none.body["Resources"]), (0, &json!([])));
    assert_eq!(target.get("/Users?foo=bar").await.body, all.body);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let target = Target::with(Config { people: 7, ..Config::default() }).await;
    let all = target.get("/Users").await;
    let mut walked = Vec::new();
    for start in [1, 3, 5, 7, 9] {
        let page = target.get(&format!("/Users?startIndex={start}&count=2")).await;
        assert_eq!(total(&page), 7);
        walked.extend(page.body["Resources"].as_array().unwrap().clone());
    }
    assert_eq!(Value::from(walked), all.body["Resources"]);
    let past = target.get("/Users?startIndex=8&count=2").await;
    assert_eq!((total(&past), &past.body["itemsPerPage"], &past.body["Resources"]), (7, &json!(0), &json!([])));
    assert_eq!(target.get("/Users?startIndex=0&count=2").await.body, target.get("/Users?count=2").await.body);
}

#[tokio::test]
async fn a_page_is_never_larger_than_the_server_says() {
    let target = Target::with(Config { people: 1005, ..Config::default() }).await;
    let limit = target.get("/ServiceProviderConfig").await.body["filter"]["maxResults"].as_u64().unwrap();
    let page = target.get("/Users?count=10000").await;
    assert_eq!((total(&page), page.body["itemsPerPage"].as_u64()), (1005, Some(limit)));
    assert_eq!(target.get("/Users").await.body["itemsPerPage"], 100);
}

#[tokio::test]
async fn a_filtered_list_counts_and_pages_what_matches() {
    let target = Target::with(Config { people: 30, ..Config::default() }).await;
    let filter = "/Users?filter=displayName+sw+%22a%22";
    let all = target.get(filter).await;
    let page = target.get(&format!("{filter}&startIndex=2&count=1")).await;
    assert_eq!(total(&page), total(&all));
    assert_eq!(page.body["Resources"][0], all.body["Resources"][1]);
    assert!(total(&all) > 1 && total(&all) < 30);
}

#[tokio::test]
async fn sorting_follows_type_case_rule_primary_and_missing_values() {
    let target = with_users(&[
        ("bob", json!({"externalId":"b","title":"Z","emails":[{"value":"z@x"},{"value":"a@x","primary":true}]})),
        ("Ann", json!({"externalId":"A","name":{"familyName":"Zu"},"emails":[{"value":"b@x"}]})),
        ("cy", json!({"externalId":"a","title":"a","active":true,"name":{"familyName":"ab"}})),
    ])
    .await;
    let order = |query: &str| {
        let path = format!("/Users?{query}");
        let target = &target;
        async move { names(&target.get(&path).await).join(" ") }
    };
    assert_eq!(order("").await, "bob Ann cy");
    assert_eq!(order("sortBy=userName").await, "Ann bob cy");
    assert_eq!(order("sortBy=USERNAME&sortOrder=ascending").await, "Ann bob cy");
    assert_eq!(order("sortBy=userName&sortOrder=descending").await, "cy bob Ann");
    assert_eq!(order("sortBy=externalId").await, "Ann cy bob", "externalId is case-exact");
    assert_eq!(order("sortBy=title").await, "cy bob Ann", "missing comes last");
    assert_eq!(order("sortBy=title&sortOrder=descending").await, "Ann bob cy", "missing comes first");
    assert_eq!(order("sortBy=emails.value").await, "bob Ann cy", "the primary counts");
    assert_eq!(order("sortBy=emails").await, "bob Ann cy");
    assert_eq!(order("sortBy=name.familyName").await, "cy Ann bob");
    assert_eq!(order("sortBy=meta.created&sortOrder=descending&count=3").await.split(' ').count(), 3);
    assert_eq!(order("sortBy=userName&startIndex=2&count=1").await, "bob");
    for unsortable in ["name", "shoeSize", "1x"] {
        target.get(&format!("/Users?sortBy={unsortable}")).await.assert_refused(400, Some("invalidValue"));
    }
}

#[tokio::test]
async fn dates_are_sorted_by_their_instant() {
    let user = |id: &str, modified: &str| {
        json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":id,"userName":id,
            "meta":{"lastModified":modified}})
    };
    let resources = vec![user("later", "2024-03-01T12:00:00Z"), user("earlier", "2024-03-01T13:30:00+02:00")];
    let target = Target::with(Config { resources, ..Config::default() }).await;
    assert_eq!(names(&target.get("/Users?sortBy=meta.lastModified").await), ["earlier", "later"]);
}

#[tokio::test]
async fn attributes_choose_what_is_shown_in_every_answer() {
    let target = with_users(&[(
        "ann",
        json!({"name":{"givenName":"Ann","familyName":"Lee"},"password":"pw-1",
        "emails":[{"value":"a@x","type":"work"}],ENTERPRISE:{"department":"Legal","division":"D"}}),
    )])
    .await;
    let id = target.get("/Users").await.body["Resources"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    let shown = |answer: &Answer| {
        let keys = answer.body.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        keys.join(" ")
    };
    let by = |query: &str| {
        let path = format!("{path}?{query}");
        let target = &target;
        async move { target.get(&path).await }
    };
    assert_eq!(shown(&by("attributes=USERNAME,foo").await), "schemas id userName");
    assert_eq!(by("attributes=name.givenName").await.body["name"], json!({"givenName":"Ann"}));
    let department = by(&format!("attributes={ENTERPRISE}:department")).await;
    assert_eq!(department.body[ENTERPRISE], json!({"department":"Legal"}));
    assert_eq!(shown(&by("attributes=password").await), "schemas id");
    assert!(!shown(&by("excludedAttributes=emails,id,schemas").await).contains("emails"));
    assert!(shown(&by("excludedAttributes=emails,id,schemas").await).starts_with("schemas id"));
    by("attributes=userName&excludedAttributes=emails").await.assert_refused(400, Some("invalidValue"));
    let list = target.get("/Users?attributes=userName").await;
    assert_eq!(list.body["Resources"][0], by("attributes=userName").await.body);

    let body = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bob","title":"T"});
    let created = target.send_json("POST", "/Users?attributes=userName", &body).await;
    assert_eq!((created.status, shown(&created).as_str()), (201, "schemas id userName"));
    let put = target.send_json("PUT", &format!("/Users/{}?excludedAttributes=title", created.id()), &body).await;
    assert!(put.status == 200 && put.body.get("title").is_none() && put.body.get("userName").is_some());
    let patched =
        target.patch(&format!("{path}?attributes=title"), json!([{"op":"add","path":"title","value":"L"}])).await;
    assert_eq!((patched.status, shown(&patched).as_str()), (200, "schemas id title"));
}

#[tokio::test]
async fn members_can_be_left_out_of_groups() {
    let target = Target::healthy().await;
    let ann = target.user("ann").await;
    target.group("Crew", &[&ann]).await;
    let list = target.get("/Groups?excludedAttributes=members").await;
    assert!(list.body["Resources"][0].get("members").is_none());
    assert_eq!(list.body["Resources"][0]["displayName"], "Crew");
    let only = target.get("/Groups?attributes=displayName").await;
    assert_eq!(only.body["Resources"][0]["displayName"], "Crew");
}

#[tokio::test]
async fn a_search_by_post_answers_as_the_list_does() {
    let target = Target::with(Config { people: 5, ..Config::default() }).await;
    let search = |path: &'static str, mut body: Value| {
        body["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]);
        let target = &target;
        async move { target.send_json("POST", path, &body).await }
    };
    let asked = json!({"filter":"active eq true","startIndex":2,"count":2,"attributes":["userName"],
        "sortBy":"userName","sortOrder":"descending"});
    let found = search("/Users/.search", asked).await;
    let url =
        "/Users?filter=active+eq+true&startIndex=2&count=2&attributes=userName&sortBy=userName&sortOrder=descending";
    assert_eq!(found.body, target.get(url).await.body);
    assert_eq!(total(&target.get("/Users").await), 5, "nothing was created");
    let hidden = search("/Users/.search", json!({"excludedAttributes":["id","emails"]})).await;
    assert!(hidden.body["Resources"][0].get("id").is_some() && hidden.body["Resources"][0].get("emails").is_none());
    search("/Users/.search", json!({"filter":"userName"})).await.assert_refused(400, Some("invalidFilter"));
    let unnamed = target.send_json("POST", "/Users/.search", &json!({"filter":"userName pr"})).await;
    unnamed.assert_refused(400, Some("invalidSyntax"));
}

#[tokio::test]
async fn a_query_at_the_root_covers_every_type() {
    let target = Target::with(Config { people: 2, ..Config::default() }).await;
    let ann = target.user("ann").await;
    target.group("Crew", &[&ann]).await;
    assert_eq!(total(&target.get("/").await), 4);
    assert_eq!(total(&target.get("/?filter=meta.resourceType+eq+%22User%22").await), 3);
    let groups = target.get("/?filter=members+pr").await;
    assert_eq!((total(&groups), &groups.body["Resources"][0]["displayName"]), (1, &json!("Crew")));
    let body = json!({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"displayName pr",
        "sortBy":"displayName"});
    let searched = target.send_json("POST", "/.search", &body).await;
    assert_eq!(searched.body["Resources"][3]["displayName"], "Crew");
    assert_eq!(names(&target.get("/?filter=userName+eq+%22ann%22").await), ["ann"]);
}

#[tokio::test]
async fn what_a_user_belongs_to_can_be_filtered_as_it_is_shown() {
    let target = Target::healthy().await;
    let (ann, bob) = (target.user("ann").await, target.user("bob").await);
    let crew = target.group("Crew", &[&ann, &bob]).await;
    target.group("Lone", &[&ann]).await;
    let listed = target.get(&format!("/Users?filter=groups.value+eq+%22{crew}%22")).await;
    assert_eq!(names(&listed), ["ann", "bob"]);
    assert_eq!(names(&target.get("/Users?filter=groups.display+eq+%22lone%22").await), ["ann"]);
    let with_bob = target.get(&format!("/Groups?filter=members.value+eq+%22{bob}%22")).await;
    assert_eq!((total(&with_bob), &with_bob.body["Resources"][0]["id"]), (1, &json!(crew)));
    let by_location = target.get(&format!("/Users?filter=meta.location+ew+%22{ann}%22")).await;
    assert_eq!(names(&by_location), ["ann"]);
}

#[tokio::test]
async fn spellings_that_mean_the_same_name_are_the_same_name() {
    let target = with_users(&[("tomás", json!({}))]).await;
    let body = |name: &str| json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":name});
    for name in ["TOMÁS", "toma\u{301}s", "ｔｏｍáｓ"] {
        target.send_json("POST", "/Users", &body(name)).await.assert_refused(409, Some("uniqueness"));
        let filter = format!("userName eq \"{name}\"");
        let filter = percent_encoding::utf8_percent_encode(&filter, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(names(&target.get(&format!("/Users?filter={filter}")).await), ["tomás"]);
    }
}
