//! How a plan is played: preflight, given, steps, the ledger of what the run owns, clean-up, events, outcome.

pub mod event;
pub mod outcome;

pub use event::{Event, Observer};
pub use outcome::*;
