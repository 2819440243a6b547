//! What a client may store: its body checked against the schema and brought into canonical form.
//!
//! Canonical form: names in the case of the schema, no null, no empty array or object, multi-valued attributes as arrays
//! without repeated values, attributes in the order of the schema, extension data under its URN, `schemas` derived from
//! the data.

use super::error::{ScimError, ScimType};
use super::instant;
use super::schema::{Attribute, Kind, Mutability, ResourceType, Returned, Schema};
use super::text;
use base64::Engine as _;
use serde_json::{Map, Value};

/// Which attributes of a body count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// What a client may write; readOnly values are ignored (RFC 7644 §3.3, §3.5.1).
    Writable,
    /// Everything the schema knows.
    All,
}

/// Reads the body of a create or replace. Unknown attributes and readOnly values are ignored; a value that does not fit
/// its attribute, a missing required one and a `schemas` without the base schema are refused (400).
pub fn read(body: &Value, of: &ResourceType) -> Result<Map<String, Value>, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::bad(ScimType::InvalidSyntax, format!("The body must be a JSON object, a {}", of.name)));
    };
    check_schemas(body, of)?;
    let mut resource = canonical(body, of, Accept::Writable)?;
    settle(&mut resource, of)?;
    Ok(resource)
}

fn check_schemas(body: &Map<String, Value>, of: &ResourceType) -> Result<(), ScimError> {
    let missing = || {
        let detail = format!("schemas must be an array that holds {:?}", of.schema.id);
        ScimError::bad(ScimType::InvalidSyntax, detail)
    };
    let listed = body.iter().find(|(key, _)| key.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let listed = listed.and_then(Value::as_array).ok_or_else(missing)?;
    let holds_base = listed.iter().any(|urn| urn.as_str().is_some_and(|urn| of.schema.id.eq_ignore_ascii_case(urn)));
    if holds_base { Ok(()) } else { Err(missing()) }
}

/// The known attributes of an object in canonical form.
pub fn canonical(
    body: &Map<String, Value>,
    of: &ResourceType,
    accept: Accept,
) -> Result<Map<String, Value>, ScimError> {
    let mut resource = Map::new();
    for attribute in of.attributes().filter(|attribute| attribute.name != "schemas") {
        if let Some(value) = member(body, &attribute.name)? {
            put(&mut resource, attribute, value, accept)?;
        }
    }
    for extension in &of.extensions {
        let data = match member(body, &extension.id)? {
            None | Some(Value::Null) => continue,
            Some(Value::Object(data)) => extension_data(data, extension, accept)?,
            Some(_) => return Err(ScimError::value(format!("{} must be an object", extension.id))),
        };
        if !data.is_empty() {
            resource.insert(extension.id.clone(), Value::Object(data));
        }
    }
    Ok(resource)
}

fn extension_data(
    data: &Map<String, Value>,
    extension: &Schema,
    accept: Accept,
) -> Result<Map<String, Value>, ScimError> {
    let mut read = Map::new();
    for attribute in &extension.attributes {
        if let Some(value) = member(data, &attribute.name)? {
            put(&mut read, attribute, value, accept)?;
        }
    }
    Ok(read)
}

/// The member of this name, whatever the case; two that differ only in case are refused.
fn member<'b>(body: &'b Map<String, Value>, name: &str) -> Result<Option<&'b Value>, ScimError> {
    let mut found = body.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        let detail = format!("{name} is given twice, in different case; attribute names ignore case");
        return Err(ScimError::bad(ScimType::InvalidSyntax, detail));
    }
    Ok(first)
}

fn put(into: &mut Map<String, Value>, attribute: &Attribute, value: &Value, accept: Accept) -> Result<(), ScimError> {
    if accept == Accept::Writable && attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    if let Some(value) = value_of(attribute, value, accept)? {
        into.insert(attribute.name.clone(), value);
    }
    Ok(())
}

/// A value of the attribute in canonical form, `None` when it amounts to no value (null, [] and {} are the same,
/// RFC 7643 §2.5).
pub fn value_of(attribute: &Attribute, value: &Value, accept: Accept) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) if attribute.multi_valued => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                list.extend(single_value(attribute, item, accept)?);
            }
            let list = without_repeats(attribute, list);
            if primaries(&list).count() > 1 {
                let detail = format!("{}: primary may be true for one value only", attribute.name);
                return Err(ScimError::value(detail));
            }
            Ok(if list.is_empty() { None } else { Some(Value::Array(list)) })
        }
        _ if attribute.multi_valued => {
            Err(ScimError::value(format!("{} is multi-valued: it must be an array", attribute.name)))
        }
        single => single_value(attribute, single, accept),
    }
}

/// One value of the attribute in canonical form; for a multi-valued attribute one item of its array.
pub fn single_value(attribute: &Attribute, value: &Value, accept: Accept) -> Result<Option<Value>, ScimError> {
    let fits = match (attribute.kind, value) {
        (_, Value::Null) => return Ok(None),
        (Kind::Complex, Value::Object(fields)) => {
            let mut read = Map::new();
            for sub in &attribute.sub_attributes {
                if let Some(value) = member(fields, &sub.name)? {
                    put(&mut read, sub, value, accept).map_err(|error| ScimError {
                        detail: format!("{}: {}", attribute.name, error.detail),
                        ..error
                    })?;
                }
            }
            return Ok(if read.is_empty() { None } else { Some(Value::Object(read)) });
        }
        (Kind::String, Value::String(text)) if !attribute.case_exact => {
            return Ok(Some(canonical_word(attribute, text).into()));
        }
        (Kind::String | Kind::Reference, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Decimal, Value::Number(_)) => true,
        (Kind::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (Kind::DateTime, Value::String(text)) => instant::parse(text).is_some(),
        (Kind::Binary, Value::String(text)) => {
            base64::engine::general_purpose::STANDARD.decode(text).is_ok()
                || base64::engine::general_purpose::URL_SAFE.decode(text).is_ok()
        }
        _ => false,
    };
    if fits { Ok(Some(value.clone())) } else { Err(misfit(attribute, value)) }
}

/// A suggested value in its own spelling, any other as it is (RFC 7643 §2.4).
fn canonical_word<'w>(attribute: &'w Attribute, word: &'w str) -> &'w str {
    let known = attribute.canonical_values.iter().find(|known| known.eq_ignore_ascii_case(word));
    known.map_or(word, String::as_str)
}

fn misfit(attribute: &Attribute, value: &Value) -> ScimError {
    let shown = match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(_) if attribute.returned == Returned::Never => "text".to_owned(),
        Value::String(text) if text.chars().count() > 40 => "text that is none".to_owned(),
        other => other.to_string(),
    };
    let kind = match attribute.kind {
        Kind::Complex => "an object of sub-attributes",
        Kind::Binary => "binary (base64 text)",
        Kind::DateTime => "dateTime (such as \"2024-03-01T12:00:00Z\")",
        Kind::Boolean => "boolean (true or false, without quotes)",
        other => other.keyword(),
    };
    ScimError::value(format!("{} must be {kind}, not {shown}", attribute.name))
}

/// Drops values that say the same as an earlier one (RFC 7643 §2.4).
pub(super) fn without_repeats(attribute: &Attribute, list: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::with_capacity(list.len());
    list.into_iter().filter(|value| seen.insert(identity(attribute, value))).collect()
}

/// What makes a value of a multi-valued attribute the same value as another: a member's id; else value and type; else
/// all of it.
pub fn identity(attribute: &Attribute, value: &Value) -> String {
    let Some(fields) = value.as_object() else {
        return fold(attribute, value);
    };
    let part = |name: &str| attribute.sub(name).map_or_else(String::new, |sub| fold(sub, &fields[name]));
    let is_membership = attribute.sub("$ref").is_some();
    match (fields.contains_key("value"), fields.contains_key("type")) {
        (true, _) if is_membership => part("value"),
        (true, true) => format!("{}\u{0}{}", part("value"), part("type")),
        (true, false) => part("value"),
        (false, _) => {
            let mut parts: Vec<String> = fields.iter().map(|(name, value)| format!("{name}\u{0}{value}")).collect();
            parts.sort();
            parts.join("\u{0}")
        }
    }
}

fn fold(attribute: &Attribute, value: &Value) -> String {
    match value {
        Value::String(text) if attribute.case_exact => text.clone(),
        Value::String(text) => text::fold(text),
        other => other.to_string(),
    }
}

/// The positions of the values whose `primary` is true.
pub fn primaries(list: &[Value]) -> impl Iterator<Item = usize> + '_ {
    list.iter()
        .enumerate()
        .filter(|(_, value)| value.get("primary") == Some(&Value::Bool(true)))
        .map(|(index, _)| index)
}

/// Last step of every write: required attributes are there, `schemas` tells what the resource holds, attributes stand in
/// the order of the schema.
pub fn settle(resource: &mut Map<String, Value>, of: &ResourceType) -> Result<(), ScimError> {
    for attribute in of.schema.attributes.iter().filter(|attribute| attribute.required) {
        let has_value = match resource.get(&attribute.name) {
            None => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        if !has_value {
            return Err(ScimError::value(format!("{} is required and must not be empty", attribute.name)));
        }
    }
    for extension in &of.extensions {
        let Some(data) = resource.get(&extension.id) else { continue };
        if let Some(missing) = extension.attributes.iter().find(|one| one.required && data.get(&one.name).is_none()) {
            return Err(ScimError::value(format!("{}:{} is required", extension.id, missing.name)));
        }
    }
    let mut ordered = Map::new();
    let held = of.extensions.iter().filter(|extension| resource.contains_key(&extension.id));
    let schemas = std::iter::once(&of.schema).chain(held).map(|schema| Value::from(schema.id.as_str())).collect();
    ordered.insert("schemas".into(), Value::Array(schemas));
    let names = of.attributes().map(|attribute| &attribute.name).filter(|name| *name != "meta" && *name != "schemas");
    for name in names.chain(of.extensions.iter().map(|extension| &extension.id)) {
        if let Some(value) = resource.remove(name) {
            ordered.insert(name.clone(), value);
        }
    }
    if let Some(meta) = resource.remove("meta") {
        ordered.insert("meta".into(), meta);
    }
    *resource = ordered;
    Ok(())
}

/// What a replace makes of the old resource: the new one keeps what the server owns and what can be set only once
/// (RFC 7644 §3.5.1). Refuses another value of an immutable attribute (400 mutability).
pub fn replace(
    old: &Map<String, Value>,
    mut new: Map<String, Value>,
    of: &ResourceType,
) -> Result<Map<String, Value>, ScimError> {
    for attribute in of.attributes() {
        keep(old, &mut new, attribute)?;
    }
    for extension in &of.extensions {
        let Some(before) = old.get(&extension.id).and_then(Value::as_object) else { continue };
        let mut after = match new.remove(&extension.id) {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        for attribute in &extension.attributes {
            keep(before, &mut after, attribute)?;
        }
        if !after.is_empty() {
            new.insert(extension.id.clone(), Value::Object(after));
        }
    }
    settle(&mut new, of)?;
    Ok(new)
}

fn keep(old: &Map<String, Value>, new: &mut Map<String, Value>, attribute: &Attribute) -> Result<(), ScimError> {
    let Some(before) = old.get(&attribute.name) else { return Ok(()) };
    match (attribute.mutability, new.get(&attribute.name)) {
        (Mutability::Immutable, Some(after)) if after != before => {
            let detail = format!("{} cannot be changed once it has a value", attribute.name);
            Err(ScimError::bad(ScimType::Mutability, detail))
        }
        (Mutability::ReadOnly, _) | (Mutability::Immutable, None) => {
            new.insert(attribute.name.clone(), before.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Takes out what is never answered, and says whether there was any: it is not kept either.
pub fn forget_secrets(resource: &mut Map<String, Value>, of: &ResourceType) -> bool {
    let before = resource.len();
    let mut forgot = false;
    for attribute in of.attributes().filter(|attribute| attribute.returned == Returned::Never) {
        resource.remove(&attribute.name);
    }
    forgot |= resource.len() < before;
    for extension in &of.extensions {
        let Some(data) = resource.get_mut(&extension.id).and_then(Value::as_object_mut) else { continue };
        for attribute in extension.attributes.iter().filter(|attribute| attribute.returned == Returned::Never) {
            forgot |= data.remove(&attribute.name).is_some();
        }
    }
    forgot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::{ENTERPRISE_URN, USER_URN, group, user};
    use serde_json::json;

    fn read_user(mut body: Value) -> Result<Value, ScimError> {
        body["schemas"] = json!([USER_URN]);
        read(&body, &user(Vec::new())).map(Value::Object)
    }

    #[test]
    fn a_create_as_okta_sends_it_is_accepted_without_what_it_may_not_set() {
        let read = read_user(json!({"userName":"ann","groups":[],"active":true,"shoeSize":44,"id":"x",
            "meta":{"created":"1999-01-01T00:00:00Z"},"nickName":null,"emails":[{"value":"a@x.example","primary":true}]}));
        let expected = json!({"schemas":[USER_URN],"userName":"ann","active":true,
            "emails":[{"value":"a@x.example","primary":true}]});
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn names_are_taken_in_any_case_and_kept_in_the_schemas() {
        let read = read_user(json!({"USERNAME":"ann","Name":{"GIVENNAME":"Ann"},
            ENTERPRISE_URN.to_uppercase():{"DEPARTMENT":"Legal"}}))
        .unwrap();
        assert_eq!(read["userName"], "ann");
        assert_eq!(read["name"]["givenName"], "Ann");
        assert_eq!(read[ENTERPRISE_URN]["department"], "Legal");
        assert_eq!(read["schemas"], json!([USER_URN, ENTERPRISE_URN]));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for body in [
            json!({"userName":5}),
            json!({"userName":""}),
            json!({"displayName":"x"}),
            json!({"userName":"a","active":"true"}),
            json!({"userName":"a","emails":{"value":"a"}}),
            json!({"userName":"a","emails":"a@x.example"}),
            json!({"userName":"a","emails":["a@x.example"]}),
            json!({"userName":"a","name":"Ann"}),
            json!({"userName":"a","x509Certificates":[{"value":"%%%"}]}),
            json!({"userName":"a","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}),
        ] {
            let error = read_user(body.clone()).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidValue), "{body}");
        }
    }

    #[test]
    fn a_body_without_the_base_schema_is_refused() {
        for body in [json!({"userName":"a"}), json!({"userName":"a","schemas":[ENTERPRISE_URN]}), json!([])] {
            assert_eq!(read(&body, &user(Vec::new())).unwrap_err().scim_type, Some(ScimType::InvalidSyntax));
        }
    }

    #[test]
    fn extension_data_counts_whether_or_not_its_schema_is_listed() {
        let read =
            read_user(json!({"userName":"a",ENTERPRISE_URN:{"department":"L"},"urn:example:unknown":{"a":1}})).unwrap();
        assert_eq!(read["schemas"], json!([USER_URN, ENTERPRISE_URN]));
        assert!(read.get("urn:example:unknown").is_none());
    }

    #[test]
    fn a_repeated_value_is_kept_once() {
        let read =
            read_user(json!({"userName":"a","emails":[{"value":"a@x","type":"work"},{"value":"A@X","type":"Work"},
            {"value":"a@x","type":"home"}]}));
        assert_eq!(read.unwrap()["emails"].as_array().unwrap().len(), 2);
        let body = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g",
            "members":[{"value":"u1","display":"a"},{"value":"u1"}]});
        assert_eq!(super::read(&body, &group()).unwrap()["members"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_secret_never_reaches_an_error_message() {
        let error = read_user(json!({"userName":"a","password":["hunter2hunter2"]})).unwrap_err();
        assert!(!error.detail.contains("hunter2"), "{error}");
    }
}
