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

/// The JSON object of a successful answer about users or groups, and what was asked for. Answers to DELETE are left out:
/// they describe no resource.
pub(super) fn success(exchange: &Exchange) -> Option<(Target, &Value)> {
    let target = Target::of(&exchange.request)?;
    let good = exchange.status().is_some_and(|status| (200..300).contains(&status)) && exchange.failure.is_none();
    let body = exchange.json().filter(|body| body.is_object())?;
    (good && exchange.request.method != "DELETE").then_some((target, body))
}

/// The resources in a body with their JSON Pointers: the body itself, or what it lists. What is no object is left to the
/// check of the list.
pub(super) fn resources<'a>(target: &Target, body: &'a Value) -> Vec<(String, &'a Value)> {
    if !target.list {
        return vec![(String::new(), body)];
    }
    let items = list::resources(body).unwrap_or_default();
    let items = items.iter().enumerate().filter(|(_, item)| item.is_object());
    items.map(|(index, item)| (format!("/Resources/{index}"), item)).collect()
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
