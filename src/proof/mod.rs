//! Proof that the checks can fail: the reference server, healthy or with faults, played against in this process, and what
//! must come of it. The one place besides `cli` that sees both the judge and the judged.

mod bench;
mod combination;
mod examine;
pub mod expectation;
mod inventory;
pub mod matrix;
pub mod told;
pub mod trial;

pub use bench::{Bench, Depth};
pub use combination::Combination;
pub use examine::Examined;
pub use inventory::{Inventory, short};

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use expectation::{Expectation, Expectations};
use matrix::Matrix;

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
    /// Every fault under every app kind it shows in, in the order of `fixtures/faults.toml`; first the healthy server.
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
        let healthy = || self.examined.iter().filter(|one| one.fault.is_none());
        (healthy().filter(|one| one.complaints.is_empty()).count(), healthy().count())
    }

    /// How many faults were caught as they must be, and how many were played.
    pub fn killed(&self) -> (usize, usize) {
        let mut faults: BTreeMap<&str, bool> = BTreeMap::new();
        for one in &self.examined {
            if let Some(fault) = one.fault {
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

/// One thing to play.
enum Task<'e> {
    Healthy(App),
    Fault(&'e Expectation, App),
    Combination(Combination),
}

enum Done {
    Examined(Box<Examined>),
    Combination(Combination),
    Nothing,
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
    let apps = [App::Oin, App::Aiw];
    let mut tasks: VecDeque<Task<'_>> = apps.into_iter().map(Task::Healthy).collect();
    tasks.extend(faults.iter().flat_map(|one| apps.map(|app| Task::Fault(one, app))));
    tasks.extend(combination::drawn(&faults, scope.combinations, scope.seed).into_iter().map(Task::Combination));
    let of = tasks.len();
    // More workers than cores: against a slow fault a trial mostly waits.
    let workers = (thread::available_parallelism().map_or(2, usize::from) * 2).min(of);
    let queue = Mutex::new(tasks.into_iter().enumerate().collect::<VecDeque<_>>());
    let (send, receive) = mpsc::channel();
    let mut done: Vec<(usize, Done)> = thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, send) = (&queue, send.clone());
            scope.spawn(move || {
                while let Some((number, task)) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                    let name = task.name();
                    let played = catch_unwind(AssertUnwindSafe(|| task.play(bench, expectations)));
                    let played = played.unwrap_or_else(|_| Err(format!("{name}: the program panicked")));
                    // Nobody listens any more once one of our own errors has ended it all.
                    if send.send((number, name, played)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut done = Vec::with_capacity(of);
        for (number, name, played) in receive {
            done.push((number, played?));
            progress(done.len(), of, &name);
        }
        Ok::<_, String>(done)
    })?;
    done.sort_by_key(|(number, _)| *number);
    let mut proof = Proof::default();
    for (_, one) in done {
        match one {
            Done::Examined(one) => proof.examined.push(*one),
            Done::Combination(one) => proof.combinations.push(one),
            Done::Nothing => {}
        }
    }
    proof.judge(bench, expectations, scope)?;
    Ok(proof)
}

impl Task<'_> {
    fn name(&self) -> String {
        match self {
            Self::Healthy(app) => format!("healthy ({})", app.id()),
            Self::Fault(expected, app) => format!("{} ({})", expected.id, app.id()),
            Self::Combination(combination) => combination.name(),
        }
    }

    /// On a runtime of one thread: server and client are in one place, and a trial takes one core.
    fn play(self, bench: &Bench, expectations: &Expectations) -> Result<Done, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(async {
            Ok(match self {
                Self::Healthy(app) => Done::Examined(Box::new(bench.healthy(app).await?)),
                Self::Fault(expected, app) => match bench.fault(expected, app).await? {
                    Some(examined) => Done::Examined(Box::new(examined)),
                    None => Done::Nothing,
                },
                Self::Combination(combination) => Done::Combination(combination.play(bench, expectations).await?),
            })
        })
    }
}

impl Proof {
    /// Says what is missing: of faults, of combinations, and of checks.
    fn judge(&mut self, bench: &Bench, expectations: &Expectations, scope: &Scope) -> Result<(), String> {
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
        let matrix = Matrix::embedded()?;
        missing.extend(matrix.gone(&bench.inventory));
        // Only when everything was played is it known what nothing makes fail; else the matrix tells.
        let played = Matrix::of(&self.examined);
        let whole = scope.is_whole() && bench.depth == Depth::Thorough;
        let proven = if whole { played.proven() } else { matrix.proven() };
        let counted: Vec<_> = bench.inventory.counted().collect();
        let unproven: Vec<_> = counted.iter().filter(|(id, _)| !proven.contains(id)).collect();
        let told = |(id, level): &(&str, Level)| format!("{id} ({}): no fault makes it fail", level.word());
        missing.extend(unproven.iter().map(|one| told(one)));
        self.checks = (counted.len() - unproven.len(), counted.len());
        self.missing = missing;
        Ok(())
    }
}
