//! The resource types a server offers.

use super::Config;
use crate::scim::schema::{self, ResourceType, Schema, SchemaFault};

/// Which type a resource is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's account.
    User,
    /// A group of users and groups.
    Group,
    /// An Okta role.
    Role,
    /// An Okta entitlement.
    Entitlement,
}

/// The offered types, in the order they are told.
#[derive(Clone, Debug)]
pub struct Types {
    offered: Vec<(Kind, ResourceType)>,
}

impl Types {
    pub(super) fn new(config: &Config) -> Result<Self, SchemaFault> {
        let extensions = config.schemas.iter().map(Schema::from_json).collect::<Result<Vec<_>, _>>()?;
        let mut offered = vec![(Kind::User, schema::user(extensions)), (Kind::Group, schema::group())];
        if config.entitlements {
            offered.extend([(Kind::Role, schema::role()), (Kind::Entitlement, schema::entitlement())]);
        }
        Ok(Self { offered })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (Kind, &ResourceType)> {
        self.offered.iter().map(|(kind, resource_type)| (*kind, resource_type))
    }

    /// All of them, to change.
    pub fn all_mut(&mut self) -> impl Iterator<Item = (Kind, &mut ResourceType)> {
        self.offered.iter_mut().map(|(kind, resource_type)| (*kind, resource_type))
    }

    /// Offers this kind no more.
    pub fn withdraw(&mut self, kind: Kind) {
        self.offered.retain(|(known, _)| *known != kind);
    }

    /// The definition of an offered kind.
    pub fn of(&self, kind: Kind) -> &ResourceType {
        let found = self.offered.iter().find(|(known, _)| *known == kind);
        // A kind comes from here, by the endpoint of a request or from what was stored under one.
        found.map(|(_, resource_type)| resource_type).expect("only offered kinds are asked for")
    }

    /// The kind served at the first segment of a path, such as `Users`.
    pub(super) fn at(&self, segment: &str) -> Option<Kind> {
        self.all().find(|(_, of)| of.endpoint.trim_start_matches('/') == segment).map(|(kind, _)| kind)
    }
}
