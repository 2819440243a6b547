//! What is played, as data: the structs behind a scenario file, loading, linting, templates, selection.

pub mod capability;
mod file;
mod judged;
mod lint;
mod load;
pub mod model;
pub mod select;
pub mod template;

pub use capability::{App, Capability, Level};
pub use load::{Catalogue, LoadError, load};
pub use model::*;
