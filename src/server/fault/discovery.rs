//! Faults about what the server tells of itself, and about chosen attributes.

use super::Fault;

pub(super) const FAULTS: &[Fault] = &[];
