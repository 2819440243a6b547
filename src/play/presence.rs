//! Is the target still there? Several requests in a row without an answer, and the connection test is sent until it is
//! answered or `--max-wait` is over: a target that starts anew is waited for, one that has gone ends the run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Halt;
use super::player::Player;
use super::preflight::CONNECTION_TEST;
use crate::exchange::{Exchange, FailureKind};
use crate::okta::Outgoing;

/// So many requests in a row without an answer are doubtful: fewer may be what a story is about.
const DOUBTFUL: usize = 5;

/// First pause between two looks; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Whether requests are answered.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Requests in a row that were not.
    unanswered: AtomicUsize,
    gone: AtomicBool,
    /// Held by the one that looks.
    looking: tokio::sync::Mutex<()>,
    notes: Mutex<Vec<String>>,
}

impl Presence {
    /// What there is to tell, one sentence each.
    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_doubtful(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) >= DOUBTFUL
    }
}

impl Player<'_> {
    /// Learns from an exchange whether somebody is there, and looks when that is doubtful.
    pub(super) async fn mark_presence(&self, exchange: &Exchange) -> Result<(), Halt> {
        match &exchange.failure {
            None => self.presence.unanswered.store(0, Ordering::Relaxed),
            Some(failure) if failure.kind != FailureKind::Refused => {
                self.presence.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
        }
        if !self.presence.is_doubtful() {
            return Ok(());
        }
        let _one = self.abandonable(self.presence.looking.lock()).await?;
        if self.presence.gone.load(Ordering::Relaxed) {
            Err(Halt::Gone)
        } else if self.presence.is_doubtful() {
            self.look().await
        } else {
            Ok(())
        }
    }

    async fn look(&self) -> Result<(), Halt> {
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        let mut missed = 0;
        loop {
            let exchange = self.abandonable(self.client.send(Outgoing::new("GET", CONNECTION_TEST))).await?;
            self.requests.fetch_add(1, Ordering::Relaxed);
            if exchange.failure.is_none() {
                self.presence.unanswered.store(0, Ordering::Relaxed);
                if missed > 0 {
                    let away = started.elapsed().as_millis();
                    let note = format!(
                        "The target did not answer for {away} ms in the middle of the run; what failed then may be due to that."
                    );
                    self.presence.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
                }
                return Ok(());
            }
            missed += 1;
            if started.elapsed() + pause > self.settings.max_wait {
                self.presence.gone.store(true, Ordering::Relaxed);
                return Err(Halt::Gone);
            }
            self.abandonable(tokio::time::sleep(pause)).await?;
            pause *= 2;
        }
    }
}
