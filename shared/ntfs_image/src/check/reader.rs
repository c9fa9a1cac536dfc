//! Reading a stream from start to end, in big pieces.

use disk::{ReadAt, ReadError};

use crate::read::mft::read_stream;
use crate::read::stored::{bytes_of, place};
use crate::read::stream::Stream;

/// A stream that is read from start to end: a window of it is in memory.
pub(super) struct Sequential<'a> {
    disk: &'a dyn ReadAt,
    pub(super) stream: &'a Stream,
    at: u64,
    window: Vec<u8>,
}

impl<'a> Sequential<'a> {
    pub(super) const fn new(disk: &'a dyn ReadAt, stream: &'a Stream) -> Self {
        Self {
            disk,
            stream,
            at: 0,
            window: Vec::new(),
        }
    }

    /// Returns `length` bytes at `at`; what lies past the end of the stream is zeros. Fast while `at` ascends.
    pub(super) fn get(&mut self, at: u64, length: usize) -> Result<&[u8], ReadError> {
        let held_until = self.at.saturating_add(bytes_of(self.window.len()));
        let end = at.saturating_add(bytes_of(length));
        if at < self.at || end > held_until {
            let left = self.stream.bytes.saturating_sub(at);
            let size = place(left.min(WINDOW_BYTES)).max(length);
            self.window.resize(size, 0);
            self.at = at;
            let read = read_stream(self.stream, at, &mut self.window, |at, into| {
                self.disk.read_at(at, into)
            });
            if let Err(error) = read {
                self.window.clear();
                // One unreadable sector must not take a whole window with it.
                if length == size {
                    return Err(error);
                }
                self.window.resize(length, 0);
                let read = read_stream(self.stream, at, &mut self.window, |at, into| {
                    self.disk.read_at(at, into)
                });
                if let Err(error) = read {
                    self.window.clear();
                    return Err(error);
                }
            }
        }
        let from = place(at.saturating_sub(self.at));
        let bytes = self.window.get(from..from.saturating_add(length));
        Ok(bytes.unwrap_or_default())
    }

    /// Returns bit `number` of a bitmap.
    pub(super) fn bit(&mut self, number: u64) -> Result<bool, ReadError> {
        let byte = self.get(number / 8, 1)?.first().copied().unwrap_or(0);
        Ok(byte >> (number % 8) & 1 == 1)
    }
}

/// Big enough that a hard disk streams, small enough not to matter.
const WINDOW_BYTES: u64 = 1 << 20;
