//! Everything on a volume that a person put there.

use disk::ReadAt;
use ntfs_image::{FileTime, read};

/// What `unpack` copies: every file and folder except `System Volume Information` and the file system's own files.
pub struct Contents<'a, R> {
    volume: &'a read::Volume<R>,
}

/// One file or folder.
#[derive(Debug)]
pub struct Item {
    /// Parts of the path, from the root.
    pub path: Vec<String>,
    /// True for a folder; folders come before what they hold.
    pub is_folder: bool,
    /// Length of a file.
    pub bytes: u64,
    /// When it was last changed.
    pub modified: FileTime,
    /// How to read a file; the reason when it cannot be read (compressed, encrypted by EFS, damaged).
    pub file: Option<Result<read::File, read::VolumeError>>,
}

impl<'a, R: ReadAt> Contents<'a, R> {
    /// Walks `volume` from its root.
    #[must_use]
    pub const fn new(volume: &'a read::Volume<R>) -> Self {
        Self { volume }
    }
}

impl<R: ReadAt> Iterator for Contents<'_, R> {
    type Item = Result<Item, read::VolumeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let _ = self.volume;
        todo!()
    }
}
