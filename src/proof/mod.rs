//! Proof that the checks can fail: the reference server, healthy or with faults, played against in this process, and what
//! must come of it. The one place besides `cli` that sees both the judge and the judged.

mod bench;
mod combination;
mod examine;
pub mod expectation;
mod hiccup;
mod inventory;
pub mod matrix;
pub mod told;
pub mod trial;
mod work;

pub use bench::{Bench, Depth};
pub use combination::Combination;
pub use examine::{Examined, Subject};
pub use inventory::{Inventory, short};

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expectation::{Expectation, Expectations};
use matrix::Matrix;
use work::{Done, Task};

use crate::scenario::{App, Level};

/// What is to be proven.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Ids of faults; empty for all.
    pub faults: Vec<String>,
    /// How many random pairs and triples of faults are played too.
    pub combinations: usize,
    /// Decides which.
    pub seed: u64,
}

impl Scope {
    /// Everything there is.
    fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The healthy server, then every fault under every app kind it shows in, in the order of `fixtures/faults.toml`, then
    /// servers with a hiccup.
    pub examined: Vec<Examined>,
    /// Combinations of faults.
    pub combinations: Vec<Combination>,
    /// What is missing, one sentence each; empty when all is proven.
    pub missing: Vec<String>,
    /// How many of the checks that count are seen to fail for a fault, and how many there are. What was played tells when
    /// that was everything, else the kill matrix.
    pub checks: (usize, usize),
}

impl Proof {
    /// How many app kinds the healthy server was played under, and under how many nothing failed.
    pub fn healthy(&self) -> (usize, usize) {
        let healthy = || self.examined.iter().filter(|one| matches!(one.subject, Subject::Healthy));
        (healthy().filter(|one| one.complaints.is_empty()).count(), healthy().count())
    }

    /// How many faults were caught as they must be, and how many were played.
    pub fn killed(&self) -> (usize, usize) {
        let mut faults: BTreeMap<&str, bool> = BTreeMap::new();
        for one in &self.examined {
            if let Subject::Fault(fault) = one.subject {
                *faults.entry(fault.id).or_insert(true) &= one.complaints.is_empty();
            }
        }
        (faults.values().filter(|killed| **killed).count(), faults.len())
    }

    /// "healthy 2/2 · faults 170/170 killed · checks 600/600 proven".
    pub fn last_line(&self) -> String {
        let ((fine, of), (killed, faults)) = (self.healthy(), self.killed());
        let (proven, checks) = self.checks;
        let mut line =
            format!("healthy {fine}/{of} · faults {killed}/{faults} killed · checks {proven}/{checks} proven");
        if !self.combinations.is_empty() {
            let seen = self.combinations.iter().filter(|one| one.complaints.is_empty()).count();
            let _ = write!(line, " · combinations {seen}/{} seen", self.combinations.len());
        }
        line
    }
}

/// Plays everything in the scope, twice as many at once as the machine has cores, each on a server of its own.
/// `progress` hears how many of how many are done, and which. The error says what of our own went wrong.
pub fn prove(
    bench: &Bench,
    expectations: &Expectations,
    scope: &Scope,
    mut progress: impl FnMut(usize, usize, &str),
) -> Result<Proof, String> {
    let wanted = |one: &&Expectation| scope.is_whole() || scope.faults.contains(&one.id);
    let faults: Vec<&Expectation> = expectations.faults.iter().filter(wanted).collect();
    let mut tasks: Vec<Task<'_>> = App::ALL.into_iter().map(Task::Healthy).collect();
    tasks.extend(faults.iter().flat_map(|one| App::ALL.map(|app| Task::Fault(one, app))));
    tasks.extend(combination::drawn(&faults, scope.combinations, scope.seed).into_iter().map(Task::Combination));
    let mut proof = Proof::default();
    proof.take(work::work(tasks, bench, expectations, &mut progress)?);
    // Only when everything was played is it known what no fault makes fail; else the kill matrix tells.
    let whole = scope.is_whole() && bench.depth == Depth::Thorough;
    if whole {
        let played = Matrix::of(&proof.examined);
        let proven = played.proven();
        let unproven = bench.inventory.counted().map(|(id, _)| id).filter(|id| !proven.contains(id));
        let tasks = hiccup::wanting(bench, unproven).into_iter().map(Task::Hiccup).collect();
        proof.take(work::work(tasks, bench, expectations, &mut progress)?);
    }
    let matrix = if whole { Matrix::of(&proof.examined) } else { Matrix::embedded()? };
    proof.judge(bench, expectations, scope, &matrix)?;
    Ok(proof)
}

impl Proof {
    /// Files what was played.
    fn take(&mut self, done: Vec<Done>) {
        for one in done {
            match one {
                Done::Examined(one) => self.examined.push(*one),
                Done::Combination(one) => self.combinations.push(one),
                Done::Nothing => {}
            }
        }
    }

    /// Says what is missing: of faults, of combinations, and of checks; of these the matrix tells which are proven.
    fn judge(
        &mut self,
        bench: &Bench,
        expectations: &Expectations,
        scope: &Scope,
        matrix: &Matrix,
    ) -> Result<(), String> {
        let examined = self.examined.iter().flat_map(|one| &one.complaints);
        let combined = self.combinations.iter().flat_map(|one| &one.complaints);
        let mut missing: Vec<String> = examined.chain(combined).cloned().collect();
        for expected in &expectations.faults {
            let unknown = expected.checks.iter().filter(|id| !bench.inventory.has_any(id));
            missing.extend(unknown.map(|id| format!("{}: there is no check {id}", expected.id)));
        }
        let expected = |id: &str| expectations.faults.iter().any(|one| one.id == id);
        let untold = crate::server::fault::all().iter().filter(|fault| scope.is_whole() && !expected(fault.id));
        missing.extend(untold.map(|fault| format!("{}: fixtures/faults.toml does not name it", fault.id)));
        missing.extend(Matrix::embedded()?.gone(&bench.inventory));
        let proven = matrix.proven();
        let counted: Vec<_> = bench.inventory.counted().collect();
        let unproven: Vec<_> = counted.iter().filter(|(id, _)| !proven.contains(id)).collect();
        let told = |(id, level): &(&str, Level)| format!("{id} ({}): no fault makes it fail", level.word());
        missing.extend(unproven.iter().map(|one| told(one)));
        self.checks = (counted.len() - unproven.len(), counted.len());
        self.missing = missing;
        Ok(())
    }
}
