//! A volume and what a caller can ask of it.

use std::sync::OnceLock;

use disk::ReadAt;
use zerocopy::FromBytes;

use super::entry::FileNameKey;
use super::gather::Gathered;
use super::index_node::{IndexEntry, IndexProblem, Node};
use super::index_tree::{Cursor, IndexTree};
use super::mft::{Mft, read_stream};
use super::stored::{bytes_of, text, units};
use super::up_case::UpCase;
use super::{Entry, File, FileId, OpenError, VolumeError, Walk, opened};
use crate::attribute::kind;
use crate::boot_sector::{BOOT_SECTOR_BYTES, BootSector, BootSectorError, Geometry};
use crate::record::{RECORD_DIRECTORY, number};

/// An NTFS volume on `disk`, from byte 0 on.
///
/// `Sync` when `R` is: several threads may read files of one volume.
#[derive(Debug)]
pub struct Volume<R> {
    disk: R,
    mft: Mft,
    up_case: OnceLock<UpCase>,
}

impl<R: ReadAt> Volume<R> {
    /// Opens a volume.
    ///
    /// # Errors
    /// [`OpenError`] when byte 0 is not the boot sector of an NTFS volume that fits on `disk`, or $MFT cannot be read.
    pub fn open(disk: R) -> Result<Self, OpenError> {
        let geometry = read_geometry(&disk)?;
        let mft = Mft::open(&disk, geometry).map_err(OpenError::Mft)?;
        Ok(Self {
            disk,
            mft,
            up_case: OnceLock::new(),
        })
    }

    /// Returns the disk.
    pub const fn disk(&self) -> &R {
        &self.disk
    }
    /// Returns what the boot sector says.
    pub const fn geometry(&self) -> &Geometry {
        &self.mft.geometry
    }
    /// Returns the bytes of a cluster.
    pub const fn cluster_bytes(&self) -> u64 {
        self.mft.geometry.cluster_bytes
    }
    /// Returns the volume serial number.
    pub const fn serial(&self) -> u64 {
        self.mft.geometry.serial
    }
    pub(crate) const fn mft(&self) -> &Mft {
        &self.mft
    }

    /// Returns the volume label ($Volume, $VOLUME_NAME); empty if there is none.
    ///
    /// # Errors
    /// [`VolumeError`] when record 3 cannot be read.
    pub fn label(&self) -> Result<String, VolumeError> {
        let volume = self.gather(system(number::VOLUME))?;
        let name = volume.first(kind::VOLUME_NAME)?;
        let value = name.and_then(|name| name.resident());
        Ok(text(value.unwrap_or_default()).0)
    }

    /// Returns the root folder.
    ///
    /// # Errors
    /// [`VolumeError`] when record 5 is not a folder.
    pub fn root(&self) -> Result<FileId, VolumeError> {
        let root = self.mft.record(&self.disk, number::ROOT)?;
        if !root.is_in_use() || root.header.flags.get() & RECORD_DIRECTORY == 0 {
            return Err(VolumeError::NotAFolder { id: root.id() });
        }
        Ok(root.id())
    }

    /// Returns the names in `folder` in collation order, one entry for each file: a name of the DOS namespace is the
    /// short form of another and skipped, and so is the root's name for itself. $MFT and its like are in the root's
    /// list ([`FileId::is_system`]).
    ///
    /// # Errors
    /// [`VolumeError`] when `folder` is not a folder or its index contradicts itself.
    pub fn entries(&self, folder: FileId) -> Result<Vec<Entry>, VolumeError> {
        let mut cursor = self.cursor(folder)?;
        let mut entries = Vec::new();
        while let Some(entry) = self.next_entry(&mut cursor)? {
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Returns what `path` names, looked up as Windows does: down the B-tree of every folder, regardless of case (an
    /// exact match wins). Separators are `\` or `/`; a leading one may be missing. The root itself has no entry: the
    /// empty path gives `None`. A short name (`PROGRA~1`) finds its file; the entry then bears it.
    ///
    /// # Errors
    /// [`VolumeError`] when a folder on the way contradicts itself.
    pub fn find(&self, path: &str) -> Result<Option<Entry>, VolumeError> {
        let mut folder = self.root()?;
        let mut parts = path
            .split(['\\', '/'])
            .filter(|part| !part.is_empty())
            .peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = self.find_in(folder, part)? else {
                return Ok(None);
            };
            if parts.peek().is_none() {
                return Ok(Some(entry));
            }
            if !entry.is_folder {
                return Ok(None);
            }
            folder = entry.id;
        }
        Ok(None)
    }

    /// Returns the unnamed data stream of a file.
    ///
    /// # Errors
    /// [`VolumeError::Compressed`], [`VolumeError::Encrypted`], [`VolumeError::Reparse`] when the bytes on the disk
    /// are not the file's content; others when its records contradict themselves.
    pub fn open_file(&self, id: FileId) -> Result<File, VolumeError> {
        opened::open(&self.disk, &self.mft, id)
    }

    /// Fills `into` with the file's bytes from `at` on; whole runs go straight from the disk into `into`.
    ///
    /// # Errors
    /// [`VolumeError::BeyondEnd`] when the range leaves the file, [`VolumeError::Read`] when the disk cannot be read.
    pub fn read(&self, file: &File, at: u64, into: &mut [u8]) -> Result<(), VolumeError> {
        let bytes = bytes_of(into.len());
        if at.checked_add(bytes).is_none_or(|end| end > file.bytes()) {
            return Err(VolumeError::BeyondEnd {
                id: file.id,
                at,
                bytes,
                end: file.bytes(),
            });
        }
        let disk = |at, into: &mut [u8]| self.disk.read_at(at, into);
        Ok(read_stream(&file.data, at, into, disk)?)
    }

    /// Returns every file and folder below the root, each folder before what is in it, with its path (`\a\b`).
    /// NTFS's own files ([`FileId::is_system`]) and what is below them are left out, as is what a reparse point leads
    /// to. An error names the folder that it ends; the walk goes on with the next.
    pub fn walk(&self) -> Walk<'_, R> {
        Walk::new(self)
    }

    pub(crate) fn gather(&self, id: FileId) -> Result<Gathered, VolumeError> {
        Gathered::read(&self.disk, &self.mft, id)
    }

    /// Returns a cursor over the names in a folder.
    pub(super) fn cursor(&self, folder: FileId) -> Result<Cursor, VolumeError> {
        let gathered = self.gather(folder)?;
        if gathered.base().header.flags.get() & RECORD_DIRECTORY == 0 {
            return Err(VolumeError::NotAFolder { id: folder });
        }
        let tree = IndexTree::open(&self.mft, &gathered, "$I30")?;
        Ok(Cursor::new(tree))
    }

    /// Returns the next long name of a folder.
    pub(super) fn next_entry(&self, cursor: &mut Cursor) -> Result<Option<Entry>, VolumeError> {
        let folder = cursor.tree().owner;
        loop {
            let next = cursor.next(&self.disk, &self.mft, |node, entry| {
                let key = key(folder, node.node, entry)?;
                let reference = entry.header.reference.get();
                Ok((!key.is_dos()).then(|| Entry::new(reference, &key)))
            })?;
            match next {
                None => return Ok(None),
                Some(Some(entry)) if entry.id.record != folder.record => return Ok(Some(entry)),
                Some(_) => {}
            }
        }
    }

    fn find_in(&self, folder: FileId, name: &str) -> Result<Option<Entry>, VolumeError> {
        let up_case = self.up_case()?;
        let wanted: Vec<u16> = name.encode_utf16().collect();
        let mut cursor = self.cursor(folder)?;
        cursor.seek(&self.disk, &self.mft, |entry| {
            let key = FileNameKey::parse(entry.key);
            key.is_some_and(|key| {
                up_case
                    .compare(units(key.name), wanted.iter().copied())
                    .is_lt()
            })
        })?;
        let mut found: Option<Entry> = None;
        loop {
            let next = cursor.next(&self.disk, &self.mft, |node, entry| {
                let key = key(folder, node.node, entry)?;
                let is_twin = up_case
                    .compare(units(key.name), wanted.iter().copied())
                    .is_eq();
                let is_exact = units(key.name).eq(wanted.iter().copied());
                let entry = || Entry::new(entry.header.reference.get(), &key);
                Ok(is_twin.then(|| (is_exact, entry())))
            })?;
            match next.flatten() {
                Some((true, entry)) => return Ok(Some(entry)),
                Some((false, entry)) => _ = found.get_or_insert(entry),
                None => return Ok(found),
            }
        }
    }

    fn up_case(&self) -> Result<&UpCase, VolumeError> {
        if let Some(up_case) = self.up_case.get() {
            return Ok(up_case);
        }
        let file = self.gather(system(number::UPCASE))?;
        let data = file.stream(&self.mft.geometry, kind::DATA, "")?;
        let data = data.unwrap_or_default();
        let bytes = data.bytes;
        if bytes != UpCase::BYTES {
            return Err(VolumeError::UpCase { bytes });
        }
        let mut table = vec![0; UpCase::LENGTH];
        self.mft.read(&self.disk, &data, 0, &mut table)?;
        Ok(self.up_case.get_or_init(|| UpCase::new(&table)))
    }
}

/// Returns the file name that a folder's entry holds.
fn key<'a>(
    folder: FileId,
    node: Node,
    entry: &IndexEntry<'a>,
) -> Result<FileNameKey<'a>, VolumeError> {
    FileNameKey::parse(entry.key).ok_or(VolumeError::Index {
        folder,
        problem: IndexProblem::Key { node, at: entry.at },
    })
}

/// Reads the boot sector and compares the volume with the disk.
pub(crate) fn read_geometry<R: ReadAt + ?Sized>(disk: &R) -> Result<Geometry, OpenError> {
    let mut sector = [0; BOOT_SECTOR_BYTES];
    disk.read_at(0, &mut sector)?;
    let stored = BootSector::ref_from_bytes(&sector);
    let stored = stored.map_err(|_| BootSectorError::Signature { found: [0; 2] })?;
    let geometry = stored.geometry()?;
    // No overflow: `geometry` made the clusters from this product.
    let volume_bytes = geometry.total_sectors.saturating_mul(geometry.sector_bytes);
    if volume_bytes > disk.bytes() {
        return Err(OpenError::CutOff {
            volume_bytes,
            disk_bytes: disk.bytes(),
        });
    }
    Ok(geometry)
}

/// Returns the id of one of NTFS's own files, in whatever use.
const fn system(record: u64) -> FileId {
    FileId {
        record,
        sequence: 0,
    }
}
