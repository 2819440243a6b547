//! Every protocol vector, against the pure core and over HTTP.

mod server_target;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scimulate::scim::error::ScimError;
use scimulate::scim::filter::{Condition, Filter, Operator, Unknown};
use scimulate::scim::patch;
use scimulate::scim::schema::{ResourceType, Schema, group, user};
use scimulate::server::Config;
use serde_json::{Map, Value, json};
use server_target::{Answer, Target};
use std::collections::BTreeSet;

fn file(name: &str) -> Value {
    let path = format!("{}/fixtures/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The extensions a vector file declares, as Schema resources.
fn extensions(file: &Value) -> Vec<Value> {
    let declared = file["schema"]["extensions"].as_object().unwrap();
    let schema = |(id, attributes): (&String, &Value)| {
        let attributes = attributes.as_object().unwrap().iter().map(|(name, characteristics)| {
            let mut attribute = characteristics.clone();
            attribute["name"] = name.as_str().into();
            attribute
        });
        json!({ "id": id, "name": "Extension", "attributes": attributes.collect::<Vec<_>>() })
    };
    declared.iter().map(schema).collect()
}

fn user_type(file: &Value) -> ResourceType {
    user(extensions(file).iter().map(|definition| Schema::from_json(definition).unwrap()).collect())
}

/// What an implementation made of a vector.
#[derive(Debug)]
enum Outcome {
    Matches(BTreeSet<String>),
    Resource(Value, bool),
    Parsed(Value),
    Refused(u16, Option<String>),
}

fn refused(error: &ScimError) -> Outcome {
    Outcome::Refused(error.status, error.scim_type.map(|scim_type| scim_type.keyword().to_owned()))
}

fn refusal_of(answer: &Answer) -> Outcome {
    Outcome::Refused(answer.status, answer.body["scimType"].as_str().map(str::to_owned))
}

/// Whether the outcome is the expected one or one of the alternatives of a debatable vector.
fn fits(outcome: &Outcome, vector: &Value, expected: &Value) -> bool {
    let alternatives = vector["alternatives"].as_array().into_iter().flatten();
    std::iter::once(expected).chain(alternatives).any(|expected| fits_one(outcome, expected))
}

fn fits_one(outcome: &Outcome, expected: &Value) -> bool {
    match outcome {
        Outcome::Matches(ids) => expected["matches"]
            .as_array()
            .is_some_and(|list| list.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>() == *ids),
        Outcome::Resource(resource, changed) => {
            let as_said = expected["changed"].as_bool().is_none_or(|said| said == *changed);
            expected.get("result").is_some_and(|wanted| comparable(wanted) == comparable(resource)) && as_said
        }
        Outcome::Parsed(tree) => expected.get("ast").is_some_and(|wanted| flat(wanted) == flat(tree)),
        Outcome::Refused(status, keyword) => expected.get("error").is_some_and(|error| {
            let any_keyword = error["scimType"].is_null();
            error["status"] == *status && (any_keyword || error["scimType"].as_str() == keyword.as_deref())
        }),
    }
}

#[track_caller]
fn all_fit(results: &[(String, Outcome, bool)], count: usize) {
    assert_eq!(results.len(), count);
    let wrong: Vec<_> = results.iter().filter(|(_, _, fits)| !fits).map(|(id, outcome, _)| (id, outcome)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn filter_vectors(file: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    file["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| (vector["id"].as_str().unwrap(), vector["filter"].as_str().unwrap(), vector))
}

/// The endpoint of a filter vector with the keys of the resources it is asked of; error vectors have no resources named.
fn asked_of<'v>(vector: &'v Value, file: &'v Value) -> (&'v str, Vec<&'v str>) {
    let endpoint = vector["endpoint"].as_str().unwrap_or("/Users");
    let over = match vector["over"].as_array() {
        Some(keys) => keys.iter().map(|key| key.as_str().unwrap()).collect(),
        None => file["resources"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|key| key.starts_with('u'))
            .collect(),
    };
    (endpoint, over)
}

#[test]
fn every_filter_vector_holds_in_the_core() {
    let file = file("filter.json");
    let (users, groups) = (user_type(&file), group());
    let mut results = Vec::new();
    for (id, text, vector) in filter_vectors(&file) {
        let (endpoint, over) = asked_of(vector, &file);
        let unknown = if endpoint == "/" { Unknown::NoValue } else { Unknown::Refuse };
        let ask = |filter: &Filter| -> Result<BTreeSet<String>, ScimError> {
            let mut matches = BTreeSet::new();
            for key in &over {
                let of = if key.starts_with('g') { &groups } else { &users };
                if Condition::bind(filter, of, unknown)?.matches(file["resources"][key].as_object().unwrap()) {
                    matches.insert((*key).to_owned());
                }
            }
            Ok(matches)
        };
        let outcome = match Filter::parse(text).map_err(ScimError::from) {
            Err(error) => refused(&error),
            Ok(filter) if vector["kind"] == "parse" => Outcome::Parsed(tree(&filter)),
            Ok(filter) => ask(&filter).map_or_else(|error| refused(&error), Outcome::Matches),
        };
        let fits = fits(&outcome, vector, vector);
        results.push((id.to_owned(), outcome, fits));
    }
    all_fit(&results, 131);
}

#[tokio::test]
async fn every_filter_vector_holds_over_http() {
    let file = file("filter.json");
    let resources = file["resources"].as_object().unwrap();
    let target = Target::with(Config {
        schemas: extensions(&file),
        resources: resources.values().cloned().collect(),
        ..Config::default()
    })
    .await;
    let mut results = Vec::new();
    for (id, text, vector) in filter_vectors(&file) {
        let (endpoint, over) = asked_of(vector, &file);
        let filter = utf8_percent_encode(text, NON_ALPHANUMERIC);
        let answer = target.get(&format!("{endpoint}?filter={filter}")).await;
        let outcome = if answer.status == 200 {
            let ids: Vec<&Value> = answer.body["Resources"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
            assert_eq!(answer.body["totalResults"], ids.len());
            Outcome::Matches(
                over.iter().filter(|key| ids.contains(&&resources[**key]["id"])).map(|key| (*key).into()).collect(),
            )
        } else {
            refusal_of(&answer)
        };
        // What only has to parse names attributes that no resource has: it is read, then refused by name.
        let fits = if vector["kind"] == "parse" {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            answer.status == 200 || (detail.contains("has no") && answer.body["scimType"] == "invalidFilter")
        } else {
            fits(&outcome, vector, vector)
        };
        results.push((id.to_owned(), outcome, fits));
    }
    all_fit(&results, 131);
}

#[test]
fn every_patch_vector_holds_in_the_core() {
    let file = file("patch.json");
    let (users, groups) = (user_type(&file), group());
    let mut results = Vec::new();
    for vector in file["vectors"].as_array().unwrap() {
        let of = if vector["resourceType"] == "Group" { &groups } else { &users };
        let before = vector["resource"].as_object().unwrap();
        let applied =
            patch::read(&vector["request"]).and_then(|operations| patch::apply(before.clone(), of, &operations));
        let outcome = match applied {
            Err(error) => refused(&error),
            Ok(mut after) => {
                let changed = after != *before;
                after.remove("password");
                Outcome::Resource(Value::Object(after), changed)
            }
        };
        // Whether a value is taken is for the directory to know, not for the core.
        let id = vector["id"].as_str().unwrap();
        let fits = fits(&outcome, vector, &vector["expect"]) || vector.get("otherResources").is_some();
        results.push((id.to_owned(), outcome, fits));
    }
    all_fit(&results, 124);
}

#[tokio::test]
async fn every_patch_vector_holds_over_http() {
    let (file, client) = (file("patch.json"), server_target::client());
    let mut results = Vec::new();
    for vector in file["vectors"].as_array().unwrap() {
        let config = Config { schemas: extensions(&file), resources: surroundings(vector), ..Config::default() };
        let target = Target::with_client(config, client.clone()).await;
        let collection = if vector["resourceType"] == "Group" { "Groups" } else { "Users" };
        let path = format!("/{collection}/{}", vector["resource"]["id"].as_str().unwrap());
        let before = target.get(&path).await.body;
        let answer = target.send_json("PATCH", &path, &vector["request"]).await;
        let after = target.get(&path).await.body;
        let changed = before["meta"]["lastModified"] != after["meta"]["lastModified"];
        let (outcome, consistent) = if answer.status == 200 {
            let same = answer.body == after;
            (Outcome::Resource(answer.body, changed), same)
        } else {
            (refusal_of(&answer), before == after)
        };
        let fits = consistent && fits(&outcome, vector, &vector["expect"]);
        results.push((vector["id"].as_str().unwrap().to_owned(), outcome, fits));
    }
    all_fit(&results, 124);
}

/// The resource of a patch vector with what it refers to: members, groups, others.
fn surroundings(vector: &Value) -> Vec<Value> {
    let user = |id: &str, name: &str| json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":id,"userName":name});
    let mut all: Vec<Value> = ["u-1", "u-2", "u-3"].into_iter().map(|id| user(id, id)).collect();
    for other in vector["otherResources"].as_array().into_iter().flatten() {
        all.push(user(other["id"].as_str().unwrap(), other["userName"].as_str().unwrap()));
    }
    all.push(vector["resource"].clone());
    for group in vector["resource"]["groups"].as_array().into_iter().flatten() {
        all.push(
            json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":group["value"],"displayName":"G",
            "members":[{"value":vector["resource"]["id"]}]}),
        );
    }
    all
}

/// A resource reduced to what the vectors compare: their rules on order, absence and what a server may add.
fn comparable(resource: &Value) -> Value {
    let mut fields: Map<String, Value> = resource.as_object().unwrap().clone();
    fields.remove("meta");
    for member in fields.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
        *member = json!({ "value": member["value"] });
    }
    for group in fields.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
        *group = json!({ "value": group["value"] });
    }
    for extension in fields.values_mut() {
        if let Some(manager) = extension.get_mut("manager").and_then(Value::as_object_mut) {
            manager.retain(|name, _| name == "value");
        }
    }
    normal(&Value::Object(fields))
}

fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<(String, Value)> = fields
                .iter()
                .map(|(name, value)| (name.clone(), normal(value)))
                .filter(|(name, value)| !(value.is_null() || name == "primary" && *value == json!(false)))
                .collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            if pairs.is_empty() { Value::Null } else { Value::Object(pairs.into_iter().collect()) }
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(normal).collect();
            items.sort_by_key(Value::to_string);
            if items.is_empty() { Value::Null } else { Value::Array(items) }
        }
        other => other.clone(),
    }
}

/// A filter in the notation of the vectors.
fn tree(filter: &Filter) -> Value {
    let path = |path: &scimulate::scim::path::AttributePath| match &path.uri {
        Some(uri) => json!({ "uri": uri, "attr": path.attribute, "sub": path.sub }),
        None => path.to_string().into(),
    };
    let list = |word: &str, parts: &[Filter]| {
        Value::Array(std::iter::once(word.into()).chain(parts.iter().map(tree)).collect())
    };
    match filter {
        Filter::Or(parts) => list("or", parts),
        Filter::And(parts) => list("and", parts),
        Filter::Not(inner) => json!(["not", tree(inner)]),
        Filter::Present(attribute) => json!(["pr", path(attribute)]),
        Filter::Compare(attribute, operator, value) => {
            let word = Operator::ALL.iter().find(|(_, known)| known == operator).unwrap().0;
            json!([word, path(attribute), value])
        }
        Filter::Within(attribute, inner) => json!(["valuePath", path(attribute), tree(inner)]),
    }
}

/// `and` and `or` with nested ones of the same kind drawn together: both notations of a chain are the same filter.
fn flat(tree: &Value) -> Value {
    let Some(items) = tree.as_array() else { return tree.clone() };
    let mut flattened = Vec::new();
    for item in items.iter().map(flat) {
        match item {
            Value::Array(inner) if inner.first() == items.first() && (inner[0] == "and" || inner[0] == "or") => {
                flattened.extend(inner.into_iter().skip(1));
            }
            other => flattened.push(other),
        }
    }
    Value::Array(flattened)
}
