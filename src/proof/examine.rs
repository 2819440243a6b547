//! What came of one fault under one app kind.

use std::collections::BTreeMap;

use crate::scenario::App;
use crate::server::fault::Fault;

/// What came of playing one fault under one app kind.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The fault; None for the healthy server.
    pub fault: Option<&'static Fault>,
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
