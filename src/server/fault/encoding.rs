//! Faults about characters: escapes, scripts, what looks like syntax and is data.

use super::Fault;

pub(super) const FAULTS: &[Fault] = &[];
