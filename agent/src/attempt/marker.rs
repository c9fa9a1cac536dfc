//! What tells an erased drive from another whose ends are empty, until the first mark is durable: a
//! block of its own where the volume header will be.

use disk::{ReadAt, ReadError, WriteError};
use sha2::{Digest, Sha256};

use crate::device::{AlignedBuffer, Device};

/// Bytes of the block: one logical sector at least, less than the header that takes its place.
const BYTES: usize = 4096;
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

    /// Returns whether every sector of the block on `disk` is what was written, or something else
    /// that `also` admits at its disk offset.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(super) fn is_on(
        &self,
        disk: &dyn ReadAt,
        also: &dyn Fn(u64, &[u8]) -> bool,
    ) -> Result<bool, ReadError> {
        let mut block = AlignedBuffer::zeroed(BYTES);
        disk.read_at(self.at, &mut block)?;
        let own = |sector: &[u8]| {
            let mut parts = sector.chunks(self.hash.len());
            parts.all(|part| part == self.hash)
        };
        let mut sectors = (self.at..).step_by(SECTOR).zip(block.chunks(SECTOR));
        Ok(sectors.all(|(at, sector)| own(sector) || also(at, sector)))
    }
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
        let nothing = |_, _: &[u8]| false;
        assert_eq!(marker(1, "A").is_on(&disk, &nothing), Ok(false));
        let mut block = Vec::new();
        block.extend(std::iter::repeat_n(marker(1, "A").hash, BYTES / 32).flatten());
        disk.write_at(8192, &block).expect("it fits");
        assert_eq!(marker(1, "A").is_on(&disk, &nothing), Ok(true));
        assert_eq!(marker(2, "A").is_on(&disk, &nothing), Ok(false));
        assert_eq!(marker(1, "B").is_on(&disk, &nothing), Ok(false));
        // A sector that was zeroed since counts when that is to be expected.
        disk.write_at(8192 + 512, &[0; 512]).expect("it fits");
        let zeros = |at, sector: &[u8]| at == 8704 && sector.iter().all(|byte| *byte == 0);
        assert_eq!(marker(1, "A").is_on(&disk, &nothing), Ok(false));
        assert_eq!(marker(1, "A").is_on(&disk, &zeros), Ok(true));
    }
}
