//! Ctrl-C and its like: a wish to stop, not an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Calls `stop` at the first Ctrl-C or termination; a second one ends the process as usual.
///
/// Where signals cannot be watched, they end the process as usual from the start.
pub(super) fn on_stop(stop: impl Fn() + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else { return };
    let asked = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                if wait().await.is_err() {
                    return;
                }
                if asked.swap(true, Ordering::AcqRel) {
                    std::process::exit(130);
                }
                stop();
            }
        });
    });
}

#[cfg(unix)]
async fn wait() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
