//! One MD5 under way.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "places within a block of 64 bytes"
)]

use crate::constants::{BLOCK, Block, INITIAL};
use crate::scalar;

/// An MD5 under way: what was hashed so far.
#[derive(Clone, Debug)]
pub struct Md5State {
    pub(crate) words: [u32; 4],
    /// Bytes hashed; the last `hashed % 64` of them wait in `waiting`.
    pub(crate) hashed: u64,
    waiting: Block,
}

impl Default for Md5State {
    fn default() -> Self {
        Self::new()
    }
}

impl Md5State {
    /// Returns the state before the first byte.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            words: INITIAL,
            hashed: 0,
            waiting: [0; BLOCK],
        }
    }

    /// Hashes `bytes` after what was hashed before, in one lane.
    pub fn update(&mut self, bytes: &[u8]) {
        let blocks = self.take_borders(bytes);
        scalar::compress(&mut self.words, blocks);
    }

    /// Returns the digest of everything hashed. [`crate::finish_many`] is faster for many.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        let (last, count) = self.last_blocks();
        let (last, _) = last.split_at(count);
        scalar::compress(&mut self.words, last);
        self.digest()
    }

    /// Takes from `bytes` what fills the waiting block (and hashes it) and what lies behind the
    /// last whole block (it waits from now on). Returns the whole blocks between, which the caller
    /// must hash into `words`.
    pub(crate) fn take_borders<'a>(&mut self, bytes: &'a [u8]) -> &'a [Block] {
        let waiting = self.waiting_bytes();
        self.hashed = self
            .hashed
            .wrapping_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let mut rest = bytes;
        if waiting > 0 {
            let room = &mut self.waiting[waiting..];
            let (filling, behind) = rest.split_at(rest.len().min(room.len()));
            room[..filling.len()].copy_from_slice(filling);
            if filling.len() < room.len() {
                return &[];
            }
            scalar::compress(&mut self.words, std::slice::from_ref(&self.waiting));
            rest = behind;
        }
        let (blocks, behind) = rest.as_chunks::<BLOCK>();
        self.waiting[..behind.len()].copy_from_slice(behind);
        blocks
    }

    /// Returns what is still to be hashed at the end, in the first one or two blocks: the waiting
    /// bytes, a one bit, zeros, the length in bits.
    pub(crate) fn last_blocks(&self) -> ([Block; 2], usize) {
        let waiting = self.waiting_bytes();
        let count = if waiting < 56 { 1 } else { 2 };
        let mut last = [[0; BLOCK]; 2];
        let bytes = last.as_flattened_mut();
        bytes[..waiting].copy_from_slice(&self.waiting[..waiting]);
        bytes[waiting] = 0x80;
        let bits = self.hashed.wrapping_mul(8).to_le_bytes();
        bytes[count * BLOCK - 8..count * BLOCK].copy_from_slice(&bits);
        (last, count)
    }

    /// Returns the words as a digest's bytes.
    pub(crate) fn digest(&self) -> [u8; 16] {
        let mut digest = [0; 16];
        let (places, _) = digest.as_chunks_mut::<4>();
        for (place, word) in places.iter_mut().zip(self.words) {
            *place = word.to_le_bytes();
        }
        digest
    }

    /// Returns whether bytes wait for the rest of their block.
    pub(crate) fn is_within_a_block(&self) -> bool {
        self.waiting_bytes() > 0
    }

    fn waiting_bytes(&self) -> usize {
        // Below 64, so that the conversion cannot fail.
        usize::try_from(self.hashed % 64).unwrap_or(0)
    }
}
