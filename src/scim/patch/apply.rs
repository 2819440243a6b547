//! Applying operations in order, all or none.

use super::edit::{Edit, edit, invalid_path};
use super::{Operation, PatchPath, Verb};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Condition;
use crate::scim::path::AttributePath;
use crate::scim::resource;
use crate::scim::schema::{ResourceType, Schema};
use serde_json::{Map, Value};

/// What the operations make of a resource in canonical form, each working on the result of the one before. The resource
/// must hold what the client sees of readOnly attributes, so that an echo of them is told from a change.
///
/// Refuses with the keywords of RFC 7644 §3.12; then nothing is made, so the resource stays as it was.
pub fn apply(
    mut resource: Map<String, Value>,
    of: &ResourceType,
    operations: &[Operation],
) -> Result<Map<String, Value>, ScimError> {
    for operation in operations {
        one(&mut resource, of, operation)?;
    }
    resource::settle(&mut resource, of)?;
    Ok(resource)
}

fn one(resource: &mut Map<String, Value>, of: &ResourceType, operation: &Operation) -> Result<(), ScimError> {
    let Operation { verb, path, value } = operation;
    if *verb != Verb::Remove && value.is_none() {
        return Err(ScimError::value("add and replace need a value"));
    }
    let Some(path) = path else {
        return whole_resource(resource, of, *verb, value.as_ref());
    };
    if path.filter.is_none() {
        let text = path.attribute.to_string();
        if of.schema.id.eq_ignore_ascii_case(&text) {
            return whole_resource(resource, of, *verb, value.as_ref());
        }
        if let Some(extension) = of.extension(&text) {
            return whole_extension(resource, extension, *verb, value.as_ref());
        }
    }
    at_path(resource, of, path, *verb, value.as_ref())
}

fn at_path(
    resource: &mut Map<String, Value>,
    of: &ResourceType,
    path: &PatchPath,
    verb: Verb,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let located = of.locate(&path.attribute);
    let located = located.ok_or_else(|| invalid_path(format!("{} has no attribute {}", of.name, path.attribute)))?;
    let attribute = located.attribute;
    if attribute.name == "schemas" {
        return schemas(of, verb, value);
    }
    let condition = match &path.filter {
        None => None,
        Some(_) if !attribute.multi_valued => {
            return Err(invalid_path(format!("{} is not multi-valued, so it cannot have brackets", attribute.name)));
        }
        Some(filter) => Some(Condition::bind_within(filter, attribute)?),
    };
    let sub = match &path.sub {
        None => located.sub,
        Some(name) => Some(
            attribute
                .sub(name)
                .ok_or_else(|| invalid_path(format!("{} has no sub-attribute {name}", attribute.name)))?,
        ),
    };
    let job = Edit { attribute, sub, condition: condition.as_ref(), verb, value };
    match located.extension {
        None => edit(resource, &job),
        Some(urn) => within_extension(resource, urn, |data| edit(data, &job)),
    }
}

/// No path: the value is an object of attributes (RFC 7644 §3.5.2.1, §3.5.2.3). Names the schema does not know are
/// ignored, as in a create.
fn whole_resource(
    resource: &mut Map<String, Value>,
    of: &ResourceType,
    verb: Verb,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    if verb == Verb::Remove {
        return Err(ScimError::bad(ScimType::NoTarget, "remove needs a path: what is to be removed?"));
    }
    let Some(Value::Object(fields)) = value else {
        return Err(ScimError::value("Without a path the value must be an object of attributes"));
    };
    for (key, value) in fields {
        if let Some(extension) = of.extension(key) {
            whole_extension(resource, extension, verb, Some(value))?;
            continue;
        }
        let Ok(attribute) = AttributePath::parse(key) else { continue };
        if of.locate(&attribute).is_some() {
            at_path(resource, of, &PatchPath { attribute, filter: None, sub: None }, verb, Some(value))?;
        }
    }
    Ok(())
}

fn whole_extension(
    resource: &mut Map<String, Value>,
    extension: &Schema,
    verb: Verb,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    within_extension(resource, &extension.id, |data| match (verb, value) {
        (Verb::Remove, _) | (Verb::Replace, Some(Value::Null)) => {
            for attribute in &extension.attributes {
                if data.contains_key(&attribute.name) {
                    edit(data, &Edit { attribute, sub: None, condition: None, verb: Verb::Remove, value: None })?;
                }
            }
            Ok(())
        }
        (_, Some(Value::Object(fields))) => {
            for (key, value) in fields {
                if let Some(attribute) = extension.attribute(key) {
                    edit(data, &Edit { attribute, sub: None, condition: None, verb, value: Some(value) })?;
                }
            }
            Ok(())
        }
        _ => Err(ScimError::value(format!("{} must be an object", extension.id))),
    })
}

fn within_extension(
    resource: &mut Map<String, Value>,
    urn: &str,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), ScimError>,
) -> Result<(), ScimError> {
    let mut data = match resource.shift_remove(urn) {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    change(&mut data)?;
    if !data.is_empty() {
        resource.insert(urn.to_owned(), Value::Object(data));
    }
    Ok(())
}

/// `schemas` follows from the data a resource holds, so naming a schema it may hold is accepted and changes nothing.
fn schemas(of: &ResourceType, verb: Verb, value: Option<&Value>) -> Result<(), ScimError> {
    if verb == Verb::Remove {
        return Err(ScimError::bad(ScimType::Mutability, "schemas is required and cannot be removed"));
    }
    let known = |urn: &Value| urn.as_str().is_some_and(|urn| of.declares(urn));
    match value {
        Some(Value::Array(urns)) if urns.iter().all(known) => Ok(()),
        Some(urn) if known(urn) => Ok(()),
        _ => Err(ScimError::value(format!("schemas may hold only the schemas of {}", of.name))),
    }
}
