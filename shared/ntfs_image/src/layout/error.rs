//! Why a volume cannot be laid out.

use thiserror::Error;

use crate::Node;
use crate::name::NameProblem;

/// A volume that cannot be laid out. Nothing was written.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// The files need more than there is.
    #[error(
        "the files do not fit on a volume of {volume_bytes} bytes: {missing_bytes} more are needed"
    )]
    DoesNotFit {
        /// Bytes by which the volume is too small: with exactly so many more, everything fits.
        missing_bytes: u64,
        /// Bytes of the volume.
        volume_bytes: u64,
    },
    /// Two names of one folder that differ at most in case.
    #[error("{first:?} and {second:?} in one folder are the same file to Windows")]
    CaseTwins {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The folder.
        folder: Node,
    },
    /// Smaller than any volume, or not a whole number of sectors.
    #[error("a volume of {bytes} bytes is too small or not a whole number of sectors")]
    TooSmall {
        /// Bytes of the volume.
        bytes: u64,
    },
    /// NTFS counts 2^32 clusters of at most 64 KiB here.
    #[error("a volume of {bytes} bytes is larger than 256 TiB")]
    TooLarge {
        /// Bytes of the volume.
        bytes: u64,
    },
    /// Windows shows 32 units of a label.
    #[error("the volume label has {units} UTF-16 units; 32 is the most")]
    LabelTooLong {
        /// Units of the label.
        units: usize,
    },
    /// More reserved files than a record's run list can go around.
    #[error("{count} reserved files; 16 is the most")]
    TooManyReserved {
        /// Files asked for.
        count: usize,
    },
    /// Windows could not use a reserved file's name.
    #[error("reserved file {name:?}: {problem}")]
    ReservedName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        problem: NameProblem,
    },
    /// Two reserved files of one name.
    #[error("two reserved files are named {name:?}")]
    ReservedTwins {
        /// The name.
        name: String,
    },
    /// A reserved extent that is empty, not on a cluster's start, in the first 8192 bytes or outside the clusters.
    #[error(
        "reserved file {name:?} cannot lie at {at:#x} with {bytes} bytes: clusters have {cluster_bytes} bytes"
    )]
    ReservedPlace {
        /// The name.
        name: String,
        /// Byte offset asked for.
        at: u64,
        /// Bytes asked for.
        bytes: u64,
        /// Bytes of a cluster.
        cluster_bytes: u64,
    },
    /// Two reserved files share a cluster.
    #[error("reserved files {first:?} and {second:?} share a cluster")]
    ReservedOverlap {
        /// The one that starts first.
        first: String,
        /// The other.
        second: String,
    },
    /// A folder's name and the pieces of its index do not fit its record.
    #[error(
        "the index of folder {folder:?} is cut into too many pieces by reserved extents for a name this long"
    )]
    FolderRecordFull {
        /// The folder's name.
        folder: String,
    },
    /// A file to be resized that is a folder, is left out, or would grow.
    #[error("{name:?} cannot be resized to {bytes} bytes")]
    Resize {
        /// The name.
        name: String,
        /// Bytes asked for.
        bytes: u64,
    },
}
