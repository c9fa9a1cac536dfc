//! What makes a written drive openable.

/// The parts that are written last, each group flushed before the next: until then nothing on the drive can be
/// recognised, so a drive that was not finished is not taken for one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealParts {
    /// First: the three information areas, then the boot sector with its junk. Disk offset and bytes, ascending.
    pub bitlocker: Vec<(u64, Vec<u8>)>,
    /// Second: the backup partition table. Disk offset and bytes.
    pub gpt_backup: (u64, Vec<u8>),
    /// Last: protective MBR and primary partition table. Disk offset 0 and bytes.
    pub gpt_primary: (u64, Vec<u8>),
}
