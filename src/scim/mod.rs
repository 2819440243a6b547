//! The SCIM protocol as pure functions: schema, attribute path, filter, patch, bulk, resource, error. No I/O, no clock.

pub mod bulk;
pub mod error;
pub mod filter;
pub mod instant;
pub mod json;
pub mod patch;
pub mod path;
pub mod projection;
pub mod resource;
pub mod schema;
pub mod text;
