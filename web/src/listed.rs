//! What there is to plan: a listing from a CSV or a scan, and the counts that the page shows of it.

use std::fmt;

use disk::ReadAt;
use ntfs_image::FileTime;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, UnreadableCounts, code, read_scan_file};
use shared::job::LeftOut;
use shared::plan::{Kind, Listing, listing_csv};

use crate::words::{self, sentence};

/// So many problems and left-out files are shown; the counts tell the rest, and the saved plan names all.
pub(crate) const NAMED_MAX: usize = 500;

/// What a listing holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders.
    pub folders: u64,
    /// How much of it the scan may not read.
    #[serde(default)]
    pub unreadable: UnreadableCounts,
    /// What the scan left out: links, sockets, what it may not read. The first of them.
    pub left_out: Vec<LeftOut>,
    /// How many were left out.
    pub left_out_count: u64,
    /// Things said once.
    pub notes: Vec<String>,
    /// Whether the page can plan from it (a scan of very many files is planned by the agent alone).
    pub can_plan: bool,
}

/// Reads a listing: `path,bytes[,modified]`.
///
/// # Errors
/// [`ApiError`] naming the first bad lines.
pub fn read_csv(csv: &[u8]) -> Result<(Listing, Listed), ApiError> {
    let mut listing = Listing::new();
    let mut listed = Listed {
        can_plan: true,
        ..Listed::default()
    };
    let mut full = None;
    let read = listing_csv::read_listing(csv, &mut |row| {
        let (path, kind) = match row.path.strip_suffix('/') {
            Some(folder) => (folder, Kind::Folder),
            None => (row.path.as_str(), Kind::File),
        };
        let seconds = row.modified.map_or(0, |moment| moment.unix_seconds());
        let modified = FileTime::from_unix(i64::try_from(seconds).unwrap_or(0), 0);
        if let Err(error) = listing.push(path, row.bytes, modified, kind) {
            full.get_or_insert_with(|| format!("line {}: {error}", row.line));
        }
        listed.count(kind == Kind::Folder, row.bytes);
    });
    if let Err(errors) = read {
        let (message, places) = bad_lines("listing", &errors);
        return Err(bad_listing(message, places));
    }
    match full {
        Some(place) => Err(bad_listing("The listing cannot be held.".to_owned(), place)),
        None if listing.is_empty() => Err(bad_listing(
            "The listing is empty.".to_owned(),
            String::new(),
        )),
        None => Ok((listing, listed)),
    }
}

/// Reads a scan: the agent's answer, or one that was saved.
///
/// # Errors
/// [`ApiError`] when it is damaged or too large.
pub fn read_scan(scan: &dyn ReadAt) -> Result<(Option<Listing>, Listed), ApiError> {
    let (reply, listing) = read_scan_file(scan).map_err(|error| {
        bad_listing(
            "The scan cannot be read.".to_owned(),
            sentence(&error.to_string()),
        )
    })?;
    let unreadable = u64::try_from(reply.unreadable.len()).unwrap_or(u64::MAX);
    let mut left_out = reply.unreadable;
    left_out.extend(reply.left_out);
    left_out.truncate(NAMED_MAX);
    let listed = Listed {
        files: reply.counts.files,
        bytes: reply.counts.bytes,
        folders: reply.counts.folders,
        unreadable: reply.unreadable_counts,
        left_out,
        left_out_count: reply.left_out_count.max(unreadable),
        notes: reply.notes,
        can_plan: listing.is_some(),
    };
    Ok((listing, listed))
}

impl Listed {
    /// Returns what a listing that was made here holds.
    #[must_use]
    pub fn of(listing: &Listing) -> Self {
        let mut listed = Self {
            can_plan: true,
            ..Self::default()
        };
        for (_, entry) in listing.iter() {
            listed.count(entry.is_folder, entry.bytes);
        }
        listed
    }

    fn count(&mut self, is_folder: bool, bytes: u64) {
        if is_folder {
            self.folders = self.folders.saturating_add(1);
        } else {
            self.files = self.files.saturating_add(1);
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }
}

/// Returns how many lines of a `what` cannot be read, and the first of them with their reasons.
pub(crate) fn bad_lines(what: &str, errors: &[impl fmt::Display]) -> (String, String) {
    let count = words::counted(u64::try_from(errors.len()).unwrap_or(0), "line", "lines");
    let places: Vec<String> = errors.iter().take(3).map(ToString::to_string).collect();
    let message = format!("{count} of the {what} cannot be read.");
    (message, places.join("; "))
}

fn bad_listing(message: String, place: String) -> ApiError {
    ApiError::new(code::BAD_REQUEST, message)
        .at(place)
        .safe("Nothing was touched.")
        .next("Each line is a path and its length in bytes, for example: reels/a001.mov,1048576")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_bad_line_of_a_listing_is_named() {
        let error = read_csv(b"path,bytes\na,1\nb,many\n").expect_err("no number");
        assert!(error.place.contains('3'), "{error:?}");
        assert!(read_csv(b"path,bytes\n").is_err());
    }
}
