//! Who plays it: the simulated client. It knows what Okta puts on the wire and nothing of what is expected back.

pub mod base_url;
pub mod client;
pub mod credential;
mod failure;
pub mod identity;
mod network;
mod pace;
pub mod wire;

pub use base_url::{BaseUrl, BaseUrlError};
pub use client::{Client, Limits, Outgoing};
pub use credential::{AuthForm, Credential};
pub use identity::{Identities, Identity};
