//! What is played, as data: the structs behind a scenario file, loading, linting, templates, selection.

pub mod capability;
pub mod model;

pub use capability::{App, Capability, Level};
pub use model::*;
