//! Faults: named ways in which the server is wrong, each one small deviation at a seam.
//!
//! A fault is one `fault!` entry in the list of its area. Nothing else changes when one is added.

mod access;
mod create;
mod deviation;
mod discovery;
mod duplicates;
mod encoding;
mod errors;
mod groups;
mod hiccup;
mod import;
mod lifecycle;
mod lookup;
mod media;
mod members;
mod pace;
mod paging;
mod password;
mod patch;
mod profile;
mod refusal;
mod removal;
mod rename;
mod representation;
mod suites;
mod tenancy;
mod update;

pub(super) use groups::HIDDEN as HIDDEN_GROUP;

pub use deviation::{Action, Change, Claim, Deviation, ListAnswer, Neighbours, Occasion, Stranger};
pub use hiccup::Hiccup;

use std::fmt;
use std::sync::LazyLock;

/// One named fault.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Its name, as typed on the command line.
    pub id: &'static str,
    /// What the server does wrong, in a few words.
    pub title: &'static str,
    /// What happens in the real world when Okta meets it.
    pub story: &'static str,
    /// Where it was seen, or what it is derived from.
    pub source: &'static str,
    /// Its number in the catalogue of public reports (`B080`), with a letter for a cousin of that report that was never
    /// reported (`B080a`), or `own` for what no report is near to.
    pub case: &'static str,
    pub(super) make: fn() -> Box<dyn Deviation>,
}

impl Fault {
    /// The deviation, with fresh memory of its own.
    pub(super) fn make(&self) -> Box<dyn Deviation> {
        (self.make)()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Fault({})", self.id)
    }
}

/// What makes a deviation out of the seams it overrides. One that remembers something between requests names its memory:
/// `memory: Type`, reached as `self.0` (the type must be `Default`).
macro_rules! deviating {
    (memory: $memory:ty, $($seams:item)+) => {{
        #[derive(Default)]
        struct It($memory);
        impl $crate::server::fault::Deviation for It { $($seams)+ }
        || Box::new(It::default())
    }};
    ($($seams:item)+) => {{
        struct It;
        impl $crate::server::fault::Deviation for It { $($seams)+ }
        || Box::new(It)
    }};
}
pub(super) use deviating;

/// One entry of an area's list: what is told about the fault, then its memory, if it has one, and the seams it overrides.
macro_rules! fault {
    (
        id: $id:literal, title: $title:literal, story: $story:literal, source: $source:literal, case: $case:literal,
        $($deviation:tt)+
    ) => {
        $crate::server::fault::Fault {
            id: $id, title: $title, story: $story, source: $source, case: $case,
            make: $crate::server::fault::deviating! { $($deviation)+ },
        }
    };
}
pub(super) use fault;

static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| {
    [
        access::FAULTS,
        media::FAULTS,
        tenancy::FAULTS,
        lookup::FAULTS,
        encoding::FAULTS,
        paging::FAULTS,
        import::FAULTS,
        suites::FAULTS,
        paging::lists::FAULTS,
        create::FAULTS,
        refusal::FAULTS,
        duplicates::FAULTS,
        password::FAULTS,
        update::FAULTS,
        patch::whole::FAULTS,
        patch::paths::FAULTS,
        patch::refusals::FAULTS,
        profile::FAULTS,
        rename::FAULTS,
        lifecycle::FAULTS,
        removal::FAULTS,
        representation::identity::FAULTS,
        representation::schemas::FAULTS,
        representation::attributes::FAULTS,
        representation::meta::FAULTS,
        groups::FAULTS,
        groups::lookup::FAULTS,
        groups::deletion::FAULTS,
        members::FAULTS,
        errors::FAULTS,
        pace::FAULTS,
        discovery::told::FAULTS,
        discovery::projection::FAULTS,
    ]
    .concat()
});

/// Every fault there is.
pub fn all() -> &'static [Fault] {
    &ALL
}

/// The fault of this name.
pub fn by_id(id: &str) -> Option<&'static Fault> {
    all().iter().find(|fault| fault.id == id)
}

#[cfg(test)]
mod tests;
