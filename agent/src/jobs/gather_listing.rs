//! From a list that the person made, or a scan that was kept, to a listing: no source is there to be read.

use std::path::Path;

use ntfs_image::FileTime;
use shared::api::{SCAN_MAGIC, read_scan_file};
use shared::plan::Kind;
use shared::plan::listing_csv::read_listing;

use super::gather::{Gathered, below};
use super::request::JobRequest;
use crate::job_error::JobError;

/// Reads a kept scan or a `listing.csv`, all of it going to one destination.
///
/// # Errors
/// [`JobError`] when it cannot be read, is neither, or has more than a listing holds.
pub(super) fn listing(
    request: &JobRequest,
    path: &Path,
    destination: &str,
) -> Result<Gathered, JobError> {
    let place = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    let mut gathered = below(request, destination)?;
    gathered.words = (place.clone(), destination.to_owned());
    if text.starts_with(&SCAN_MAGIC) {
        let (_, found) = read_scan_file(&text)
            .map_err(|error| JobError::usage(error.to_string(), place.as_str()))?;
        gathered.listing = found.unwrap_or_default();
        return Ok(gathered);
    }
    let mut failure = None;
    let read = read_listing(&text, &mut |row| {
        let path = row.path.trim_end_matches('/');
        let kind = if path.len() < row.path.len() {
            Kind::Folder
        } else {
            Kind::File
        };
        let modified = row
            .modified
            .map_or(FileTime(0), shared::job::Moment::file_time);
        failure = gathered
            .listing
            .push(path, row.bytes, modified, kind)
            .err()
            .or_else(|| failure.take());
    });
    read.map_err(|errors| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        JobError::usage(words.join("; "), place.as_str())
    })?;
    failure.map_or(Ok(gathered), |error| {
        Err(JobError::plan(error.to_string(), "Split the listing."))
    })
}
