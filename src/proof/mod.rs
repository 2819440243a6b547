//! Proof that the checks can fail: the reference server, healthy or with a fault, played against in this process, and what
//! must come of it. The one place besides `cli` that sees both the judge and the judged.

pub mod expectation;
pub mod trial;
