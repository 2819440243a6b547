//! Several faults at once: whatever else goes wrong, something of each must show, and nothing may be lost.

use fake::rand::rngs::StdRng;
use fake::rand::{RngExt as _, SeedableRng as _};

use super::bench::{Bench, failed};
use super::expectation::{Expectation, Expectations};
use super::trial::{Rules, config, trial};
use crate::exit::Exit;
use crate::scenario::{App, Level};
use crate::server::fault;

/// Two or three faults in one server.
#[derive(Clone, Debug)]
pub struct Combination {
    /// The faults.
    pub faults: Vec<String>,
    /// The dialect.
    pub app: App,
    /// What did not show, one sentence each.
    pub complaints: Vec<String>,
}

/// Draws so many pairs and triples; the same seed draws the same ones.
pub(super) fn drawn(faults: &[&Expectation], count: usize, seed: u64) -> Vec<Combination> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut drawn = Vec::new();
    // A bound beside the count: with few faults in scope there may be nothing to combine.
    for _ in 0..count.saturating_mul(20) {
        if drawn.len() == count {
            break;
        }
        let app = App::ALL[dice.random_range(0..App::ALL.len())];
        let mut chosen: Vec<&Expectation> = Vec::new();
        for _ in 0..dice.random_range(2..=3) {
            if let Some(one) = faults.get(dice.random_range(0..faults.len().max(1)))
                && one.shows_in(app)
                && chosen.iter().all(|other| one.shows_beside(other))
            {
                chosen.push(*one);
            }
        }
        if chosen.len() > 1 {
            let faults = chosen.iter().map(|one| one.id.clone()).collect();
            drawn.push(Combination { faults, app, complaints: Vec::new() });
        }
    }
    drawn
}

impl Combination {
    /// "dup_201 + put_405 (oin)".
    pub fn name(&self) -> String {
        format!("{} ({})", self.faults.join(" + "), self.app.id())
    }

    /// Plays the scenarios that can see one of the faults. Of each fault one expected check must fail or be blocked, and
    /// the run must end with the exit code that its findings ask for.
    pub(super) async fn play(mut self, bench: &Bench, expectations: &Expectations) -> Result<Self, String> {
        let of = |id: &String| expectations.faults.iter().find(|one| one.id == *id);
        let expected: Vec<&Expectation> = self.faults.iter().filter_map(of).collect();
        let wanted: Vec<&str> = expected.iter().flat_map(|one| &one.checks).map(String::as_str).collect();
        let wanted: Vec<&str> = wanted.into_iter().filter(|id| bench.inventory.has_under(self.app, id)).collect();
        let plan = bench.named(self.app, &wanted)?;
        let faults = self.faults.iter().filter_map(|id| fault::by_id(id)).collect();
        let trial = trial(config(faults), Rules::new(self.app), &bench.catalogue, &plan).await?;
        let name = self.name();
        let mut complaints = Vec::new();
        let not_started = trial.exit == Exit::CannotTest;
        for one in expected.iter().filter(|_| !not_started) {
            let mut seen = one.checks.iter().filter(|id| failed(&trial, id) || trial.is_blocked(id));
            let shows = one.checks.iter().any(|id| bench.inventory.has_under(self.app, id));
            if shows && seen.next().is_none() {
                complaints.push(format!("{name}: nothing of {} shows", one.id));
            }
        }
        let must = |id: &&String| bench.inventory.level(id) == Some(Level::Must);
        let matters = trial.failed.keys().chain(&trial.blocked).any(|id| must(&id));
        let right = match (not_started, matters) {
            (true, _) => Exit::CannotTest,
            (false, true) => Exit::Failed,
            (false, false) => Exit::Passed,
        };
        if trial.exit != right {
            complaints.push(format!("{name}: the run ends with {:?} and not with {right:?}", trial.exit));
        }
        self.complaints = complaints;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_combinations() {
        let expectations = super::super::expectation::expectations().expect("expectations");
        let faults: Vec<&Expectation> = expectations.faults.iter().collect();
        let names = |seed| drawn(&faults, 20, seed).iter().map(Combination::name).collect::<Vec<_>>();
        assert_eq!(names(7), names(7));
        assert_ne!(names(7), names(8));
        assert_eq!(names(7).len(), 20);
        assert!(drawn(&faults, 20, 7).iter().all(|one| (2..=3).contains(&one.faults.len())));
        assert!(drawn(&faults[..1], 20, 7).is_empty());
    }
}
