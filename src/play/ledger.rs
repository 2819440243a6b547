//! What the run owns. Every write passes here: POST on a collection, anything else only on resources our own POST made.

use std::collections::HashSet;

use serde_json::Value;

use crate::exchange::{Body, Exchange};
use crate::scenario::template::LONGEST_SEGMENT;

/// The two collections Okta writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collection {
    /// `/Users`, named by userName.
    Users,
    /// `/Groups`, named by displayName.
    Groups,
}

impl Collection {
    /// `/Users` or `/Groups`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Users => "/Users",
            Self::Groups => "/Groups",
        }
    }

    /// The attribute Okta looks a resource up by.
    pub const fn name_attribute(self) -> &'static str {
        match self {
            Self::Users => "userName",
            Self::Groups => "displayName",
        }
    }

    /// The collection with this path.
    pub fn from_path(path: &str) -> Option<Self> {
        [Self::Users, Self::Groups].into_iter().find(|c| c.path() == path)
    }

    /// The collection and, when there is one, the decoded id of an encoded path.
    pub(super) fn of(path: &str) -> Option<(Self, Option<String>)> {
        let path = path.split('?').next().unwrap_or_default();
        let mut segments = path.strip_prefix('/')?.split('/');
        let collection = match segments.next()? {
            "Users" => Self::Users,
            "Groups" => Self::Groups,
            _ => return None,
        };
        let id = segments.next().map(|id| percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned());
        segments.next().is_none().then_some((collection, id))
    }
}

/// A resource the run created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Where it lives.
    pub collection: Collection,
    /// Its id, as the target gave it.
    pub id: String,
    /// userName or displayName as sent.
    pub name: String,
    /// True once it was removed again.
    pub removed: bool,
}

/// A create whose answer did not settle whether something was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Where it was sent.
    pub collection: Collection,
    /// userName or displayName as sent.
    pub name: String,
}

/// Knows what the run owns, and refuses everything else.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The run token: a name that holds it is ours, even when its create is not answered yet.
    token: String,
    owned: Vec<Owned>,
    seen: HashSet<(Collection, String)>,
    unsettled: Vec<Unsettled>,
}

impl Ledger {
    /// An empty ledger of the run with this token.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), ..Self::default() }
    }

    /// May this request be sent? The refusal says why not. Paths are encoded and start with `/`.
    pub fn permit(&self, method: &str, path: &str) -> Result<(), String> {
        if method == "GET" {
            return Ok(());
        }
        match (method, Collection::of(path)) {
            ("POST", Some((_, None))) => Ok(()),
            ("PUT" | "PATCH" | "DELETE", Some((collection, Some(id)))) if self.owns(collection, &id) => Ok(()),
            ("PUT" | "PATCH" | "DELETE", Some((_, Some(id)))) => Err(format!(
                "not sent: this run did not create {id:?}, so {method} {path} could change somebody else's data"
            )),
            _ => Err(format!("not sent: {method} {path} is not a write to /Users or /Groups")),
        }
    }

    /// Is this resource ours?
    pub fn owns(&self, collection: Collection, id: &str) -> bool {
        self.owned.iter().any(|o| o.collection == collection && o.id == id)
    }

    /// Notes a create before it is sent: if no answer settles it, clean-up looks for the name.
    /// Gives what was noted.
    pub fn announce(&mut self, path: &str, body: &Value) -> Option<Unsettled> {
        let (Some((collection, None)), Some(name)) = (Collection::of(path), name_of(path, body)) else { return None };
        let unsettled = Unsettled { collection, name };
        if !self.unsettled.contains(&unsettled) {
            self.unsettled.push(unsettled.clone());
        }
        Some(unsettled)
    }

    /// Learns from an answer. A create was ours when it was answered 2xx, the name came back and the id is new. Gives the
    /// create that stays unsettled although the answer was a success: the caller reads it back.
    pub fn record(&mut self, exchange: &Exchange) -> Option<Unsettled> {
        let (collection, id_in_path) = Collection::of(&exchange.request.path)?;
        let status = exchange.status();
        let is_create = exchange.request.method == "POST" && id_in_path.is_none();
        let sent = match &exchange.request.body {
            Body::Json(body) => name_of(&exchange.request.path, body),
            _ => None,
        };
        let mut open = None;
        if is_create && let Some(name) = sent {
            let unsettled = Unsettled { collection, name };
            match status {
                Some(200..=299) => {
                    if exchange.json().is_some_and(|body| self.adopt(&unsettled, body)) {
                        self.unsettled.retain(|u| *u != unsettled);
                    } else {
                        open = Some(unsettled);
                    }
                }
                // A refusal made nothing, though an error of the server may have come after the making.
                Some(400..=499) => self.unsettled.retain(|u| *u != unsettled),
                _ => {}
            }
        }
        // What a create tells without a name is looked up first: its own id was in no earlier answer.
        let nameless = exchange.json().is_none_or(|body| body.get(collection.name_attribute()).is_none());
        if open.is_none() || !nameless {
            self.see(collection, exchange);
        }
        open
    }

    /// Settles a create by a look-up: the one listed resource of exactly this name, unless its id was seen before the run
    /// made anything. True when it is ours now (or already was).
    pub fn settle(&mut self, unsettled: &Unsettled, listing: &Value) -> bool {
        let resources = listing.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut settled = false;
        for resource in resources {
            settled |= self.adopt(unsettled, resource);
        }
        if settled || resources.is_empty() {
            self.unsettled.retain(|u| u != unsettled);
        }
        settled
    }

    /// Takes over what an earlier run created, as the target shows it now: its name must carry the run token.
    pub fn recover(&mut self, collection: Collection, resource: &Value) -> bool {
        let (Some(id), Some(name)) =
            (id_of(resource), resource.get(collection.name_attribute()).and_then(Value::as_str))
        else {
            return false;
        };
        let ours = !self.token.is_empty() && name.to_lowercase().contains(&self.token);
        if ours && usable(&id) && !self.owns(collection, &id) {
            self.owned.push(Owned { collection, id, name: name.to_owned(), removed: false });
        }
        ours
    }

    /// Creates whose fate is not known yet.
    pub fn unsettled(&self) -> &[Unsettled] {
        &self.unsettled
    }

    /// Notes that a resource is gone. It stays known as ours.
    pub fn remove(&mut self, collection: Collection, id: &str) {
        for owned in self.owned.iter_mut().filter(|o| o.collection == collection && o.id == id) {
            owned.removed = true;
        }
    }

    /// Everything owned, in the order it was made.
    pub fn owned(&self) -> &[Owned] {
        &self.owned
    }

    fn adopt(&mut self, unsettled: &Unsettled, resource: &Value) -> bool {
        let collection = unsettled.collection;
        let Some(id) = id_of(resource) else { return false };
        let name = called(collection, resource).unwrap_or_default();
        if self.owns(collection, &id) {
            return true;
        }
        let ours = name.to_lowercase() == unsettled.name.to_lowercase();
        if !ours || !usable(&id) || self.seen.contains(&(collection, id.clone())) {
            return false;
        }
        self.owned.push(Owned { collection, id, name: unsettled.name.clone(), removed: false });
        true
    }

    /// Remembers every id an answer showed, apart from resources that carry the run token: another scenario, played at
    /// the same time, may be creating them right now.
    fn see(&mut self, collection: Collection, exchange: &Exchange) {
        let Some(body) = exchange.json() else { return };
        let listed = body.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let name = |r: &Value| called(collection, r).map(str::to_lowercase);
        let ours = |r: &Value| !self.token.is_empty() && name(r).is_some_and(|n| n.contains(&self.token));
        let shown = std::iter::once(body).chain(listed).filter(|r| !ours(r));
        let ids: Vec<String> = shown.filter_map(id_of).collect();
        self.seen.extend(ids.into_iter().map(|id| (collection, id)));
    }
}

/// An id that can stand in a path: not empty, no step up or aside, and of a length that servers take.
pub(super) fn usable(id: &str) -> bool {
    !matches!(id, "" | "." | "..") && id.len() <= LONGEST_SEGMENT
}

/// The id of a resource as text. Ids are strings; a number is a finding elsewhere, but must still be cleaned up.
pub(super) fn id_of(resource: &Value) -> Option<String> {
    match resource.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn name_of(path: &str, body: &Value) -> Option<String> {
    let (collection, _) = Collection::of(path)?;
    called(collection, body).map(str::to_owned)
}

/// What a resource is called: where a user has no userName, its displayName, so that a server that takes it all the same
/// can be tidied up.
fn called(collection: Collection, resource: &Value) -> Option<&str> {
    let text = |name| resource.get(name).and_then(Value::as_str);
    text(collection.name_attribute()).or_else(|| text("displayName"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Request, Response};
    use serde_json::json;

    fn exchange(method: &str, path: &str, sent: Value, status: u16, answer: Value) -> Exchange {
        let body = |v: Value| if v.is_null() { Body::Empty } else { Body::Json(v) };
        Exchange {
            request: Request { method: method.into(), path: path.into(), headers: vec![], body: body(sent) },
            response: Some(Response { status, headers: vec![], body: body(answer), truncated: false, ms: 1.0 }),
            failure: None,
            curl: String::new(),
        }
    }

    fn create(ledger: &mut Ledger, name: &str, status: u16, answer: Value) -> Option<Unsettled> {
        let sent = json!({ "userName": name });
        ledger.announce("/Users", &sent);
        ledger.record(&exchange("POST", "/Users", sent, status, answer))
    }

    #[test]
    fn only_what_our_post_made_may_be_written() {
        let mut ledger = Ledger::default();
        assert!(ledger.permit("POST", "/Users").is_ok());
        assert!(ledger.permit("PATCH", "/Users/1").is_err());
        assert_eq!(create(&mut ledger, "ann", 201, json!({ "id": "1", "userName": "Ann" })), None);
        assert!(ledger.permit("PATCH", "/Users/1").is_ok());
        assert!(ledger.permit("DELETE", "/Groups/1").is_err());
        assert!(ledger.unsettled().is_empty());
    }

    #[test]
    fn writes_elsewhere_are_refused() {
        let ledger = Ledger::default();
        for (method, path) in [
            ("DELETE", "/Users"),
            ("POST", "/Bulk"),
            ("POST", "/Users/1"),
            ("PATCH", "/Users/"),
            ("PUT", "/Users/a/b"),
            ("PATCH", "/"),
        ] {
            assert!(ledger.permit(method, path).is_err(), "{method} {path}");
        }
    }

    #[test]
    fn an_id_seen_before_is_never_ours() {
        let mut ledger = Ledger::default();
        let listing = json!({ "Resources": [{ "id": "boss", "userName": "boss" }] });
        ledger.record(&exchange("GET", "/Users?startIndex=1", Value::Null, 200, listing));
        let open = create(&mut ledger, "ann", 200, json!({ "id": "boss", "userName": "ann" }));
        assert!(open.is_some());
        assert!(ledger.permit("DELETE", "/Users/boss").is_err());
    }

    #[test]
    fn another_name_in_the_answer_is_not_ours() {
        let mut ledger = Ledger::default();
        assert!(create(&mut ledger, "ann", 201, json!({ "id": "7", "userName": "root" })).is_some());
        assert!(ledger.permit("DELETE", "/Users/7").is_err());
    }

    #[test]
    fn a_user_without_a_name_is_ours_by_its_display_name() {
        let mut ledger = Ledger::default();
        let sent = json!({ "displayName": "Nobody" });
        ledger.announce("/Users", &sent);
        ledger.record(&exchange("POST", "/Users", sent, 201, json!({ "id": "5", "displayName": "Nobody" })));
        assert!(ledger.owns(Collection::Users, "5"));
        assert!(ledger.unsettled().is_empty());
    }

    #[test]
    fn an_empty_success_is_settled_by_reading_back() {
        let mut ledger = Ledger::default();
        let open = create(&mut ledger, "ann", 201, Value::Null).expect("open");
        assert!(ledger.settle(&open, &json!({ "Resources": [{ "id": "9", "userName": "ann" }] })));
        assert!(ledger.owns(Collection::Users, "9"));
        assert!(ledger.unsettled().is_empty());
    }

    #[test]
    fn an_answer_without_a_name_is_settled_by_reading_back() {
        let mut ledger = Ledger::default();
        let open = create(&mut ledger, "ann", 201, json!({ "id": "7" })).expect("unsettled");
        assert!(!ledger.owns(Collection::Users, "7"));
        assert!(ledger.settle(&open, &json!({ "Resources": [{ "id": "7", "userName": "ann" }] })));
        assert!(ledger.owns(Collection::Users, "7"));
    }

    #[test]
    fn a_refusal_leaves_nothing_and_a_lost_answer_stays_unsettled() {
        let mut ledger = Ledger::default();
        create(&mut ledger, "ann", 409, json!({ "detail": "taken" }));
        assert!(ledger.unsettled().is_empty());
        create(&mut ledger, "bob", 500, Value::Null);
        assert_eq!(ledger.unsettled().len(), 1);
    }

    #[test]
    fn ids_in_paths_are_decoded() {
        let mut ledger = Ledger::default();
        create(&mut ledger, "ann@x", 201, json!({ "id": "ann@x", "userName": "ann@x" }));
        assert!(ledger.permit("PUT", "/Users/ann%40x").is_ok());
    }
}
