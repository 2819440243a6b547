//! Paging by cursor (RFC 9865) of the reference server.

mod server_target;

use scimulate::server::Config;
use serde_json::{Value, json};
use server_target::{Answer, Target, total};
use std::time::Duration;

/// What a list shows, by userName or displayName.
fn names(list: &Answer) -> Vec<String> {
    assert_eq!(list.status, 200, "{}", list.body);
    let resources = list.body["Resources"].as_array().unwrap();
    assert_eq!(list.body["itemsPerPage"], resources.len());
    let name = |one: &Value| one["userName"].as_str().or_else(|| one["displayName"].as_str()).unwrap().to_owned();
    resources.iter().map(name).collect()
}

fn cursor<'a>(list: &'a Answer, name: &str) -> Option<&'a str> {
    let found = list.body.get(name)?.as_str().expect("a cursor is text");
    assert!(!found.is_empty() && found.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    Some(found)
}

/// The pages of a list from the first to the last, each with what comes before and after.
async fn walk(target: &Target, query: &str) -> Vec<Answer> {
    let mut pages = vec![target.get(&format!("{query}&cursor")).await];
    while let Some(next) = cursor(pages.last().unwrap(), "nextCursor") {
        assert!(pages.len() < 50, "no end of pages");
        let next = format!("{query}&cursor={next}");
        pages.push(target.get(&next).await);
    }
    pages
}

#[tokio::test]
async fn pages_by_cursor_tile_the_list_in_its_order_both_ways() {
    let target = Target::with(Config { people: 23, entitlements: true, ..Config::default() }).await;
    for name in ["Night Shift", "Crew", "Staff"] {
        target.group(name, &[]).await;
    }
    for list in [
        "/Users?count=5",
        "/Users?count=23",
        "/Users?count=7&filter=displayName+co+%22e%22",
        "/Users?count=4&sortBy=name.familyName",
        "/Users?count=4&sortBy=name.familyName&sortOrder=descending",
        "/Users?count=4&sortBy=meta.created&sortOrder=descending",
        "/Users?count=6&sortBy=title",
        "/Groups?count=1&sortBy=displayName",
        "/?count=6&attributes=displayName,userName",
        "/?count=6&sortBy=displayName",
    ] {
        let size: usize = list.split_once("count=").unwrap().1.split('&').next().unwrap().parse().unwrap();
        let whole = target.get(&list.replacen(&format!("count={size}"), "count=1000", 1)).await;
        let pages = walk(&target, list).await;
        let walked: Vec<String> = pages.iter().flat_map(names).collect();
        assert_eq!(walked, names(&whole), "{list}");
        let (last, others) = pages.split_last().unwrap();
        assert!(others.iter().all(|page| names(page).len() == size) && !names(last).is_empty(), "{list}");
        assert_eq!(cursor(&pages[0], "previousCursor"), None);
        for page in &pages {
            assert_eq!(total(page), total(&whole));
            assert!(page.body.get("startIndex").is_none());
        }
        for (page, before) in pages.iter().skip(1).zip(&pages) {
            let back = format!("{list}&cursor={}", cursor(page, "previousCursor").unwrap());
            let back = target.get(&back).await;
            assert_eq!(back.body["Resources"], before.body["Resources"], "{list}");
            assert_eq!(cursor(&back, "previousCursor").is_some(), cursor(before, "previousCursor").is_some());
            let again = format!("{list}&cursor={}", cursor(&back, "nextCursor").unwrap());
            assert_eq!(target.get(&again).await.body["Resources"], page.body["Resources"], "{list}");
        }
    }
}

#[tokio::test]
async fn changes_between_pages_neither_repeat_nor_lose_what_stays() {
    for order in ["", "&sortBy=userName", "&filter=userName+pr"] {
        let target = Target::healthy().await;
        let mut ids = Vec::new();
        for name in ["a", "b", "c", "d", "e", "f"] {
            ids.push(target.user(name).await);
        }
        let query = format!("/Users?count=2{order}");
        let first = target.get(&format!("{query}&cursor=")).await;
        assert_eq!(names(&first), ["a", "b"]);
        // The last one shown goes, and so do one before it and one behind it.
        for gone in [0, 1, 2] {
            assert_eq!(target.send("DELETE", &format!("/Users/{}", ids[gone])).await.status, 204);
        }
        target.user("g").await;
        let second = target.get(&format!("{query}&cursor={}", cursor(&first, "nextCursor").unwrap())).await;
        assert_eq!(names(&second), ["d", "e"], "{order}");
        let third = target.get(&format!("{query}&cursor={}", cursor(&second, "nextCursor").unwrap())).await;
        assert_eq!(names(&third), ["f", "g"], "{order}");
        assert_eq!((cursor(&third, "nextCursor"), cursor(&second, "previousCursor")), (None, None));
    }
}

#[tokio::test]
async fn count_bounds_a_page_by_cursor_as_it_does_by_index() {
    let target = Target::with(Config { people: 1005, ..Config::default() }).await;
    let told = target.get("/ServiceProviderConfig").await.body["pagination"].clone();
    assert_eq!((&told["cursor"], &told["index"]), (&json!(true), &json!(true)));
    assert_eq!((&told["defaultPaginationMethod"], &told["cursorTimeout"]), (&json!("index"), &json!(3600)));
    let max = target.get("/Users?cursor&count=99999").await;
    assert_eq!(max.body["itemsPerPage"], told["maxPageSize"]);
    let default = target.get("/Users?cursor").await;
    assert_eq!(default.body["itemsPerPage"], told["defaultPageSize"]);
    for none in ["0", "-1"] {
        let page = target.get(&format!("/Users?cursor&count={none}")).await;
        assert_eq!((total(&page), names(&page).len()), (1005, 0));
        assert_eq!(cursor(&page, "nextCursor"), None);
    }
    let next = cursor(&default, "nextCursor").unwrap();
    assert_eq!(names(&target.get(&format!("/Users?count=3&cursor={next}")).await).len(), 3, "count may change");
    target.get("/Users?cursor&count=many").await.assert_refused(400, Some("invalidCount"));
    target.get("/Users?count=many").await.assert_refused(400, Some("invalidValue"));
    target.get("/Users?cursor&startIndex=1").await.assert_refused(400, Some("invalidValue"));
    let counted = target.get("/Users").await;
    assert_eq!(counted.body["startIndex"], 1);
    assert_eq!((cursor(&counted, "nextCursor"), cursor(&counted, "previousCursor")), (None, None));
}

#[tokio::test]
async fn a_search_by_post_pages_by_cursor() {
    let target = Target::with(Config { people: 5, ..Config::default() }).await;
    let search = |cursor: &str| {
        json!({"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"count":3,
        "filter":"active eq true","attributes":["userName"],"cursor":cursor})
    };
    let first = target.send_json("POST", "/Users/.search", &search("")).await;
    let next = cursor(&first, "nextCursor").unwrap();
    let second = target.send_json("POST", "/Users/.search", &search(next)).await;
    assert_eq!((names(&first).len(), names(&second).len(), cursor(&second, "nextCursor")), (3, 2, None));
    let by_url = format!("/Users?count=3&filter=active+eq+true&attributes=userName&cursor={next}");
    assert_eq!(target.get(&by_url).await.body["Resources"], second.body["Resources"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_gives_nobody_access() {
    let target = Target::with(Config { people: 5, ..Config::default() }).await;
    let other = Target::with(Config { people: 5, ..Config::default() }).await;
    let first = target.get("/Users?count=2&cursor").await;
    let next = cursor(&first, "nextCursor").unwrap().to_owned();
    let mut forged = next.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    let refused = target.get("/Users?count=2&cursor=garbage").await;
    refused.assert_refused(400, Some("invalidCursor"));
    for path in [
        format!("/Users?count=2&cursor={forged}"),
        format!("/Groups?count=2&cursor={next}"),
        format!("/Users?count=2&sortBy=userName&cursor={next}"),
        format!("/Users?count=2&filter=userName+pr&cursor={next}"),
    ] {
        let answer = target.get(&path).await;
        answer.assert_refused(400, Some("invalidCursor"));
        assert_eq!(answer.body, refused.body, "{path}");
    }
    other.get(&format!("/Users?count=2&cursor={next}")).await.assert_refused(400, Some("invalidCursor"));
    let url = format!("{}/Users?count=2&cursor={next}", target.running.base_url);
    Target::answer(target.client.get(url).header("authorization", "Bearer wrong")).await.assert_refused(401, None);
}

#[tokio::test]
async fn an_old_cursor_is_refused_as_expired() {
    let target = Target::with(Config { people: 5, cursor_timeout: Duration::ZERO, ..Config::default() }).await;
    let first = target.get("/Users?count=2&cursor").await;
    let next = cursor(&first, "nextCursor").unwrap();
    target.get(&format!("/Users?count=2&cursor={next}")).await.assert_refused(400, Some("expiredCursor"));
    assert_eq!(target.get("/ServiceProviderConfig").await.body["pagination"]["cursorTimeout"], 0);
}
