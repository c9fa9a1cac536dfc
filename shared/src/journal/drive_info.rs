//! What a portal gets.

use super::replay::Replay;
use crate::blob_name::file_name;

/// Returns the journal's file name: `<serial>.jrn`.
#[must_use]
pub fn journal_file_name(serial: &str) -> String {
    format!("{}.jrn", file_name(serial))
}

/// Returns the name of the file that a portal gets instead of a journal: `<journal>_DriveInfo_<serial>.xml`, where the
/// journal's own `.jrn` is left off.
#[must_use]
pub fn drive_info_file_name(journal: &str, serial: &str) -> String {
    let stem = journal.strip_suffix(".jrn").unwrap_or(journal);
    format!("{}_DriveInfo_{}.xml", file_name(stem), file_name(serial))
}

/// Returns the text of that file: one ActivityRecord in the public grammar, nothing of ours. `None` while the drive has
/// no manifest, or when the key was redacted.
#[must_use]
pub fn drive_info_xml(_replay: &Replay) -> Option<String> {
    todo!()
}
