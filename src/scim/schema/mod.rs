//! Schemas and resource types (RFC 7643 §6, §7): what attributes exist and how each behaves.

mod attribute;
mod core;
mod definition;

pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
pub use core::{common, enterprise_user, entitlement, group, role, user};
pub use definition::{Schema, SchemaFault};

use crate::scim::path::AttributePath;

/// The URN of the core User schema.
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the core Group schema.
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of the enterprise extension of User.
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The URN of Okta's Role schema.
pub const ROLE_URN: &str = "urn:okta:scim:schemas:core:1.0:Role";
/// The URN of Okta's Entitlement schema.
pub const ENTITLEMENT_URN: &str = "urn:okta:scim:schemas:core:1.0:Entitlement";

/// A kind of resource: its base schema, its optional extensions, where it lives.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The name, also `meta.resourceType`.
    pub name: String,
    /// The path below the base URL, with its leading slash.
    pub endpoint: String,
    /// For people.
    pub description: String,
    /// The base schema, common attributes not included.
    pub schema: Schema,
    /// Optional extensions.
    pub extensions: Vec<Schema>,
    common: Vec<Attribute>,
}

/// Where an attribute of a resource type lives.
#[derive(Clone, Copy, Debug)]
pub struct Located<'t> {
    /// The extension's URN when the attribute sits in its container.
    pub extension: Option<&'t str>,
    /// The attribute.
    pub attribute: &'t Attribute,
    /// Its sub-attribute, where one is named.
    pub sub: Option<&'t Attribute>,
}

impl Located<'_> {
    /// The attribute that decides about values: the sub-attribute where one is named.
    pub fn leaf(&self) -> &Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

impl ResourceType {
    /// A resource type with the common attributes of RFC 7643 §3.1.
    pub fn new(name: &str, endpoint: &str, schema: Schema, extensions: Vec<Schema>) -> Self {
        let description = schema.description.clone();
        Self { name: name.into(), endpoint: endpoint.into(), description, schema, extensions, common: common() }
    }

    /// The attributes outside extensions: the common ones, then those of the base schema.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.common.iter().chain(&self.schema.attributes)
    }

    /// The same, to change a characteristic.
    pub fn attributes_mut(&mut self) -> impl Iterator<Item = &mut Attribute> {
        self.common.iter_mut().chain(&mut self.schema.attributes)
    }

    /// The attribute of this name outside extensions, whatever the case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| attribute.is(name))
    }

    /// The extension of this URN, whatever the case.
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// Whether the URN may stand in `schemas` of a resource of this type.
    pub fn declares(&self, urn: &str) -> bool {
        self.schema.id.eq_ignore_ascii_case(urn) || self.extension(urn).is_some()
    }

    /// Finds what the path names, or `None` when this type has no such attribute.
    pub fn locate(&self, path: &AttributePath) -> Option<Located<'_>> {
        let (extension, attribute) = match &path.uri {
            Some(uri) if self.schema.id.eq_ignore_ascii_case(uri) => (None, self.attribute(&path.attribute)?),
            Some(uri) => {
                let schema = self.extension(uri)?;
                (Some(schema.id.as_str()), schema.attribute(&path.attribute)?)
            }
            None => (None, self.attribute(&path.attribute)?),
        };
        let sub = match &path.sub {
            Some(name) => Some(attribute.sub(name)?),
            None => None,
        };
        Some(Located { extension, attribute, sub })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urns_are_found_whatever_their_case() {
        let user = user(Vec::new());
        let path = AttributePath::parse("URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER:NAME.GIVENNAME").unwrap();
        let located = user.locate(&path).unwrap();
        assert_eq!(located.leaf().name, "givenName");
        let path = AttributePath::parse(&format!("{ENTERPRISE_URN}:Department")).unwrap();
        assert_eq!(user.locate(&path).unwrap().extension, Some(ENTERPRISE_URN));
    }

    #[test]
    fn an_attribute_of_another_schema_is_not_found() {
        let user = user(Vec::new());
        for text in ["members", "department", "name.first", "urn:x:y:userName"] {
            assert!(user.locate(&AttributePath::parse(text).unwrap()).is_none(), "{text}");
        }
    }
}
