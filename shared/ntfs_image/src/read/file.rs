//! A file whose place on the disk is known.

use super::FileId;
use super::stream::Stream;
use crate::FileTime;

/// A file's unnamed data stream: how long it is and where its bytes are.
#[derive(Clone, Debug)]
pub struct File {
    pub(super) id: FileId,
    pub(super) data: Stream,
    pub(super) created: FileTime,
    pub(super) modified: FileTime,
    pub(super) attributes: u32,
    pub(super) streams: Vec<StreamName>,
    pub(super) link_count: u16,
}

/// A part of a file. The extents of a file ascend by `file_at` and cover it without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Offset in the file, in bytes.
    pub file_at: u64,
    /// Length in bytes, never 0.
    pub bytes: u64,
    /// Where the bytes are.
    pub place: Place,
}

/// Where the bytes of an [`Extent`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file's own MFT record.
    Resident,
    /// On the disk, from this byte offset of the volume on.
    At(u64),
    /// Nowhere: they are zeros.
    Hole,
    /// Past the initialised size: space is allocated, but the file reads as zeros there.
    BeyondInitialised,
}

/// An alternate data stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamName {
    /// Its name, without the colon; half surrogates replaced by U+FFFD.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl File {
    /// Returns which file this is.
    #[must_use]
    pub const fn id(&self) -> FileId {
        self.id
    }
    /// Returns the length in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.data.bytes
    }
    /// Returns when it was made.
    #[must_use]
    pub const fn created(&self) -> FileTime {
        self.created
    }
    /// Returns when its data was changed last.
    #[must_use]
    pub const fn modified(&self) -> FileTime {
        self.modified
    }
    /// Returns its attributes: [`file_flags`](crate::attribute::file_flags) without DIRECTORY and VIEW_INDEX.
    #[must_use]
    pub const fn attributes(&self) -> u32 {
        self.attributes
    }
    /// Returns how many names it has (a pair of long and 8.3 name counts as two).
    #[must_use]
    pub const fn link_count(&self) -> u16 {
        self.link_count
    }
    /// Returns where its bytes are: ascending, gapless, covering `[0, bytes)` once.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.data.extents
    }
    /// Returns its alternate data streams: nobody copies them in silence.
    #[must_use]
    pub fn streams(&self) -> &[StreamName] {
        &self.streams
    }
}
