//! How fast requests may follow one another, over everything that is sent at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keeps requests apart.
#[derive(Debug, Default)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most this many requests a second; without a number as many as come.
    pub(super) fn new(per_second: Option<u32>) -> Self {
        let gap = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self { gap, next: Mutex::default() }
    }

    /// From one request to the next.
    pub(super) const fn gap(&self) -> Duration {
        self.gap
    }

    /// Waits for the turn of one request.
    pub(super) async fn turn(&self) {
        if self.gap.is_zero() {
            return;
        }
        let now = Instant::now();
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.gap);
            turn
        };
        tokio::time::sleep_until(turn.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_are_kept_apart_however_many_ask() {
        let pace = Pace::new(Some(200));
        let started = Instant::now();
        futures_util::future::join_all((0..5).map(|_| pace.turn())).await;
        assert!(started.elapsed() >= Duration::from_millis(20), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn without_a_rate_nobody_waits() {
        let pace = Pace::new(None);
        pace.turn().await;
        assert_eq!((pace.gap(), pace.next.lock().expect("lock").is_none()), (Duration::ZERO, true));
    }
}
