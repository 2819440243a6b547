//! Connections live on a runtime of their own: a target that floods them keeps its thread busy for seconds, and not those
//! that watch the clock.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// The runtime of all connections; where it cannot be started they share that of the caller. One thread is enough to pass
/// bytes on, and costs each request fewer changes of thread than two.
fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("network").enable_all().build().ok();
    RUNTIME.get_or_init(start).as_ref()
}

/// Does work whose sockets and background tasks belong to that runtime; it may be dropped at any time.
pub(super) async fn there<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _inside = runtime().map(Runtime::enter);
        work.as_mut().poll(context)
    })
    .await
}
