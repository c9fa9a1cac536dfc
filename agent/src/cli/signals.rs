//! Ctrl-C and its like: a wish to stop, not an end. A terminal that closes is no wish at all.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// From here on a hangup (the terminal closed, the connection to the server broke) ends nothing, and the first Ctrl-C
/// or termination calls `stop`; a second one ends the process.
///
/// Where signals cannot be watched, they end the process as usual.
pub(super) fn on_stop(stop: impl Fn() + Send + 'static) {
    let asked = AtomicBool::new(false);
    hear(move |_| {
        if asked.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
        stop();
    });
}

/// From here on no such signal ends this process: each Ctrl-C (`true`) and each termination (`false`) is told.
///
/// Where signals cannot be watched, they end the process as usual.
#[cfg(target_os = "linux")]
pub(super) fn on_each(tell: impl Fn(bool) + Send + 'static) {
    hear(tell);
}

fn hear(tell: impl Fn(bool) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else { return };
    // They are heard before this returns, so that nothing can begin that a hangup would still end.
    let heard = {
        let _inside = runtime.enter();
        Heard::new()
    };
    let Ok(mut heard) = heard else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tell(heard.stop().await);
            }
        });
    });
}

struct Heard {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Heard {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal that asks to stop; returns whether it is Ctrl-C.
    async fn stop(&mut self) -> bool {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return true,
                _ = self.terminate.recv() => return false,
                _ = self.hangup.recv() => {}
            }
        }
    }
}
