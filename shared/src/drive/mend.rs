//! What changes on a drive when files could not be copied.

use ntfs_image::NtfsLayout;

use super::DriveLayout;

/// The drive as it must be after some files were left out and the manifest got its final length.
#[derive(Debug)]
pub struct Mend<'a> {
    planned: &'a DriveLayout,
    mended: NtfsLayout,
}

/// A range of the disk that has to be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MendRange {
    /// Byte offset on the disk.
    pub at: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// How.
    pub what: MendWhat,
}

/// How a range is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MendWhat {
    /// Read, decrypted, passed through [`Mend::patch`], encrypted and written back.
    Patch,
    /// Overwritten with encrypted zeros: the data of a file that is not there any more, or what lies beyond the end of
    /// a manifest that got shorter.
    Zeros,
}

impl Mend<'_> {
    /// Returns the ranges to rewrite, ascending, no overlap. Empty when nothing changed.
    pub fn ranges(&self) -> impl Iterator<Item = MendRange> + '_ {
        let _ = (self.planned, &self.mended);
        std::iter::empty()
    }

    /// Turns the decrypted bytes of a [`MendWhat::Patch`] range, as planned or already mended, into what they must be.
    ///
    /// Small files that live in the same blocks keep their content: only bytes that the change touches are replaced. So
    /// it does not matter how often this is done, or where a power cut stopped it.
    pub fn patch(&self, at: u64, bytes: &mut [u8]) {
        todo!("{at} {}", bytes.len())
    }
}
