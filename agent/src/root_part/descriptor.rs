//! The descriptors that go to the user part, of a drive that the root part holds.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;

use crate::device::{DriveInfo, DriveKind};

/// A drive's descriptors, both for reading and writing.
#[derive(Debug)]
pub struct Descriptors {
    /// Through the page cache.
    pub buffered: File,
    /// Past the page cache; none where the file system has no such way.
    pub direct: Option<File>,
}

/// Opens the drive of `info` for reading and writing, once more, while a [`DriveWriter`](crate::device::DriveWriter)
/// of this process holds it.
///
/// That it is the one that is held is proven by trying to take it: it must be taken already.
///
/// # Errors
/// The operating system's word, or that the path leads to another drive by now.
pub(super) fn of_held(info: &DriveInfo) -> Result<Descriptors, String> {
    let path = info.path.as_path();
    let said = |why: Errno| format!("{}: {}", path.display(), std::io::Error::from(why));
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    if info.kind == DriveKind::ImageFile {
        let file = File::from(open(path, flags, Mode::empty()).map_err(said)?);
        return match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(with_direct(file)),
            _ => Err(elsewhere(path)),
        };
    }
    let alone = open(path, flags | OFlags::EXCL, Mode::empty());
    match alone {
        Err(Errno::BUSY) => {}
        _ => return Err(elsewhere(path)),
    }
    let file = open(path, flags, Mode::empty()).map_err(said)?;
    Ok(with_direct(File::from(file)))
}

/// Opens what `buffered` has open once more, past the page cache: the same file, whatever its name leads to by now.
fn with_direct(buffered: File) -> Descriptors {
    let again = format!("/proc/self/fd/{}", buffered.as_raw_fd());
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::DIRECT;
    let direct = open(again, flags, Mode::empty()).ok().map(File::from);
    Descriptors { buffered, direct }
}

fn elsewhere(path: &Path) -> String {
    format!("{} leads to another drive by now", path.display())
}
