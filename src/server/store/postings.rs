//! Which turns have a value. It keeps hashes and no values: whoever asks compares with what he keeps anyway.

use super::Turn;
use std::collections::BTreeSet;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher as _;

/// Turns by the hash of a value; two values with one hash share an entry. (That one turn has two values of one 64-bit hash
/// at a time, which it would forget together, is left to chance: one in ten billion among a group of a thousand.)
#[derive(Clone, Debug, Default)]
pub(super) struct Postings {
    turns: HashMap<u64, Turns>,
    hasher: RandomState,
}

/// Most values are had by one.
#[derive(Clone, Debug)]
#[expect(clippy::box_collection, reason = "a million entries of one turn each are to stay small")]
enum Turns {
    One(Turn),
    Many(Box<BTreeSet<Turn>>),
}

impl Postings {
    pub(super) fn add(&mut self, value: &str, turn: Turn) {
        match self.turns.entry(self.hasher.hash_one(value)) {
            Entry::Vacant(entry) => {
                entry.insert(Turns::One(turn));
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Turns::One(known) => {
                    let both = BTreeSet::from([*known, turn]);
                    entry.insert(Turns::Many(Box::new(both)));
                }
                Turns::Many(turns) => {
                    turns.insert(turn);
                }
            },
        }
    }

    /// Forgets that the turn has the value, which it had.
    pub(super) fn drop(&mut self, value: &str, turn: Turn) {
        let Entry::Occupied(mut entry) = self.turns.entry(self.hasher.hash_one(value)) else { return };
        let empty = match entry.get_mut() {
            Turns::One(known) => *known == turn,
            Turns::Many(turns) => {
                turns.remove(&turn);
                turns.is_empty()
            }
        };
        if empty {
            entry.remove();
        }
    }

    /// Moves a turn from its old value to its new one.
    pub(super) fn shift(&mut self, old: Option<&str>, new: Option<&str>, turn: Turn) {
        if old != new {
            old.inspect(|gone| self.drop(gone, turn));
            new.inspect(|come| self.add(come, turn));
        }
    }

    /// The turns that may have the value, in their order.
    pub(super) fn find(&self, value: &str) -> impl Iterator<Item = Turn> {
        let (one, many) = match self.turns.get(&self.hasher.hash_one(value)) {
            None => (None, None),
            Some(Turns::One(turn)) => (Some(*turn), None),
            Some(Turns::Many(turns)) => (None, Some(turns)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|turns| turns.iter().copied()))
    }
}
