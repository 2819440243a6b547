//! Faults about the forms of PATCH.

pub(super) mod paths;
pub(super) mod refusals;
pub(super) mod whole;

use crate::scim::patch::{Operation, PatchPath, Verb};
use crate::server::fault::{Change, Occasion};
use crate::server::types::Kind;
use serde_json::{Map, Value};

/// True for a PATCH of a user that is about to be stored.
fn patches_user(change: &Change) -> bool {
    change.occasion.action == super::Action::Patch && change.occasion.kind == Kind::User
}

/// The operations of a PATCH on a user; none on anything else.
fn on_user<'o>(occasion: &Occasion, operations: &'o mut [Operation]) -> impl Iterator<Item = &'o mut Operation> {
    let user = occasion.kind == Kind::User;
    operations.iter_mut().filter(move |_| user)
}

/// The object of an operation without a path.
fn members(operation: &mut Operation) -> Option<&mut Map<String, Value>> {
    operation.value.as_mut().filter(|_| operation.path.is_none()).and_then(Value::as_object_mut)
}

/// An operation that takes away what there is at a path.
fn removal(path: &str) -> Option<Operation> {
    PatchPath::parse(path).ok().map(|path| Operation { verb: Verb::Remove, path: Some(path), value: None })
}

/// Puts before each operation that `which` picks the removal of the path it gives.
fn clear_first(operations: &mut Vec<Operation>, which: impl Fn(&Operation) -> Vec<String>) {
    let done = operations.drain(..).flat_map(|operation| {
        let clear: Vec<Operation> = which(&operation).iter().filter_map(|path| removal(path)).collect();
        clear.into_iter().chain([operation])
    });
    *operations = done.collect::<Vec<_>>();
}

/// The names in the value of an operation without a path under which there is an object.
fn complex_names(operation: &Operation) -> Vec<String> {
    let value = operation.value.as_ref().filter(|_| operation.path.is_none()).and_then(Value::as_object);
    let complex = value.into_iter().flatten().filter(|(_, value)| value.is_object());
    complex.map(|(name, _)| name.clone()).collect()
}
