//! A listing as CSV: `path,bytes[,modified[,reason]]`.

use super::dataset::CsvError;
use crate::job::Moment;

/// One row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// Path, parts joined by `/`; a folder ends in `/`.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Last change; none when the column is missing or empty.
    pub modified: Option<Moment>,
}

/// Reads a listing row by row and hands each to `each`.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_listing(_csv: &[u8], _each: &mut dyn FnMut(ListingRow)) -> Result<(), Vec<CsvError>> {
    todo!()
}
