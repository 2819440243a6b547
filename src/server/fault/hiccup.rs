//! One bad answer of a server that is healthy otherwise: what proves that a check of a status looks at its own request.

use super::Deviation;
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which request is answered 500, and not acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hiccup {
    /// Its HTTP method.
    pub method: String,
    /// Its number among the requests with this method, from 1.
    pub number: usize,
}

impl Hiccup {
    /// The deviation, with a count of its own.
    pub(in crate::server) fn make(&self) -> Box<dyn Deviation> {
        Box::new(Counting { hiccup: self.clone(), seen: AtomicUsize::new(0) })
    }
}

struct Counting {
    hiccup: Hiccup,
    seen: AtomicUsize,
}

impl Deviation for Counting {
    fn request(&self, request: &mut Request) -> Option<Answer> {
        let counts = request.method == self.hiccup.method;
        let hit = counts && self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.hiccup.number;
        hit.then(|| Answer::refusal(&ScimError::plain(500, "This one request failed; the next may work")))
    }
}
