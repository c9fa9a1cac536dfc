//! Everything on a volume that a person put there.

use disk::ReadAt;
use ntfs_image::read::{Entry, File, Volume, VolumeError, Walk};

/// What `unpack` copies: every file and folder except `System Volume Information` and the file system's own files.
/// Folders come before what they hold. An error names what could not be walked; the rest still comes.
#[derive(Debug)]
pub struct Contents<'a, R> {
    volume: &'a Volume<R>,
    walk: Walk<'a, R>,
}

/// One file or folder.
#[derive(Debug)]
pub struct Item {
    /// Path from the root: `\a\b`.
    pub path: String,
    /// What the folder says about it: name (is it lossless?), length, time, attributes, reparse tag.
    pub entry: Entry,
    /// A file opened, or why it cannot be read (compressed, encrypted by EFS, a reparse point, damaged); `None` for a
    /// folder.
    pub file: Option<Result<File, VolumeError>>,
}

const SYSTEM_FOLDER: &str = "System Volume Information";

impl<'a, R: ReadAt> Contents<'a, R> {
    /// Walks `volume` from its root.
    #[must_use]
    pub fn new(volume: &'a Volume<R>) -> Self {
        Self {
            volume,
            walk: volume.walk(),
        }
    }
}

impl<R: ReadAt> Iterator for Contents<'_, R> {
    type Item = Result<Item, VolumeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, entry) = match self.walk.next()? {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            if path
                .split('\\')
                .nth(1)
                .is_some_and(|first| first.eq_ignore_ascii_case(SYSTEM_FOLDER))
            {
                continue;
            }
            let file = (!entry.is_folder).then(|| self.volume.open_file(entry.id));
            return Some(Ok(Item { path, entry, file }));
        }
    }
}
