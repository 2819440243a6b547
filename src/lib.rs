//! Scimulate plays Okta's part against any SCIM 2.0 endpoint, judges every answer and says which of Okta's
//! provisioning features would work.
//!
//! The modules are the nouns of the pipeline, in the order a request travels:
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`] | what the user types: one file per verb |
//! | [`scenario`] | what is played, as data: model, loading, lint, templates, selection |
//! | [`okta`] | who plays it: the simulated client (app kind, credentials, headers, identities, sending) |
//! | [`exchange`] | one recorded request and answer: bounded when read, redacted when recorded |
//! | [`play`] | how it is played: preflight, given, steps, paging, ledger, clean-up, outcome |
//! | [`check`] | how an answer is judged |
//! | [`score`] | findings -> capabilities, verdict, score |
//! | [`gate`] | verdict + options + known failures -> exit code and the reason |
//! | [`report`] | how it is told |
//! | [`wire`] | how true the simulation is: what a real Okta sent beside what the client sends |
//! | [`scim`] | the SCIM protocol as pure functions, for the reference server |
//! | [`server`] | the reference server |
//! | [`proof`] | that the checks can fail: faults of the reference server and what must see them |
//!
//! The judge (`scenario`, `okta`, `exchange`, `play`, `check`, `report`, `wire`) and the judged (`scim`, `server`) share no
//! code, so they cannot share a bug; `tests/house.rs` enforces it.

pub mod check;
pub mod cli;
pub mod exchange;
pub mod exit;
pub mod gate;
pub mod okta;
pub mod play;
pub mod proof;
pub mod report;
pub mod scenario;
pub mod scim;
pub mod score;
pub mod server;
pub mod wire;
