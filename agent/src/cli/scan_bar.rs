//! How far a scan is, for whoever watches.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::screen::Screen;
use super::size::{show_files, show_size};
use crate::scan::{ScanProgress, ScanWatch};

const REDRAW: Duration = Duration::from_millis(200);
/// Without a terminal, a line this often.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows files, bytes and folders left of a scan until it is dropped: one line that changes at a
/// terminal, a line now and then elsewhere, nothing beside a JSON object.
pub(super) struct ScanBar {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ScanBar {
    pub(super) fn new(screen: &Screen, watch: &ScanWatch) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let thread = (!screen.is_json()).then(|| {
            let (watch, ended) = (watch.clone(), Arc::clone(&ended));
            std::thread::spawn(move || show(&watch, &ended))
        });
        Self { ended, thread }
    }
}

impl Drop for ScanBar {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only draws; a fault there is no fault of the scan.
            drop(thread.join());
        }
    }
}

fn show(watch: &ScanWatch, ended: &AtomicBool) {
    let mut error = std::io::stderr();
    let at_terminal = error.is_terminal();
    let mut last = Instant::now();
    let mut drawn = false;
    loop {
        std::thread::park_timeout(REDRAW);
        if ended.load(Ordering::Acquire) {
            break;
        }
        let words = words(&watch.progress());
        if at_terminal {
            drop(write!(error, "\r{words:<79}"));
            drawn = true;
        } else if last.elapsed() >= LINE_EVERY {
            drop(writeln!(error, "{words}"));
            last = Instant::now();
        }
    }
    if drawn {
        drop(write!(error, "\r{:79}\r", ""));
    }
}

fn words(progress: &ScanProgress) -> String {
    let ScanProgress {
        files,
        bytes,
        folders_left,
        ..
    } = progress;
    let folders = if *folders_left == 1 {
        "folder"
    } else {
        "folders"
    };
    format!(
        "scanned {}, {}; {folders_left} {folders} left",
        show_files(*files),
        show_size(*bytes)
    )
}
