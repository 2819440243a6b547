//! What is kept of a run's exchanges once they are judged: a target that sends much must not fill memory or the report.

use std::sync::atomic::Ordering;

use super::player::Player;
use super::scene::Scene;

/// Bytes of a body in the report.
pub(super) const KEPT_BODY: usize = 256 << 10;

/// Bytes of all bodies in the report; of each that comes later, no more than `KEPT_LATER`.
const KEPT: usize = 16 << 20;
const KEPT_LATER: usize = 4 << 10;

/// Bytes of an answer that later steps of its scenario may look at.
pub(super) const KNOWN_BODY: usize = 1 << 20;

impl Player<'_> {
    /// Shortens what the steps from this one on have recorded: they are judged.
    pub(super) fn shorten(&self, scene: &mut Scene<'_>, from: usize) {
        for exchange in scene.steps[from..].iter_mut().flat_map(|s| &mut s.exchanges) {
            let limit = if self.kept.load(Ordering::Relaxed) < KEPT { KEPT_BODY } else { KEPT_LATER };
            self.kept.fetch_add(exchange.shorten(limit), Ordering::Relaxed);
        }
    }
}
