//! Connections live on a runtime of their own: a target that floods them keeps its thread busy for seconds, and not those
//! that watch the clock.

use std::panic::resume_unwind;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// The runtime of all connections; where it cannot be started they share that of the caller. One thread is enough to pass
/// bytes on, and costs each request fewer changes of thread than two.
fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("network").enable_all().build().ok();
    RUNTIME.get_or_init(start).as_ref()
}

/// Does a whole exchange on that runtime, so that its caller is woken once, at the end. Dropping the future ends the work.
pub(super) fn there<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> {
    let mut alone = JoinSet::new();
    match runtime() {
        Some(runtime) => alone.spawn_on(work, runtime.handle()),
        None => alone.spawn(work),
    };
    async move {
        match alone.join_next().await {
            Some(Ok(done)) => done,
            Some(Err(bug)) => resume_unwind(bug.into_panic()),
            None => unreachable!("one piece of work was given"),
        }
    }
}
