//! What the reference server tells about itself, and who may ask (RFC 7643 §5-§7; RFC 7644 §2, §4).

mod server_target;

use scimulate::server::Config;
use serde_json::{Value, json};
use server_target::{Target, okta_user, patch_op, total};

#[tokio::test]
async fn nobody_without_a_credential_reads_or_writes() {
    let target = Target::healthy().await;
    let id = target.user("ann").await;
    let before = target.get(&format!("/Users/{id}")).await.body;
    let mut tried = Vec::new();
    for credential in [None, Some("Bearer wrong"), Some("Basic d3Jvbmc6d3Jvbmc="), Some("wrong")] {
        for (method, path, body) in [
            ("GET", "/Users".to_owned(), Value::Null),
            ("GET", "/Nothing".to_owned(), Value::Null),
            ("POST", "/Users".to_owned(), okta_user("eve")),
            ("POST", "/Users/.search".to_owned(), json!({})),
            ("PATCH", format!("/Users/{id}"), patch_op(json!([{"op":"remove","path":"title"}]))),
            ("DELETE", format!("/Users/{id}"), Value::Null),
        ] {
            let url = format!("{}{path}", target.running.base_url);
            let mut request = target.client.request(method.parse().unwrap(), url).body(body.to_string());
            if let Some(credential) = credential {
                request = request.header("authorization", credential);
            }
            tried.push(Target::answer(request.header("content-type", "application/json")).await);
        }
    }
    for answer in &tried {
        answer.assert_refused(401, None);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(target.get("/Users").await.body["Resources"], json!([before]));
}

#[tokio::test]
async fn the_configuration_says_what_the_server_can_do() {
    let target = Target::healthy().await;
    let config = target.get("/ServiceProviderConfig").await.body;
    assert_eq!(config["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]));
    for (feature, supported) in
        [("patch", true), ("filter", true), ("sort", true), ("changePassword", true), ("bulk", true), ("etag", true)]
    {
        assert_eq!(config[feature]["supported"], supported, "{feature}");
    }
    for limit in [&config["filter"]["maxResults"], &config["bulk"]["maxOperations"], &config["bulk"]["maxPayloadSize"]]
    {
        assert!(limit.is_u64());
    }
    for limit in [&config["bulk"]["maxOperations"], &config["pagination"]["maxPageSize"]] {
        assert!(limit.as_u64().unwrap() > 0);
    }
    let schemes = config["authenticationSchemes"].as_array().unwrap();
    for scheme in schemes {
        assert_eq!(scheme["type"], "oauthbearertoken", "the token has no colon, so Basic is not offered");
        assert!(scheme["name"].is_string() && scheme["description"].is_string());
    }
    assert_eq!(schemes.iter().filter(|scheme| scheme["primary"] == true).count(), 1);
}

#[tokio::test]
async fn each_type_of_resource_is_where_it_is_said_to_be() {
    let target = Target::with(Config { entitlements: true, people: 1, ..Config::default() }).await;
    target.group("Crew", &[]).await;
    let types = target.get("/ResourceTypes").await;
    let schemas: Vec<String> = target.get("/Schemas").await.body["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|schema| schema["id"].as_str().unwrap().to_owned())
        .collect();
    let known = |urn: &Value| schemas.iter().any(|id| urn == id);
    for told in types.body["Resources"].as_array().unwrap() {
        let list = target.get(told["endpoint"].as_str().unwrap()).await;
        let first = &list.body["Resources"][0];
        assert!(total(&list) > 0 && first["meta"]["resourceType"] == told["name"]);
        assert!(first["id"].is_string() && first["meta"]["created"].is_string());
        assert!(first["schemas"].as_array().unwrap().iter().all(known) && known(&told["schema"]));
        for extension in told["schemaExtensions"].as_array().into_iter().flatten() {
            assert!(known(&extension["schema"]) && extension["required"] == false);
        }
        assert_eq!(target.get(&format!("/ResourceTypes/{}", told["name"].as_str().unwrap())).await.body, *told);
    }
    assert_eq!(total(&types), 4);
    target.get("/ResourceTypes/Robot").await.assert_refused(404, None);
}

#[tokio::test]
async fn each_schema_is_well_formed() {
    let target = Target::healthy().await;
    let schemas = target.get("/Schemas").await;
    for schema in schemas.body["Resources"].as_array().unwrap() {
        let id = schema["id"].as_str().unwrap();
        assert!(!id.starts_with("urn:ietf:params:scim:api:messages"));
        assert!(!schema["name"].as_str().unwrap().is_empty() && schema["description"].is_string());
        assert_eq!(target.get(&format!("/Schemas/{id}")).await.body, *schema);
        for attribute in schema["attributes"].as_array().unwrap() {
            check_attribute(attribute);
            for sub in attribute["subAttributes"].as_array().into_iter().flatten() {
                check_attribute(sub);
                assert_ne!(sub["type"], "complex");
            }
        }
    }
    target.get("/Schemas/urn:example:none").await.assert_refused(404, None);
}

fn check_attribute(attribute: &Value) {
    let name = attribute["name"].as_str().unwrap();
    assert!(name == "$ref" || name.starts_with(|letter: char| letter.is_ascii_alphabetic()), "{name}");
    assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || "$-_".contains(letter)), "{name}");
    for (characteristic, words) in [
        ("type", "string boolean decimal integer dateTime reference complex binary"),
        ("mutability", "readOnly readWrite immutable writeOnly"),
        ("returned", "always never default request"),
    ] {
        let word = attribute[characteristic].as_str().unwrap();
        assert!(words.split(' ').any(|known| known == word), "{name}: {word}");
    }
    assert!(attribute["multiValued"].is_boolean() && attribute["required"].is_boolean(), "{name}");
    let kind = attribute["type"].as_str().unwrap();
    assert_eq!(attribute["caseExact"].is_boolean(), ["string", "reference", "binary"].contains(&kind), "{name}");
    assert_eq!(attribute.get("referenceTypes").is_some(), kind == "reference", "{name}");
    let subs = attribute["subAttributes"].as_array().map_or(0, Vec::len);
    assert_eq!(subs > 0, kind == "complex", "{name}");
}

#[tokio::test]
async fn what_a_server_tells_about_itself_is_never_paged_filtered_or_changed() {
    let target = Target::healthy().await;
    for path in ["/Schemas", "/ResourceTypes"] {
        let whole = target.get(path).await.body;
        assert_eq!(whole["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
        assert_eq!(target.get(&format!("{path}?startIndex=2&count=1&sortBy=id&attributes=id")).await.body, whole);
        target.get(&format!("{path}?filter=name+eq+%22User%22")).await.assert_refused(403, None);
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            target.send_json(method, path, &json!({})).await.assert_refused(405, None);
        }
        assert_eq!(target.get(path).await.body, whole);
    }
    target.get("/ServiceProviderConfig?filter=patch+pr").await.assert_refused(403, None);
}
