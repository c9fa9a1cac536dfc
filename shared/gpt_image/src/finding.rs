//! What is wrong with a table that could be read all the same.

use std::fmt;

use thiserror::Error;

/// One thing wrong with a partition table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptFinding {
    /// One of the two copies cannot be used.
    #[error("the {copy} partition table cannot be used: {why}")]
    Unusable {
        /// Which copy.
        copy: Copy,
        /// Where, what was expected and what was found.
        why: String,
    },
    /// Both copies are whole but say different things.
    #[error("the primary and the backup partition table differ: {what}; the primary was taken")]
    CopiesDiffer {
        /// In what.
        what: &'static str,
    },
    /// The backup is not in the disk's last sector: the disk grew, or was copied to a longer one.
    #[error(
        "the backup partition table is in sector {found}; the disk's last sector is {expected}"
    )]
    BackupMisplaced {
        /// The disk's last sector.
        expected: u64,
        /// Where the primary says that it is.
        found: u64,
    },
    /// No protective MBR, so that old programs take the disk for empty.
    #[error("no protective partition record in sector 0 before the partition table")]
    ProtectiveMbr,
    /// A partition that does not lie on the disk, or ends before it starts; it is left out.
    #[error("partition {number}: sectors {first} to {last} are not on a disk of {sectors} sectors")]
    OutOfRange {
        /// Its place in the table, from 1.
        number: u32,
        /// First sector.
        first: u64,
        /// Last sector.
        last: u64,
        /// Sectors of the disk.
        sectors: u64,
    },
    /// A partition that lies over the table itself.
    #[error(
        "partition {number}: sectors {first} to {last} leave the usable ones, \
         {usable_first} to {usable_last}"
    )]
    NotUsable {
        /// Its place in the table, from 1.
        number: u32,
        /// First sector.
        first: u64,
        /// Last sector.
        last: u64,
        /// First sector that the header calls usable.
        usable_first: u64,
        /// Last sector that the header calls usable.
        usable_last: u64,
    },
    /// Two partitions share bytes.
    #[error("partitions {number} and {other} overlap at byte {at:#x}")]
    Overlap {
        /// The one that starts first.
        number: u32,
        /// The one that starts inside it.
        other: u32,
        /// Where the second starts.
        at: u64,
    },
    /// An extended partition: its logical drives are not read.
    #[error(
        "partition {number} is an extended one (type {kind:#04x}); \
         the drives inside it were not read"
    )]
    Extended {
        /// Its place in the table, from 1.
        number: u32,
        /// Its type.
        kind: u8,
    },
}

/// One of the two copies of a GPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// Behind sector 0.
    Primary,
    /// In the disk's last sectors.
    Backup,
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        })
    }
}
