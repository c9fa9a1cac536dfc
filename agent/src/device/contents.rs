//! What is on a drive now.

use disk::ReadAt;

/// What was found on a drive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How sure it is that the drive holds only zeros.
    pub emptiness: Emptiness,
    /// The partition table and everything recognised, on the whole drive and at the start of each partition.
    pub signatures: Vec<Signature>,
}

/// How sure it is that a drive holds only zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emptiness {
    /// Something other than zeros was read.
    HoldsData,
    /// All that was sampled is zeros.
    SampledZeros,
    /// Every byte is zero.
    ProvenZeros,
    /// It could not be read.
    #[default]
    Unread,
}

/// One recognised structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What it is, in words: `GPT`, `NTFS`, `BitLocker`, `ext4`, `LUKS`, `Linux RAID`, `LVM`, `ZFS`.
    pub what: &'static str,
    /// Name found with it: a partition's or volume's label; often empty.
    pub name: String,
    /// Byte offset of the disk, partition or volume that it belongs to.
    pub at: u64,
    /// Bytes of that disk, partition or volume.
    pub bytes: u64,
}

/// How thoroughly to look for bytes other than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// First and last MiB, and 64 KiB at each of 256 places between.
    Sampled,
    /// Every byte that is not in a hole.
    Exhaustive,
}

/// Returns what is recognised on `disk`; what cannot be read is not an error but [`Emptiness::Unread`].
#[must_use]
pub fn contents(_disk: &dyn ReadAt) -> Contents {
    todo!()
}

/// Returns whether `disk` reads as zeros.
///
/// # Errors
/// [`disk::ReadError`] when it cannot be read.
pub fn blank(
    _disk: &dyn ReadAt,
    _thoroughness: Thoroughness,
) -> Result<Emptiness, disk::ReadError> {
    todo!()
}
