//! A Schema resource (RFC 7643 §7): read from JSON, written as JSON.

use super::attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
use serde_json::{Map, Value, json};

/// The URN of a Schema resource.
const SCHEMA_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// One schema: an id and its attributes.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The URI that stands in `schemas`.
    pub id: String,
    /// A short name.
    pub name: String,
    /// For people.
    pub description: String,
    /// The attributes, common ones not included.
    pub attributes: Vec<Attribute>,
}

/// Why a schema definition cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema {schema}: {problem}")]
pub struct SchemaFault {
    /// The schema's id, as far as it was found.
    pub schema: String,
    /// What is wrong, and where.
    pub problem: String,
}

impl Schema {
    /// The attribute of this name, whatever the case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.is(name))
    }

    /// The Schema resource, without `meta`.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": [SCHEMA_URN],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
        })
    }

    /// Reads a Schema resource: `id`, `name`, `attributes`; omitted characteristics take the defaults of RFC 7643 §2.2.
    pub fn from_json(definition: &Value) -> Result<Self, SchemaFault> {
        let id = definition.get("id").and_then(Value::as_str).unwrap_or_default();
        let fault = |problem: String| SchemaFault { schema: format!("{id:?}"), problem };
        if !id.contains(':') || !id.chars().all(crate::scim::path::is_path_char) {
            return Err(fault(
                "id must be a URI, such as urn:example:params:scim:schemas:extension:badge:2.0:User".into(),
            ));
        }
        let attributes = definition
            .get("attributes")
            .and_then(Value::as_array)
            .filter(|list| !list.is_empty())
            .ok_or_else(|| fault("attributes must be a non-empty array".into()))?;
        let text = |key: &str| definition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self {
            id: id.to_owned(),
            name: text("name"),
            description: text("description"),
            attributes: attributes.iter().map(|one| attribute(one, false)).collect::<Result<_, _>>().map_err(fault)?,
        })
    }
}

fn attribute(definition: &Value, is_sub: bool) -> Result<Attribute, String> {
    let fields = definition.as_object().ok_or("an attribute definition must be an object")?;
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    if crate::scim::path::AttributePath::parse(name).is_err() || name.contains(['.', ':']) {
        return Err(format!("{name:?} is no attribute name"));
    }
    let problem = |text: &str| format!("attribute {name}: {text}");
    let kind = word(fields, "type", Kind::String, Kind::from_keyword).map_err(|text| problem(&text))?;
    if is_sub && kind == Kind::Complex {
        return Err(problem("a sub-attribute cannot be complex"));
    }
    let mut read = Attribute::new(name, kind, fields.get("description").and_then(Value::as_str).unwrap_or_default());
    read.multi_valued = flag(fields, "multiValued", false).map_err(|text| problem(&text))?;
    read.required = flag(fields, "required", false).map_err(|text| problem(&text))?;
    read.case_exact = flag(fields, "caseExact", read.case_exact).map_err(|text| problem(&text))?;
    read.mutability =
        word(fields, "mutability", read.mutability, Mutability::from_keyword).map_err(|text| problem(&text))?;
    read.returned = word(fields, "returned", read.returned, Returned::from_keyword).map_err(|text| problem(&text))?;
    read.uniqueness =
        word(fields, "uniqueness", read.uniqueness, Uniqueness::from_keyword).map_err(|text| problem(&text))?;
    read.canonical_values = words(fields, "canonicalValues");
    read.reference_types = words(fields, "referenceTypes");
    if kind == Kind::Complex {
        let subs = fields.get("subAttributes").and_then(Value::as_array).filter(|list| !list.is_empty());
        let subs = subs.ok_or_else(|| problem("a complex attribute needs subAttributes"))?;
        read.sub_attributes = subs.iter().map(|sub| attribute(sub, true)).collect::<Result<_, _>>()?;
    }
    Ok(read)
}

fn word<T>(fields: &Map<String, Value>, key: &str, default: T, known: fn(&str) -> Option<T>) -> Result<T, String> {
    match fields.get(key) {
        None => Ok(default),
        Some(value) => {
            value.as_str().and_then(known).ok_or_else(|| format!("{value} is not a value that {key} can have"))
        }
    }
}

fn flag(fields: &Map<String, Value>, key: &str, default: bool) -> Result<bool, String> {
    match fields.get(key) {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| format!("{key} must be true or false")),
    }
}

fn words(fields: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = fields.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_characteristics_take_their_defaults() {
        let schema = Schema::from_json(&json!({"id":"urn:x:badge","attributes":[{"name":"level"}]})).unwrap();
        let level = &schema.attributes[0];
        assert_eq!(level.kind, Kind::String);
        assert!(!level.multi_valued && !level.required && !level.case_exact);
        assert_eq!(level.mutability, Mutability::ReadWrite);
        assert_eq!(level.returned, Returned::Default);
        assert_eq!(level.uniqueness, Uniqueness::None);
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for resource_type in [super::super::user(Vec::new()), super::super::group()] {
            let written = resource_type.schema.to_json();
            assert_eq!(Schema::from_json(&written).unwrap().to_json(), written);
        }
    }

    #[test]
    fn a_definition_that_cannot_work_is_refused_with_the_reason() {
        for (definition, reason) in [
            (json!({"id":"badge","attributes":[{"name":"a"}]}), "URI"),
            (json!({"id":"urn:x:y","attributes":[]}), "non-empty"),
            (json!({"id":"urn:x:y","attributes":[{"name":"a.b"}]}), "attribute name"),
            (json!({"id":"urn:x:y","attributes":[{"name":"a","type":"text"}]}), "type"),
            (json!({"id":"urn:x:y","attributes":[{"name":"a","type":"complex"}]}), "subAttributes"),
            (json!({"id":"urn:x:y","attributes":[{"name":"a","required":"yes"}]}), "required"),
        ] {
            let fault = Schema::from_json(&definition).unwrap_err();
            assert!(fault.to_string().contains(reason), "{fault}");
        }
    }
}
