//! What a portal gets.

use super::codec;
use super::framing;
use super::record::Stored;
use super::replay::Replay;
use crate::blob_name::file_name;

/// Returns the journal's file name: `<serial>.jrn`.
#[must_use]
pub fn journal_file_name(serial: &str) -> String {
    format!("{}.jrn", file_name(serial))
}

/// Returns the name of the file that a portal gets instead of a journal:
/// `<journal>_DriveInfo_<serial>.xml`, where the journal's own `.jrn` is left off.
#[must_use]
pub fn drive_info_file_name(journal: &str, serial: &str) -> String {
    let stem = journal.strip_suffix(".jrn").unwrap_or(journal);
    format!("{}_DriveInfo_{}.xml", file_name(stem), file_name(serial))
}

/// Returns the text of that file: one ActivityRecord in the public grammar, nothing of ours. Like
/// the public sample it is journal framing around an XML value, not XML by itself. It holds the
/// recovery password. `None` while the drive is not written, or when the key was redacted.
#[must_use]
pub fn drive_info_xml(replay: &Replay) -> Option<String> {
    let (time, (manifest_md5, _)) = (replay.drive_info?, replay.manifest?);
    replay.recovery_password.as_ref()?;
    let serial = replay.session.drive.serial.clone();
    let body = codec::write(
        time,
        &Stored::DriveInfo {
            serial,
            key: replay.key.clone(),
            exported: replay.session.exported,
            manifest_md5,
        },
    );
    Some([body.head(), framing::plain_end()].concat())
}
