//! The bytes under the parser: hashed, counted, and bounded.

use lanes::Md5State;
use std::io::{self, BufRead, Read};

/// Buffers, hashes every byte read, counts lines, and stops a parser that wants too much for one
/// element.
pub(super) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    budget: usize,
    md5: Md5State,
    bytes: u64,
    line: u64,
}

/// The most bytes of one tag or one text: a path of 32,767 UTF-16 units has at most 98 KiB, escaped
/// at most five times that.
const PIECE_BYTES_MAX: usize = 1 << 20;
const BUFFER_BYTES: usize = 64 * 1024;

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER_BYTES],
            at: 0,
            filled: 0,
            budget: PIECE_BYTES_MAX,
            md5: Md5State::new(),
            bytes: 0,
            line: 1,
        }
    }

    /// Allows the next tag or text its full length.
    pub(super) fn next_piece(&mut self) {
        self.budget = PIECE_BYTES_MAX;
    }

    /// The line that the next byte stands in, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// MD5 and length of everything read so far; of the whole, once the parser has seen the end.
    pub(super) fn digest(&self) -> ([u8; 16], u64) {
        (self.md5.clone().finish(), self.bytes)
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into.iter_mut()
            .zip(available)
            .for_each(|(to, from)| *to = *from);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.budget == 0 {
            let what = "a tag or text is longer than 1 MiB";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if self.at >= self.filled {
            self.at = 0;
            self.filled = self.inner.read(&mut self.buffer)?;
            let fresh = self.buffer.get(..self.filled).unwrap_or(&[]);
            self.md5.update(fresh);
            self.bytes = self
                .bytes
                .saturating_add(u64::try_from(fresh.len()).unwrap_or(u64::MAX));
        }
        Ok(self.buffer.get(self.at..self.filled).unwrap_or(&[]))
    }

    fn consume(&mut self, count: usize) {
        let end = self.at.saturating_add(count).min(self.filled);
        let gone = self.buffer.get(self.at..end).unwrap_or(&[]);
        let lines = gone.iter().filter(|&&byte| byte == b'\n').count();
        self.line = self
            .line
            .saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.budget = self.budget.saturating_sub(count);
        self.at = end;
    }
}
