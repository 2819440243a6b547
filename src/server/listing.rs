//! Lists: filter, order, page by index (RFC 7644 §3.4.2) or by cursor (RFC 9865).

use super::cursor::{Cursor, Place};
use super::directory::Directory;
use super::fault::{ListAnswer, Neighbours};
use super::order::{Key, Order};
use super::query::Query;
use super::store::{Index, Store};
use super::types::Kind;
use super::view;
use crate::scim::error::ScimError;
use crate::scim::filter::{Condition, Lookup, Unknown};
use crate::scim::projection::Projection;
use crate::scim::text;
use serde_json::{Map, Value};

type Fields = Map<String, Value>;

/// What a client sees of a resource beyond its head.
const DERIVED: [&str; 4] = ["members", "groups", "meta", "manager"];

/// The resources of these kinds that the query asks for, as a client sees them before projection.
pub(super) fn list(directory: &Directory, kinds: &[Kind], query: &Query) -> Result<ListAnswer, ScimError> {
    let store = directory.reading();
    let listing = Listing { directory, store: &**store, kinds, query };
    if query.cursor.is_some() { listing.at_cursor() } else { listing.at_index() }
}

/// What is asked, and where.
struct Listing<'l> {
    directory: &'l Directory,
    store: &'l dyn Store,
    kinds: &'l [Kind],
    query: &'l Query,
}

impl Listing<'_> {
    /// The one kind whose resources are wanted as they came, all of them: then a page need not look at the others.
    fn plain(&self) -> Option<Kind> {
        match (self.kinds, &self.query.filter, &self.query.sort_by) {
            ([kind], None, None) => Some(*kind),
            _ => None,
        }
    }

    fn heads(&self, kind: Kind, skip: usize, take: usize) -> Result<Vec<Fields>, ScimError> {
        let mut page = Vec::new();
        self.store.page(kind, skip, take, &mut |bytes| page.push(view::parse(bytes)))?;
        page.into_iter().collect()
    }

    fn whole(&self, kind: Kind, head: Fields) -> Result<Fields, ScimError> {
        self.directory.whole(self.store, kind, head, &self.query.projection)
    }

    fn answer(&self, total: usize, page: Vec<(Kind, Fields)>, neighbours: Option<Neighbours>) -> ListResult {
        let resources = page.into_iter().map(|(kind, head)| self.whole(kind, head)).collect::<Result<_, _>>()?;
        let (start_index, count) = (self.query.start_index, self.query.count);
        Ok(ListAnswer { total, start_index, count, neighbours, resources })
    }

    fn at_index(&self) -> ListResult {
        let (skip, take) = (self.query.start_index - 1, self.query.page_size());
        if let Some(kind) = self.plain() {
            let page = self.heads(kind, skip, take)?.into_iter().map(|head| (kind, head)).collect();
            return self.answer(self.store.count(kind)?, page, None);
        }
        let mut found = Found { total: 0, skip, take, page: Vec::new(), sorted: self.query.sort_by.is_some() };
        self.matches(|one| found.take_in(one))?;
        let total = found.total;
        let page = found.finish(self.query.descending).into_iter().map(|one| (one.kind, one.head)).collect();
        self.answer(total, page, None)
    }

    /// The page at a cursor (RFC 9865 §2): what comes after a place in the order, or before it, whether or not the resource
    /// that had the place is still there.
    fn at_cursor(&self) -> ListResult {
        let cursors = &self.directory.cursors;
        let about = self.about();
        let text = self.query.cursor.as_deref().unwrap_or_default();
        let cursor = if text.is_empty() { None } else { Some(cursors.open(text, &about)?) };
        let take = self.query.page_size();
        let (total, skip, page) = if let Some(kind) = self.plain() {
            let total = self.store.count(kind)?;
            let (skip, take) = match &cursor {
                None => (0, take),
                Some(Cursor::After(place)) => (self.store.before(kind, place.turn + 1)?, take),
                Some(Cursor::Before(place)) => window_before(self.store.before(kind, place.turn)?, take),
            };
            let page = self.heads(kind, skip, take)?.into_iter();
            let placed = page.map(|head| Ok((self.place(Key::Missing, kind, &head)?, kind, head)));
            (total, skip, placed.collect::<Result<Vec<_>, ScimError>>()?)
        } else {
            let (mut all, mut outcome) = (Vec::new(), Ok(()));
            self.matches(|one| match self.place(one.key, one.kind, &one.head) {
                Ok(place) => all.push((place, one.kind, one.head)),
                Err(error) => outcome = Err(error),
            })?;
            outcome?;
            let order = |one: &Place, other: &Place| one.order(other, self.query.descending);
            all.sort_by(|(one, ..), (other, ..)| order(one, other));
            let (skip, take) = match &cursor {
                None => (0, take),
                Some(Cursor::After(place)) => (all.partition_point(|(one, ..)| order(one, place).is_le()), take),
                Some(Cursor::Before(place)) => {
                    window_before(all.partition_point(|(one, ..)| order(one, place).is_lt()), take)
                }
            };
            (all.len(), skip, all.into_iter().skip(skip).take(take).collect())
        };
        let neighbours = Neighbours {
            next: page
                .last()
                .filter(|_| skip + page.len() < total)
                .map(|(place, ..)| cursors.seal(&Cursor::After(place.clone()), &about)),
            previous: page
                .first()
                .filter(|_| skip > 0)
                .map(|(place, ..)| cursors.seal(&Cursor::Before(place.clone()), &about)),
        };
        self.answer(total, page.into_iter().map(|(_, kind, head)| (kind, head)).collect(), Some(neighbours))
    }

    /// What a cursor belongs to: the same list in the same order.
    fn about(&self) -> String {
        let Query { filter, sort_by, descending, .. } = self.query;
        let filter = filter.as_ref().map(ToString::to_string);
        let sort_by = sort_by.as_ref().map(ToString::to_string);
        format!("{:?} {filter:?} {sort_by:?} {descending}", self.kinds)
    }

    fn place(&self, key: Key, kind: Kind, head: &Fields) -> Result<Place, ScimError> {
        let turn = self.store.turn(kind, view::text(head, "id").unwrap_or_default())?;
        let kind = self.kinds.iter().position(|known| *known == kind);
        Ok(Place { key, kind: kind.unwrap_or_default(), turn: turn.unwrap_or_default() })
    }

    /// Shows all that match, kind by kind and in the order of their creation.
    fn matches(&self, mut take_in: impl FnMut(Match)) -> Result<(), ScimError> {
        let Self { directory, store, kinds, query } = *self;
        let unknown = if kinds.len() == 1 { Unknown::Refuse } else { Unknown::NoValue };
        for &kind in kinds {
            let of = directory.types.of(kind);
            let condition = query.filter.as_ref().map(|filter| Condition::bind(filter, of, unknown)).transpose()?;
            let order = query.sort_by.as_ref().map(|path| Order::bind(path, of, unknown)).transpose()?;
            let looks_beyond = condition.as_ref().is_some_and(|condition| condition.mentions(&DERIVED))
                || order.as_ref().is_some_and(|order| DERIVED.contains(&order.attribute.as_str()));
            let mut visit = |bytes: &[u8]| -> Result<(), ScimError> {
                let head = view::parse(bytes)?;
                let beyond = if looks_beyond {
                    Some(directory.whole(store, kind, head.clone(), &Projection::Default)?)
                } else {
                    None
                };
                let seen = beyond.as_ref().unwrap_or(&head);
                if condition.as_ref().is_none_or(|condition| condition.matches(seen)) {
                    let key = order.as_ref().map(|order| order.key(seen));
                    take_in(Match { key: key.unwrap_or(Key::Missing), kind, head });
                }
                Ok(())
            };
            if let Some(ids) = candidates(store, kind, condition.as_ref())? {
                for id in ids {
                    if let Some(bytes) = store.get(kind, &id)? {
                        visit(&bytes)?;
                    }
                }
            } else {
                let mut outcome = Ok(());
                store.page(kind, 0, usize::MAX, &mut |bytes| {
                    if outcome.is_ok() {
                        outcome = visit(bytes);
                    }
                })?;
                outcome?;
            }
        }
        Ok(())
    }
}

type ListResult = Result<ListAnswer, ScimError>;

/// The page of this size that ends before the one at `end`: how many to skip, how many to take.
fn window_before(end: usize, size: usize) -> (usize, usize) {
    let skip = end.saturating_sub(size);
    (skip, end - skip)
}

/// One resource that matches.
struct Match {
    key: Key,
    kind: Kind,
    head: Fields,
}

/// What matched so far: the page, or all of it with its keys while an order is asked for.
struct Found {
    total: usize,
    skip: usize,
    take: usize,
    page: Vec<Match>,
    sorted: bool,
}

impl Found {
    fn take_in(&mut self, found: Match) {
        let on_page = self.total >= self.skip && self.page.len() < self.take;
        if self.sorted || on_page {
            self.page.push(found);
        }
        self.total += 1;
    }

    fn finish(mut self, descending: bool) -> Vec<Match> {
        if !self.sorted {
            return self.page;
        }
        if descending {
            self.page.sort_by(|one, other| other.key.order(&one.key));
        } else {
            self.page.sort_by(|one, other| one.key.order(&other.key));
        }
        self.page.into_iter().skip(self.skip).take(self.take).collect()
    }
}

/// The only resources that can match, where an index tells; `None` when all must be looked at.
fn candidates(store: &dyn Store, kind: Kind, condition: Option<&Condition>) -> Result<Option<Vec<String>>, ScimError> {
    for Lookup { attribute, value } in condition.map(Condition::lookups).unwrap_or_default() {
        let index = match attribute {
            "id" => return Ok(Some(vec![value.to_owned()])),
            "userName" => Index::UserName,
            "displayName" => Index::DisplayName,
            "externalId" => Index::ExternalId,
            "members.value" => Index::Member,
            _ => continue,
        };
        // The name indexes are folded, whatever the case rule of the attribute; the condition decides.
        let value = match index {
            Index::UserName | Index::DisplayName => text::fold(value),
            Index::ExternalId | Index::Member => value.to_owned(),
        };
        return Ok(Some(store.find(kind, index, &value)?));
    }
    Ok(None)
}
