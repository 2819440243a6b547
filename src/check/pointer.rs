//! JSON Pointers into SCIM documents. Attribute names are compared without case (RFC 7643 §2.1): the exact name first,
//! else the only member that matches without case.

use serde_json::{Map, Value};

/// The member of this name, with the name as the document spells it.
pub(super) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<(&'a str, &'a Value)> {
    if let Some((key, value)) = members.get_key_value(name) {
        return Some((key, value));
    }
    let mut alike = members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    match (alike.next(), alike.next()) {
        (Some((key, value)), None) => Some((key, value)),
        _ => None,
    }
}

/// The value of an object's member, where the name's case does not matter.
pub(super) fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value.as_object()?, name).map(|(_, value)| value)
}

/// The value at a JSON Pointer; nothing when there is none or the pointer is malformed.
pub(super) fn resolve<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    segments(pointer)?.iter().try_fold(document, |value, segment| match value {
        Value::Object(members) => member(members, segment).map(|(_, value)| value),
        Value::Array(items) => items.get(index(segment)?),
        _ => None,
    })
}

/// Takes out what is at a JSON Pointer. Elements of arrays become null, so that their neighbours keep their places.
pub(super) fn remove(document: &mut Value, pointer: &str) {
    let Some(mut path) = segments(pointer) else { return };
    let Some(last) = path.pop() else {
        *document = Value::Null;
        return;
    };
    let parent = path.iter().try_fold(document, |value, segment| match value {
        Value::Object(members) => {
            let name = member(members, segment)?.0.to_owned();
            members.get_mut(&name)
        }
        Value::Array(items) => items.get_mut(index(segment)?),
        _ => None,
    });
    match parent {
        Some(Value::Object(members)) => {
            if let Some(name) = member(members, &last).map(|(name, _)| name.to_owned()) {
                members.shift_remove(&name);
            }
        }
        Some(Value::Array(items)) => {
            if let Some(item) = index(&last).and_then(|index| items.get_mut(index)) {
                *item = Value::Null;
            }
        }
        _ => {}
    }
}

/// The pointer of a member or element below another pointer.
pub(super) fn below(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// The last segment of a pointer, as written.
pub(super) fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}

fn segments(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let rest = pointer.strip_prefix('/')?;
    Some(rest.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
}

fn index(segment: &str) -> Option<usize> {
    let plain = segment == "0" || (!segment.starts_with('0') && segment.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| segment.parse().ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_match_without_case_when_only_one_does() {
        let document = json!({"Name": {"GivenName": "Ann"}, "emails": [{"Value": "a"}], "a/b~c": 1});
        assert_eq!(resolve(&document, "/name/givenname"), Some(&json!("Ann")));
        assert_eq!(resolve(&document, "/emails/0/value"), Some(&json!("a")));
        assert_eq!(resolve(&document, "/a~1b~0c"), Some(&json!(1)));
        assert_eq!(resolve(&document, ""), Some(&document));
        for absent in ["/emails/1", "/emails/00", "/emails/-", "/emails/+0", "/nick", "name", "/Name/GivenName/x"] {
            assert_eq!(resolve(&document, absent), None, "{absent}");
        }
        let twice = json!({"active": 1, "ACTIVE": 2});
        assert_eq!(resolve(&twice, "/active"), Some(&json!(1)));
        assert_eq!(resolve(&twice, "/Active"), None);
    }

    #[test]
    fn removal_keeps_the_places_of_neighbours() {
        let mut document = json!({"Meta": {"lastModified": "x", "version": 1}, "emails": [1, 2]});
        for pointer in ["/meta/LASTMODIFIED", "/emails/0", "/nothing/here", "broken", "/emails/7"] {
            remove(&mut document, pointer);
        }
        assert_eq!(document, json!({"Meta": {"version": 1}, "emails": [null, 2]}));
        remove(&mut document, "");
        assert_eq!(document, Value::Null);
    }

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(below("/x", "a/b~c"), "/x/a~1b~0c");
        assert_eq!(last("/x/Password"), "Password");
    }
}
