//! The reference server: a healthy SCIM 2.0 target, with named faults. Built on [`crate::scim`]; shares no code with the
//! judge.
