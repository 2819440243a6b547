//! How many requests a second a credential may send (RFC 6585 §4).

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time that requests are counted in.
const WINDOW: Duration = Duration::from_secs(1);

/// Credentials that are counted at once. All credentials are known ones, so there are few; access tokens may be more.
const COUNTED: usize = 1024;

/// Counts the requests of each credential.
#[derive(Debug)]
pub(super) struct Rate {
    limit: u32,
    hasher: RandomState,
    windows: Mutex<HashMap<u64, Window>>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    seen: u32,
}

impl Rate {
    /// So many requests a second.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, hasher: RandomState::new(), windows: Mutex::default() }
    }

    /// Counts a request of this credential; all that have none that is accepted count as one. When it is one too many: the whole
    /// seconds to wait, as Retry-After tells them.
    pub(super) fn exceeded(&self, credential: Option<&str>, now: Instant) -> Option<u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= COUNTED {
            windows.retain(|_, window| now.duration_since(window.since) < WINDOW);
        }
        let window = windows.entry(self.hasher.hash_one(credential)).or_insert(Window { since: now, seen: 0 });
        if now.duration_since(window.since) >= WINDOW {
            *window = Window { since: now, seen: 0 };
        }
        window.seen = window.seen.saturating_add(1);
        // What is left of a window is at most one second.
        (window.seen > self.limit).then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_has_a_count_of_its_own_that_ends_with_its_second() {
        let (rate, start) = (Rate::new(2), Instant::now());
        let at = |credential, millis| rate.exceeded(credential, start + Duration::from_millis(millis));
        assert_eq!([0, 10, 20, 990].map(|millis| at(Some("a"), millis)), [None, None, Some(1), Some(1)]);
        assert_eq!([30, 40, 50].map(|millis| at(Some("b"), millis)), [None, None, Some(1)]);
        assert_eq!([60, 70, 80].map(|millis| at(None, millis)), [None, None, Some(1)]);
        assert_eq!([1000, 1010, 1020].map(|millis| at(Some("a"), millis)), [None, None, Some(1)]);
    }

    #[test]
    fn what_is_counted_no_more_is_forgotten() {
        let (rate, start) = (Rate::new(1), Instant::now());
        for number in 0..5000_u64 {
            rate.exceeded(Some(&number.to_string()), start + Duration::from_millis(number));
        }
        assert!(rate.windows.lock().unwrap().len() <= COUNTED);
    }
}
