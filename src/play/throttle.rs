//! 429: wait as Okta waits, up to what the user allows, and send again. Being throttled is never a failure by itself.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Halt;
use super::player::Player;
use crate::exchange::Exchange;
use crate::okta::client::Outgoing;

/// Okta gives up after ten tries (Okta SCIM concepts: rate limits).
const TRIES: usize = 10;

/// What stands in for Okta's five minutes when the target does not say how long to wait.
pub(super) const UNTOLD: Duration = Duration::from_secs(1);

/// So many times `--max-wait` is waited in vain in a whole run.
const VAIN: u32 = 4;

impl Player<'_> {
    /// Sends a request until it is not throttled. Gives the last answer and the 429s before it; the last answer is a 429
    /// only when the waits allowed by `--max-wait` are used up.
    pub(super) async fn send_patiently(&self, outgoing: Outgoing<'_>) -> Result<(Vec<Exchange>, Exchange), Halt> {
        let mut throttled = Vec::new();
        let started = Instant::now();
        let mut untold = UNTOLD;
        loop {
            let exchange = self.send_once(outgoing).await?;
            if exchange.status() != Some(429) || throttled.len() + 1 >= TRIES {
                return Ok((throttled, exchange));
            }
            let pause = told(&exchange).unwrap_or_else(|| {
                let pause = untold;
                untold *= 2;
                pause
            });
            if started.elapsed().saturating_add(pause) > self.throttle_patience() {
                *self.throttled.lock().unwrap_or_else(PoisonError::into_inner) += started.elapsed();
                return Ok((throttled, exchange));
            }
            throttled.push(exchange);
            self.abandonable(tokio::time::sleep(pause)).await?;
        }
    }
}

impl Player<'_> {
    /// How long a request may still wait: a target that throttles everything is not waited for again and again.
    fn throttle_patience(&self) -> Duration {
        let vain = *self.throttled.lock().unwrap_or_else(PoisonError::into_inner);
        self.settings.max_wait.min((self.settings.max_wait * VAIN).saturating_sub(vain))
    }
}

/// The pause a 429 asks for: whole seconds, nothing else.
pub(super) fn told(exchange: &Exchange) -> Option<Duration> {
    let seconds = exchange.response.as_ref()?.header("Retry-After")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
