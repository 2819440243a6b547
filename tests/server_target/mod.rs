//! A started reference server and a client for it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;
use reqwest::Method;
use scimulate::server::{self, Config, Running};
use serde_json::{Value, json};
use std::sync::Once;

pub const TOKEN: &str = "test-token-1";

pub struct Target {
    pub running: Running,
    pub client: reqwest::Client,
}

/// What came back; `body` is null when there was none.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    /// Checks that this is a whole SCIM Error with this status and keyword.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, scim_type: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/scim+json");
        assert_eq!(self.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(self.body["status"], status.to_string());
        assert!(!self.body["detail"].as_str().unwrap().is_empty());
        assert_eq!(self.body.get("scimType").and_then(Value::as_str), scim_type, "{}", self.body);
    }
}

/// So many cases, always the same; with PROPTEST_CASES as many as it says, others each time.
pub fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return usual;
    }
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(7), ..usual }
}

pub fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Target {
    pub async fn healthy() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn faulty(id: &str) -> Self {
        Self::with(Config { faults: vec![server::fault::by_id(id).unwrap()], ..Config::default() }).await
    }

    pub async fn with(config: Config) -> Self {
        Self::with_client(config, client()).await
    }

    pub async fn with_client(config: Config, client: reqwest::Client) -> Self {
        let running = server::start(Config { token: TOKEN.into(), ..config }).await.unwrap();
        Self { running, client }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.running.base_url));
        request.header("accept", "application/scim+json").header("authorization", format!("Bearer {TOKEN}"))
    }

    pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Answer { status, headers, body }
    }

    pub async fn send(&self, method: &str, path: &str) -> Answer {
        Self::answer(self.request(method, path)).await
    }

    pub async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/scim+json; charset=utf-8");
        Self::answer(request.body(body.to_string())).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    /// Patches with these operations.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.send_json("PATCH", path, &patch_op(operations)).await
    }

    /// Creates a user as Okta does and gives back the id.
    pub async fn user(&self, name: &str) -> String {
        let created = self.send_json("POST", "/Users", &okta_user(name)).await;
        assert_eq!(created.status, 201, "{}", created.body);
        created.id()
    }

    /// Creates a group with these members and gives back the id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body =
            json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":name,"members":members});
        let created = self.send_json("POST", "/Groups", &body).await;
        assert_eq!(created.status, 201, "{}", created.body);
        created.id()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the operations as a literal")]
pub fn patch_op(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// A create body in the shape Okta sends.
pub fn okta_user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "name": { "givenName": "Ann", "familyName": "Lee" },
        "emails": [{ "primary": true, "value": name, "type": "work" }],
        "displayName": "Ann Lee",
        "locale": "en-US",
        "externalId": format!("00u-{name}"),
        "groups": [],
        "password": "aB3dE6gH",
        "active": true,
    })
}

/// The totalResults of a list.
pub fn total(list: &Answer) -> u64 {
    assert_eq!(list.status, 200, "{}", list.body);
    list.body["totalResults"].as_u64().unwrap()
}
