//! Bad input is answered with the right SCIM Error and changes nothing.

mod server_target;

use proptest::prelude::*;
use scimulate::server::{Config, variant};
use serde_json::{Value, json};
use server_target::{Target, okta_user, patch_op, total};

async fn post(target: &Target, media: &'static str, body: Vec<u8>) -> server_target::Answer {
    Target::answer(target.request("POST", "/Users").header("content-type", media).body(body)).await
}

#[tokio::test]
async fn a_body_that_is_no_json_is_an_invalid_syntax() {
    let target = Target::healthy().await;
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let text = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a"}"#;
    for body in [
        b"".to_vec(),
        b"{".to_vec(),
        b"null trailing".to_vec(),
        b"{\"userName\":\"\xff\xfe\"}".to_vec(),
        b"{\"userName\":\"a\",\"userName\":\"b\"}".to_vec(),
        b"{\"userName\":\"\\ud800\"}".to_vec(),
        deep.into_bytes(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        post(&target, "application/scim+json", body).await.assert_refused(400, Some("invalidSyntax"));
    }
    for body in ["[]", "\"x\"", "null", "5"] {
        post(&target, "application/json", body.into()).await.assert_refused(400, Some("invalidSyntax"));
    }
    assert_eq!(total(&target.get("/Users").await), 0);
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let target = Target::healthy().await;
    let body = |name: &str| okta_user(name).to_string().into_bytes();
    for (number, media) in
        ["application/scim+json;charset=utf-8", "APPLICATION/JSON; charset=\"UTF-8\"", "application/scim+json"]
            .into_iter()
            .enumerate()
    {
        assert_eq!(post(&target, media, body(&format!("u{number}"))).await.status, 201, "{media}");
    }
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "application/scim+json; charset=latin1", "nonsense"]
    {
        post(&target, media, body("no")).await.assert_refused(415, None);
    }
    for (accept, status) in [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/*;q=0.8", 200),
        ("text/xml", 406),
        ("application/scim+json;q=0", 406),
    ] {
        let url = format!("{}/Users", target.running.base_url);
        let request = target.client.get(url).header("authorization", format!("Bearer {}", server_target::TOKEN));
        let answer = Target::answer(request.header("accept", accept)).await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.header("content-type"), "application/scim+json");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413() {
    let target = Target::healthy().await;
    let large = vec![b' '; 16 * 1024 * 1024 + 1];
    post(&target, "application/scim+json", large).await.assert_refused(413, None);
    assert_eq!(total(&target.get("/Users").await), 0);
}

#[tokio::test]
async fn methods_that_do_not_fit_are_refused_with_what_does() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    for (method, path, allow) in [
        ("DELETE", "/Users".to_owned(), "GET, POST"),
        ("PATCH", "/Users".to_owned(), "GET, POST"),
        ("POST", format!("/Users/{id}"), "GET, PUT, PATCH, DELETE"),
        ("OPTIONS", "/Groups".to_owned(), "GET, POST"),
        ("GET", "/Users/.search".to_owned(), "POST"),
        ("GET", "/Bulk".to_owned(), "POST"),
        ("POST", "/Schemas".to_owned(), "GET"),
        ("DELETE", "/ResourceTypes/User".to_owned(), "GET"),
    ] {
        let answer = target.send(method, &path).await;
        answer.assert_refused(405, None);
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    target.send("PURGE", "/Users").await.assert_refused(501, None);
    assert_eq!(target.send("HEAD", "/Users").await.status, 405);
    target.get("/Me").await.assert_refused(501, None);
    let none = Target::with(Config {
        variants: variant::by_id("no_bulk_no_cursor").into_iter().collect(),
        ..Config::default()
    });
    none.await.send_json("POST", "/Bulk", &json!({})).await.assert_refused(501, None);
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_404_and_other_versions_are_told() {
    let target = Target::healthy().await;
    for path in ["/users", "/Users/a/b", "/Users/..%2fGroups", "/Users/%ff", "/Schemas/urn:x:y", "/Roles"] {
        target.get(path).await.assert_refused(404, None);
    }
    let root = target.running.base_url.replace("/scim/v2", "");
    let get = |path: &str| {
        let request = target.client.get(format!("{root}{path}"));
        Target::answer(request.header("authorization", format!("Bearer {}", server_target::TOKEN)))
    };
    get("/scim/v9/Users").await.assert_refused(400, Some("invalidVers"));
    get("/scim/v2x/Users").await.assert_refused(404, None);
    get("/Users").await.assert_refused(404, None);
    assert_eq!(get("/scim/v2/Users/").await.status, 200);
}

#[tokio::test]
async fn filters_of_any_size_are_bounded() {
    let target = Target::healthy().await;
    target.user("ann").await;
    let search = |filter: String| {
        let body = json!({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":filter});
        let target = &target;
        async move { target.send_json("POST", "/Users/.search", &body).await }
    };
    let many = vec!["userName eq \"ann\""; 100_000].join(" or ");
    search(many).await.assert_refused(400, Some("invalidFilter"));
    let deep = format!("{}userName pr{}", "(".repeat(200_000), ")".repeat(200_000));
    search(deep).await.assert_refused(400, Some("invalidFilter"));
    let nots = format!("{}userName pr{}", "not (".repeat(100_000), ")".repeat(100_000));
    search(nots).await.assert_refused(400, Some("invalidFilter"));
    let fits = vec!["userName eq \"ann\""; 500].join(" or ");
    assert_eq!(total(&search(fits).await), 1);
    let long_value = format!("userName eq \"{}\"", "a".repeat(1_000_000));
    assert_eq!(total(&search(long_value).await), 0);
}

#[tokio::test]
async fn numbers_out_of_range_are_bounded_and_other_text_is_refused() {
    let target = Target::healthy().await;
    target.user("ann").await;
    for (query, shown) in [
        ("count=99999999999999999999999999", 1),
        ("count=-99999999999999999999999999", 0),
        ("startIndex=99999999999999999999999999", 0),
        ("startIndex=-3", 1),
        ("count=0", 0),
    ] {
        let page = target.get(&format!("/Users?{query}")).await;
        assert_eq!(total(&page), 1);
        assert_eq!(page.body["itemsPerPage"], shown, "{query}");
    }
    for query in ["count=abc", "count=1e3", "startIndex=%00", "sortOrder=sideways", "count=1&count=2", "filter=%ff"] {
        assert_eq!(target.get(&format!("/Users?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn text_with_meaning_elsewhere_is_only_text_here() {
    let target = Target::healthy().await;
    for name in
        ["'; DROP TABLE users; --", "*)(uid=*", "{\"$gt\":\"\"}", "../../etc/passwd", "<script>", "a%b_c\\\"d", "+&=?#"]
    {
        let id = target.user(name).await;
        let quoted = Value::from(name).to_string();
        let filter: String =
            percent_encoding::utf8_percent_encode(&format!("userName eq {quoted}"), percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let found = target.get(&format!("/Users?filter={filter}")).await;
        assert_eq!((total(&found), &found.body["Resources"][0]["id"]), (1, &json!(id)), "{name}");
    }
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    target.user("bob").await;
    let path = format!("/Users/{id}");
    let before = target.get(&path).await.body;
    let title = json!({"op":"replace","path":"title","value":"Lead"});
    for last in [
        json!({"op":"replace","path":"nope","value":1}),
        json!({"op":"replace","path":"active","value":"false"}),
        json!({"op":"remove","path":"userName"}),
        json!({"op":"replace","path":"userName","value":"BOB"}),
        json!({"op":"replace","path":"emails[type eq \"none\"].value","value":"x"}),
        json!({"op":"fly"}),
        json!(5),
    ] {
        let answer = target.patch(&path, json!([title, last])).await;
        assert!(answer.status == 400 || answer.status == 409, "{last}");
        answer.assert_refused(answer.status, answer.body["scimType"].as_str());
        assert_eq!(target.get(&path).await.body, before, "{last}");
    }
    let mut document = before.clone();
    document["userName"] = "bob".into();
    document["title"] = "Lead".into();
    target.send_json("PUT", &path, &document).await.assert_refused(409, Some("uniqueness"));
    assert_eq!(target.get(&path).await.body, before);
    for (method, body) in [("PUT", json!({})), ("PATCH", patch_op(json!([])))] {
        target.send_json(method, "/Users/nobody", &body).await.assert_refused(404, None);
    }
}

proptest! {
    #![proptest_config(server_target::cases(32))]

    #[test]
    fn arbitrary_bytes_are_answered_with_a_scim_error_or_a_list(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        query in "[ -~]{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let target = Target::healthy().await;
            let encoded: String = query.chars().filter(|sign| !"# <>\"`{}^|\\".contains(*sign)).collect();
            let listed = target.get(&format!("/Users?{encoded}")).await;
            assert!([200, 400].contains(&listed.status));
            for (method, path) in [("POST", "/Users"), ("POST", "/Groups"), ("POST", "/.search")] {
                let request = target.request(method, path).header("content-type", "application/scim+json");
                let answer = Target::answer(request.body(body.clone())).await;
                answer.assert_refused(400, Some("invalidSyntax"));
            }
        });
    }
}
