//! A user and a group of the operator's that were there before the run: read, tried to be created again, never changed.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde_json::Value;

use super::ledger::Collection;
use crate::exchange::Exchange;
use crate::scenario::Need;

/// How much older than its answer a resource may say it is and still count as made by it.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// The names of what the operator says was there before, and which of them an answer has shown.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    names: Vec<(Collection, String)>,
    shown: Vec<(Collection, String)>,
}

impl Existing {
    /// A userName and a displayName of a group, as far as they were given.
    pub fn new(user: Option<&str>, group: Option<&str>) -> Self {
        let given = [(Collection::Users, user), (Collection::Groups, group)];
        let names = given.into_iter().filter_map(|(collection, name)| Some((collection, name?.to_owned())));
        Self { names: names.collect(), shown: Vec::new() }
    }

    /// The same with others in place of those that are given here.
    #[must_use]
    pub fn named(mut self, user: Option<&str>, group: Option<&str>) -> Self {
        let other = Self::new(user, group);
        self.names.retain(|(collection, _)| other.names.iter().all(|(c, _)| c != collection));
        self.names.extend(other.names);
        self
    }

    /// Was the one that a scenario needs given?
    pub(super) fn is_given(&self, need: Need) -> bool {
        let collection = if need == Need::ExistingGroup { Collection::Groups } else { Collection::Users };
        self.names.iter().any(|(c, _)| *c == collection)
    }

    /// The object that templates name: `{{existing.userName}}`, `{{existing.displayNameUpper}}`, …
    pub(super) fn variables(&self) -> Value {
        let forms = |(collection, name): &(Collection, String)| {
            let attribute = collection.name_attribute();
            [(attribute.to_owned(), name.as_str().into()), (format!("{attribute}Upper"), name.to_uppercase().into())]
        };
        Value::Object(self.names.iter().flat_map(forms).collect())
    }

    /// The names, as given and in capitals: they are as private as a stranger's.
    pub(super) fn private(&self) -> impl Iterator<Item = String> + '_ {
        self.names.iter().flat_map(|(_, name)| [name.clone(), name.to_uppercase(), name.to_lowercase()])
    }

    /// Is this the name of something that was there before? Compared without case.
    pub(super) fn names(&self, collection: Collection, name: &str) -> bool {
        is_in(&self.names, collection, name)
    }

    /// Notes that an answer showed a resource of this name that is not the run's.
    pub(super) fn show(&mut self, collection: Collection, name: &str) {
        if self.names(collection, name) && !is_in(&self.shown, collection, name) {
            self.shown.push((collection, name.to_owned()));
        }
    }

    /// Is what this create was answered with, under an id that no answer had shown before, certainly not what was there
    /// before? It is when that was shown under its own id, or when the answer says that this was made just now.
    pub(super) fn is_apart(&self, collection: Collection, name: &str, exchange: &Exchange) -> bool {
        is_in(&self.shown, collection, name) || is_new(exchange).unwrap_or(false)
    }
}

/// Compares `meta.created` with the time of the answer, both by the clock of the target. None when one is missing.
fn is_new(exchange: &Exchange) -> Option<bool> {
    let created: Timestamp = exchange.json()?.pointer("/meta/created").and_then(Value::as_str)?.parse().ok()?;
    let answered = rfc2822::parse(exchange.response.as_ref()?.header("date")?).ok()?.timestamp();
    Some(created >= answered.checked_sub(JUST_NOW).ok()?)
}

fn is_in(names: &[(Collection, String)], collection: Collection, name: &str) -> bool {
    names.iter().any(|(c, known)| *c == collection && known.to_lowercase() == name.to_lowercase())
}
