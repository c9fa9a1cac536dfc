//! Reading and writing at a place of a file.

use std::fs::File;
use std::io;

/// Fills `into` from the byte at `at` on.
///
/// # Errors
/// What the operating system says, also when the file ends before.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

/// Fills `into` from the byte at `at` on.
///
/// # Errors
/// What the operating system says, also when the file ends before.
#[cfg(not(unix))]
pub(crate) fn read_at(mut file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    // One thread reads for all.
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(into)
}

/// Writes all of `bytes` from the byte at `at` on.
///
/// # Errors
/// What the operating system says.
#[cfg(unix)]
pub(super) fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Writes all of `bytes` from the byte at `at` on.
///
/// # Errors
/// What the operating system says.
#[cfg(not(unix))]
pub(super) fn write_at(mut file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek as _, SeekFrom, Write as _};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}
