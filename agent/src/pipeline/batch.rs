//! What travels through the pipeline.

use ntfs_image::Node;
use shared::job::LeftOutReason;

use crate::device::AlignedBuffer;

/// A stretch of the drive, contiguous, with the bytes that go there.
pub(super) struct Batch {
    /// Disk offset of the first byte.
    pub at: u64,
    /// The bytes: plain until the encrypter took them.
    pub buffer: AlignedBuffer,
    /// What of it is hashed, in drive order.
    pub pieces: Vec<Piece>,
    /// Contents of small files that lie in file records, as read.
    pub residents: Vec<Vec<u8>>,
    /// MD5 of every block that ended in this batch, in drive order.
    pub hashes: Vec<[u8; 16]>,
    /// Files found to be left out while this batch was filled.
    pub left_out: Vec<(Node, LeftOutReason)>,
}

impl Batch {
    /// Returns the disk offset behind the last byte.
    pub(super) fn end(&self) -> u64 {
        self.at
            .saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX))
    }
}

/// A part of one block of one file.
pub(super) struct Piece {
    /// Where its bytes are.
    pub bytes: PieceBytes,
    /// Whether the block begins here.
    pub starts: bool,
    /// Whether the block ends here.
    pub ends: bool,
    /// What it is to a blob's Content-MD5.
    pub role: Role,
}

/// What a piece is to a blob's Content-MD5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing: none is wanted, or it is not of a blob.
    Plain,
    /// Content of an entry's file.
    Content {
        /// The entry.
        entry: u32,
        /// Whether the file begins here.
        starts: bool,
        /// Whether the file ends here.
        ends: bool,
    },
    /// The properties file of an entry's blob: filled in once the entry's file is hashed.
    Properties {
        /// The entry.
        entry: u32,
    },
}

/// Where the bytes of a piece are.
pub(super) enum PieceBytes {
    /// In the batch's buffer.
    Buffer(std::ops::Range<usize>),
    /// In the batch's `residents`, whole.
    Resident(usize),
}

/// Returns a length or offset within a batch as an index. Batches are at most 16 MiB.
pub(super) fn index(bytes: u64) -> usize {
    usize::try_from(bytes).expect("offsets within a batch are below 2^26")
}
