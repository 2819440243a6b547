//! A second store that hears of every change and shows it later.

use super::{Store, Write};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// What reads see of a store whose changes arrive late.
pub(in crate::server) struct Replica {
    lag: Duration,
    store: RwLock<Box<dyn Store>>,
    underway: Mutex<VecDeque<(Instant, Vec<Write>)>>,
}

impl Replica {
    /// Starts with what the store holds.
    pub(in crate::server) fn new(lag: Duration, store: &dyn Store) -> Self {
        Self { lag, store: RwLock::new(Box::new(store.copy())), underway: Mutex::default() }
    }

    /// Hears of changes, in their order.
    pub(in crate::server) fn hear(&self, writes: Vec<Write>) {
        let mut underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
        underway.push_back((Instant::now() + self.lag, writes));
    }

    /// The store with the changes that have arrived.
    pub(in crate::server) fn reading(&self) -> RwLockReadGuard<'_, Box<dyn Store>> {
        let mut underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
        let arrived = underway.partition_point(|(due, _)| *due <= Instant::now());
        if arrived > 0 {
            let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
            for (_, writes) in underway.drain(..arrived) {
                // The store itself made the same changes; a store in memory does not fail.
                let _ = store.commit(writes);
            }
        }
        drop(underway);
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, Kind, Membership, Memory};
    use super::*;

    #[test]
    fn what_has_not_arrived_is_not_seen() {
        let put = Write::Put {
            kind: Kind::User,
            id: "a".into(),
            bytes: b"{}".to_vec(),
            keys: Keys::default(),
            membership: Membership::Keep,
        };
        for (lag, seen) in [(Duration::from_secs(3600), 0), (Duration::ZERO, 1)] {
            let replica = Replica::new(lag, &Memory::default());
            replica.hear(vec![put.clone()]);
            assert_eq!(replica.reading().count(Kind::User).unwrap(), seen);
        }
    }
}
