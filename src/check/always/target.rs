//! What a request was about, read from its path, and the resources in its answer.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::super::{list, pointer};
use crate::exchange::{Exchange, Request};

/// `urn:ietf:params:scim:api:messages:2.0:ListResponse`.
pub(super) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A user or group endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    /// The value of `meta.resourceType`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The core schema.
    pub(super) const fn schema(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }
}

/// What a request on /Users or /Groups is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub kind: Kind,
    /// The percent-decoded id of the path.
    pub id: Option<String>,
    /// A list is asked for.
    pub list: bool,
}

impl Target {
    /// Nothing for requests on other endpoints.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let path = request.path.split(['?', '#']).next().unwrap_or_default();
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let kind = match segments.next()? {
            "Users" => Kind::User,
            "Groups" => Kind::Group,
            _ => return None,
        };
        let (second, third) = (segments.next(), segments.next());
        match (second, third) {
            (None, _) => Some(Self { kind, id: None, list: request.method == "GET" }),
            (Some(".search"), None) => Some(Self { kind, id: None, list: true }),
            (Some(id), None) => {
                Some(Self { kind, id: Some(percent_decode_str(id).decode_utf8_lossy().into_owned()), list: false })
            }
            (Some(_), Some(_)) => None,
        }
    }
}

/// An exchange as the rules see it: what they all ask of it is found out once.
#[derive(Debug)]
pub struct Seen<'a> {
    pub(super) exchange: &'a Exchange,
    /// What the request was about.
    pub(super) target: Option<Target>,
    /// The JSON object of a successful answer about users or groups. Answers to DELETE are left out: they describe no
    /// resource.
    pub(super) told: Option<&'a Value>,
    /// The resources in it: it itself, or what it lists. What is no object is left to the check of the list.
    pub(super) resources: Vec<(Place, &'a Value)>,
}

impl<'a> Seen<'a> {
    /// Looks at an exchange.
    pub fn of(exchange: &'a Exchange) -> Self {
        let target = Target::of(&exchange.request);
        let good = exchange.status().is_some_and(|status| (200..300).contains(&status)) && exchange.failure.is_none();
        let describes = target.is_some() && good && exchange.request.method != "DELETE";
        let told = exchange.json().filter(|body| describes && body.is_object());
        let resources = match (&target, told) {
            (Some(Target { list: true, .. }), Some(body)) => {
                let items = list::resources(body).unwrap_or_default().iter().enumerate();
                items.filter(|(_, item)| item.is_object()).map(|(index, item)| (Place::Listed(index), item)).collect()
            }
            (Some(_), Some(body)) => vec![(Place::Body, body)],
            _ => Vec::new(),
        };
        Self { exchange, target, told, resources }
    }

    /// What was asked for and told, when that was users or groups.
    pub(super) fn success(&self) -> Option<(&Target, &'a Value)> {
        self.target.as_ref().zip(self.told)
    }
}

/// Where in a body a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The body is the resource.
    Body,
    /// In `Resources`, at this index.
    Listed(usize),
}

impl Place {
    /// The JSON Pointer of a member of the resource.
    pub(super) fn below(self, name: &str) -> String {
        match self {
            Self::Body => pointer::below("", name),
            Self::Listed(index) => pointer::below(&format!("/Resources/{index}"), name),
        }
    }
}

/// True when a body says, or looks as if, it is a `ListResponse`.
pub(super) fn is_list(body: &Value) -> bool {
    let named =
        pointer::get(body, "schemas").and_then(Value::as_array).is_some_and(|urns| urns.iter().any(|urn| urn == LIST));
    named || pointer::get(body, "totalResults").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Body;

    fn target(method: &str, path: &str) -> Option<Target> {
        let request = Request { method: method.into(), path: path.into(), headers: Vec::new(), body: Body::Empty };
        Target::of(&request)
    }

    #[test]
    fn a_path_tells_what_it_is_about() {
        let user = |id: Option<&str>, list| Some(Target { kind: Kind::User, id: id.map(str::to_owned), list });
        assert_eq!(target("GET", "/Users?startIndex=1&count=2"), user(None, true));
        assert_eq!(target("POST", "/Users"), user(None, false));
        assert_eq!(target("POST", "/Users/.search"), user(None, true));
        assert_eq!(target("PUT", "/Users/a%2Fb%20c"), user(Some("a/b c"), false));
        assert_eq!(target("GET", "/Groups/1?x=/y").map(|target| target.kind), Some(Kind::Group));
        for path in ["/", "", "/Me", "/Schemas/Users", "/Users/1/roles"] {
            assert_eq!(target("GET", path), None, "{path}");
        }
    }
}
