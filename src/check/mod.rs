//! How an answer is judged. Pure: an exchange and an expectation go in, a judgement comes out.

use serde_json::Value;

use crate::play::Difference;

/// What a judge found.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It holds.
    Passed,
    /// It does not.
    Failed(Finding),
    /// It does not apply to this answer; the reason, for people.
    Skipped(String),
}

/// What was wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// One sentence: `expected false, actual true`.
    pub message: String,
    /// JSON Pointer, `status` or `header Name`.
    pub at: Option<String>,
    /// What was expected there.
    pub expected: Option<Value>,
    /// What was there.
    pub actual: Option<Value>,
    /// All differing places, when there are several.
    pub differences: Vec<Difference>,
}
