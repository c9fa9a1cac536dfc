//! What was read a moment ago, so that many small reads do not each go to the medium.
//!
//! A file system is walked a kilobyte at a time. Each window was read from the medium after the
//! reader was opened; nothing that was written or cached before it ends up here.

use std::collections::VecDeque;
use std::io::Result;
use std::sync::{Mutex, PoisonError};

use super::aligned_buffer::AlignedBuffer;
use super::medium::Medium;
use crate::number::wide;

/// Bytes of a window; windows start on borders of this.
const WINDOW_BYTES: u64 = 131_072;
/// Windows that are kept.
const WINDOWS_MAX: usize = 16;

/// Windows, the latest first.
#[derive(Default)]
pub(super) struct Recent {
    windows: Mutex<VecDeque<(u64, AlignedBuffer)>>,
}

impl Recent {
    /// Returns whether a read of this length is worth a window.
    pub(super) fn serves(length: usize) -> bool {
        wide(length) < WINDOW_BYTES / 2
    }

    /// Fills `into` from offset `at`, which must lie on the medium.
    pub(super) fn read(&self, medium: &Medium, at: u64, into: &mut [u8]) -> Result<()> {
        let (mut at, mut rest) = (at, into);
        while !rest.is_empty() {
            let start = at & !(WINDOW_BYTES.saturating_sub(1));
            let skipped = at.saturating_sub(start);
            let room = usize::try_from(WINDOW_BYTES.saturating_sub(skipped)).unwrap_or(0);
            let (piece, behind) = rest.split_at_mut(room.min(rest.len()));
            if !self.copy(start, skipped, piece) && !self.load(medium, start, skipped, piece) {
                medium.read(at, piece)?;
            }
            at = at.saturating_add(wide(piece.len()));
            rest = behind;
        }
        Ok(())
    }

    fn copy(&self, start: u64, skipped: u64, into: &mut [u8]) -> bool {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.iter().find(|(at, _)| *at == start);
        window.is_some_and(|(_, window)| copy_from(window, skipped, into))
    }

    /// Reads a window and copies from it; `false` when the window cannot be read whole, as with a
    /// bad sector in it.
    fn load(&self, medium: &Medium, start: u64, skipped: u64, into: &mut [u8]) -> bool {
        let mut window = self
            .oldest()
            .unwrap_or_else(|| AlignedBuffer::zeroed(usize::try_from(WINDOW_BYTES).unwrap_or(0)));
        let length = medium.bytes().saturating_sub(start).min(WINDOW_BYTES);
        window.set_length(usize::try_from(length).unwrap_or(0));
        let is_whole = medium.read(start, &mut window).is_ok() && copy_from(&window, skipped, into);
        if is_whole {
            self.windows
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_front((start, window));
        }
        is_whole
    }

    /// Takes out the oldest window when there are as many as may be.
    fn oldest(&self) -> Option<AlignedBuffer> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if windows.len() < WINDOWS_MAX {
            None
        } else {
            windows.pop_back()
        };
        oldest.map(|(_, window)| window)
    }
}

fn copy_from(window: &[u8], skipped: u64, into: &mut [u8]) -> bool {
    let start = usize::try_from(skipped).unwrap_or(usize::MAX);
    let found = window
        .get(start..)
        .and_then(|window| window.get(..into.len()));
    if let Some(found) = found {
        into.copy_from_slice(found);
    }
    found.is_some()
}
