//! What a run has created, in the order it was made and found by id.

use std::collections::HashMap;

use super::Collection;

/// A resource the run created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Where it lives.
    pub collection: Collection,
    /// Its id, as the target gave it.
    pub id: String,
    /// userName or displayName as sent.
    pub name: String,
    /// True once a story's own DELETE of it was answered with a success: if its id turns up again under a name that is not
    /// ours, it is somebody else's.
    pub said_gone: bool,
    /// True once it was removed again.
    pub removed: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    in_order: Vec<Owned>,
    /// Where each id is in that order.
    places: HashMap<Collection, HashMap<String, usize>>,
}

impl Holdings {
    pub(super) fn in_order(&self) -> &[Owned] {
        &self.in_order
    }

    pub(super) fn get(&self, collection: Collection, id: &str) -> Option<&Owned> {
        self.place(collection, id).map(|place| &self.in_order[place])
    }

    pub(super) fn get_mut(&mut self, collection: Collection, id: &str) -> Option<&mut Owned> {
        self.place(collection, id).map(|place| &mut self.in_order[place])
    }

    /// Adds the latest, in place of what had its id before.
    pub(super) fn add(&mut self, owned: Owned) {
        self.forget(owned.collection, &owned.id);
        self.places.entry(owned.collection).or_default().insert(owned.id.clone(), self.in_order.len());
        self.in_order.push(owned);
    }

    /// It is not the run's any more.
    pub(super) fn forget(&mut self, collection: Collection, id: &str) {
        let Some(gone) = self.places.get_mut(&collection).and_then(|places| places.remove(id)) else { return };
        self.in_order.remove(gone);
        self.places.values_mut().flat_map(HashMap::values_mut).filter(|place| **place > gone).for_each(|p| *p -= 1);
    }

    fn place(&self, collection: Collection, id: &str) -> Option<usize> {
        self.places.get(&collection)?.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> Owned {
        Owned { collection: Collection::Users, id: id.into(), name: id.into(), said_gone: false, removed: false }
    }

    #[test]
    fn what_is_added_again_is_the_latest_and_the_others_are_still_found() {
        let mut holdings = Holdings::default();
        for id in ["1", "2", "3", "2"] {
            holdings.add(user(id));
        }
        holdings.add(Owned { collection: Collection::Groups, ..user("1") });
        let order: Vec<_> = holdings.in_order().iter().map(|o| (o.collection, o.id.as_str())).collect();
        let users = ["1", "3", "2"].map(|id| (Collection::Users, id));
        assert_eq!(order, [users.as_slice(), &[(Collection::Groups, "1")]].concat());
        holdings.forget(Collection::Users, "1");
        holdings.forget(Collection::Users, "7");
        assert_eq!(holdings.get(Collection::Users, "1"), None);
        for (collection, id) in [(Collection::Users, "2"), (Collection::Users, "3"), (Collection::Groups, "1")] {
            let found = holdings.get_mut(collection, id).expect("one");
            assert_eq!((found.collection, found.id.as_str()), (collection, id));
        }
    }
}
