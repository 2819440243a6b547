//! Faults about what must be unique.

use super::{Action, Claim, Fault, Occasion, fault};

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "dup_201",
    title: "A second user with the same userName is created",
    story: "Okta takes the 201 for a new account and links to it. Two accounts then answer to one name, and the next \
        look-up finds both.",
    source: "grokability/snipe-it#13854",
    case: "B048",
    fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
        if occasion.action == Action::Create {
            *taken = false;
        }
    }
}];
