//! What tells an erased drive from another whose ends are empty, until the first mark is durable: a
//! block of its own where the volume header will be, the first thing that is written to the drive.

use std::ops::Range;

use disk::{ReadAt, ReadError, WriteError};
use sha2::{Digest, Sha256};

use crate::device::{AlignedBuffer, Device};

/// Bytes of the block: one logical sector at least, less than the header that takes its place.
const BYTES: usize = 4096;
/// The same, as a stretch of a drive.
const PLACE: u64 = 4096;
/// What drives write at once, at the least.
const SECTOR: usize = 512;

/// The block that says which drive of which plan this is. Nothing in it is secret.
pub(super) struct Marker {
    at: u64,
    hash: [u8; 32],
}

impl Marker {
    /// Returns the block of the drive `serial` of a plan, to lie at the disk offset `at`.
    pub(super) fn new(at: u64, plan_hash: &[u8; 32], serial: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"argosy: this drive was erased and is being filled\0");
        hash.update(plan_hash);
        hash.update(serial);
        let hash = hash.finalize().into();
        Self { at, hash }
    }

    /// Writes it and makes it durable.
    ///
    /// # Errors
    /// [`WriteError`].
    pub(super) fn write(&self, device: &mut dyn Device) -> Result<(), WriteError> {
        let mut block = AlignedBuffer::zeroed(BYTES);
        for part in block.chunks_exact_mut(self.hash.len()) {
            part.copy_from_slice(&self.hash);
        }
        device.write_at(self.at, &block)?;
        device.flush()
    }

    /// Returns its place, which nothing else is written to before the seal.
    pub(super) const fn place(&self) -> Range<u64> {
        self.at..self.at.saturating_add(PLACE)
    }

    /// Returns how much of the block is on `disk`. What lies in its place besides does not count: a
    /// write that was torn leaves what was there before.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(super) fn found(&self, disk: &dyn ReadAt) -> Result<Found, ReadError> {
        let mut block = AlignedBuffer::zeroed(BYTES);
        disk.read_at(self.at, &mut block)?;
        let own = |sector: &[u8]| {
            let mut parts = sector.chunks(self.hash.len());
            parts.all(|part| part == self.hash)
        };
        let sectors = || block.chunks(SECTOR);
        Ok(if sectors().all(own) {
            Found::Whole
        } else if sectors().any(own) {
            Found::Torn
        } else {
            Found::Nothing
        })
    }
}

/// How much of the block is on a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All of it.
    Whole,
    /// Some sectors: the power went while it was written.
    Torn,
    /// Not one sector.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::{MemDisk, WriteAt};

    fn marker(plan: u8, serial: &str) -> Marker {
        Marker::new(8192, &[plan; 32], serial)
    }

    #[test]
    fn only_the_same_drive_of_the_same_plan_has_the_block() {
        let mut disk = MemDisk::new(1 << 20);
        assert_eq!(marker(1, "A").found(&disk), Ok(Found::Nothing));
        let mut block = Vec::new();
        block.extend(std::iter::repeat_n(marker(1, "A").hash, BYTES / 32).flatten());
        disk.write_at(8192, &block).expect("it fits");
        assert_eq!(marker(1, "A").found(&disk), Ok(Found::Whole));
        assert_eq!(marker(2, "A").found(&disk), Ok(Found::Nothing));
        assert_eq!(marker(1, "B").found(&disk), Ok(Found::Nothing));
        // One sector of it is enough to know that it was begun, and not that it is durable.
        disk.write_at(8192, &[7; 7 * 512]).expect("it fits");
        assert_eq!(marker(1, "A").found(&disk), Ok(Found::Torn));
        disk.write_at(8192 + 7 * 512, &[7; 1]).expect("it fits");
        assert_eq!(marker(1, "A").found(&disk), Ok(Found::Nothing));
    }
}
