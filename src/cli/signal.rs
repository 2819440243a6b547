//! Ctrl-C and SIGTERM: the first ends the run (clean-up, partial report, exit 130), the second leaves at once.

use tokio::sync::watch;

/// Starts listening. The receiver turns true at the first signal; `leaving` is called at the second, right before the
/// process ends.
pub(super) fn listen(leaving: impl Fn() + Send + 'static) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        wait().await;
        let _ = stop.send(true);
        eprintln!("\nInterrupted: removing what this run created. Once more to leave at once.");
        wait().await;
        leaving();
        std::process::exit(i32::from(crate::exit::Exit::Interrupted as u8));
    });
    stopped
}

/// Waits for one signal.
pub(super) async fn wait() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
