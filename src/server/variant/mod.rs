//! Variants: ways to be right that few servers choose. Nobody may be blamed for one of them.
//!
//! A variant is made as a fault is, one small deviation at a seam, but it is no fault: what it does is allowed, and says by
//! what.

mod answers;
mod keeping;
mod offers;

use super::fault::Deviation;
use std::fmt;
use std::sync::LazyLock;

/// One way to be right.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Its name, as typed on the command line.
    pub id: &'static str,
    /// What the server does otherwise, in a few words.
    pub title: &'static str,
    /// Why it may.
    pub why: &'static str,
    make: fn() -> Box<dyn Deviation>,
}

impl Variant {
    /// The deviation, with fresh memory of its own.
    pub(super) fn make(&self) -> Box<dyn Deviation> {
        (self.make)()
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Variant({})", self.id)
    }
}

/// One entry of a list: what is told about the variant, then its memory, if it has one, and the seams it overrides.
macro_rules! variant {
    (id: $id:literal, title: $title:literal, why: $why:literal, $($deviation:tt)+) => {
        $crate::server::variant::Variant {
            id: $id, title: $title, why: $why,
            make: $crate::server::fault::deviating! { $($deviation)+ },
        }
    };
}
use variant;

static ALL: LazyLock<Vec<Variant>> =
    LazyLock::new(|| [offers::VARIANTS, keeping::VARIANTS, answers::VARIANTS].concat());

/// Every variant there is.
pub fn all() -> &'static [Variant] {
    &ALL
}

/// The variant of this name.
pub fn by_id(id: &str) -> Option<&'static Variant> {
    all().iter().find(|variant| variant.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_variant_has_a_name_of_its_own_and_says_why_it_is_right() {
        let mut ids = HashSet::new();
        for variant in all() {
            assert!(ids.insert(variant.id), "{} is there twice", variant.id);
            assert!(crate::server::fault::by_id(variant.id).is_none(), "{} is a fault too", variant.id);
            assert!(variant.id.chars().all(|letter| letter.is_ascii_lowercase() || matches!(letter, '0'..='9' | '_')));
            assert!(variant.why.contains('§') || variant.why.contains("Okta"), "{}: by what right?", variant.id);
            assert!(by_id(variant.id).is_some());
        }
    }
}
