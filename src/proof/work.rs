//! The trials at work: several at once, each on a server of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::bench::Bench;
use super::combination::Combination;
use super::examine::Examined;
use super::expectation::{Expectation, Expectations};
use super::hiccup::Wanting;
use crate::scenario::App;

/// One thing to play.
pub(super) enum Task<'e> {
    Healthy(App),
    Fault(&'e Expectation, App),
    Combination(Combination),
    Hiccup(Wanting),
}

/// What came of it.
pub(super) enum Done {
    Examined(Box<Examined>),
    Combination(Combination),
    /// It does not show under this app kind.
    Nothing,
}

/// Plays all of it, twice as many at once as the machine has cores: against a slow server a trial mostly waits. What came
/// of it is in the order of the tasks. `progress` hears how many of how many are done, and which. The error says what of
/// our own went wrong.
pub(super) fn work(
    tasks: Vec<Task<'_>>,
    bench: &Bench,
    expectations: &Expectations,
    progress: &mut impl FnMut(usize, usize, &str),
) -> Result<Vec<Done>, String> {
    let of = tasks.len();
    let workers = (thread::available_parallelism().map_or(2, usize::from) * 2).min(of);
    let queue = Mutex::new(tasks.into_iter().enumerate().collect::<VecDeque<_>>());
    let (send, receive) = mpsc::channel();
    let mut done: Vec<(usize, Done)> = thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, send) = (&queue, send.clone());
            scope.spawn(move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some((number, task)) = next() {
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
    Ok(done.into_iter().map(|(_, one)| one).collect())
}

impl Task<'_> {
    fn name(&self) -> String {
        match self {
            Self::Healthy(app) => format!("healthy ({})", app.id()),
            Self::Fault(expected, app) => format!("{} ({})", expected.id, app.id()),
            Self::Combination(combination) => combination.name(),
            Self::Hiccup(wanting) => wanting.name(),
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
                Self::Hiccup(wanting) => Done::Examined(Box::new(wanting.play(bench).await?)),
            })
        })
    }
}
