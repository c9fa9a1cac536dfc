//! An open file or block device, read and written past the page cache where the file system allows.
//!
//! Two descriptors: an unbuffered one for whole aligned blocks, and a buffered one for what is left
//! at the edges, and for everything where there is no unbuffered I/O. Unbuffered writes and
//! buffered ones never run at the same time: a page that is cached then would come back over newer
//! bytes.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use rustix::fs::{Mode, OFlags};

use super::aligned_buffer::AlignedBuffer;
use super::confirm::Refusal;
use super::gate::admit;
use super::open::OpenError;
use crate::number::{narrow, wide};

/// Bytes that one bounce buffer holds.
const BOUNCE_BYTES: usize = 1 << 20;
/// Strictest alignment that our buffers have.
const PAGE_BYTES: u64 = 4096;

/// An open file or block device.
pub(super) struct Medium {
    buffered: File,
    direct: Option<Direct>,
    bytes: u64,
    past_cache: bool,
    /// Buffers for what is not aligned in memory.
    bounces: Mutex<Vec<AlignedBuffer>>,
    /// Held shared by unbuffered writes, alone by buffered ones.
    edges: RwLock<()>,
}

/// The unbuffered descriptor, and what it asks of offsets and lengths.
struct Direct {
    file: File,
    align: u64,
}

/// What a medium is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Reading through the cache: to look at a drive.
    Look,
    /// Reading what is on the medium, not what is in memory.
    ReadPastCache,
    /// Writing; exclusively, when it is a block device.
    Write,
}

impl Medium {
    /// Opens `path`.
    ///
    /// # Errors
    /// [`OpenError`]: to write, whatever `admit` refuses and what others hold; otherwise the
    /// operating system's word.
    pub(super) fn open(path: &Path, access: Access) -> std::result::Result<Self, OpenError> {
        let io = |why: Error| OpenError::Io {
            path: path.to_owned(),
            cause: why.to_string(),
        };
        let flags = if access == Access::Write {
            writing_flags(path)?
        } else {
            OFlags::RDONLY
        };
        let buffered = open_file(path, flags).map_err(|why| match why.kind() {
            ErrorKind::ResourceBusy => Refusal::InUse {
                path: path.to_owned(),
            }
            .into(),
            _ => io(why),
        })?;
        if access == Access::Write {
            // Again, of what was really opened: the name may lead elsewhere by now.
            admit(path, &buffered.metadata().map_err(io)?)?;
        }
        let bytes = length(&buffered).map_err(io)?;
        let past_cache = access != Access::Look;
        let again = flags.difference(OFlags::EXCL);
        let direct = if past_cache {
            Direct::open(path, again, &buffered)
        } else {
            None
        };
        let (bounces, edges) = (Mutex::default(), RwLock::default());
        Ok(Self {
            buffered,
            direct,
            bytes,
            past_cache,
            bounces,
            edges,
        })
    }

    /// Takes over descriptors that another process opened: a buffered one, and an unbuffered one of
    /// the same drive where there is one.
    ///
    /// # Errors
    /// The operating system's word; also when the two are not of one drive.
    pub(super) fn of_descriptors(buffered: File, direct: Option<File>) -> Result<Self> {
        let bytes = length(&buffered)?;
        let direct = match direct {
            Some(file) => {
                is_same(&file, &buffered)?;
                Direct::over(file)
            }
            None => None,
        };
        Ok(Self {
            buffered,
            direct,
            bytes,
            past_cache: true,
            bounces: Mutex::default(),
            edges: RwLock::default(),
        })
    }

    /// Returns the descriptors once more: the same open files, and what they hold is held until the
    /// last of them is closed.
    ///
    /// # Errors
    /// The operating system's word.
    pub(super) fn descriptors(&self) -> Result<(File, Option<File>)> {
        let direct = self.direct.as_ref();
        let direct = direct.map(|direct| direct.file.try_clone()).transpose()?;
        Ok((self.buffered.try_clone()?, direct))
    }

    /// Returns the descriptor that the medium is held by.
    pub(super) const fn file(&self) -> &File {
        &self.buffered
    }

    /// Returns the length in bytes when it was opened.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fills `into` from offset `at`; the range must lie on the medium.
    pub(super) fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let Some(direct) = &self.direct else {
            if self.past_cache {
                drop_cache(&self.buffered, at, wide(into.len()));
            }
            return self.buffered.read_exact_at(into, at);
        };
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = at.saturating_add(wide(done));
            done = done.saturating_add(self.read_some(direct, at, rest)?);
        }
        Ok(())
    }

    /// Reads the start of `into`: as much as lies aligned, or what fits a bounce buffer. Returns
    /// how much.
    fn read_some(&self, direct: &Direct, at: u64, into: &mut [u8]) -> Result<usize> {
        let whole = narrow(down(wide(into.len()), direct.align));
        if whole > 0 && at.is_multiple_of(direct.align) && is_aligned(into) {
            let (whole, _) = into.split_at_mut(whole);
            direct.file.read_exact_at(whole, at)?;
            return Ok(whole.len());
        }
        let start = down(at, direct.align);
        let skipped = narrow(at.saturating_sub(start));
        let mut bounce = self.bounce();
        let count = into.len().min(bounce.len().saturating_sub(skipped));
        let needed = skipped.saturating_add(count);
        let length = wide(needed)
            .next_multiple_of(direct.align)
            .min(wide(bounce.len()));
        bounce.set_length(narrow(length));
        read_up_to(&direct.file, start, &mut bounce, needed)?;
        let found = bounce.get(skipped..needed).unwrap_or(&[]);
        into.split_at_mut(count).0.copy_from_slice(found);
        self.put_back(bounce);
        Ok(count)
    }

    /// Writes all of `bytes` at `at`; the range must lie on the medium.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        let Some(direct) = &self.direct else {
            return self.buffered.write_all_at(bytes, at);
        };
        let end = at.saturating_add(wide(bytes.len()));
        let first = at.next_multiple_of(direct.align).min(end);
        let last = down(end, direct.align).max(first);
        let (head, rest) = bytes.split_at(narrow(first.saturating_sub(at)));
        let (middle, tail) = rest.split_at(narrow(last.saturating_sub(first)));
        self.write_edge(at, head)?;
        self.write_whole(direct, first, middle)?;
        self.write_edge(last, tail)
    }

    fn write_edge(&self, at: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let _alone = self.edges.write().unwrap_or_else(PoisonError::into_inner);
        self.buffered.write_all_at(bytes, at)
    }

    fn write_whole(&self, direct: &Direct, at: u64, bytes: &[u8]) -> Result<()> {
        let _no_edges = self.edges.read().unwrap_or_else(PoisonError::into_inner);
        if is_aligned(bytes) {
            return direct.file.write_all_at(bytes, at);
        }
        let mut at = at;
        for piece in bytes.chunks(BOUNCE_BYTES) {
            let mut bounce = self.bounce();
            bounce.set_length(piece.len());
            bounce.copy_from_slice(piece);
            direct.file.write_all_at(&bounce, at)?;
            self.put_back(bounce);
            at = at.saturating_add(wide(piece.len()));
        }
        Ok(())
    }

    /// Returns once everything written is on the medium.
    pub(super) fn flush(&self) -> Result<()> {
        #[cfg(target_vendor = "apple")]
        rustix::fs::fcntl_fullfsync(&self.buffered)?;
        #[cfg(not(target_vendor = "apple"))]
        rustix::fs::fdatasync(&self.buffered)?;
        if self.direct.is_none() {
            drop_cache(&self.buffered, 0, self.bytes);
        }
        Ok(())
    }

    fn bounce(&self) -> AlignedBuffer {
        let mut buffer = self
            .spare()
            .pop()
            .unwrap_or_else(|| AlignedBuffer::zeroed(BOUNCE_BYTES));
        buffer.set_length(BOUNCE_BYTES);
        buffer
    }

    fn put_back(&self, buffer: AlignedBuffer) {
        self.spare().push(buffer);
    }

    fn spare(&self) -> MutexGuard<'_, Vec<AlignedBuffer>> {
        self.bounces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Direct {
    /// Returns an unbuffered descriptor of the same file when the file system has one and keeps to
    /// it.
    #[cfg(target_os = "linux")]
    fn open(path: &Path, flags: OFlags, same: &File) -> Option<Self> {
        let file = open_file(path, flags | OFlags::DIRECT).ok()?;
        is_same(&file, same).ok()?;
        Self::over(file)
    }

    /// Returns an unbuffered descriptor as a medium's when the file system keeps to it.
    #[cfg(target_os = "linux")]
    fn over(file: File) -> Option<Self> {
        let align = alignment(&file)?;
        // Some file systems take the flag and refuse the reading.
        let mut probe = AlignedBuffer::zeroed(narrow(align));
        let reads = read_up_to(&file, 0, &mut probe, 0).is_ok();
        reads.then_some(Self { file, align })
    }

    /// There is no such descriptor.
    #[cfg(not(target_os = "linux"))]
    fn over(_file: File) -> Option<Self> {
        None
    }

    /// There is no such descriptor: the cache of the one there is is switched off.
    #[cfg(not(target_os = "linux"))]
    fn open(_path: &Path, _flags: OFlags, same: &File) -> Option<Self> {
        #[cfg(target_vendor = "apple")]
        let _ = rustix::fs::fcntl_nocache(same, true);
        #[cfg(not(target_vendor = "apple"))]
        let _ = same;
        None
    }
}

/// Returns what unbuffered I/O asks of offsets and lengths; `None` when it asks more than our
/// buffers have.
#[cfg(target_os = "linux")]
fn alignment(file: &File) -> Option<u64> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    if file.metadata().ok()?.rdev() != 0 {
        return rustix::fs::ioctl_blksszget(file)
            .ok()
            .map(u64::from)
            .filter(|align| *align <= PAGE_BYTES);
    }
    let found = statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN).ok();
    let Some(found) = found.filter(|found| found.stx_mask & StatxFlags::DIOALIGN.bits() != 0)
    else {
        return Some(PAGE_BYTES);
    };
    let (offset, memory) = (
        u64::from(found.stx_dio_offset_align),
        u64::from(found.stx_dio_mem_align),
    );
    let served = |align: u64| align.is_power_of_two() && align <= PAGE_BYTES;
    (served(offset) && served(memory)).then_some(offset)
}

/// Refuses two descriptors that are not of one file or device.
fn is_same(one: &File, other: &File) -> Result<()> {
    let numbers = |file: &File| {
        file.metadata()
            .map(|facts| (facts.dev(), facts.ino(), facts.rdev()))
    };
    if numbers(one)? == numbers(other)? {
        Ok(())
    } else {
        Err(Error::other("the descriptors are of two drives"))
    }
}

/// Opens a file that was there before, never as a controlling terminal.
pub(super) fn open_file(path: &Path, flags: OFlags) -> Result<File> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Returns how to open a file for writing that may be written; a block device for nobody else.
fn writing_flags(path: &Path) -> std::result::Result<OFlags, OpenError> {
    let facts = std::fs::metadata(path);
    let facts = facts.map_err(|why| OpenError::Io {
        path: path.to_owned(),
        cause: why.to_string(),
    })?;
    admit(path, &facts)?;
    Ok(if facts.is_file() {
        OFlags::RDWR
    } else {
        OFlags::RDWR | OFlags::EXCL
    })
}

/// Returns the length of a file or block device.
pub(super) fn length(file: &File) -> Result<u64> {
    Ok(rustix::fs::seek(file, rustix::fs::SeekFrom::End(0))?)
}

/// Reads until `into` is full or the file ends; an error when it ends before `needed` bytes.
fn read_up_to(file: &File, at: u64, into: &mut [u8], needed: usize) -> Result<()> {
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at.saturating_add(wide(done))) {
            Ok(0) => break,
            Ok(count) => done = done.saturating_add(count),
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            // Behind a short read at the end of a file, the next offset is not aligned: what was
            // needed is there.
            Err(_) if done >= needed && done > 0 => break,
            Err(why) => return Err(why),
        }
    }
    if done < needed {
        Err(Error::from(ErrorKind::UnexpectedEof))
    } else {
        Ok(())
    }
}

/// Forgets what the page cache holds of a range, so that the next read comes from the medium.
/// Written pages stay.
fn drop_cache(file: &File, at: u64, bytes: u64) {
    #[cfg(target_os = "linux")]
    {
        let start = down(at, PAGE_BYTES);
        let length = at
            .saturating_add(bytes)
            .next_multiple_of(PAGE_BYTES)
            .saturating_sub(start);
        let length = std::num::NonZero::new(length);
        // It is advice: where it is not taken, the reading is no worse than before.
        let _ = rustix::fs::fadvise(file, start, length, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, at, bytes);
}

/// Forgets what the page cache holds of a whole file.
#[cfg(target_os = "linux")]
pub(super) fn drop_whole_cache(file: &File) {
    drop_cache(file, 0, length(file).unwrap_or(0));
}

fn is_aligned(bytes: &[u8]) -> bool {
    wide(bytes.as_ptr().addr()).is_multiple_of(PAGE_BYTES)
}

fn down(at: u64, align: u64) -> u64 {
    at.saturating_sub(at.checked_rem(align).unwrap_or(0))
}
