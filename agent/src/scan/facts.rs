//! What the file system says of one name.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::{Access, AtFlags, FileType, accessat};
use rustix::io::Result;

/// What the file system says of a file or folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) kind: FileType,
    pub(super) bytes: u64,
    pub(super) modified_seconds: i64,
    pub(super) modified_nanoseconds: u32,
    /// The file system that it lies on.
    pub(super) device: u64,
    /// The mount that it is seen through; none where the system does not tell.
    pub(super) mount: Option<u64>,
    pub(super) inode: u64,
    pub(super) has_more_names: bool,
    pub(super) is_sparse: bool,
    /// Whether everybody may read it.
    pub(super) is_open_to_all: bool,
}

/// Units that a file's room on the disk is counted in.
const ROOM_UNIT: u64 = 512;
/// The mount's number, from Linux 5.8 on (linux/stat.h).
#[cfg(target_os = "linux")]
const STATX_MNT_ID: u32 = 0x1000;
const READ_ALL: u32 = 0o444;

/// Returns the facts of `name` in an open folder, or of the folder itself when `name` is empty;
/// symbolic links are not followed.
#[cfg(target_os = "linux")]
pub(super) fn facts(folder: BorrowedFd<'_>, name: &CStr) -> Result<Facts> {
    use rustix::fs::{StatxFlags, makedev, statx};
    let flags = AtFlags::SYMLINK_NOFOLLOW
        | AtFlags::NO_AUTOMOUNT
        | AtFlags::STATX_DONT_SYNC
        | AtFlags::EMPTY_PATH;
    let mount = StatxFlags::from_bits_retain(STATX_MNT_ID);
    let wanted = StatxFlags::BASIC_STATS.difference(StatxFlags::ATIME | StatxFlags::CTIME) | mount;
    let found = statx(folder, name, flags, wanted)?;
    let mode = u32::from(found.stx_mode);
    Ok(Facts {
        kind: FileType::from_raw_mode(mode),
        bytes: found.stx_size,
        modified_seconds: found.stx_mtime.tv_sec,
        modified_nanoseconds: found.stx_mtime.tv_nsec,
        device: makedev(found.stx_dev_major, found.stx_dev_minor),
        mount: (found.stx_mask & STATX_MNT_ID != 0).then_some(found.stx_mnt_id),
        inode: found.stx_ino,
        has_more_names: found.stx_nlink > 1,
        is_sparse: found.stx_blocks.saturating_mul(ROOM_UNIT) < found.stx_size,
        is_open_to_all: mode & READ_ALL == READ_ALL,
    })
}

/// Returns the facts of `name` in an open folder, or of the folder itself when `name` is empty;
/// symbolic links are not followed.
#[cfg(not(target_os = "linux"))]
pub(super) fn facts(folder: BorrowedFd<'_>, name: &CStr) -> Result<Facts> {
    let found = if name.is_empty() {
        rustix::fs::fstat(folder)?
    } else {
        rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?
    };
    let number = |value: i128| u64::try_from(value).unwrap_or(0);
    let bytes = number(found.st_size.into());
    Ok(Facts {
        kind: FileType::from_raw_mode(found.st_mode),
        bytes,
        modified_seconds: found.st_mtime,
        modified_nanoseconds: u32::try_from(found.st_mtime_nsec).unwrap_or(0),
        device: number(found.st_dev.into()),
        mount: None,
        inode: number(found.st_ino.into()),
        has_more_names: found.st_nlink > 1,
        is_sparse: number(found.st_blocks.into()).saturating_mul(ROOM_UNIT) < bytes,
        is_open_to_all: u32::from(found.st_mode) & READ_ALL == READ_ALL,
    })
}

/// Returns whether the user who runs this may read `name`.
pub(super) fn may_read(folder: BorrowedFd<'_>, name: &CStr) -> Result<()> {
    accessat(folder, name, Access::READ_OK, AtFlags::EACCESS)
}
