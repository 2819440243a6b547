//! Faults about what the server tells of itself, and about chosen attributes.

pub(super) mod projection;
pub(super) mod told;
