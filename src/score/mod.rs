//! Findings -> capabilities, verdict, score, counts. Pure: the same outcome gives the same bytes.

mod counted;

pub use counted::{Counted, Place, counted, rule_of};

use crate::play::{CheckStatus, ScenarioResult, ScenarioStatus};
use crate::report::{CapabilityResult, CapabilityStatus, Counts, Score, Verdict};
use crate::scenario::{Capability, Level};

/// What the findings of a run mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Every capability, in the order of [`Capability::ALL`].
    pub capabilities: Vec<CapabilityResult>,
    /// Would Okta work.
    pub verdict: Verdict,
    /// The figure.
    pub score: Score,
    /// How many checks came out how.
    pub counts: Counts,
}

/// Scores a run: its scenarios, the features asked for, those the target says it does not offer, and whether the run
/// was narrowed so that readiness cannot be told.
pub fn score(
    scenarios: &[ScenarioResult],
    features: &[Capability],
    not_offered: &[Capability],
    narrowed: bool,
) -> Scored {
    let checks = counted(scenarios);
    let tallies = Capability::ALL.map(|capability| {
        let mut tally = Tally { offered: !not_offered.contains(&capability), ..Tally::default() };
        checks.iter().filter(|c| c.capability == capability).for_each(|c| tally.add(c));
        (capability, tally)
    });
    let capabilities: Vec<_> =
        tallies.iter().map(|(capability, tally)| tally.result(*capability, features.contains(capability))).collect();
    Scored {
        verdict: verdict(&capabilities, narrowed),
        score: figure(&tallies),
        counts: counts(scenarios, &checks),
        capabilities,
    }
}

/// What one check weighs in the score.
const fn weight(level: Level) -> u32 {
    match level {
        Level::Must => 5,
        Level::Should => 2,
        Level::Info => 0,
    }
}

/// The checks of one capability, added up.
#[derive(Default)]
struct Tally {
    offered: bool,
    passed: usize,
    failed: usize,
    warned: usize,
    informed: usize,
    blocked: usize,
    blocked_must: usize,
    skipped: usize,
    passed_weight: u32,
    applicable_weight: u32,
}

impl Tally {
    fn add(&mut self, check: &Counted<'_>) {
        let weight = weight(check.level);
        if check.status != CheckStatus::Skipped {
            self.applicable_weight += weight;
        }
        match (check.status, check.level) {
            (CheckStatus::Passed, _) => {
                self.passed += 1;
                self.passed_weight += weight;
            }
            (CheckStatus::Failed, Level::Must) => self.failed += 1,
            (CheckStatus::Failed, Level::Should) => self.warned += 1,
            (CheckStatus::Failed, Level::Info) => self.informed += 1,
            (CheckStatus::Blocked, level) => {
                self.blocked += 1;
                self.blocked_must += usize::from(level == Level::Must);
            }
            (CheckStatus::Skipped, _) => self.skipped += 1,
        }
    }

    fn status(&self) -> CapabilityStatus {
        if !self.offered {
            CapabilityStatus::NotOffered
        } else if self.failed + self.blocked_must > 0 {
            CapabilityStatus::Broken
        } else if self.warned + self.blocked > 0 {
            CapabilityStatus::WorksWithWarnings
        } else if self.passed + self.informed > 0 {
            CapabilityStatus::Works
        } else {
            CapabilityStatus::NotTested
        }
    }

    /// 0.0 to 100.0; absent when the capability was not tested or nothing weighed.
    fn percent(&self) -> Option<f64> {
        (self.offered && self.applicable_weight > 0)
            .then(|| 100.0 * f64::from(self.passed_weight) / f64::from(self.applicable_weight))
    }

    /// True when every weighing check passed: only then may a figure say 100.
    fn flawless(&self) -> bool {
        self.passed_weight == self.applicable_weight
    }

    fn score(&self) -> Option<u8> {
        self.percent().map(|percent| whole(percent, self.flawless()))
    }

    fn result(&self, id: Capability, feature: bool) -> CapabilityResult {
        CapabilityResult {
            id,
            title: id.title().to_owned(),
            status: self.status(),
            feature,
            score: self.score(),
            passed: self.passed,
            failed: self.failed,
            warned: self.warned,
            blocked: self.blocked,
            skipped: self.skipped,
        }
    }
}

/// Floor of a percentage, at most 99 beside a failure. The tiny addend undoes rounding of sums that are whole.
fn whole(percent: f64, flawless: bool) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before the cast")]
    let floor = (percent + 1e-9).floor().clamp(0.0, 100.0) as u8;
    if flawless { floor } else { floor.min(99) }
}

fn figure(tallies: &[(Capability, Tally)]) -> Score {
    let of = |id| tallies.iter().find(|(c, _)| *c == id).and_then(|(_, tally)| tally.score());
    let (mut sum, mut tested, mut flawless) = (0.0, 0_u32, true);
    let (mut passed_weight, mut applicable_weight) = (0, 0);
    for (_, tally) in tallies.iter().filter(|(c, _)| c.is_feature()) {
        if let Some(percent) = tally.percent() {
            sum += percent;
            tested += 1;
            flawless &= tally.flawless();
            passed_weight += tally.passed_weight;
            applicable_weight += tally.applicable_weight;
        }
    }
    Score {
        value: (tested > 0).then(|| whole(sum / f64::from(tested), flawless)),
        passed_weight,
        applicable_weight,
        okta_suites: of(Capability::OktaSuites),
        protocol: of(Capability::Protocol),
    }
}

fn verdict(capabilities: &[CapabilityResult], narrowed: bool) -> Verdict {
    let any = |statuses: &[CapabilityStatus]| capabilities.iter().any(|c| c.feature && statuses.contains(&c.status));
    if narrowed {
        Verdict::Partial
    } else if any(&[CapabilityStatus::Broken, CapabilityStatus::NotOffered]) {
        Verdict::NotReady
    } else if any(&[CapabilityStatus::NotTested]) || !capabilities.iter().any(|c| c.feature) {
        Verdict::Partial
    } else {
        Verdict::Ready
    }
}

fn counts(scenarios: &[ScenarioResult], checks: &[Counted<'_>]) -> Counts {
    let mut counts = Counts {
        scenarios: scenarios.iter().filter(|s| s.status != ScenarioStatus::Skipped).count(),
        checks: checks.len(),
        ..Counts::default()
    };
    for check in checks {
        match (check.status, check.level) {
            (CheckStatus::Passed, _) => counts.passed += 1,
            (CheckStatus::Failed, Level::Must) => counts.failed_must += 1,
            (CheckStatus::Failed, Level::Should) => counts.failed_should += 1,
            (CheckStatus::Failed, Level::Info) => counts.informed += 1,
            (CheckStatus::Blocked, _) => counts.blocked += 1,
            (CheckStatus::Skipped, _) => counts.skipped += 1,
        }
        counts.known += usize::from(check.status == CheckStatus::Failed && check.is_known());
    }
    counts
}

#[cfg(test)]
mod tests;
