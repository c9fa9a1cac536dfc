//! Which parts of a drive may hold data: what a file system knows to be a hole need not be read.

use std::fs::File;
use std::ops::Range;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// Returns the ranges of the first `bytes` of `file` that are not holes, ascending; all of it where
/// the file system tells of none.
pub(super) fn data_ranges(file: &File, bytes: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < bytes {
        let range = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => {
                let hole = seek(file, SeekFrom::Hole(start)).unwrap_or(bytes);
                start.min(bytes)..hole.min(bytes)
            }
            Err(Errno::NXIO) => break,
            Err(_) => at..bytes,
        };
        // A hole that starts where its data does would be read for ever.
        at = range.end.max(at.saturating_add(1));
        if !range.is_empty() {
            ranges.push(range);
        }
    }
    ranges
}

/// Returns the file whose holes are those of an open drive: itself when it is an image file, the
/// file behind a loop device that shows all of it. `None`: every byte may hold data.
pub(super) fn map_of(drive: &File) -> Option<File> {
    if drive.metadata().ok()?.is_file() {
        return drive.try_clone().ok();
    }
    behind_loop(drive)
}

#[cfg(target_os = "linux")]
fn behind_loop(drive: &File) -> Option<File> {
    use super::linux::backing_from_start;
    use super::medium::{length, open_file};
    let path = backing_from_start(drive)?;
    // What somebody wrote to the device a moment ago may not have reached the file yet.
    rustix::fs::fdatasync(drive).ok()?;
    let file = open_file(&path, rustix::fs::OFlags::RDONLY).ok()?;
    // As long as the device or longer: then no part of the device is elsewhere.
    let shows_all = length(drive).ok()? <= length(&file).ok()?;
    shows_all.then_some(file)
}

#[cfg(not(target_os = "linux"))]
const fn behind_loop(_drive: &File) -> Option<File> {
    None
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn a_file_of_holes_has_data_only_where_something_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = File::create_new(folder.path().join("a")).expect("room");
        file.set_len(1 << 30).expect("room");
        assert_eq!(data_ranges(&file, 1 << 30), []);
        file.write_all_at(b"x", 500 << 20).expect("room");
        let ranges = data_ranges(&file, 1 << 30);
        assert!(ranges.iter().any(|range| range.contains(&(500 << 20))));
        assert!(
            ranges
                .iter()
                .map(|range| range.end - range.start)
                .sum::<u64>()
                < 1 << 29
        );
        assert!(data_ranges(&file, 500 << 20).is_empty());
    }
}
