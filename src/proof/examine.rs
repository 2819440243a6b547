//! What came of one server under one app kind.

use std::collections::BTreeMap;

use crate::scenario::App;
use crate::server::fault::Fault;

/// What kind of server was played against.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// The healthy one.
    Healthy,
    /// One with a fault.
    Fault(&'static Fault),
    /// A healthy one that answers one request with 500.
    Hiccup,
}

impl Subject {
    /// What the kill matrix calls it; the healthy server is not in it.
    pub fn row(self) -> Option<&'static str> {
        match self {
            Self::Healthy => None,
            Self::Fault(fault) => Some(fault.id),
            Self::Hiccup => Some("one-500"),
        }
    }
}

/// What came of playing against one server under one app kind.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The server.
    pub subject: Subject,
    /// The dialect.
    pub app: App,
    /// What is wrong with the proof, one sentence each; empty when all is as it must be.
    pub complaints: Vec<String>,
    /// Checks that failed; true when the request they judge still got its right status.
    pub failed: BTreeMap<String, bool>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many requests were sent.
    pub requests: usize,
}
