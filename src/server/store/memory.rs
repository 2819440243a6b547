//! A store in memory: compact bytes and hash indexes.

use super::{Index, Keys, Kind, Member, Membership, Store, Stored, Turn, Write};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(in crate::server) struct Memory {
    shelves: BTreeMap<Kind, Shelf>,
    rosters: HashMap<Arc<str>, Roster>,
    /// The groups of each member.
    memberships: Postings,
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
}

#[derive(Debug)]
struct Record {
    turn: Turn,
    bytes: Box<[u8]>,
    keys: Keys,
}

/// The members of one group: a set that remembers the order.
#[derive(Debug, Default)]
struct Roster {
    order: BTreeMap<Turn, Member>,
    places: HashMap<String, Turn>,
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

    /// Moves a resource from its old value to its new one.
    fn shift(&mut self, old: Option<&String>, new: Option<&String>, turn: Turn, id: &Arc<str>) {
        if old != new {
            old.inspect(|gone| self.drop(gone, turn, id));
            new.inspect(|come| self.add(come, turn, id));
        }
    }

    fn ids(&self, value: &str) -> Vec<String> {
        self.0.get(value).map_or_else(Vec::new, |ids| ids.iter().map(|(_, id)| id.to_string()).collect())
    }
}

impl Shelf {
    fn index(&mut self, old: &Keys, new: &Keys, turn: Turn, id: &Arc<str>) {
        self.user_names.shift(old.user_name.as_ref(), new.user_name.as_ref(), turn, id);
        self.display_names.shift(old.display_name.as_ref(), new.display_name.as_ref(), turn, id);
        self.external_ids.shift(old.external_id.as_ref(), new.external_id.as_ref(), turn, id);
    }
}

impl Memory {
    fn record(&self, kind: Kind, id: &str) -> Option<&Record> {
        self.shelves.get(&kind)?.records.get(id)
    }

    fn next_turn(&mut self) -> Turn {
        self.next += 1;
        self.next
    }

    fn put(&mut self, kind: Kind, id: &str, bytes: Vec<u8>, keys: Keys, membership: Membership) {
        let new_turn = self.next_turn();
        let held = self.shelves.entry(kind).or_default();
        let (id, turn, old) = if let Some((id, record)) = held.records.remove_entry(id) {
            (id, record.turn, record.keys)
        } else {
            let id = Arc::from(id);
            held.order.push((new_turn, Arc::clone(&id)));
            (id, new_turn, Keys::default())
        };
        held.index(&old, &keys, turn, &id);
        held.records.insert(Arc::clone(&id), Record { turn, bytes: bytes.into(), keys });
        self.enrol(&id, turn, membership);
    }

    fn enrol(&mut self, group: &Arc<str>, turn: Turn, membership: Membership) {
        let (drop, add) = match membership {
            Membership::Keep => return,
            Membership::Edit { drop, add } => (drop, add),
            Membership::Set(members) => {
                let staying: HashSet<&str> = members.iter().map(|member| member.id.as_str()).collect();
                let roster = self.rosters.entry(Arc::clone(group)).or_default();
                let gone = roster.places.keys().filter(|id| !staying.contains(id.as_str())).cloned().collect();
                for member in &members {
                    if let Some(place) = roster.places.get(&member.id) {
                        roster.order.insert(*place, member.clone());
                    }
                }
                (gone, members)
            }
        };
        let mut next = self.next;
        let roster = self.rosters.entry(Arc::clone(group)).or_default();
        for id in drop {
            if let Some(place) = roster.places.remove(&id) {
                roster.order.remove(&place);
                self.memberships.drop(&id, turn, group);
            }
        }
        for member in add {
            if !roster.places.contains_key(&member.id) {
                next += 1;
                self.memberships.add(&member.id, turn, group);
                roster.places.insert(member.id.clone(), next);
                roster.order.insert(next, member);
            }
        }
        self.next = next;
    }

    fn remove(&mut self, kind: Kind, id: &str) {
        let Some(held) = self.shelves.get_mut(&kind) else { return };
        let Some((id, record)) = held.records.remove_entry(id) else { return };
        held.index(&record.keys, &Keys::default(), record.turn, &id);
        if let Ok(place) = held.order.binary_search_by_key(&record.turn, |(turn, _)| *turn) {
            held.order.remove(place);
        }
        for member in self.rosters.remove(&id).into_iter().flat_map(|roster| roster.places.into_keys()) {
            self.memberships.drop(&member, record.turn, &id);
        }
    }
}

impl Store for Memory {
    fn get(&self, kind: Kind, id: &str) -> Stored<Option<Vec<u8>>> {
        Ok(self.record(kind, id).map(|record| record.bytes.to_vec()))
    }

    fn label(&self, kind: Kind, id: &str) -> Stored<Option<String>> {
        Ok(self.record(kind, id).and_then(|record| record.keys.label.clone()))
    }

    fn kind_of(&self, id: &str) -> Stored<Option<Kind>> {
        Ok(self.shelves.iter().find(|(_, held)| held.records.contains_key(id)).map(|(kind, _)| *kind))
    }

    fn commit(&mut self, writes: Vec<Write>) -> Stored<()> {
        for write in writes {
            match write {
                Write::Put { kind, id, bytes, keys, membership } => self.put(kind, &id, bytes, keys, membership),
                Write::Remove { kind, id } => self.remove(kind, &id),
            }
        }
        Ok(())
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

    fn turn(&self, kind: Kind, id: &str) -> Stored<Option<Turn>> {
        Ok(self.record(kind, id).map(|record| record.turn))
    }

    fn before(&self, kind: Kind, turn: Turn) -> Stored<usize> {
        let count = |held: &Shelf| held.order.partition_point(|(known, _)| *known < turn);
        Ok(self.shelves.get(&kind).map_or(0, count))
    }

    fn find(&self, kind: Kind, index: Index, value: &str) -> Stored<Vec<String>> {
        let Some(held) = self.shelves.get(&kind) else { return Ok(Vec::new()) };
        Ok(match index {
            Index::UserName => held.user_names.ids(value),
            Index::DisplayName => held.display_names.ids(value),
            Index::ExternalId => held.external_ids.ids(value),
            Index::Member => self.memberships.ids(value),
        })
    }

    fn members(&self, group: &str, show: &mut dyn FnMut(&Member)) -> Stored<()> {
        self.rosters.get(group).into_iter().flat_map(|roster| roster.order.values()).for_each(show);
        Ok(())
    }

    fn member(&self, group: &str, id: &str) -> Stored<Option<Member>> {
        let place = |roster: &Roster| roster.order.get(roster.places.get(id)?).cloned();
        Ok(self.rosters.get(group).and_then(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Keys {
        Keys { user_name: Some(name.into()), ..Keys::default() }
    }

    fn put(store: &mut Memory, kind: Kind, id: &str, keys: Keys, membership: Membership) {
        store.commit(vec![Write::Put { kind, id: id.into(), bytes: id.into(), keys, membership }]).unwrap();
    }

    fn ids(store: &Memory, skip: usize, take: usize) -> String {
        let mut seen = Vec::new();
        store.page(Kind::User, skip, take, &mut |bytes| seen.extend(bytes)).unwrap();
        String::from_utf8(seen).unwrap()
    }

    fn member(id: &str, display: Option<&str>) -> Member {
        Member { id: id.into(), kind: Some(Kind::User), display: display.map(str::to_owned) }
    }

    fn members(store: &Memory) -> String {
        let mut seen = Vec::new();
        let mut show = |member: &Member| seen.push(member.id.clone() + member.display.as_deref().unwrap_or_default());
        store.members("g", &mut show).unwrap();
        seen.join(" ")
    }

    #[test]
    fn pages_keep_the_order_of_creation_through_changes_and_removals() {
        let mut store = Memory::default();
        for id in ["c", "a", "b", "d", "a"] {
            put(&mut store, Kind::User, id, named(id), Membership::Keep);
        }
        for _ in 0..2 {
            store.commit(vec![Write::Remove { kind: Kind::User, id: "b".into() }]).unwrap();
        }
        assert_eq!(ids(&store, 0, 9), "cad");
        assert_eq!((ids(&store, 2, 1).as_str(), ids(&store, 3, 9).as_str()), ("d", ""));
        let turn = store.turn(Kind::User, "d").unwrap().unwrap();
        assert_eq!((store.before(Kind::User, turn).unwrap(), store.before(Kind::User, turn + 1).unwrap()), (2, 3));
        assert_eq!((store.turn(Kind::User, "b").unwrap(), store.before(Kind::Group, turn).unwrap()), (None, 0));
        assert_eq!(store.count(Kind::User).unwrap(), 3);
    }

    #[test]
    fn names_are_found_where_they_are_now() {
        let mut store = Memory::default();
        for name in ["ann", "bob"] {
            put(&mut store, Kind::User, "1", named(name), Membership::Keep);
        }
        assert!(store.find(Kind::User, Index::UserName, "ann").unwrap().is_empty());
        assert_eq!(store.find(Kind::User, Index::UserName, "bob").unwrap(), ["1"]);
        assert_eq!((store.kind_of("1").unwrap(), store.kind_of("2").unwrap()), (Some(Kind::User), None));
    }

    #[test]
    fn membership_is_known_from_both_sides() {
        let mut store = Memory::default();
        let all = ["1", "2", "3"].map(|id| member(id, None)).into();
        put(&mut store, Kind::Group, "g", Keys::default(), Membership::Set(all));
        put(&mut store, Kind::Group, "h", Keys::default(), Membership::Set(vec![member("2", None)]));
        let edit = Membership::Edit {
            drop: vec!["1".into(), "9".into()],
            add: vec![member("2", Some("x")), member("4", None)],
        };
        put(&mut store, Kind::Group, "g", Keys::default(), edit);
        assert_eq!(members(&store), "2 3 4");
        put(&mut store, Kind::Group, "g", Keys::default(), Membership::Keep);
        let set = Membership::Set(vec![member("4", Some("D")), member("2", None), member("1", None)]);
        put(&mut store, Kind::Group, "g", Keys::default(), set);
        assert_eq!(members(&store), "2 4D 1");
        assert!(store.member("g", "4").unwrap().is_some() && store.member("g", "3").unwrap().is_none());
        assert_eq!(store.find(Kind::Group, Index::Member, "2").unwrap(), ["g", "h"]);
        store.commit(vec![Write::Remove { kind: Kind::Group, id: "g".into() }]).unwrap();
        assert_eq!(store.find(Kind::Group, Index::Member, "2").unwrap(), ["h"]);
        assert_eq!(members(&store), "");
    }
}
