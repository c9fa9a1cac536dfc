//! driveset.csv: which drives, and how.

use bitlocker_image::RecoveryPassword;

use super::dataset::CsvError;

/// One row of a drive set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrivesetRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// The drive as written: a letter (`G`), or a path where there are no letters (`/dev/sdb`).
    pub drive: String,
    /// Whether it is to be formatted (`Format`), or keeps its volume (`AlreadyFormatted`).
    pub format: bool,
    /// Whether the tool was told not to ask (`SilentMode`).
    pub silent: bool,
    /// The key of a drive that is encrypted already (`AlreadyEncrypted`); none for `Encrypt`.
    pub existing_key: Option<RecoveryPassword>,
}

/// Reads a driveset.csv.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_driveset(_csv: &[u8]) -> Result<Vec<DrivesetRow>, Vec<CsvError>> {
    todo!()
}
