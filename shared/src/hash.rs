//! Hashes as bytes stream past: MD5 a block and a whole file, SHA-256; and hashes as text.
//!
//! MD5 is what the import service compares; it finds accidents, not attackers. SHA-256 chains the
//! journal.

use lanes::Md5State;
use sha2::{Digest, Sha256};
use std::io;

/// Returns the MD5 of `bytes`.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut state = Md5State::new();
    state.update(bytes);
    state.finish()
}

/// Returns the SHA-256 of the concatenation of `parts`.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

/// Returns upper-case Base16, as manifests and the service write hashes.
#[must_use]
pub fn upper_hex(bytes: &[u8]) -> String {
    hex(bytes, b"0123456789ABCDEF")
}

/// Returns lower-case Base16, as journals write our own hashes.
#[must_use]
pub fn lower_hex(bytes: &[u8]) -> String {
    hex(bytes, b"0123456789abcdef")
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(digits[usize::from(half)]));
        }
    }
    text
}

/// Returns the `N` bytes of exactly `2 * N` Base16 digits of either case; `None` for any other
/// text.
#[must_use]
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
    }
    Some(bytes)
}

/// Hashes one file in blocks, and as a whole when asked, over pieces of any length.
pub struct FileHasher {
    block_bytes: u64,
    in_block: u64,
    block: Md5State,
    whole: Option<Md5State>,
    blocks: Vec<[u8; 16]>,
}

impl FileHasher {
    /// Begins a file whose blocks have `block_bytes` bytes.
    ///
    /// # Panics
    /// When `block_bytes` is 0.
    #[must_use]
    pub fn new(block_bytes: u64, whole: bool) -> Self {
        assert!(block_bytes > 0, "a block has at least one byte");
        let whole = whole.then(Md5State::new);
        Self {
            block_bytes,
            in_block: 0,
            block: Md5State::new(),
            whole,
            blocks: Vec::new(),
        }
    }

    /// Takes the file's next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(whole) = &mut self.whole {
            whole.update(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.block_bytes.saturating_sub(self.in_block);
            let (now, later) =
                rest.split_at(usize::try_from(room).unwrap_or(usize::MAX).min(rest.len()));
            self.block.update(now);
            self.in_block = self
                .in_block
                .saturating_add(u64::try_from(now.len()).unwrap_or(u64::MAX));
            if self.in_block == self.block_bytes {
                self.end_block();
            }
            rest = later;
        }
    }

    /// Ends the file. Returns the MD5 of every block (an empty file has none), and of the whole
    /// file when asked.
    #[must_use]
    pub fn finish(mut self) -> (Vec<[u8; 16]>, Option<[u8; 16]>) {
        if self.in_block > 0 {
            self.end_block();
        }
        (self.blocks, self.whole.map(Md5State::finish))
    }

    fn end_block(&mut self) {
        let block = std::mem::replace(&mut self.block, Md5State::new());
        self.blocks.push(block.finish());
        self.in_block = 0;
    }
}

/// Passes bytes on to `inner` and knows the MD5 and the count of what went through.
pub struct Md5Writer<W> {
    inner: W,
    state: Md5State,
    bytes: u64,
}

impl<W: io::Write> Md5Writer<W> {
    /// Begins with nothing written.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            state: Md5State::new(),
            bytes: 0,
        }
    }

    /// Returns the inner writer, the MD5 and the count of all bytes.
    pub fn finish(self) -> (W, [u8; 16], u64) {
        (self.inner, self.state.finish(), self.bytes)
    }
}

impl<W: io::Write> io::Write for Md5Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.state.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn md5_is_the_one_of_rfc_1321() {
        assert_eq!(
            upper_hex(&md5(b"message digest")),
            "F96B697D7CB7938D525A2F31AAF161D0"
        );
        assert_eq!(
            lower_hex(&sha256(&[b"a", b"bc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn blocks_do_not_depend_on_the_pieces_they_come_in() {
        let bytes: Vec<u8> = (0..1000_u32)
            .map(|i| u8::try_from(i % 251).expect("small"))
            .collect();
        let oracle: Vec<[u8; 16]> = bytes
            .chunks(64)
            .map(|block| <::md5::Md5 as ::md5::Digest>::digest(block).into())
            .collect();
        for piece in [1, 63, 64, 65, 1000] {
            let mut hasher = FileHasher::new(64, true);
            bytes.chunks(piece).for_each(|piece| hasher.update(piece));
            let (blocks, whole) = hasher.finish();
            assert_eq!(blocks, oracle);
            assert_eq!(
                whole,
                Some(<::md5::Md5 as ::md5::Digest>::digest(&bytes).into())
            );
        }
    }

    #[test]
    fn an_empty_file_has_no_block_and_a_full_one_no_empty_last_block() {
        assert_eq!(FileHasher::new(64, false).finish(), (Vec::new(), None));
        let mut hasher = FileHasher::new(64, false);
        hasher.update(&[0; 128]);
        assert_eq!(hasher.finish().0.len(), 2);
    }

    #[test]
    fn a_writer_hashes_what_went_through() {
        let mut writer = Md5Writer::new(Vec::new());
        writer.write_all(b"message ").expect("memory");
        writer.write_all(b"digest").expect("memory");
        let (inner, hash, bytes) = writer.finish();
        assert_eq!(
            (inner.as_slice(), bytes),
            (b"message digest".as_slice(), 14)
        );
        assert_eq!(hash, md5(b"message digest"));
    }

    #[test]
    fn only_exact_hex_is_read() {
        assert_eq!(from_hex::<2>("aB0f"), Some([0xab, 0x0f]));
        for bad in ["", "ab0", "ab0f0", "ab0g", "+b0f", "ab é"] {
            assert_eq!(from_hex::<2>(bad), None, "{bad}");
        }
    }
}
