//! Where resources are kept: bytes and the indexes over them, behind one trait.

mod disk;
mod durable;
mod memory;
mod postings;
mod replica;
mod row;
mod sequence;

pub(super) use memory::Memory;
pub(super) use replica::Replica;

use super::types::Kind;
use crate::scim::error::ScimError;
use durable::Durable;
use std::io;
use std::path::Path;

/// The store of one directory: in this file, or in memory alone. Errors name the file and say what to do; of the kind
/// `InvalidData` where its content is at fault. A file that is refused is left as it was.
pub(super) fn open(file: Option<&Path>) -> io::Result<Box<dyn Store>> {
    Ok(match file {
        Some(file) => Box::new(Durable::open(file)?),
        None => Box::new(Memory::default()),
    })
}

/// What an index finds resources by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// userName, folded.
    UserName,
    /// displayName, folded.
    DisplayName,
    /// externalId as it is.
    ExternalId,
    /// The id of a member: finds the groups that hold it.
    Member,
}

/// The values a resource is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) user_name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) external_id: Option<String>,
    /// displayName as it is, to show beside a reference.
    pub(super) label: Option<String>,
}

/// One member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) id: String,
    /// What it is; `None` when that is not known.
    pub(super) kind: Option<Kind>,
    /// What the client calls it.
    pub(super) display: Option<String>,
}

/// What becomes of the members of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    /// They stay; also for what is no group.
    Keep,
    /// These are the members now. Who stays keeps the place.
    Set(Vec<Member>),
    /// These go, then those come; who is a member already stays as is.
    Edit { drop: Vec<String>, add: Vec<Member> },
}

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// Keeps a resource: at the end of the order when its id is new, else in the place of the old one. The bytes of a
    /// group do not hold its members.
    Put { kind: Kind, id: String, bytes: Vec<u8>, keys: Keys, membership: Membership },
    /// Forgets a resource, a group with its memberships.
    Remove { kind: Kind, id: String },
}

/// The place of a resource in the order of creation: one that is gone keeps it, and no other gets it.
pub(super) type Turn = u64;

/// The store itself failed; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub(super) struct StoreError(pub(super) String);

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        Self::plain(500, format!("Nothing was changed: {error}"))
    }
}

type Stored<T> = Result<T, StoreError>;

/// A keeper of resources in the order of their creation. The caller holds a lock: one writer, or many readers.
pub(super) trait Store: Send + Sync {
    /// The resource, as it was put.
    fn get(&self, kind: Kind, id: &str) -> Stored<Option<Vec<u8>>>;

    /// The display name of a resource.
    fn label(&self, kind: Kind, id: &str) -> Stored<Option<String>>;

    /// The kind of resource that has this id.
    fn kind_of(&self, id: &str) -> Stored<Option<Kind>>;

    /// What is committed from now on is part of the beginning: durable, as a whole, once it has [begun](Self::begun).
    fn begin(&mut self) -> Stored<()>;

    /// Ends the beginning.
    fn begun(&mut self) -> Stored<()>;

    /// Makes all changes, or none; no two of one resource. They are as durable as the store can make them then.
    fn commit(&mut self, writes: Vec<Write>) -> Stored<()>;

    /// How many resources of the kind there are.
    fn count(&self, kind: Kind) -> Stored<usize>;

    /// Shows resources in order, from the one at `skip`, `take` at most; as cheap at the end as at the start.
    fn page(&self, kind: Kind, skip: usize, take: usize, show: &mut dyn FnMut(&[u8])) -> Stored<()>;

    /// The turn of a resource.
    fn turn(&self, kind: Kind, id: &str) -> Stored<Option<Turn>>;

    /// How many resources of the kind have a turn below this one.
    fn before(&self, kind: Kind, turn: Turn) -> Stored<usize>;

    /// The ids of the resources with this value, in the order of their creation.
    fn find(&self, kind: Kind, index: Index, value: &str) -> Stored<Vec<String>>;

    /// Shows the members of a group in the order they came.
    fn members(&self, group: &str, show: &mut dyn FnMut(&Member)) -> Stored<()>;

    /// The member of the group that has this id.
    fn member(&self, group: &str, id: &str) -> Stored<Option<Member>>;

    /// The same content in memory.
    fn copy(&self) -> Memory;
}
