//! One operation on one attribute: mutability, types, values of a multi-valued attribute, primary.

use super::Verb;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Condition;
use crate::scim::resource::{Accept, identity, primaries, single_value, without_repeats};
use crate::scim::schema::{Attribute, Kind, Mutability};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What is to be done to one attribute of a holder (a resource, an extension's data, a complex value).
pub(super) struct Edit<'e> {
    pub(super) attribute: &'e Attribute,
    pub(super) sub: Option<&'e Attribute>,
    pub(super) condition: Option<&'e Condition>,
    pub(super) verb: Verb,
    pub(super) value: Option<&'e Value>,
}

type Fields = Map<String, Value>;
type Done = Result<(), ScimError>;

pub(super) fn invalid_path(detail: String) -> ScimError {
    ScimError::bad(ScimType::InvalidPath, detail)
}

fn mutability(attribute: &Attribute, reason: &str) -> ScimError {
    ScimError::bad(ScimType::Mutability, format!("{} {reason}", attribute.name))
}

pub(super) fn edit(holder: &mut Fields, job: &Edit) -> Done {
    let Edit { attribute, sub, condition, verb, value } = *job;
    if attribute.mutability == Mutability::ReadOnly {
        return echo(holder, job);
    }
    match (sub, attribute.multi_valued) {
        (None, true) if condition.is_none() => list(holder, attribute, verb, value),
        (Some(sub), false) => {
            let mut fields = take_object(holder, attribute);
            let inner = Edit { attribute: sub, sub: None, condition: None, verb, value };
            edit(&mut fields, &inner)?;
            give_back(holder, attribute, fields);
            Ok(())
        }
        (_, true) => values(holder, job),
        (None, false) if verb == Verb::Remove => remove(holder, attribute),
        (None, false) if attribute.kind == Kind::Complex => merge(holder, attribute, verb, value),
        (None, false) => simple(holder, attribute, verb, value),
    }
}

/// A readOnly attribute may be named with the value it has, which changes nothing; anything else is refused.
fn echo(holder: &Fields, job: &Edit) -> Done {
    let current = holder.get(&job.attribute.name);
    let current = match job.sub {
        Some(sub) => current.and_then(|value| value.get(&sub.name)),
        None => current,
    };
    let nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let same = match (job.value, current) {
        (Some(sent), Some(current)) => sent == current,
        (Some(sent), None) => nothing(sent),
        (None, _) => false,
    };
    if same && job.verb != Verb::Remove && job.condition.is_none() {
        Ok(())
    } else {
        Err(mutability(job.sub.unwrap_or(job.attribute), "is readOnly: only the server sets it"))
    }
}

fn remove(holder: &mut Fields, attribute: &Attribute) -> Done {
    if attribute.mutability == Mutability::ReadOnly {
        return Err(mutability(attribute, "is readOnly: only the server sets it"));
    }
    if attribute.required {
        return Err(mutability(attribute, "is required and cannot be removed"));
    }
    if attribute.mutability == Mutability::Immutable && holder.contains_key(&attribute.name) {
        return Err(mutability(attribute, "cannot be removed once it has a value"));
    }
    holder.shift_remove(&attribute.name);
    Ok(())
}

/// Unassigning by null or an empty array: like remove, but a required attribute lacks a value then.
fn unassign(holder: &mut Fields, attribute: &Attribute) -> Done {
    if attribute.required {
        return Err(ScimError::value(format!("{} is required and must not be empty", attribute.name)));
    }
    remove(holder, attribute)
}

fn set(holder: &mut Fields, attribute: &Attribute, new: Value) -> Done {
    match holder.get(&attribute.name) {
        Some(current) if *current == new => return Ok(()),
        Some(_) if attribute.mutability == Mutability::Immutable => {
            return Err(mutability(attribute, "cannot be changed once it has a value"));
        }
        _ => {}
    }
    holder.insert(attribute.name.clone(), new);
    Ok(())
}

fn simple(holder: &mut Fields, attribute: &Attribute, verb: Verb, value: Option<&Value>) -> Done {
    match single_value(attribute, value.unwrap_or(&Value::Null), Accept::Writable)? {
        Some(new) => set(holder, attribute, new),
        None if verb == Verb::Add => Ok(()),
        None => unassign(holder, attribute),
    }
}

/// A complex attribute takes the sub-attributes given and keeps the others.
fn merge(holder: &mut Fields, attribute: &Attribute, verb: Verb, value: Option<&Value>) -> Done {
    let sent = match value {
        None | Some(Value::Null) if verb == Verb::Add => return Ok(()),
        None | Some(Value::Null) => return unassign(holder, attribute),
        Some(Value::Object(sent)) => sent,
        Some(_) => return Err(ScimError::value(format!("{} must be an object of sub-attributes", attribute.name))),
    };
    let mut fields = take_object(holder, attribute);
    merge_fields(&mut fields, attribute, verb, sent)?;
    give_back(holder, attribute, fields);
    Ok(())
}

fn merge_fields(fields: &mut Fields, attribute: &Attribute, verb: Verb, sent: &Fields) -> Done {
    for (key, value) in sent {
        let Some(sub) = attribute.sub(key).filter(|sub| sub.mutability != Mutability::ReadOnly) else { continue };
        edit(fields, &Edit { attribute: sub, sub: None, condition: None, verb, value: Some(value) })?;
    }
    Ok(())
}

fn take_object(holder: &mut Fields, attribute: &Attribute) -> Fields {
    match holder.get_mut(&attribute.name).map(Value::take) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn give_back(holder: &mut Fields, attribute: &Attribute, fields: Fields) {
    if fields.is_empty() {
        holder.shift_remove(&attribute.name);
    } else {
        holder.insert(attribute.name.clone(), Value::Object(fields));
    }
}

fn take_list(holder: &mut Fields, attribute: &Attribute) -> Vec<Value> {
    match holder.get_mut(&attribute.name).map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn give_list_back(holder: &mut Fields, attribute: &Attribute, list: Vec<Value>) {
    if list.is_empty() {
        holder.shift_remove(&attribute.name);
    } else {
        holder.insert(attribute.name.clone(), Value::Array(list));
    }
}

/// A multi-valued attribute as a whole.
fn list(holder: &mut Fields, attribute: &Attribute, verb: Verb, value: Option<&Value>) -> Done {
    if verb == Verb::Remove {
        if value.is_some_and(|value| !value.is_null()) {
            let name = &attribute.name;
            let detail =
                format!("remove takes no value; to remove some of {name} write the path {name}[value eq \"...\"]");
            return Err(ScimError::value(detail));
        }
        return remove(holder, attribute);
    }
    let sent = match value {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let mut incoming = Vec::with_capacity(sent.len());
    for item in sent {
        incoming.extend(single_value(attribute, item, Accept::Writable)?);
    }
    if primaries(&incoming).nth(1).is_some() {
        return Err(ScimError::value(format!("{}: primary may be true for one value only", attribute.name)));
    }
    if verb == Verb::Add { add(holder, attribute, incoming) } else { replace(holder, attribute, incoming) }
}

fn replace(holder: &mut Fields, attribute: &Attribute, incoming: Vec<Value>) -> Done {
    let mut seen = HashSet::with_capacity(incoming.len());
    let list: Vec<Value> = incoming.into_iter().filter(|value| seen.insert(identity(attribute, value))).collect();
    if list.is_empty() {
        return unassign(holder, attribute);
    }
    let current = holder.get(&attribute.name).and_then(Value::as_array);
    if current.is_some_and(|current| same_values(attribute, current, &list)) {
        return Ok(());
    }
    set(holder, attribute, Value::Array(list))
}

/// Whether two lists hold the same values in any order. A member is the same whatever else is said about it.
fn same_values(attribute: &Attribute, one: &[Value], other: &[Value]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let known: HashMap<String, &Value> = one.iter().map(|value| (identity(attribute, value), value)).collect();
    let is_membership = attribute.sub("$ref").is_some();
    other
        .iter()
        .all(|value| known.get(&identity(attribute, value)).is_some_and(|found| is_membership || *found == value))
}

fn add(holder: &mut Fields, attribute: &Attribute, incoming: Vec<Value>) -> Done {
    let mut list = take_list(holder, attribute);
    let had_values = !list.is_empty();
    let is_membership = attribute.sub("$ref").is_some();
    let mut known: HashMap<String, usize> =
        list.iter().enumerate().map(|(index, value)| (identity(attribute, value), index)).collect();
    let mut touched = Vec::new();
    for value in incoming {
        let index = *known.entry(identity(attribute, &value)).or_insert(list.len());
        if index == list.len() {
            if had_values && attribute.mutability == Mutability::Immutable {
                return Err(mutability(attribute, "cannot be changed once it has a value"));
            }
            list.push(value);
        } else if is_membership {
            continue;
        } else if let (Some(old), Some(new)) = (list[index].as_object_mut(), value.as_object()) {
            // What makes it the same value is kept as it was, also in another case.
            let rest = new.iter().filter(|(name, _)| *name != "value" && *name != "type");
            let rest = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            merge_fields(old, attribute, Verb::Add, &rest)?;
        }
        touched.push(index);
    }
    one_primary(attribute, &mut list, &touched)?;
    give_list_back(holder, attribute, list);
    Ok(())
}

/// Values of a multi-valued attribute: those the condition picks, or all of them when a sub-attribute is named.
fn values(holder: &mut Fields, job: &Edit) -> Done {
    let Edit { attribute, sub, condition, verb, value } = *job;
    let mut list = take_list(holder, attribute);
    let picked: Vec<usize> = (0..list.len())
        .filter(|&index| condition.is_none_or(|condition| condition.matches_value(&list[index])))
        .collect();
    if picked.is_empty() {
        give_list_back(holder, attribute, list);
        if verb == Verb::Remove {
            return Ok(());
        }
        let detail = format!("{} has no value that the path picks", attribute.name);
        return Err(ScimError::bad(ScimType::NoTarget, detail));
    }
    match sub {
        Some(sub) => {
            for &index in &picked {
                let Some(fields) = list[index].as_object_mut() else { continue };
                edit(fields, &Edit { attribute: sub, sub: None, condition: None, verb, value })?;
            }
        }
        None if verb == Verb::Remove => {
            let gone: HashSet<usize> = picked.iter().copied().collect();
            if attribute.required && gone.len() == list.len() {
                return Err(mutability(attribute, "is required and cannot be removed"));
            }
            if attribute.mutability == Mutability::Immutable {
                return Err(mutability(attribute, "cannot be changed once it has a value"));
            }
            let mut index = 0;
            list.retain(|_| {
                index += 1;
                !gone.contains(&(index - 1))
            });
        }
        None => {
            for &index in &picked {
                whole_value(&mut list[index], attribute, verb, value.unwrap_or(&Value::Null))?;
            }
        }
    }
    if verb != Verb::Remove {
        one_primary(attribute, &mut list, &picked)?;
    }
    list.retain(|value| value.as_object().is_none_or(|fields| !fields.is_empty()));
    if sub.is_some() || verb != Verb::Remove {
        list = without_repeats(attribute, list);
    }
    give_list_back(holder, attribute, list);
    Ok(())
}

/// One value of a multi-valued attribute, as a whole: add merges into it, replace puts another in its place.
fn whole_value(old: &mut Value, attribute: &Attribute, verb: Verb, sent: &Value) -> Done {
    if verb == Verb::Add
        && let (Some(fields), Some(sent)) = (old.as_object_mut(), sent.as_object())
    {
        return merge_fields(fields, attribute, verb, sent);
    }
    let Some(mut new) = single_value(attribute, sent, Accept::Writable)? else {
        return Err(ScimError::value(format!(
            "{} needs a value to put in place; use remove to remove",
            attribute.name
        )));
    };
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object_mut()) {
        for sub in attribute.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable) {
            match (old.get(&sub.name), new.get(&sub.name)) {
                (Some(before), Some(after)) if before != after => {
                    return Err(mutability(sub, "cannot be changed once it has a value"));
                }
                (Some(before), None) => {
                    new.insert(sub.name.clone(), before.clone());
                }
                _ => {}
            }
        }
    }
    *old = new;
    Ok(())
}

/// A value that was just made primary unsets the others (RFC 7644 §3.5.2).
fn one_primary(attribute: &Attribute, list: &mut [Value], touched: &[usize]) -> Done {
    let all: Vec<usize> = primaries(list).collect();
    let new: Vec<usize> = all.iter().copied().filter(|index| touched.contains(index)).collect();
    match new.as_slice() {
        [] => Ok(()),
        [chosen] => {
            for index in all.into_iter().filter(|index| index != chosen) {
                list[index]["primary"] = false.into();
            }
            Ok(())
        }
        _ => Err(ScimError::value(format!("{}: primary may be true for one value only", attribute.name))),
    }
}
