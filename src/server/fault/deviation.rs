//! The seams: where a fault may deviate, in the order a request meets them.

use crate::scim::error::ScimError;
use crate::scim::patch::Operation;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::{Kind, Types};
use serde_json::{Map, Value};
use std::time::Duration;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// POST on a collection.
    Create,
    /// GET of one resource.
    Read,
    /// GET of a collection, or a search.
    List,
    /// PUT.
    Replace,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// What is being done, and to what.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'o> {
    /// What is done.
    pub action: Action,
    /// The type of resource; for a search over several types the first.
    pub kind: Kind,
    /// The id in the path, where there is one.
    pub id: Option<&'o str>,
}

impl Occasion<'_> {
    /// True when this is done to this kind of resource.
    pub fn is(&self, action: Action, kind: Kind) -> bool {
        self.action == action && self.kind == kind
    }
}

/// A resource about to be stored, in stored form: without what is derived when it is shown.
#[derive(Debug)]
pub struct Change<'c> {
    /// What is done.
    pub occasion: Occasion<'c>,
    /// What was stored before; `None` for a create.
    pub before: Option<&'c Map<String, Value>>,
    /// What will be stored.
    pub after: &'c mut Map<String, Value>,
    /// Set to lose the resource instead of storing it.
    pub vanish: bool,
}

/// A value that must be unique, and who has it.
#[derive(Debug)]
pub struct Claim<'c> {
    /// The userName that a write wants.
    pub wanted: &'c str,
    /// The spellings under which other users hold it.
    pub held: Vec<String>,
}

/// What becomes of a member that is no user or group here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// The write is refused.
    Refuse,
    /// The member is left out.
    Drop,
    /// The member is stored all the same.
    Keep,
}

/// Where the pages beside a page are, when there are any (RFC 9865 §2).
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// The cursor of the next page.
    pub next: Option<String>,
    /// The cursor of the page before.
    pub previous: Option<String>,
}

/// A list about to be answered.
#[derive(Clone, Debug)]
pub struct ListAnswer {
    /// All matches, shown or not.
    pub total: usize,
    /// The position of the first shown, from 1.
    pub start_index: usize,
    /// What was asked for as `count`.
    pub count: Option<usize>,
    /// The cursors, for a client that pages by them; it is told no `start_index`.
    pub neighbours: Option<Neighbours>,
    /// The page.
    pub resources: Vec<Map<String, Value>>,
}

/// One deviation: every seam does nothing unless overridden.
#[expect(unused_variables, reason = "the names tell an implementor what each seam hands over")]
pub trait Deviation: Send + Sync {
    /// Once, before the first request: the definitions of the resource types.
    fn types(&self, types: &mut Types) {}

    /// Once, before the first request: what the directory starts with.
    fn start(&self, resources: &mut Vec<(Kind, Value)>) {}

    /// Once, before the first request: how far reads are behind writes.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// What somebody else sends just before this request.
    fn meanwhile(&self, request: &Request) -> Option<Request> {
        None
    }

    /// The request as it arrived; an answer given here ends it.
    fn request(&self, request: &mut Request) -> Option<Answer> {
        None
    }

    /// What the check of the credential came to.
    fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {}

    /// The parameters of a list: filter, order, page.
    fn query(&self, occasion: &Occasion, query: &mut Query) {}

    /// The JSON body of a write, before it is read against the schema.
    fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
        Ok(())
    }

    /// The operations of a PATCH, before they are applied.
    fn operations(&self, occasion: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
        Ok(())
    }

    /// Whether what the operations before a failing one did stays, though the PATCH is refused.
    fn keeps_half(&self, occasion: &Occasion) -> bool {
        false
    }

    /// Whether a value that must be unique was found to be taken.
    fn taken(&self, occasion: &Occasion, claim: &Claim, taken: &mut bool) {}

    /// A member that is no user or group here.
    fn stranger(&self, occasion: &Occasion, id: &str, verdict: &mut Stranger) {}

    /// The id a new resource is given; the body is the client's.
    fn identifier(&self, occasion: &Occasion, body: &Value, id: &mut String) {}

    /// The resource about to be stored.
    fn change(&self, change: &mut Change) -> Result<(), ScimError> {
        Ok(())
    }

    /// The resource about to be removed, in stored form; `keep` set to leave it where it is.
    fn removal(&self, occasion: &Occasion, resource: &Map<String, Value>, keep: &mut bool) -> Result<(), ScimError> {
        Ok(())
    }

    /// A resource about to be answered, alone or in a list.
    fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {}

    /// How many match a query, before the page is cut: true when the query was changed for it.
    fn page(&self, occasion: &Occasion, matches: usize, query: &mut Query) -> bool {
        false
    }

    /// A list about to be answered.
    fn list(&self, occasion: &Occasion, list: &mut ListAnswer) {}

    /// A refusal about to be answered.
    fn error(&self, request: &Request, error: &mut ScimError) {}

    /// The answer about to be sent: status, headers, body, delay, cut.
    fn answer(&self, request: &Request, answer: &mut Answer) {}
}
