//! What is read and written: create, read, replace, patch, delete. Each write is one step under one lock.

use super::clock;
use super::cursor::{Cursors, DEFAULT_TIMEOUT};
use super::etag::{self, Precondition};
use super::fault::{Action, Change, Claim, Deviation, Occasion, Stranger};
use super::membership::{self, Plan};
use super::store::{Index, Membership, Replica, Store, Write};
use super::types::{Kind, Types};
use super::view;
use crate::scim::error::ScimError;
use crate::scim::patch::{self, Operation};
use crate::scim::projection::Projection;
use crate::scim::resource::{self, Accept};
use crate::scim::text::fold;
use serde_json::{Map, Value, json};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

type Fields = Map<String, Value>;

/// The directory: types, store, and what deviates.
pub(super) struct Directory {
    pub(super) base_url: String,
    pub(super) types: Types,
    pub(super) deviations: Vec<Box<dyn Deviation>>,
    pub(super) cursors: Cursors,
    store: RwLock<Box<dyn Store>>,
    /// Where reads look when they are behind writes.
    replica: Option<Replica>,
}

impl Directory {
    pub(super) fn new(
        base_url: &str,
        types: Types,
        deviations: Vec<Box<dyn Deviation>>,
        store: Box<dyn Store>,
    ) -> Self {
        let lag = deviations.iter().map(|deviation| deviation.lag()).max().unwrap_or_default();
        let replica = (!lag.is_zero()).then(|| Replica::new(lag, &*store));
        let cursors = Cursors::new(DEFAULT_TIMEOUT);
        Self { base_url: base_url.into(), types, deviations, cursors, store: RwLock::new(store), replica }
    }

    /// Fills a directory with what it starts with; where it is durable, with all of it or nothing.
    pub(super) fn begin(&self, resources: impl IntoIterator<Item = (Kind, Value)>) -> Result<(), ScimError> {
        self.writing().begin()?;
        for (kind, body) in resources {
            self.add(kind, body).map(drop)?;
        }
        Ok(self.writing().begun()?)
    }

    /// What reads see.
    pub(super) fn reading(&self) -> RwLockReadGuard<'_, Box<dyn Store>> {
        self.replica.as_ref().map_or_else(|| self.current(), Replica::reading)
    }

    /// A writer replaces a resource in one step, so what a panicking one left behind is whole.
    fn current(&self) -> RwLockReadGuard<'_, Box<dyn Store>> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, Box<dyn Store>> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a resource. Gives it back as a client sees it.
    pub(super) fn create(&self, kind: Kind, body: Value) -> Result<Fields, ScimError> {
        let (store, stored) = self.add(kind, body)?;
        self.show(&**store, kind, stored)
    }

    /// Adds a resource. Gives it back as it is stored, with the lock under which it was.
    fn add(&self, kind: Kind, mut body: Value) -> Result<(RwLockWriteGuard<'_, Box<dyn Store>>, Fields), ScimError> {
        let occasion = Occasion { action: Action::Create, kind, id: None };
        self.each(|deviation| deviation.body(&occasion, &mut body))?;
        let of = self.types.of(kind);
        let mut new = resource::read(&body, of)?;
        let mut id = uuid::Uuid::new_v4().to_string();
        for deviation in &self.deviations {
            deviation.identifier(&occasion, &body, &mut id);
        }
        let now = clock::now(None);
        new.insert("id".into(), id.clone().into());
        new.insert("meta".into(), json!({ "resourceType": of.name, "created": now, "lastModified": now }));
        let mut store = self.writing();
        view::hide(&mut new, kind, &**store)?;
        let stored = self.check_and_put(&mut **store, &occasion, &id, None, new)?;
        Ok((store, stored))
    }

    /// Takes in a full representation, readOnly attributes included.
    pub(super) fn load(&self, resource: &Value) -> Result<(), ScimError> {
        let Value::Object(fields) = resource else { return Err(ScimError::value("a resource must be a JSON object")) };
        let named =
            |urn: &str| fields.get("schemas").and_then(Value::as_array).is_some_and(|urns| urns.contains(&urn.into()));
        let found = self.types.all().find(|(_, of)| named(&of.schema.id));
        let (kind, of) = found.ok_or_else(|| ScimError::value("schemas names no type of resource that is offered"))?;
        let mut new = resource::canonical(fields, of, Accept::All)?;
        let id = view::text(&new, "id").map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let now = clock::now(None);
        let mut meta = Map::from_iter([
            ("resourceType".to_owned(), Value::from(of.name.as_str())),
            ("created".to_owned(), now.as_str().into()),
            ("lastModified".to_owned(), now.into()),
        ]);
        if let Some(Value::Object(given)) = new.remove("meta") {
            meta.extend(given);
        }
        new.insert("id".into(), id.clone().into());
        new.insert("meta".into(), meta.into());
        resource::settle(&mut new, of)?;
        let occasion = Occasion { action: Action::Create, kind, id: None };
        let mut store = self.writing();
        view::hide(&mut new, kind, &**store)?;
        self.check_and_put(&mut **store, &occasion, &id, None, new)?;
        Ok(())
    }

    /// A 404 when there is no such resource.
    pub(super) fn must_exist(&self, kind: Kind, id: &str) -> Result<(), ScimError> {
        self.head(&**self.current(), kind, id).map(drop)
    }

    /// The id of the user of this name, whatever its case.
    pub(super) fn user_called(&self, name: &str) -> Result<Option<String>, ScimError> {
        Ok(self.current().find(Kind::User, Index::UserName, &fold(name))?.into_iter().next())
    }

    /// One resource as a client sees it; a 404 when there is none.
    pub(super) fn read(&self, kind: Kind, id: &str, projection: &Projection) -> Result<Fields, ScimError> {
        let store = self.reading();
        let head = self.head(&**store, kind, id)?;
        self.whole(&**store, kind, head, projection)
    }

    /// Puts the body in the place of a resource (RFC 7644 §3.5.1).
    pub(super) fn replace(
        &self,
        kind: Kind,
        id: &str,
        mut body: Value,
        precondition: &Precondition,
    ) -> Result<Fields, ScimError> {
        let occasion = Occasion { action: Action::Replace, kind, id: Some(id) };
        let of = self.types.of(kind);
        let mut store = self.writing();
        self.permit(&**store, kind, id, precondition)?;
        let before = self.stored(&**store, kind, id)?;
        self.each(|deviation| deviation.body(&occasion, &mut body))?;
        let mut after = resource::replace(&before, resource::read(&body, of)?, of)?;
        view::hide(&mut after, kind, &**store)?;
        let stored = self.check_and_put(&mut **store, &occasion, id, Some(&before), after)?;
        self.show(&**store, kind, stored)
    }

    /// Applies the operations of a PATCH, all or none (RFC 7644 §3.5.2). Gives back the resource, where no view of it is
    /// wanted without members.
    pub(super) fn patch(
        &self,
        kind: Kind,
        id: &str,
        mut body: Value,
        precondition: &Precondition,
        wanted: Option<&Projection>,
    ) -> Result<Fields, ScimError> {
        let occasion = Occasion { action: Action::Patch, kind, id: Some(id) };
        let mut store = self.writing();
        self.permit(&**store, kind, id, precondition)?;
        let head = self.head(&**store, kind, id)?;
        self.each(|deviation| deviation.body(&occasion, &mut body))?;
        let mut operations = patch::read(&body)?;
        self.each(|deviation| deviation.operations(&occasion, &mut operations))?;
        // A deviation must see the whole change; without any, adding and removing members need not look at all of them.
        if kind == Kind::Group
            && self.deviations.is_empty()
            && let Some(plan) = Plan::of(&operations)
        {
            self.change_members(&mut **store, id, &head, plan)?;
            let head = self.head(&**store, kind, id)?;
            return match wanted {
                Some(projection) => self.whole(&**store, kind, head, projection),
                None => self.show(&**store, kind, head),
            };
        }
        let before = self.stored(&**store, kind, id)?;
        let seen = self.show(&**store, kind, before.clone())?;
        let (mut after, outcome) = self.apply(&occasion, seen, &operations)?;
        view::hide(&mut after, kind, &**store)?;
        let mut stored = self.check_and_put(&mut **store, &occasion, id, Some(&before), after)?;
        outcome?;
        if wanted.is_none() {
            stored.shift_remove("members");
        }
        self.show(&**store, kind, stored)
    }

    /// Refuses a write to a resource that has another version than the client demands; a 404 when there is none.
    fn permit(&self, store: &dyn Store, kind: Kind, id: &str, precondition: &Precondition) -> Result<(), ScimError> {
        if !precondition.demands() {
            return Ok(());
        }
        let now = self.show(store, kind, self.head(store, kind, id)?)?;
        precondition.must_allow_write(etag::told(&now))
    }

    /// Makes all changes, or none.
    fn commit(&self, store: &mut dyn Store, writes: Vec<Write>) -> Result<(), ScimError> {
        let heard = self.replica.as_ref().map(|replica| (replica, writes.clone()));
        store.commit(writes)?;
        if let Some((replica, writes)) = heard {
            replica.hear(writes);
        }
        Ok(())
    }

    /// What the operations make of a resource: all or none. Where a deviation keeps the half of a PATCH that fails, that half
    /// and why the rest failed.
    fn apply(
        &self,
        occasion: &Occasion,
        seen: Fields,
        operations: &[Operation],
    ) -> Result<(Fields, Result<(), ScimError>), ScimError> {
        let of = self.types.of(occasion.kind);
        if !self.deviations.iter().any(|deviation| deviation.keeps_half(occasion)) {
            return Ok((patch::apply(seen, of, operations)?, Ok(())));
        }
        let mut done = (seen, Ok(()));
        for operation in operations {
            match patch::apply(done.0.clone(), of, std::slice::from_ref(operation)) {
                Ok(after) => done.0 = after,
                Err(error) => {
                    done.1 = Err(error);
                    break;
                }
            }
        }
        Ok(done)
    }

    fn change_members(&self, store: &mut dyn Store, id: &str, head: &Fields, plan: Plan) -> Result<(), ScimError> {
        let of = self.types.of(Kind::Group);
        let seen = self.show(store, Kind::Group, head.clone())?;
        let mut after = patch::apply(seen, of, &plan.rest)?;
        view::hide(&mut after, Kind::Group, store)?;
        let (drop, mut add) = plan.outcome(|member| store.member(id, member))?;
        membership::resolve(&mut add, id, store, |_| Stranger::Refuse)?;
        if after == *head && drop.is_empty() && add.is_empty() {
            return Ok(());
        }
        touch(&mut after);
        self.commit(store, vec![put(Kind::Group, id, &after, Membership::Edit { drop, add })?])
    }

    /// Removes a resource, and its memberships with it.
    pub(super) fn delete(&self, kind: Kind, id: &str, precondition: &Precondition) -> Result<(), ScimError> {
        let occasion = Occasion { action: Action::Delete, kind, id: Some(id) };
        let mut store = self.writing();
        self.permit(&**store, kind, id, precondition)?;
        let going = self.head(&**store, kind, id)?;
        let mut keep = false;
        self.each(|deviation| deviation.removal(&occasion, &going, &mut keep))?;
        if keep {
            return Ok(());
        }
        let mut writes = Vec::new();
        for group in store.find(Kind::Group, Index::Member, id)? {
            let mut changed = self.head(&**store, Kind::Group, &group)?;
            touch(&mut changed);
            let membership = Membership::Edit { drop: vec![id.to_owned()], add: Vec::new() };
            writes.push(put(Kind::Group, &group, &changed, membership)?);
        }
        writes.push(Write::Remove { kind, id: id.to_owned() });
        self.commit(&mut **store, writes)
    }

    fn each(&self, mut seam: impl FnMut(&dyn Deviation) -> Result<(), ScimError>) -> Result<(), ScimError> {
        self.deviations.iter().try_for_each(|deviation| seam(&**deviation))
    }

    /// A resource in stored form, a group without its members.
    fn head(&self, store: &dyn Store, kind: Kind, id: &str) -> Result<Fields, ScimError> {
        match store.get(kind, id)? {
            Some(bytes) => view::parse(&bytes),
            None => Err(ScimError::plain(404, format!("There is no {} with the id {id:?}", self.types.of(kind).name))),
        }
    }

    /// A resource in stored form.
    fn stored(&self, store: &dyn Store, kind: Kind, id: &str) -> Result<Fields, ScimError> {
        let mut resource = self.head(store, kind, id)?;
        if kind == Kind::Group {
            membership::fill(&mut resource, store)?;
        }
        Ok(resource)
    }

    /// The head of a resource as a client sees it, with members where the projection wants any.
    pub(super) fn whole(
        &self,
        store: &dyn Store,
        kind: Kind,
        mut head: Fields,
        projection: &Projection,
    ) -> Result<Fields, ScimError> {
        if kind == Kind::Group && projection.wants("members") {
            membership::fill(&mut head, store)?;
        }
        self.show(store, kind, head)
    }

    /// The resource as a client sees it.
    fn show(&self, store: &dyn Store, kind: Kind, mut resource: Fields) -> Result<Fields, ScimError> {
        view::show(&mut resource, kind, &self.base_url, &self.types, store)?;
        Ok(resource)
    }

    /// The last steps of every write: references, uniqueness, secrets, and whether anything changed at all. Gives back what
    /// is stored then.
    fn check_and_put(
        &self,
        store: &mut dyn Store,
        occasion: &Occasion,
        id: &str,
        before: Option<&Fields>,
        mut after: Fields,
    ) -> Result<Fields, ScimError> {
        let of = self.types.of(occasion.kind);
        if occasion.kind == Kind::Group {
            self.settle_members(store, occasion, id, before, &mut after)?;
        }
        self.check_unique(store, occasion, id, &after)?;
        let got_secret = resource::forget_secrets(&mut after, of);
        let mut change = Change { occasion: *occasion, before, after: &mut after, vanish: false };
        self.each(|deviation| deviation.change(&mut change))?;
        if change.vanish {
            self.commit(store, vec![Write::Remove { kind: occasion.kind, id: id.to_owned() }])?;
            return Ok(after);
        }
        resource::settle(&mut after, of)?;
        if before == Some(&after) && !got_secret {
            return Ok(after);
        }
        if before.is_some() {
            touch(&mut after);
        }
        let (mut head, mut membership) = (after.clone(), Membership::Keep);
        if occasion.kind == Kind::Group {
            membership = Membership::Set(membership::take(&mut head));
        }
        self.commit(store, vec![put(occasion.kind, id, &head, membership)?])?;
        Ok(after)
    }

    /// Members in stored form; the same ones in another order are no change.
    fn settle_members(
        &self,
        store: &dyn Store,
        occasion: &Occasion,
        id: &str,
        before: Option<&Fields>,
        after: &mut Fields,
    ) -> Result<(), ScimError> {
        let old = before.and_then(|before| before.get("members"));
        if old == after.get("members") {
            return Ok(());
        }
        let mut members = membership::take(after);
        membership::resolve(&mut members, id, store, |id| self.stranger(occasion, id))?;
        membership::give(after, &members, old);
        Ok(())
    }

    fn stranger(&self, occasion: &Occasion, id: &str) -> Stranger {
        let mut verdict = Stranger::Refuse;
        for deviation in &self.deviations {
            deviation.stranger(occasion, id, &mut verdict);
        }
        verdict
    }

    /// userName is unique among users whatever its case (RFC 7643 §4.1.1).
    fn check_unique(&self, store: &dyn Store, occasion: &Occasion, id: &str, after: &Fields) -> Result<(), ScimError> {
        let Some(name) = view::text(after, "userName").filter(|_| occasion.kind == Kind::User) else { return Ok(()) };
        let mut claim = Claim { wanted: name, held: Vec::new() };
        for holder in store.find(Kind::User, Index::UserName, &fold(name))?.iter().filter(|holder| *holder != id) {
            claim.held.extend(view::text(&self.stored(store, Kind::User, holder)?, "userName").map(str::to_owned));
        }
        let mut taken = !claim.held.is_empty();
        for deviation in &self.deviations {
            deviation.taken(occasion, &claim, &mut taken);
        }
        if taken { Err(ScimError::taken(format!("The userName {name:?} is already in use"))) } else { Ok(()) }
    }
}

/// Marks a change in `meta.lastModified`.
fn touch(resource: &mut Fields) {
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        let now = clock::now(meta.get("lastModified").and_then(Value::as_str));
        meta.insert("lastModified".into(), now.into());
    }
}

fn put(kind: Kind, id: &str, resource: &Fields, membership: Membership) -> Result<Write, ScimError> {
    let bytes = serde_json::to_vec(resource)
        .map_err(|error| ScimError::plain(500, format!("The resource cannot be stored: {error}")))?;
    Ok(Write::Put { kind, id: id.to_owned(), bytes, keys: view::keys(resource), membership })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Config, seed, store};

    #[test]
    fn a_password_is_not_kept_in_any_form() {
        let directory =
            Directory::new("http://x", Types::new(&Config::default()).unwrap(), Vec::new(), store::open(None).unwrap());
        let mut body = seed::person(1);
        body["password"] = "Zx9-secret".into();
        let id = directory.create(Kind::User, body.clone()).unwrap()["id"].as_str().unwrap().to_owned();
        directory.replace(Kind::User, &id, body, &Precondition::default()).unwrap();
        let stored = directory.reading().get(Kind::User, &id).unwrap().unwrap();
        assert!(!String::from_utf8(stored).unwrap().contains("assword"));
    }
}
