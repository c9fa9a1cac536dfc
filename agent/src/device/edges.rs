//! The first and last MiB of a drive, sector by sector: what tells an interrupted erase from
//! another drive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use disk::{ReadAt, ReadError};
use serde::{Deserialize, Serialize};

use super::aligned_buffer::AlignedBuffer;

/// Bytes of an edge.
const EDGE: u64 = 1 << 20;
/// What drives write at once, at the least.
const SECTOR: usize = 512;

/// CRC-32 of every 512 bytes of a drive's first and last MiB (less on a smaller one), as they were
/// when somebody confirmed it.
///
/// A power cut during the erase leaves some sectors as they were and some zeroed; a drive with
/// anything else there is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges(Vec<u32>);

impl Edges {
    /// Reads them.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(disk: &dyn ReadAt) -> Result<Self, ReadError> {
        let mut sums = Vec::new();
        each(disk, &mut |_, sector| {
            sums.push(crc32fast::hash(sector));
            true
        })?;
        Ok(Self(sums))
    }

    /// Returns whether every sector of `disk` is as it was here, or holds only zeros.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn admit(&self, disk: &dyn ReadAt) -> Result<bool, ReadError> {
        let mut sums = self.0.iter();
        each(disk, &mut |_, sector| {
            let sum = sums.next();
            is_zero(sector) || sum == Some(&crc32fast::hash(sector))
        })
    }

    /// Returns whether every sector of `disk` is as it was here.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn are_on(&self, disk: &dyn ReadAt) -> Result<bool, ReadError> {
        Ok(*self == Self::read(disk)?)
    }

    /// Returns whether every sector held only zeros: as on any other empty drive.
    #[must_use]
    pub fn are_empty(&self) -> bool {
        let zeros = crc32fast::hash(&[0; SECTOR]);
        self.0.iter().all(|sum| *sum == zeros)
    }

    /// Returns whether every sector of `disk` holds zeros, or what `pattern` draws at its offset.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn erased(
        disk: &dyn ReadAt,
        pattern: &dyn Fn(u64, &[u8]) -> bool,
    ) -> Result<bool, ReadError> {
        each(disk, &mut |at, sector| {
            is_zero(sector) || pattern(at, sector)
        })
    }
}

/// Goes over all sectors of both edges; stops at the first that `right` says no to.
fn each(disk: &dyn ReadAt, right: &mut dyn FnMut(u64, &[u8]) -> bool) -> Result<bool, ReadError> {
    let edge = disk.bytes().min(EDGE);
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(edge).unwrap_or(0));
    for start in [0, disk.bytes().saturating_sub(edge)] {
        disk.read_at(start, &mut buffer)?;
        for (at, sector) in (start..).step_by(SECTOR).zip(buffer.chunks(SECTOR)) {
            if !right(at, sector) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is_zero(sector: &[u8]) -> bool {
    sector.iter().all(|byte| *byte == 0)
}

impl Serialize for Edges {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        BASE64.encode(bytes).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Edges {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64.decode(text).map_err(serde::de::Error::custom)?;
        let (sums, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(serde::de::Error::custom("not a whole number of sums"));
        }
        Ok(Self(
            sums.iter().map(|sum| u32::from_le_bytes(*sum)).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::{MemDisk, WriteAt};

    const BYTES: u64 = 8 << 20;

    fn used() -> MemDisk {
        let mut disk = MemDisk::new(BYTES);
        disk.write_at(0, &[1; 4096]).expect("in bounds");
        disk.write_at(BYTES - 4096, &[2; 4096]).expect("in bounds");
        disk
    }

    #[test]
    fn a_drive_that_is_half_erased_is_the_same_and_any_other_is_not() {
        let mut disk = used();
        let edges = Edges::read(&disk).expect("memory");
        assert!(edges.admit(&disk).expect("memory") && edges.are_on(&disk).expect("memory"));
        disk.write_at(512, &[0; 1024]).expect("in bounds");
        assert!(!edges.are_on(&disk).expect("memory"));
        assert!(edges.admit(&disk).expect("memory"));
        disk.write_at(BYTES - 512, &[3; 1]).expect("in bounds");
        assert!(!edges.admit(&disk).expect("memory"));
        assert!(edges.admit(&MemDisk::new(BYTES)).expect("memory"));
    }

    #[test]
    fn only_an_empty_drive_has_nothing_to_be_told_by() {
        assert!(!Edges::read(&used()).expect("memory").are_empty());
        let empty = Edges::read(&MemDisk::new(BYTES)).expect("memory");
        assert!(empty.are_empty());
    }

    #[test]
    fn they_come_back_from_a_plan_as_they_were() {
        let edges = Edges::read(&used()).expect("memory");
        let text = serde_json::to_string(&edges).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Edges>(&text).expect("just written"),
            edges
        );
        assert!(serde_json::from_str::<Edges>("\"AAA\"").is_err());
    }

    #[test]
    fn an_erased_drive_holds_zeros_or_the_pattern_of_a_check() {
        let mut disk = MemDisk::new(BYTES);
        let pattern = |_: u64, sector: &[u8]| sector.iter().all(|byte| *byte == 9);
        assert!(Edges::erased(&disk, &pattern).expect("memory"));
        disk.write_at(BYTES - 512, &[9; 512]).expect("in bounds");
        assert!(Edges::erased(&disk, &pattern).expect("memory"));
        disk.write_at(0, &[8; 1]).expect("in bounds");
        assert!(!Edges::erased(&disk, &pattern).expect("memory"));
    }
}
