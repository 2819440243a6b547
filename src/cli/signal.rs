//! Ctrl-C and SIGTERM: the first ends the run (clean-up, partial report, exit 130), the second leaves at once.

use std::io::IsTerminal as _;

use tokio::sync::watch;

/// Starts listening. The receiver turns true at the first signal; `leaving` is called at the second, right before the
/// process ends.
pub(super) fn listen(leaving: impl FnOnce() + Send + 'static) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let mut signals = Signals::new();
    tokio::spawn(async move {
        signals.next().await;
        let _ = stop.send(true);
        clear_line();
        eprintln!("Interrupted: removing what this run created. Once more to leave at once.");
        signals.next().await;
        clear_line();
        leaving();
        std::process::exit(i32::from(crate::exit::Exit::Interrupted as u8));
    });
    stopped
}

/// Takes a bar, and the `^C` that a terminal shows, off the line that is written to next.
fn clear_line() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\u{1b}[2K");
    }
}

/// Waits for one signal.
pub(super) async fn wait() {
    Signals::new().next().await;
}

/// Ctrl-C and, where there is one, SIGTERM; caught from when this is made.
struct Signals {
    #[cfg(unix)]
    caught: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self { caught: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let signals = self.caught.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(signals).await;
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
