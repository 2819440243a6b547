//! Faults about speed, volume and limits.

use super::Fault;

pub(super) const FAULTS: &[Fault] = &[];
