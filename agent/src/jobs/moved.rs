//! A source that moved since it was planned.

use ntfs_image::FileTime;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::gather::Gathered;
use crate::job_error::JobError;
use crate::pipeline::{Cancel, SourceFiles};
use crate::scan::OpenSourceError;

/// Files that an error names; the rest is counted.
const NAMED_MAX: usize = 20;

/// Refuses a plan whose files are gone or have another length or time by now.
///
/// # Errors
/// [`JobError`], refused, that names them.
pub(super) fn none_moved(gathered: &Gathered) -> Result<(), JobError> {
    let sources = gathered.open(&Cancel::default())?.files;
    let listing = &gathered.listing;
    let moved: Vec<String> = (0..listing.len())
        .into_par_iter()
        .filter_map(|number| {
            let entry = listing.entry(number);
            if entry.is_folder {
                return None;
            }
            let path = entry.path.to_string();
            let how = how_moved(&*sources, &path, entry.bytes, entry.modified)?;
            Some(format!("{path} ({how})"))
        })
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = moved.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = match moved.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Err(JobError::refused(
        format!(
            "the source moved since it was planned: {} files of these drives are not as they were",
            moved.len()
        ),
        format!("{}{more}", named.join("; ")),
        "Plan again, or leave these files out and name them: --accept-moved. A snapshot of the source (LVM, Btrfs, ZFS) \
         does not move.",
    ))
}

fn how_moved(
    sources: &dyn SourceFiles,
    path: &str,
    bytes: u64,
    modified: FileTime,
) -> Option<&'static str> {
    let file = match sources.open(path) {
        Ok(file) => file,
        Err(OpenSourceError::Gone { .. }) => return Some("gone"),
        Err(_) => return Some("cannot be opened"),
    };
    match file.state() {
        Ok(state) if state.bytes != bytes => Some("another length"),
        Ok(state) if state.file_time() != modified => Some("changed"),
        Ok(_) => None,
        Err(_) => Some("cannot be opened"),
    }
}
