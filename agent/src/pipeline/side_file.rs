//! What a resume and the manifest need and the journal is too small for: the sealed area and every
//! block's hash.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::journal_file::{AppendError, AppendFile};
use crate::shelf::{Shelf, Shelves};

/// Length of the head: magic, version and whose file it is, padded with zeros.
const HEAD_BYTES: u64 = 4096;
/// Length of a BitLocker information area, which follows the head.
const AREA_BYTES: u64 = 65_536;
/// Length of a hash; hash `n` lies at `HEAD_BYTES + AREA_BYTES + 16 n`.
const HASH_BYTES: u64 = 16;
/// Hashes are read back this many at once.
const PAGE_HASHES: u64 = 4096;

const MAGIC: &str = "argosy side file";
const VERSION: u32 = 1;

/// A side file that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SideFileError {
    /// It could not be written.
    #[error("the side file failed: {0}")]
    Append(#[from] AppendError),
    /// It could not be read.
    #[error("cannot read the side file {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// The side file of one drive, open for appending: a head, the sealed information area, then 16
/// bytes for every block in the order of the pass. It holds no key: only the recovery password
/// opens the area.
///
/// ```text
/// 0      4096          69632
/// | head | sealed area | MD5 of block 0 | MD5 of block 1 | ...
/// ```
pub struct SideFile {
    file: AppendFile,
    sum: Sha256,
}

impl SideFile {
    /// Makes the file on each of `shelves` and writes head and area; durable when it returns.
    ///
    /// # Errors
    /// [`SideFileError`] also when it is there already.
    pub fn create(
        shelves: &Shelves,
        name: &str,
        owner: &str,
        information_area: &[u8],
    ) -> Result<Self, SideFileError> {
        let mut side = Self {
            file: AppendFile::create(shelves, name)?,
            sum: Sha256::new(),
        };
        side.append(&Self::beginning(owner, information_area))?;
        side.sync()?;
        Ok(side)
    }

    /// Goes on with a file that holds `content`, and in every copy nothing else.
    ///
    /// # Errors
    /// [`SideFileError::Append`].
    pub fn reopen(shelves: &Shelves, name: &str, content: &[u8]) -> Result<Self, SideFileError> {
        let mut sum = Sha256::new();
        sum.update(content);
        let file = AppendFile::reopen(shelves, name, content)?;
        Ok(Self { file, sum })
    }

    /// Returns what a side file begins with, before any hash.
    #[must_use]
    pub fn beginning(owner: &str, information_area: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{MAGIC} {VERSION}\n{owner}\n").into_bytes();
        bytes.resize(usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX), 0);
        bytes.extend_from_slice(information_area);
        bytes
    }

    /// Returns how many hashes are in it.
    #[must_use]
    pub const fn hashes(&self) -> u64 {
        let bytes = self.file.bytes();
        bytes.saturating_sub(HEAD_BYTES.saturating_add(AREA_BYTES)) / HASH_BYTES
    }

    /// Returns its length.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.file.bytes()
    }

    /// Appends hashes; they are durable after [`SideFile::sync`].
    ///
    /// # Errors
    /// [`SideFileError`].
    pub fn append_hashes(&mut self, hashes: &[[u8; 16]]) -> Result<(), SideFileError> {
        self.append(hashes.as_flattened())
    }

    /// Makes everything appended durable; returns the file's length and its SHA-256.
    ///
    /// # Errors
    /// [`SideFileError`].
    pub fn sync(&mut self) -> Result<(u64, [u8; 32]), SideFileError> {
        self.file.sync()?;
        Ok((self.file.bytes(), self.sum.clone().finalize().into()))
    }

    /// Returns the path of the first copy.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Appends bytes; they are durable after [`SideFile::sync`].
    ///
    /// # Errors
    /// [`SideFileError`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), SideFileError> {
        self.sum.update(bytes);
        self.file.append(bytes)?;
        Ok(())
    }
}

/// The hashes of a side file, read back by number, mostly in ascending order.
pub struct SideReader {
    shelf: Arc<dyn Shelf>,
    name: String,
    /// Two pages: small files' hashes lie before those of the others, and the manifest goes through
    /// both.
    pages: RefCell<[Page; 2]>,
}

#[derive(Default)]
struct Page {
    first: u64,
    hashes: Vec<u8>,
    used: u64,
}

impl SideReader {
    /// Returns a reader of the first copy of a side file.
    ///
    /// # Errors
    /// [`SideFileError::Read`] when there is no shelf.
    pub fn open(shelves: &Shelves, name: &str) -> Result<Self, SideFileError> {
        let first = shelves.iter().next();
        let shelf = first.ok_or_else(|| SideFileError::Read {
            path: PathBuf::from(name),
            cause: io::ErrorKind::NotFound.into(),
        })?;
        Ok(Self {
            shelf: Arc::clone(shelf),
            name: name.to_owned(),
            pages: RefCell::default(),
        })
    }

    /// Returns hash `number`.
    ///
    /// # Errors
    /// [`SideFileError::Read`] also when the file does not hold it.
    pub fn hash(&self, number: u64) -> Result<[u8; 16], SideFileError> {
        let mut pages = self.pages.borrow_mut();
        let clock = pages
            .iter()
            .map(|page| page.used)
            .max()
            .unwrap_or(0)
            .saturating_add(1);
        let first = number.saturating_sub(number % PAGE_HASHES);
        let wanted = |page: &Page| page.first == first && page.hash(number).is_some();
        if !pages.iter().any(wanted) {
            let oldest = usize::from(pages[1].used < pages[0].used);
            pages[oldest] = self.load(first)?;
        }
        let found = pages
            .iter_mut()
            .find(|page| page.first == first)
            .and_then(|page| {
                page.used = clock;
                page.hash(number)
            });
        found.ok_or_else(|| self.error(io::ErrorKind::UnexpectedEof.into()))
    }

    fn load(&self, first: u64) -> Result<Page, SideFileError> {
        let places = (first.checked_mul(HASH_BYTES))
            .and_then(|at| at.checked_add(HEAD_BYTES.saturating_add(AREA_BYTES)));
        let at = places.ok_or_else(|| self.error(io::ErrorKind::InvalidInput.into()))?;
        let room = usize::try_from(PAGE_HASHES.saturating_mul(HASH_BYTES)).unwrap_or(usize::MAX);
        let mut hashes = vec![0; room];
        let mut done = 0_usize;
        while done < room {
            let here = at.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match self.shelf.read_at(&self.name, here, &mut hashes[done..]) {
                Ok(0) => break,
                Ok(read) => done = done.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(error)),
            }
        }
        hashes.truncate(done);
        Ok(Page {
            first,
            hashes,
            used: 0,
        })
    }

    fn error(&self, cause: io::Error) -> SideFileError {
        SideFileError::Read {
            path: self.shelf.path().join(&self.name),
            cause,
        }
    }
}

impl Page {
    fn hash(&self, number: u64) -> Option<[u8; 16]> {
        let at = usize::try_from(number.checked_sub(self.first)?.checked_mul(HASH_BYTES)?).ok()?;
        self.hashes.get(at..)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_come_back_by_number_in_any_order_and_what_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shelves = Shelves::of_folders(&[folder.path().to_owned()]);
        let mut side =
            SideFile::create(&shelves, "d.side", "session D", &vec![7; 65_536]).expect("new");
        let hash = |number: u64| {
            u128::from(number)
                .wrapping_mul(0x1234_5678_9abc_def1)
                .to_le_bytes()
        };
        let count = PAGE_HASHES * 3 + 5;
        let hashes: Vec<[u8; 16]> = (0..count).map(hash).collect();
        side.append_hashes(&hashes[..100]).expect("room");
        side.append_hashes(&hashes[100..]).expect("room");
        let (bytes, sum) = side.sync().expect("a disk");
        let stored = std::fs::read(side.path()).expect("just written");
        assert_eq!(
            (bytes, sum),
            (
                HEAD_BYTES + AREA_BYTES + count * 16,
                Sha256::digest(&stored).into()
            )
        );
        assert_eq!(side.hashes(), count);
        let reader = SideReader::open(&shelves, "d.side").expect("just written");
        for number in [
            0,
            count - 1,
            PAGE_HASHES,
            1,
            PAGE_HASHES - 1,
            2 * PAGE_HASHES,
            0,
        ] {
            assert_eq!(reader.hash(number).expect("there"), hash(number));
        }
        assert!(reader.hash(count).is_err());
        assert!(reader.hash(u64::MAX).is_err());
        assert_eq!(reader.hash(3).expect("there"), hash(3));
    }
}
