//! dataset.csv: what goes where.

use thiserror::Error;

use crate::manifest::{BlobKind, Disposition};

/// One row of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// Where the data is, as written: `E:\lab\`, `\\nas1\img\disk.vhdx`, `/srv/lab/`.
    pub base_path: String,
    /// Whether it is a folder (it ends in `\` or `/`).
    pub is_folder: bool,
    /// Where it goes: `container/`, `container/prefix/`, or for a file the whole blob path.
    pub destination: String,
    /// What was asked for; none = by the file's name.
    pub kind: Option<BlobKind>,
    /// Whether it goes to Azure Files (`ItemType` = `file`).
    pub to_files: bool,
    /// What the service does when the blob exists.
    pub disposition: Disposition,
    /// Path of a metadata file; none for `None` or an empty field.
    pub metadata_file: Option<String>,
    /// Path of a properties file; none for `None` or an empty field.
    pub properties_file: Option<String>,
}

/// What is wrong with a CSV file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {what}")]
pub struct CsvError {
    /// The line, from 1.
    pub line: u64,
    /// The column's name; empty for a fault of the whole line.
    pub column: String,
    /// The fault, in words.
    pub what: String,
}

/// Reads a dataset.csv of any of the three generations.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_dataset(_csv: &[u8]) -> Result<Vec<DatasetRow>, Vec<CsvError>> {
    todo!()
}
