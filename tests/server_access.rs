//! Who reaches what on the reference server: credentials, tenants, limits (RFC 7644 §2, §6; RFC 6749, 6750, 6585).

mod server_target;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scimulate::server::{Config, Tenant};
use serde_json::{Value, json};
use server_target::{Answer, Target, okta_user, total};
use std::time::Duration;

async fn with(target: &Target, credential: &str, method: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", target.running.base_url);
    let request = target.client.request(method.parse().unwrap(), url).header("authorization", credential);
    let request = request.header("content-type", "application/scim+json");
    Target::answer(if body.is_null() { request } else { request.body(body.to_string()) }).await
}

async fn read(target: &Target, credential: &str, path: &str) -> Answer {
    with(target, credential, "GET", path, &Value::Null).await
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[tokio::test]
async fn a_401_names_the_schemes_that_are_offered_and_so_does_the_configuration() {
    let everything =
        Config { basic: vec!["okta:pass word".into()], clients: vec!["id:secret".into()], ..Config::default() };
    for (config, schemes, challenge) in [
        (Config::default(), vec!["oauthbearertoken"], "Bearer realm=\"SCIM\""),
        (everything, vec!["oauthbearertoken", "oauth2", "httpbasic"], "Bearer realm=\"SCIM\", Basic realm=\"SCIM\""),
    ] {
        let offers_basic = !config.basic.is_empty();
        let target = Target::with(config).await;
        let told =
            Target::answer(target.client.get(format!("{}/ServiceProviderConfig", target.running.base_url))).await;
        let told = told.body["authenticationSchemes"].as_array().unwrap().clone();
        assert_eq!(told.iter().map(|scheme| scheme["type"].as_str().unwrap()).collect::<Vec<_>>(), schemes);
        assert_eq!(told.iter().filter(|scheme| scheme["primary"] == true).count(), 1);
        assert!(told.iter().all(|scheme| scheme["name"].is_string() && scheme["description"].is_string()));
        let refused = Target::answer(target.client.get(format!("{}/Users", target.running.base_url))).await;
        refused.assert_refused(401, None);
        assert_eq!(refused.header("www-authenticate"), challenge);
        let wrong = read(&target, "Bearer wrong", "/Users").await;
        wrong.assert_refused(401, None);
        assert!(wrong.header("www-authenticate").contains("error=\"invalid_token\""));
        let right = read(&target, &basic("okta:pass word"), "/Users").await;
        assert_eq!(right.status, if offers_basic { 200 } else { 401 });
        for pair in ["okta:password", "okta:", "okta", "Okta:pass word"] {
            read(&target, &basic(pair), "/Users").await.assert_refused(401, None);
        }
    }
}

/// Asks the token endpoint.
async fn ask(target: &Target, credential: Option<&str>, form: &str) -> Answer {
    let request = target.client.post(target.running.token_endpoint.as_ref().unwrap()).body(form.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    Target::answer(match credential {
        Some(credential) => request.header("authorization", credential),
        None => request,
    })
    .await
}

#[tokio::test]
async fn an_access_token_is_got_for_a_client_and_used_until_it_expires() {
    for lifetime in [Duration::from_secs(3600), Duration::ZERO] {
        let clients = vec!["okta:s3 cret".into(), "other:b".into()];
        let target = Target::with(Config { clients, token_lifetime: lifetime, ..Config::default() }).await;
        let grant = "grant_type=client_credentials";
        let in_form = format!("{grant}&client_id=okta&client_secret=s3+cret");
        let mut tokens = Vec::new();
        for (credential, form) in [(Some(basic("okta:s3%20cret")), grant), (None, in_form.as_str())] {
            let given = ask(&target, credential.as_deref(), form).await;
            assert_eq!((given.status, given.header("cache-control")), (200, "no-store"));
            assert_eq!(
                (&given.body["token_type"], &given.body["expires_in"]),
                (&json!("Bearer"), &json!(lifetime.as_secs()))
            );
            tokens.push(given.body["access_token"].as_str().unwrap().to_owned());
        }
        assert_ne!(tokens[0], tokens[1]);
        for token in &tokens {
            let used = read(&target, &format!("bearer {token}"), "/Users").await;
            if lifetime.is_zero() {
                used.assert_refused(401, None);
                assert!(used.header("www-authenticate").starts_with("Bearer realm=\"SCIM\", error=\"invalid_token\""));
                assert!(used.body["detail"].as_str().unwrap().contains("expired"));
            } else {
                assert_eq!(total(&used), 0);
            }
            read(&target, token, "/Users").await.assert_refused(401, None);
        }
        assert_eq!(target.get("/Users").await.status, 200, "the server's own token does not expire");
    }
}

#[tokio::test]
async fn the_token_endpoint_refuses_what_it_should() {
    let target = Target::with(Config { clients: vec!["okta:secret".into()], ..Config::default() }).await;
    let grant = "grant_type=client_credentials";
    let right = basic("okta:secret");
    for (credential, form, status, error) in [
        (None, grant, 401, "invalid_client"),
        (Some(basic("okta:wrong")), grant, 401, "invalid_client"),
        (Some(format!("Bearer {}", server_target::TOKEN)), grant, 401, "invalid_client"),
        (Some(right.clone()), "grant_type=password", 400, "unsupported_grant_type"),
        (Some(right), "scope=x", 400, "invalid_request"),
    ] {
        let answer = ask(&target, credential.as_deref(), form).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)));
        assert_eq!(answer.header("www-authenticate").starts_with("Basic"), status == 401);
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let get = Target::answer(target.client.get(target.running.token_endpoint.as_ref().unwrap())).await;
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
    assert!(Target::healthy().await.running.token_endpoint.is_none());
}

#[tokio::test]
async fn tenants_share_nothing() {
    let tenant = |name: &str| Tenant { name: name.into(), token: format!("token-of-{name}") };
    let tenants = vec![tenant("north"), tenant("south")];
    let config = Config { tenants, people: 1, basic: vec!["a:b".into()], me: Some("ann".into()), ..Config::default() };
    let target = Target::with(config).await;
    let (home, north, south) =
        (format!("Bearer {}", server_target::TOKEN), "Bearer token-of-north", "Bearer token-of-south");
    let created = with(&target, north, "POST", "/Users", &okta_user("ann")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = format!("/Users/{}", created.id());
    assert_eq!(read(&target, north, &path).await.body, created.body);
    assert_eq!(read(&target, north, "/Me").await.body, created.body);
    let page = read(&target, north, "/Users?count=1&cursor").await;
    let next = format!("/Users?count=1&cursor={}", page.body["nextCursor"].as_str().unwrap());
    for other in [home.as_str(), south] {
        for (method, body) in [("GET", Value::Null), ("PUT", okta_user("ann")), ("DELETE", Value::Null)] {
            with(&target, other, method, &path, &body).await.assert_refused(404, None);
        }
        assert_eq!(total(&read(&target, other, "/Users").await), 1, "each starts with the same one person");
        read(&target, other, "/Me").await.assert_refused(404, None);
        read(&target, other, &next).await.assert_refused(400, Some("invalidCursor"));
        let own = with(&target, other, "POST", "/Users", &okta_user("ann")).await;
        assert_eq!((own.status, &own.body["externalId"]), (201, &created.body["externalId"]));
        assert_ne!(own.id(), created.id());
    }
    assert_eq!(read(&target, &basic("a:b"), &path).await.status, 404, "Basic leads to the first tenant");
    read(&target, "Bearer token-of-west", "/Users").await.assert_refused(401, None);
    assert_eq!(read(&target, north, &path).await.body, created.body);
}

#[tokio::test]
async fn a_token_leads_to_one_tenant_only() {
    let twice = Tenant { name: "north".into(), token: server_target::TOKEN.into() };
    let config = Config { token: server_target::TOKEN.into(), tenants: vec![twice], ..Config::default() };
    let error = scimulate::server::start(config).await.unwrap_err();
    assert!(error.to_string().contains("north"), "{error}");
}

#[tokio::test]
async fn more_requests_than_allowed_are_answered_429_with_the_time_to_wait() {
    let tenants = vec![Tenant { name: "north".into(), token: "north".into() }];
    let target = Target::with(Config { rate_limit: Some(3), tenants, ..Config::default() }).await;
    let mut refused = None;
    // The first ones may fall into two seconds, the rest cannot.
    for _ in 0..100 {
        let answer = target.get("/Users").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200);
    }
    let refused = refused.expect("a 429");
    refused.assert_refused(429, None);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(read(&target, "Bearer north", "/Users").await.status, 200, "another credential has its own count");
}
