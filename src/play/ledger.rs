//! What the run owns. Every write passes here: POST on a collection, anything else only on resources our own POST made.

mod holdings;

pub use holdings::Owned;

use std::collections::HashSet;

use serde_json::Value;

use holdings::Holdings;

use super::existing::Existing;
use super::mark::carries;
use crate::exchange::{Body, Exchange};
use crate::okta::client::{Outgoing, Payload};
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

/// A create whose answer did not settle whether something was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsettled {
    /// Where it was sent.
    pub collection: Collection,
    /// userName or displayName as sent.
    pub name: String,
}

/// Knows what the run owns, and refuses everything else.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The run token: a name that carries it is ours, even when its create is not answered yet.
    token: String,
    /// Nothing at all may be written.
    read_only: bool,
    /// What the operator says was there before: only its create is tried, which must be refused.
    existing: Existing,
    owned: Holdings,
    /// What came into `owned` and is not in the journal yet.
    fresh: Vec<Owned>,
    seen: HashSet<(Collection, String)>,
    unsettled: Vec<Unsettled>,
    /// Creates that were not answered, or by an error of the server: a later 409 may come of them.
    lost: HashSet<Unsettled>,
    doubtful: Vec<Doubtful>,
}

impl Ledger {
    /// An empty ledger of the run with this token.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), ..Self::default() }
    }

    /// The same, which lets no write out when `read_only`, and tries the creates of what is `existing`.
    #[must_use]
    pub fn with(self, read_only: bool, existing: Existing) -> Self {
        Self { read_only, existing, ..self }
    }

    /// May this request be sent? The refusal says why not. The path is encoded and starts with `/`.
    pub fn permit(&self, outgoing: &Outgoing<'_>) -> Result<(), String> {
        let Outgoing { method, path, .. } = *outgoing;
        if method == "GET" {
            return Ok(());
        }
        if self.read_only {
            return Err(format!("not sent: {method} {path} is a write, and --read-only allows none"));
        }
        match (method, Collection::of(path)) {
            ("POST", Some((collection, None))) => self.permit_name(collection, outgoing.body),
            ("PUT" | "PATCH" | "DELETE", Some((collection, Some(id)))) if self.owns(collection, &id) => Ok(()),
            ("PUT" | "PATCH" | "DELETE", Some((_, Some(id)))) => Err(format!(
                "not sent: this run did not create {id:?}, so {method} {path} could change somebody else's data"
            )),
            _ => Err(format!("not sent: {method} {path} is not a write to /Users or /Groups")),
        }
    }

    /// A server may take the create of a name that it knows for an update, so what is created carries the run token.
    fn permit_name(&self, collection: Collection, body: Payload<'_>) -> Result<(), String> {
        let read;
        let body = match body {
            Payload::Json(body) => Some(body),
            Payload::Raw(text) => {
                read = serde_json::from_str(text).ok();
                read.as_ref()
            }
            Payload::None => None,
        };
        match body.and_then(|body| called(collection, body)) {
            Some(name) if !carries(name, &self.token) && !self.existing.names(collection, name) => Err(format!(
                "not sent: the name {name:?} does not carry the run token ({{{{run.token}}}}), so it could be somebody else's"
            )),
            _ => Ok(()),
        }
    }

    /// Is this resource ours, and there as far as is known?
    fn holds(&self, collection: Collection, id: &str) -> bool {
        self.owned.get(collection, id).is_some_and(|o| !o.removed && !o.said_gone)
    }

    /// Is this resource ours, or was it before it was removed?
    pub fn owns(&self, collection: Collection, id: &str) -> bool {
        self.owned.get(collection, id).is_some()
    }

    /// Notes a create before it is sent: if no answer settles it, clean-up looks for the name.
    /// Gives what was noted.
    pub fn announce(&mut self, path: &str, body: &Value) -> Option<Unsettled> {
        let (Some((collection, None)), Some(name)) = (Collection::of(path), name_of(path, body)) else { return None };
        // What a look-up would find under this name is the operator's own.
        if self.existing.names(collection, &name) {
            return None;
        }
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
        if exchange.request.method == "DELETE"
            && matches!(status, Some(200..=299))
            && let Some(deleted) = id_in_path.and_then(|id| self.owned.get_mut(collection, &id))
        {
            deleted.said_gone = true;
        }
        if is_create && let Some(name) = sent.as_ref().filter(|name| self.existing.names(collection, name)) {
            self.record_probe(collection, name, exchange);
        } else if is_create && let Some(name) = sent {
            let unsettled = Unsettled { collection, name };
            match status {
                Some(200..=299) => {
                    if exchange.json().is_some_and(|body| self.adopt(&unsettled, body)) {
                        self.unsettled.retain(|u| *u != unsettled);
                    } else {
                        open = Some(unsettled);
                    }
                }
                // The name is taken, probably by what was made before.
                Some(409) if self.lost.contains(&unsettled) => {}
                // A refusal made nothing, though an error of the server may have come after the making.
                Some(400..=499) => self.unsettled.retain(|u| *u != unsettled),
                _ => {
                    self.lost.insert(unsettled);
                }
            }
        } else if is_create && matches!(status, Some(200..=299)) {
            // A body that names nothing, or is no JSON, was taken all the same.
            let name = exchange.json().and_then(|made| called(collection, made)).filter(|n| carries(n, &self.token));
            if let (Some(name), Some(made)) = (name.map(str::to_owned), exchange.json()) {
                self.adopt(&Unsettled { collection, name }, made);
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
        let ours = carries(name, &self.token);
        if ours && usable(&id) && !self.owns(collection, &id) {
            self.own(collection, id, name);
        }
        ours
    }

    /// Creates of existing names that were taken, when what came of them cannot be told from what was there before.
    pub fn doubtful(&self) -> &[Doubtful] {
        &self.doubtful
    }

    /// Creates whose fate is not known yet.
    pub fn unsettled(&self) -> &[Unsettled] {
        &self.unsettled
    }

    /// Notes that a resource is gone. It stays known as ours, unless its id turns up under a name that is not.
    pub fn remove(&mut self, collection: Collection, id: &str) {
        if let Some(owned) = self.owned.get_mut(collection, id) {
            owned.removed = true;
        }
    }

    /// Everything owned, in the order it was made.
    pub fn owned(&self) -> &[Owned] {
        self.owned.in_order()
    }

    /// What is owned since this was last asked.
    pub fn take_fresh(&mut self) -> Vec<Owned> {
        std::mem::take(&mut self.fresh)
    }

    /// Some give the id of what is gone to the next that comes: then it is that.
    fn own(&mut self, collection: Collection, id: String, name: &str) {
        let owned = Owned { collection, id, name: name.to_owned(), said_gone: false, removed: false };
        self.fresh.push(owned.clone());
        self.owned.add(owned);
    }

    fn adopt(&mut self, unsettled: &Unsettled, resource: &Value) -> bool {
        let collection = unsettled.collection;
        let Some(id) = id_of(resource) else { return false };
        let name = called(collection, resource).unwrap_or_default();
        if self.holds(collection, &id) {
            return true;
        }
        let ours = name.to_lowercase() == unsettled.name.to_lowercase();
        if !ours || !usable(&id) || self.seen.contains(&(collection, id.clone())) {
            return false;
        }
        self.own(collection, id, &unsettled.name);
        true
    }

    /// Learns from the create of an existing name. What a 201 tells of is ours only when it is certainly not what was there
    /// before.
    fn record_probe(&mut self, collection: Collection, name: &str, exchange: &Exchange) {
        let made = exchange.json();
        let id = made.and_then(id_of).filter(|id| usable(id));
        let seen = id.as_ref().is_some_and(|id| self.seen.contains(&(collection, id.clone())));
        match (exchange.status(), id) {
            // Refused, or answered with what was there before.
            (Some(300..=499), _) => {}
            (Some(_), Some(_)) if seen => {}
            (Some(201), Some(id)) if self.existing.is_apart(collection, name, exchange) => {
                self.own(collection, id, name);
            }
            (_, id) => self.doubtful.push(Doubtful { collection, id, name: name.to_owned() }),
        }
    }

    /// Remembers every id an answer showed, apart from resources that carry the run token: another scenario, played at
    /// the same time, may be creating them right now.
    fn see(&mut self, collection: Collection, exchange: &Exchange) {
        let Some(body) = exchange.json() else { return };
        let listed = body.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for resource in std::iter::once(body).chain(listed) {
            let name = called(collection, resource);
            let Some(id) = id_of(resource) else { continue };
            if name.is_some_and(|name| carries(name, &self.token)) {
                continue;
            }
            if let Some(name) = name {
                if self.owned.get(collection, &id).is_some_and(|o| o.said_gone || o.removed) {
                    self.owned.forget(collection, &id);
                }
                if !self.owns(collection, &id) {
                    self.existing.show(collection, name);
                }
            }
            self.seen.insert((collection, id));
        }
    }
}

/// The create of an existing name that may have made something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubtful {
    /// Where it was sent.
    pub collection: Collection,
    /// The id it was answered with, if there was one.
    pub id: Option<String>,
    /// The name.
    pub name: String,
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
mod tests;
