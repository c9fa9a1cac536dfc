//! What this computer does by itself: hashing and enciphering from memory.

use std::time::Duration;

use bitlocker_image::{Cipher, SectorCipher};
use disk::SectorSize;
use lanes::{Md5State, Piece, update_many};
use serde::Serialize;

use super::budget::{Budget, rate};
use crate::device::AlignedBuffer;
use crate::pipeline::LEG_BYTES;

/// Blocks that are hashed side by side, as the pipeline does.
const BLOCK_BYTES: usize = 4 << 20;

/// What this computer does by itself. Speeds are bytes a second of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Computer {
    /// MD5 of blocks of 4 MiB side by side.
    pub hash: u64,
    /// XTS-AES-128.
    pub encipher: u64,
    /// Processors that this program may use.
    pub processors: usize,
    /// Memory that programs could have now; `None` where the system does not say.
    pub memory_free: Option<u64>,
}

impl Computer {
    /// Measures it, half of the time each.
    #[must_use]
    pub fn measure(budget: &Budget) -> Self {
        let mut buffer = AlignedBuffer::zeroed(usize::try_from(LEG_BYTES).unwrap_or(BLOCK_BYTES));
        // Pages that were never written to are all the same one.
        buffer.fill(0xa5);
        let half = budget.part(50);
        let hash = repeat(&half, buffer.len(), || hash(&buffer));
        let key = [7; 32];
        let cipher = SectorCipher::new(Cipher::XtsAes128, &key, SectorSize::B512);
        let encipher = cipher.map_or(0, |cipher| {
            let length = buffer.len();
            repeat(&half, length, || cipher.encrypt(0, &mut buffer))
        });
        Self {
            hash,
            encipher,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_free: memory_free(),
        }
    }

    /// Returns the bytes a second that come through both: side by side where there are processors for it, else
    /// one after the other.
    #[must_use]
    pub fn rate(&self) -> u64 {
        if self.processors > 1 {
            return self.hash.min(self.encipher);
        }
        self.rate_of_one()
    }

    /// Returns the bytes a second that come through both one after the other: what the one thread does that reads back.
    #[must_use]
    pub fn rate_of_one(&self) -> u64 {
        let (hash, encipher) = (u128::from(self.hash), u128::from(self.encipher));
        let both = hash
            .saturating_mul(encipher)
            .checked_div(hash.saturating_add(encipher));
        u64::try_from(both.unwrap_or(0)).unwrap_or(u64::MAX)
    }
}

fn hash(buffer: &[u8]) {
    let blocks = buffer.chunks(BLOCK_BYTES);
    let mut states: Vec<Md5State> = blocks.clone().map(|_| Md5State::new()).collect();
    let pieces = states.iter_mut().zip(blocks);
    let mut pieces: Vec<Piece<'_>> = pieces
        .map(|(state, bytes)| Piece::new(state, bytes))
        .collect();
    update_many(&mut pieces);
    std::hint::black_box(&states);
}

/// Does something again and again; returns bytes a second. Once at least, and what came before it does not count.
fn repeat(budget: &Budget, bytes: usize, mut act: impl FnMut()) -> u64 {
    act();
    let running = budget.begin();
    let mut done: u64 = 0;
    loop {
        act();
        done = done.saturating_add(u64::try_from(bytes).unwrap_or(0));
        if running.is_over() {
            return rate(done, running.elapsed().max(Duration::from_micros(1)));
        }
    }
}

/// Returns what Linux says that programs could have.
fn memory_free() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_processor_does_one_after_the_other() {
        let computer = |processors| Computer {
            hash: 3000,
            encipher: 6000,
            processors,
            memory_free: None,
        };
        assert_eq!(computer(2).rate(), 3000);
        assert_eq!(computer(1).rate(), 2000);
        assert_eq!(computer(2).rate_of_one(), 2000);
    }
}
