//! A store in memory: compact bytes and hash indexes.

use super::{Index, Keys, Kind, Store, Stored};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The place of a resource in the order of creation.
type Turn = u64;

#[derive(Debug, Default)]
pub(in crate::server) struct Memory {
    shelves: BTreeMap<Kind, Shelf>,
    next: Turn,
}

/// All resources of one kind.
#[derive(Debug, Default)]
struct Shelf {
    records: HashMap<Arc<str>, Record>,
    order: Vec<(Turn, Arc<str>)>,
    user_names: Postings,
    display_names: Postings,
    external_ids: Postings,
    members: Postings,
}

#[derive(Debug)]
struct Record {
    turn: Turn,
    bytes: Box<[u8]>,
    keys: Keys,
}

/// Which resources have a value, in the order of creation.
#[derive(Debug, Default)]
struct Postings(HashMap<Box<str>, BTreeSet<(Turn, Arc<str>)>>);

impl Postings {
    fn add(&mut self, value: &str, turn: Turn, id: &Arc<str>) {
        self.0.entry(value.into()).or_default().insert((turn, Arc::clone(id)));
    }

    fn drop(&mut self, value: &str, turn: Turn, id: &Arc<str>) {
        if let Some(ids) = self.0.get_mut(value) {
            ids.remove(&(turn, Arc::clone(id)));
            if ids.is_empty() {
                self.0.remove(value);
            }
        }
    }

    /// Moves a resource from its old values to its new ones, touching only what differs.
    fn shift<'k>(
        &mut self,
        old: impl IntoIterator<Item = &'k String>,
        new: impl IntoIterator<Item = &'k String>,
        turn: Turn,
        id: &Arc<str>,
    ) {
        let (old, new): (Vec<_>, Vec<_>) = (old.into_iter().collect(), new.into_iter().collect());
        if old == new {
            return;
        }
        let old: HashSet<&String> = old.into_iter().collect();
        let new: HashSet<&String> = new.into_iter().collect();
        for gone in old.difference(&new) {
            self.drop(gone, turn, id);
        }
        for come in new.difference(&old) {
            self.add(come, turn, id);
        }
    }
}

impl Shelf {
    fn index(&mut self, old: &Keys, new: &Keys, turn: Turn, id: &Arc<str>) {
        self.user_names.shift(&old.user_name, &new.user_name, turn, id);
        self.display_names.shift(&old.display_name, &new.display_name, turn, id);
        self.external_ids.shift(&old.external_id, &new.external_id, turn, id);
        self.members.shift(&old.members, &new.members, turn, id);
    }
}

impl Store for Memory {
    fn get(&self, kind: Kind, id: &str) -> Stored<Option<Vec<u8>>> {
        Ok(self.shelves.get(&kind).and_then(|held| held.records.get(id)).map(|record| record.bytes.to_vec()))
    }

    fn label(&self, kind: Kind, id: &str) -> Stored<Option<String>> {
        Ok(self.shelves.get(&kind).and_then(|held| held.records.get(id)).and_then(|record| record.keys.label.clone()))
    }

    fn kind_of(&self, id: &str) -> Stored<Option<Kind>> {
        Ok(self.shelves.iter().find(|(_, held)| held.records.contains_key(id)).map(|(kind, _)| *kind))
    }

    fn put(&mut self, kind: Kind, id: &str, bytes: Vec<u8>, keys: Keys) -> Stored<()> {
        let held = self.shelves.entry(kind).or_default();
        let (id, turn, old) = if let Some((id, record)) = held.records.remove_entry(id) {
            (id, record.turn, record.keys)
        } else {
            let (id, turn) = (Arc::from(id), self.next);
            self.next += 1;
            held.order.push((turn, Arc::clone(&id)));
            (id, turn, Keys::default())
        };
        held.index(&old, &keys, turn, &id);
        held.records.insert(id, Record { turn, bytes: bytes.into(), keys });
        Ok(())
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Stored<bool> {
        let Some(held) = self.shelves.get_mut(&kind) else { return Ok(false) };
        let Some((id, record)) = held.records.remove_entry(id) else { return Ok(false) };
        held.index(&record.keys, &Keys::default(), record.turn, &id);
        if let Ok(place) = held.order.binary_search_by_key(&record.turn, |(turn, _)| *turn) {
            held.order.remove(place);
        }
        Ok(true)
    }

    fn count(&self, kind: Kind) -> Stored<usize> {
        Ok(self.shelves.get(&kind).map_or(0, |held| held.order.len()))
    }

    fn page(&self, kind: Kind, skip: usize, take: usize, show: &mut dyn FnMut(&[u8])) -> Stored<()> {
        let Some(held) = self.shelves.get(&kind) else { return Ok(()) };
        for (_, id) in held.order.iter().skip(skip).take(take) {
            if let Some(record) = held.records.get(id) {
                show(&record.bytes);
            }
        }
        Ok(())
    }

    fn find(&self, kind: Kind, index: Index, value: &str) -> Stored<Vec<String>> {
        let Some(held) = self.shelves.get(&kind) else { return Ok(Vec::new()) };
        let postings = match index {
            Index::UserName => &held.user_names,
            Index::DisplayName => &held.display_names,
            Index::ExternalId => &held.external_ids,
            Index::Member => &held.members,
        };
        Ok(postings.0.get(value).map_or_else(Vec::new, |ids| ids.iter().map(|(_, id)| id.to_string()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Keys {
        Keys { user_name: Some(name.into()), ..Keys::default() }
    }

    fn ids(store: &Memory, skip: usize, take: usize) -> Vec<String> {
        let mut seen = Vec::new();
        store
            .page(Kind::User, skip, take, &mut |bytes| seen.push(String::from_utf8_lossy(bytes).into_owned()))
            .unwrap();
        seen
    }

    #[test]
    fn pages_keep_the_order_of_creation_through_changes_and_removals() {
        let mut store = Memory::default();
        for id in ["c", "a", "b", "d"] {
            store.put(Kind::User, id, id.as_bytes().to_vec(), named(id)).unwrap();
        }
        store.put(Kind::User, "a", b"a2".to_vec(), named("x")).unwrap();
        assert!(store.remove(Kind::User, "b").unwrap());
        assert!(!store.remove(Kind::User, "b").unwrap());
        assert_eq!(ids(&store, 0, 9), ["c", "a2", "d"]);
        assert_eq!(ids(&store, 2, 1), ["d"]);
        assert!(ids(&store, 3, 9).is_empty());
        assert_eq!(store.count(Kind::User).unwrap(), 3);
    }

    #[test]
    fn indexes_follow_every_change() {
        let mut store = Memory::default();
        store.put(Kind::User, "1", Vec::new(), named("ann")).unwrap();
        store.put(Kind::User, "1", Vec::new(), named("bob")).unwrap();
        assert!(store.find(Kind::User, Index::UserName, "ann").unwrap().is_empty());
        assert_eq!(store.find(Kind::User, Index::UserName, "bob").unwrap(), ["1"]);
        let members = |list: &[&str]| Keys { members: list.iter().map(|&id| id.into()).collect(), ..Keys::default() };
        store.put(Kind::Group, "g", Vec::new(), members(&["1", "2"])).unwrap();
        store.put(Kind::Group, "g", Vec::new(), members(&["2"])).unwrap();
        assert!(store.find(Kind::Group, Index::Member, "1").unwrap().is_empty());
        assert_eq!(store.find(Kind::Group, Index::Member, "2").unwrap(), ["g"]);
        store.remove(Kind::Group, "g").unwrap();
        assert!(store.find(Kind::Group, Index::Member, "2").unwrap().is_empty());
        assert_eq!(store.kind_of("1").unwrap(), Some(Kind::User));
        assert_eq!(store.kind_of("g").unwrap(), None);
    }
}
