//! What a range of a drive holds.

use ntfs_image::Node;

/// A range of the disk that holds one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveSegment {
    /// Byte offset on the disk.
    pub at: u64,
    /// Length in bytes, never 0.
    pub bytes: u64,
    /// What it holds.
    pub what: What,
}

/// What a segment holds, and who writes it when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A partition table. Written in Seal; zeros until then.
    Gpt,
    /// Zeros outside the partition, not encrypted. The Erase phase wrote them.
    Gap,
    /// The first 8192 bytes of the partition. Written in Seal; zeros until then.
    FveBoot,
    /// BitLocker's information area 0, 1 or 2. Written in Seal; zeros until then.
    Information(u8),
    /// The volume's first 8192 bytes, encrypted where they lie here.
    HeaderCopy,
    /// File system structures, encrypted; [`DriveLayout::render`](super::DriveLayout::render) gives them.
    Metadata,
    /// A file's content, encrypted. What lies beyond the file's length is zeros.
    FileData {
        /// The file.
        file: Node,
        /// Offset in the file of the segment's first byte.
        from: u64,
    },
    /// Zeros, written encrypted.
    Zeros,
    /// Unused clusters: never written.
    Free,
}
