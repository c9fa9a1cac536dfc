//! What moves a drive on.

use serde::{Deserialize, Serialize};

/// Something that happened to one drive, after it became durable there. See
/// [`DriveState`](super::DriveState) for what may follow what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriveEvent {
    /// Old partition tables and signatures are destroyed, and the device was flushed.
    Erased,
    /// The drive holds sessions already, which stay: its free clusters are being filled.
    Adding,
    /// Every byte of the drive before `through` is on the medium.
    Durable {
        /// Bytes from the start of the drive.
        through: u64,
    },
    /// All file data and the manifest are durable; the blocks that left-out files touch are being
    /// rewritten.
    Mending,
    /// The mend is durable; partition table and BitLocker headers are being written.
    Sealing,
    /// All is durable; the drive can be opened.
    Written,
    /// Somebody else encrypted and filled it; every file on it was hashed where it lies.
    InPlace,
    /// The reader has proven everything up to `through`.
    VerifiedThrough {
        /// Bytes, in the fixed order of the verification.
        through: u64,
    },
    /// The whole drive was read back and is right.
    Verified {
        /// Planned files that failed during the copy and are not on the drive.
        missing_files: u64,
    },
    /// The attempt ended in a fault.
    Failed {
        /// One sentence for the person at the drive.
        why: String,
    },
    /// The person stopped it.
    Cancelled,
    /// A new attempt begins where the last durable mark stands.
    Resumed,
}
