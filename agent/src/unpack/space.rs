//! Whether the destination has room.

use std::io;
use std::path::Path;

/// Returns the bytes that a person may still write below `folder`, or below the nearest folder above
/// it when it is not there yet.
///
/// # Errors
/// The operating system's word.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|above| above.exists());
    let facts = rustix::fs::statvfs(there.unwrap_or(Path::new("/")))?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}
