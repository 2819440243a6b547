//! Which attributes an answer holds: `attributes` and `excludedAttributes` (RFC 7644 §3.4.2.5, §3.9).

use super::error::ScimError;
use super::path::AttributePath;
use super::schema::{Attribute, ResourceType, Returned};
use serde_json::{Map, Value};

/// What the client wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// What is returned by default.
    #[default]
    Default,
    /// These, and what is always returned.
    Only(Vec<AttributePath>),
    /// The default without these.
    Without(Vec<AttributePath>),
}

impl Projection {
    /// From the two parameters, each a list of names; names that are no attribute notation are ignored. Both at once are
    /// refused (400 invalidValue).
    pub fn new<'n>(
        attributes: Option<impl IntoIterator<Item = &'n str>>,
        excluded: Option<impl IntoIterator<Item = &'n str>>,
    ) -> Result<Self, ScimError> {
        fn paths<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<AttributePath> {
            names.into_iter().filter_map(|name| AttributePath::parse(name.trim()).ok()).collect()
        }
        match (attributes, excluded) {
            (None, None) => Ok(Self::Default),
            (Some(names), None) => Ok(Self::Only(paths(names))),
            (None, Some(names)) => Ok(Self::Without(paths(names))),
            (Some(_), Some(_)) => {
                Err(ScimError::value("attributes and excludedAttributes exclude each other: give one of them"))
            }
        }
    }

    /// Whether anything of this attribute outside extensions may be shown.
    pub fn wants(&self, attribute: &str) -> bool {
        let names = |path: &AttributePath| path.attribute.eq_ignore_ascii_case(attribute);
        match self {
            Self::Default => true,
            Self::Only(paths) => paths.iter().any(names),
            Self::Without(paths) => !paths.iter().any(|path| names(path) && path.sub.is_none() && path.uri.is_none()),
        }
    }

    /// Takes out of the resource what the client is not to see.
    pub fn apply(&self, resource: &mut Map<String, Value>, of: &ResourceType) {
        for attribute in of.attributes() {
            self.cut(resource, attribute, None, &of.schema.id);
        }
        for extension in &of.extensions {
            let Some(data) = resource.get_mut(&extension.id).and_then(Value::as_object_mut) else { continue };
            for attribute in &extension.attributes {
                self.cut(data, attribute, Some(&extension.id), &of.schema.id);
            }
            if data.is_empty() {
                resource.shift_remove(&extension.id);
            }
        }
    }

    fn cut(&self, holder: &mut Map<String, Value>, attribute: &Attribute, extension: Option<&str>, base: &str) {
        let Some(value) = holder.get_mut(&attribute.name) else { return };
        let named = |paths: &[AttributePath]| {
            paths.iter().filter(|path| names(path, attribute, extension, base)).cloned().collect::<Vec<_>>()
        };
        let whole = |paths: &[AttributePath]| paths.iter().any(|path| path.sub.is_none());
        let keep_sub: Box<dyn Fn(&Attribute) -> bool> = match (self, attribute.returned) {
            (_, Returned::Never) => return drop(holder.shift_remove(&attribute.name)),
            (_, Returned::Always) | (Self::Default, Returned::Default) => Box::new(shown_by_default),
            (Self::Default | Self::Without(_), Returned::Request) => {
                return drop(holder.shift_remove(&attribute.name));
            }
            (Self::Only(paths), _) => {
                let paths = named(paths);
                if paths.is_empty() {
                    return drop(holder.shift_remove(&attribute.name));
                }
                let all = whole(&paths);
                Box::new(move |sub| {
                    sub.returned == Returned::Always
                        || (all && shown_by_default(sub))
                        || (sub.returned != Returned::Never && paths.iter().any(|path| names_sub(path, sub)))
                })
            }
            (Self::Without(paths), Returned::Default) => {
                let paths = named(paths);
                if whole(&paths) {
                    return drop(holder.shift_remove(&attribute.name));
                }
                Box::new(move |sub| {
                    sub.returned == Returned::Always
                        || (shown_by_default(sub) && !paths.iter().any(|path| names_sub(path, sub)))
                })
            }
        };
        let trim = |value: &mut Value| {
            if let Value::Object(fields) = value {
                fields.retain(|name, _| attribute.sub(name).is_some_and(&keep_sub));
            }
        };
        match &mut *value {
            Value::Array(items) => {
                items.iter_mut().for_each(trim);
                items.retain(|item| item.as_object().is_none_or(|fields| !fields.is_empty()));
            }
            other => trim(other),
        }
        let nothing_left = match value {
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if nothing_left {
            holder.shift_remove(&attribute.name);
        }
    }
}

fn shown_by_default(sub: &Attribute) -> bool {
    matches!(sub.returned, Returned::Always | Returned::Default)
}

fn names_sub(path: &AttributePath, sub: &Attribute) -> bool {
    path.sub.as_deref().is_some_and(|name| sub.is(name))
}

/// Whether the path names the attribute, one of its sub-attributes, or the whole extension it belongs to.
fn names(path: &AttributePath, attribute: &Attribute, extension: Option<&str>, base: &str) -> bool {
    if let Some(urn) = extension
        && path.sub.is_none()
        && path.to_string().eq_ignore_ascii_case(urn)
    {
        return true;
    }
    let same_schema = match (&path.uri, extension) {
        (None, None) => true,
        (Some(uri), None) => uri.eq_ignore_ascii_case(base),
        (Some(uri), Some(urn)) => uri.eq_ignore_ascii_case(urn),
        (None, Some(_)) => false,
    };
    same_schema && attribute.is(&path.attribute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::{ENTERPRISE_URN, user};
    use serde_json::json;

    fn project(projection: &Projection) -> Value {
        let mut resource = json!({"schemas":["s"],"id":"1","userName":"ann","name":{"givenName":"A","familyName":"B"},
            "password":"p","emails":[{"value":"a@x","type":"work"}],"meta":{"resourceType":"User"},
            ENTERPRISE_URN:{"department":"Legal","division":"D"}});
        projection.apply(resource.as_object_mut().unwrap(), &user(Vec::new()));
        resource
    }

    fn only(names: &[&'static str]) -> Projection {
        Projection::new(Some(names.iter().copied()), None::<[&str; 0]>).unwrap()
    }

    fn without(names: &[&'static str]) -> Projection {
        Projection::new(None::<[&str; 0]>, Some(names.iter().copied())).unwrap()
    }

    #[test]
    fn by_default_everything_but_the_password_is_shown() {
        let shown = project(&Projection::Default);
        assert!(shown.get("password").is_none());
        assert_eq!(shown["emails"][0]["type"], "work");
    }

    #[test]
    fn attributes_keep_what_is_always_returned_and_ignore_unknown_names() {
        assert_eq!(
            project(&only(&["USERNAME", "foo", "password", "1x"])),
            json!({"schemas":["s"],"id":"1","userName":"ann"})
        );
        assert_eq!(project(&only(&["name.givenName"]))["name"], json!({"givenName":"A"}));
    }

    #[test]
    fn extension_attributes_are_named_by_their_urn() {
        let one = only(&["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"]);
        assert_eq!(project(&one)[ENTERPRISE_URN], json!({"department":"Legal"}));
        let all = only(&[ENTERPRISE_URN]);
        assert_eq!(project(&all)[ENTERPRISE_URN], json!({"department":"Legal","division":"D"}));
    }

    #[test]
    fn exclusion_cannot_hide_what_is_always_returned() {
        let shown = project(&without(&["id", "schemas", "emails", "name.familyName", ENTERPRISE_URN]));
        assert_eq!(shown["id"], "1");
        assert!(shown.get("emails").is_none() && shown.get(ENTERPRISE_URN).is_none());
        assert_eq!(shown["name"], json!({"givenName":"A"}));
    }

    #[test]
    fn both_lists_at_once_are_refused() {
        assert!(Projection::new(Some(["a"]), Some(["b"])).is_err());
    }
}
