//! Things in the order of their coming: found by their turn and by their number, removed anywhere.

use super::Turn;

/// How many things lie together: what a removal moves, and how many steps a page need not count.
const LENGTH: usize = 512;

/// A list of runs, each sorted by turn and none of them empty.
#[derive(Clone, Debug)]
pub(super) struct Sequence<T> {
    runs: Vec<Run<T>>,
    length: usize,
}

#[derive(Clone, Debug)]
struct Run<T> {
    first: Turn,
    things: Vec<(Turn, T)>,
}

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self { runs: Vec::new(), length: 0 }
    }
}

impl<T> Sequence<T> {
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The place of this turn: its run, and where in it the turn is or would be.
    fn place(&self, turn: Turn) -> Option<(usize, Result<usize, usize>)> {
        let run = self.runs.partition_point(|run| run.first <= turn).checked_sub(1)?;
        Some((run, self.runs[run].things.binary_search_by_key(&turn, |(turn, _)| *turn)))
    }

    pub(super) fn get(&self, turn: Turn) -> Option<&T> {
        let (run, Ok(at)) = self.place(turn)? else { return None };
        Some(&self.runs[run].things[at].1)
    }

    /// Puts a thing in the place of the one of this turn, which it gives back, or at the end.
    pub(super) fn put(&mut self, turn: Turn, thing: T) -> Option<T> {
        if let Some((run, Ok(at))) = self.place(turn) {
            return Some(std::mem::replace(&mut self.runs[run].things[at].1, thing));
        }
        debug_assert!(self.runs.last().and_then(|run| run.things.last()).is_none_or(|(last, _)| *last < turn));
        match self.runs.last_mut() {
            Some(run) if run.things.len() < LENGTH => run.things.push((turn, thing)),
            _ => self.runs.push(Run { first: turn, things: vec![(turn, thing)] }),
        }
        self.length += 1;
        None
    }

    pub(super) fn remove(&mut self, turn: Turn) -> Option<T> {
        let (run, Ok(at)) = self.place(turn)? else { return None };
        let (_, thing) = self.runs[run].things.remove(at);
        if self.runs[run].things.is_empty() {
            self.runs.remove(run);
        }
        self.length -= 1;
        Some(thing)
    }

    /// How many have a turn below this one.
    pub(super) fn before(&self, turn: Turn) -> usize {
        let Some((run, at)) = self.place(turn) else { return 0 };
        let whole: usize = self.runs[..run].iter().map(|run| run.things.len()).sum();
        whole + at.unwrap_or_else(|next| next)
    }

    /// All from the one at `skip`, counted from 0.
    pub(super) fn from(&self, skip: usize) -> impl Iterator<Item = &T> {
        let (mut run, mut left) = (0, skip);
        while let Some(passed) = self.runs.get(run).map(|run| run.things.len()).filter(|length| *length <= left) {
            left -= passed;
            run += 1;
        }
        self.runs[run..].iter().flat_map(|run| &run.things).skip(left).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_sequence_is_a_sorted_map_that_counts(removals in prop::collection::vec(0_u64..2000, 0..1500), skip in 0_usize..2100) {
            let (mut sequence, mut map) = (Sequence::default(), BTreeMap::new());
            for turn in 0..2000 {
                sequence.put(turn, turn);
                map.insert(turn, turn);
            }
            for turn in removals {
                prop_assert_eq!(sequence.remove(turn), map.remove(&turn));
                prop_assert_eq!(sequence.get(turn), None);
                let other = turn / 2;
                if let Some(known) = map.get_mut(&other) {
                    prop_assert_eq!(sequence.put(other, turn), Some(std::mem::replace(known, turn)));
                }
            }
            sequence.put(5000, 1);
            map.insert(5000, 1);
            prop_assert_eq!(sequence.len(), map.len());
            prop_assert!(sequence.from(skip).eq(map.values().skip(skip)));
            prop_assert!(map.iter().all(|(turn, thing)| sequence.get(*turn) == Some(thing)));
            let turn = u64::try_from(skip).unwrap();
            prop_assert_eq!(sequence.before(turn), map.range(..turn).count());
        }
    }
}
