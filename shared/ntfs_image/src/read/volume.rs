//! A volume and what a caller can ask of it.

use disk::ReadAt;

use super::{Entry, File, FileId, OpenError, VolumeError, Walk};

/// An NTFS volume on `disk`, from byte 0 on.
///
/// `Sync` when `R` is: several threads may read files of one volume.
#[derive(Debug)]
pub struct Volume<R> {
    disk: R,
}

impl<R: ReadAt> Volume<R> {
    /// Opens a volume.
    ///
    /// # Errors
    /// [`OpenError`] when byte 0 is not the boot sector of an NTFS volume that fits on `disk`, or $MFT cannot be read.
    pub fn open(disk: R) -> Result<Self, OpenError> {
        drop(disk);
        todo!()
    }
    /// Returns the disk.
    pub const fn disk(&self) -> &R {
        &self.disk
    }
    /// Returns the bytes of a cluster.
    pub fn cluster_bytes(&self) -> u64 {
        todo!()
    }
    /// Returns the volume serial number.
    pub fn serial(&self) -> u64 {
        todo!()
    }
    /// Returns the volume label ($Volume, $VOLUME_NAME); empty if there is none.
    ///
    /// # Errors
    /// [`VolumeError`] when record 3 cannot be read.
    pub fn label(&self) -> Result<String, VolumeError> {
        todo!()
    }
    /// Returns the root folder.
    ///
    /// # Errors
    /// [`VolumeError`] when record 5 is not a folder.
    pub fn root(&self) -> Result<FileId, VolumeError> {
        todo!()
    }
    /// Returns the names in `folder` in collation order, one entry for each file: a name of the DOS namespace is the
    /// short form of another and skipped, and so is the root's name for itself. $MFT and its like are in the root's
    /// list ([`FileId::is_system`]).
    ///
    /// # Errors
    /// [`VolumeError`] when `folder` is not a folder or its index contradicts itself.
    pub fn entries(&self, folder: FileId) -> Result<Vec<Entry>, VolumeError> {
        let _ = folder;
        todo!()
    }
    /// Returns what `path` names, looked up as Windows does: down the B-tree of every folder, regardless of case (an
    /// exact match wins). Separators are `\` or `/`; a leading one may be missing; the empty path is the root.
    /// A DOS name finds its file.
    ///
    /// # Errors
    /// [`VolumeError`] when a folder on the way contradicts itself.
    pub fn find(&self, path: &str) -> Result<Option<Entry>, VolumeError> {
        let _ = path;
        todo!()
    }
    /// Returns the unnamed data stream of a file.
    ///
    /// # Errors
    /// [`VolumeError::Compressed`], [`VolumeError::Encrypted`], [`VolumeError::Reparse`] when the bytes on the disk
    /// are not the file's content; others when its records contradict themselves.
    pub fn open_file(&self, id: FileId) -> Result<File, VolumeError> {
        let _ = id;
        todo!()
    }
    /// Fills `into` with the file's bytes from `at` on; whole runs go straight from the disk into `into`.
    ///
    /// # Errors
    /// [`VolumeError::BeyondEnd`] when the range leaves the file, [`VolumeError::Read`] when the disk cannot be read.
    pub fn read(&self, file: &File, at: u64, into: &mut [u8]) -> Result<(), VolumeError> {
        let _ = (file, at, into);
        todo!()
    }
    /// Returns every file and folder below the root, each folder before what is in it, with its path (`\a\b`).
    /// NTFS's own files ([`FileId::is_system`]) and what is below them are left out. An error names the folder that it
    /// ends; the walk goes on with the next.
    pub fn walk(&self) -> Walk<'_, R> {
        todo!()
    }
}
