//! A store in memory: compact bytes, and hash indexes that hold no texts.

use super::postings::Postings;
use super::row::{Record, Row};
use super::sequence::Sequence;
use super::{Index, Kind, Member, Membership, Store, Stored, Turn, Write};
use std::collections::{BTreeMap, HashMap, HashSet};

#[derive(Clone, Debug, Default)]
pub(in crate::server) struct Memory {
    shelves: BTreeMap<Kind, Shelf>,
    /// The members of each group that has any.
    rosters: HashMap<Turn, Roster>,
    /// The groups of each member.
    memberships: Postings,
    last: Turn,
}

/// All resources of one kind.
#[derive(Clone, Debug, Default)]
struct Shelf {
    records: Sequence<Record>,
    ids: Postings,
    user_names: Postings,
    display_names: Postings,
    external_ids: Postings,
}

/// The members of one group: a set that remembers the order.
#[derive(Clone, Debug, Default)]
struct Roster {
    members: BTreeMap<Turn, Member>,
    ids: Postings,
}

impl Shelf {
    fn turn(&self, id: &str) -> Option<Turn> {
        self.ids.find(id).find(|turn| self.records.get(*turn).is_some_and(|record| record.id() == id))
    }

    fn put(&mut self, turn: Turn, record: Option<Record>) {
        let old = match record {
            Some(record) => self.records.put(turn, record),
            None => self.records.remove(turn),
        };
        let new = self.records.get(turn);
        let shift = |index: &mut Postings, text: fn(&Record) -> Option<&str>| {
            index.shift(old.as_ref().and_then(text), new.and_then(text), turn);
        };
        shift(&mut self.ids, |record| Some(record.id()));
        shift(&mut self.user_names, Record::user_name);
        shift(&mut self.display_names, Record::display_name);
        shift(&mut self.external_ids, Record::external_id);
    }

    /// The ids of those found in an index that have the value indeed.
    fn having(&self, index: &Postings, value: &str, text: fn(&Record) -> Option<&str>) -> Vec<String> {
        let records = index.find(value).filter_map(|turn| self.records.get(turn));
        records.filter(|record| text(record) == Some(value)).map(|record| record.id().to_owned()).collect()
    }
}

impl Roster {
    fn turn(&self, id: &str) -> Option<Turn> {
        self.ids.find(id).find(|turn| self.members.get(turn).is_some_and(|member| member.id == id))
    }
}

impl Memory {
    fn record(&self, kind: Kind, id: &str) -> Option<&Record> {
        let held = self.shelves.get(&kind)?;
        held.records.get(held.turn(id)?)
    }

    fn roster(&self, group: &str) -> Option<&Roster> {
        self.rosters.get(&self.shelves.get(&Kind::Group)?.turn(group)?)
    }

    /// What writes come to, in rows; nothing is changed yet.
    pub(super) fn plan(&self, writes: Vec<Write>) -> Vec<Row> {
        let (mut rows, mut last) = (Vec::new(), self.last);
        for write in writes {
            match write {
                Write::Put { kind, id, bytes, keys, membership } => {
                    let turn = self.shelves.get(&kind).and_then(|held| held.turn(&id)).unwrap_or_else(|| {
                        last += 1;
                        last
                    });
                    let record = Some(Record::new(&id, &keys, &bytes));
                    rows.push(Row::Resource { kind, turn, record });
                    self.enrol(turn, membership, &mut last, &mut rows);
                }
                Write::Remove { kind, id } => {
                    let Some(turn) = self.shelves.get(&kind).and_then(|held| held.turn(&id)) else { continue };
                    rows.push(Row::Resource { kind, turn, record: None });
                    if let Some(roster) = self.rosters.get(&turn) {
                        let gone = |place: &Turn| Row::Member { group: turn, turn: *place, member: None };
                        rows.extend(roster.members.keys().map(gone));
                    }
                }
            }
        }
        rows
    }

    /// What becomes of the members of the group of this turn.
    fn enrol(&self, group: Turn, membership: Membership, last: &mut Turn, rows: &mut Vec<Row>) {
        let nobody = Roster::default();
        let roster = self.rosters.get(&group).unwrap_or(&nobody);
        let mut row = |turn, member| rows.push(Row::Member { group, turn, member });
        let mut seen = HashSet::new();
        let come = match membership {
            Membership::Keep => return,
            Membership::Set(members) => {
                let staying: HashSet<&str> = members.iter().map(|member| member.id.as_str()).collect();
                let gone = roster.members.iter().filter(|(_, member)| !staying.contains(member.id.as_str()));
                gone.for_each(|(turn, _)| row(*turn, None));
                for member in &members {
                    if let Some(turn) = roster.turn(&member.id)
                        && roster.members.get(&turn) != Some(member)
                    {
                        row(turn, Some(member.clone()));
                    }
                }
                seen.extend(roster.members.values().map(|member| member.id.clone()));
                members
            }
            Membership::Edit { drop, add } => {
                let drop: HashSet<String> = drop.into_iter().collect();
                drop.iter().filter_map(|id| roster.turn(id)).for_each(|turn| row(turn, None));
                let stays = |id: &str| roster.turn(id).is_some() && !drop.contains(id);
                add.into_iter().filter(|member| !stays(&member.id)).collect()
            }
        };
        for member in come {
            if seen.insert(member.id.clone()) {
                *last += 1;
                row(*last, Some(member));
            }
        }
    }

    /// Makes planned changes, or takes in what was kept elsewhere, resources before members and each in order.
    pub(super) fn apply(&mut self, row: Row) {
        match row {
            Row::Resource { kind, turn, record } => {
                self.last = self.last.max(turn);
                self.shelves.entry(kind).or_default().put(turn, record);
            }
            Row::Member { group, turn, member } => {
                self.last = self.last.max(turn);
                let roster = self.rosters.entry(group).or_default();
                let new = member.as_ref().map(|member| member.id.clone());
                let old = match member {
                    Some(member) => roster.members.insert(turn, member),
                    None => roster.members.remove(&turn),
                }
                .map(|member| member.id);
                roster.ids.shift(old.as_deref(), new.as_deref(), turn);
                self.memberships.shift(old.as_deref(), new.as_deref(), group);
                if roster.members.is_empty() {
                    self.rosters.remove(&group);
                }
            }
        }
    }

    /// What is kept in the place of a row.
    pub(super) fn now(&self, row: &Row) -> Row {
        match *row {
            Row::Resource { kind, turn, .. } => {
                let record = self.shelves.get(&kind).and_then(|held| held.records.get(turn)).cloned();
                Row::Resource { kind, turn, record }
            }
            Row::Member { group, turn, .. } => {
                let member = self.rosters.get(&group).and_then(|roster| roster.members.get(&turn)).cloned();
                Row::Member { group, turn, member }
            }
        }
    }

    pub(super) fn is_group(&self, turn: Turn) -> bool {
        self.shelves.get(&Kind::Group).is_some_and(|held| held.records.get(turn).is_some())
    }
}

impl Store for Memory {
    fn get(&self, kind: Kind, id: &str) -> Stored<Option<Vec<u8>>> {
        Ok(self.record(kind, id).map(|record| record.resource().to_vec()))
    }

    fn label(&self, kind: Kind, id: &str) -> Stored<Option<String>> {
        Ok(self.record(kind, id).and_then(Record::label).map(str::to_owned))
    }

    fn kind_of(&self, id: &str) -> Stored<Option<Kind>> {
        Ok(self.shelves.iter().find(|(_, held)| held.turn(id).is_some()).map(|(kind, _)| *kind))
    }

    fn begin(&mut self) -> Stored<()> {
        Ok(())
    }

    fn begun(&mut self) -> Stored<()> {
        Ok(())
    }

    fn commit(&mut self, writes: Vec<Write>) -> Stored<()> {
        for row in self.plan(writes) {
            self.apply(row);
        }
        Ok(())
    }

    fn count(&self, kind: Kind) -> Stored<usize> {
        Ok(self.shelves.get(&kind).map_or(0, |held| held.records.len()))
    }

    fn page(&self, kind: Kind, skip: usize, take: usize, show: &mut dyn FnMut(&[u8])) -> Stored<()> {
        let Some(held) = self.shelves.get(&kind) else { return Ok(()) };
        held.records.from(skip).take(take).for_each(|record| show(record.resource()));
        Ok(())
    }

    fn turn(&self, kind: Kind, id: &str) -> Stored<Option<Turn>> {
        Ok(self.shelves.get(&kind).and_then(|shelf| shelf.turn(id)))
    }

    fn before(&self, kind: Kind, turn: Turn) -> Stored<usize> {
        Ok(self.shelves.get(&kind).map_or(0, |shelf| shelf.records.before(turn)))
    }

    fn find(&self, kind: Kind, index: Index, value: &str) -> Stored<Vec<String>> {
        let Some(held) = self.shelves.get(&kind) else { return Ok(Vec::new()) };
        Ok(match index {
            Index::UserName => held.having(&held.user_names, value, Record::user_name),
            Index::DisplayName => held.having(&held.display_names, value, Record::display_name),
            Index::ExternalId => held.having(&held.external_ids, value, Record::external_id),
            Index::Member => {
                let holds = |turn: &Turn| self.rosters.get(turn).is_some_and(|roster| roster.turn(value).is_some());
                let groups = self.memberships.find(value).filter(holds).filter_map(|turn| held.records.get(turn));
                groups.map(|record| record.id().to_owned()).collect()
            }
        })
    }

    fn members(&self, group: &str, show: &mut dyn FnMut(&Member)) -> Stored<()> {
        self.roster(group).into_iter().flat_map(|roster| roster.members.values()).for_each(show);
        Ok(())
    }

    fn member(&self, group: &str, id: &str) -> Stored<Option<Member>> {
        let find = |roster: &Roster| roster.members.get(&roster.turn(id)?).cloned();
        Ok(self.roster(group).and_then(find))
    }

    fn copy(&self) -> Memory {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
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
