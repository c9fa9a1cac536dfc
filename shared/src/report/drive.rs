//! What a report says of one drive.

use crate::hash::{lower_hex, sha256, upper_hex};
use crate::job::{FreeSpace, SerialSource, Verdict};
use crate::journal::{JournalVerdict, Replay, check, replay};
use crate::words::count;

/// One drive, as its journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The journal's file name.
    pub journal: String,
    /// The drive's serial; the file's name where the journal cannot be read.
    pub serial: String,
    /// How the drive ended; none when the journal is not right, or does not say.
    pub verdict: Option<Verdict>,
    /// Name and value, in reading order.
    pub facts: Vec<(&'static str, String)>,
    /// What is wrong with the journal, and what was noted on the way.
    pub remarks: Vec<String>,
    /// Files on the drive.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Returns what a journal says of its drive. Opens the key's block once: a tenth of a second or more.
#[must_use]
pub fn reported(journal: &str, bytes: &[u8]) -> Reported {
    let judged = check(bytes, None);
    let mut remarks: Vec<String> = judged
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.place, finding.message))
        .collect();
    let words = match judged.verdict {
        JournalVerdict::Valid => "valid: whole, in order, closed; its key opens the drive",
        JournalVerdict::Unfinished => "unfinished",
        JournalVerdict::Invalid => "not valid",
    };
    let mut facts = vec![
        ("Journal", format!("{journal}, {words}")),
        ("SHA-256 of the journal", lower_hex(&sha256(&[bytes]))),
    ];
    let Ok(replay) = replay(bytes) else {
        return Reported {
            journal: journal.to_owned(),
            serial: journal.to_owned(),
            verdict: None,
            facts,
            remarks,
            files: 0,
            bytes: 0,
        };
    };
    remarks.extend(replay.notes.iter().map(|note| note.text.clone()));
    facts.splice(0..0, facts_of(&replay));
    let is_valid = judged.verdict == JournalVerdict::Valid;
    let closed = replay.closed.as_ref().filter(|_| is_valid);
    let (files, bytes) = replay.verified.unwrap_or_default();
    Reported {
        journal: journal.to_owned(),
        serial: replay.session.drive.serial.clone(),
        verdict: closed.map(|closed| closed.verdict),
        facts,
        remarks,
        files,
        bytes,
    }
}

fn facts_of(replay: &Replay) -> Vec<(&'static str, String)> {
    let (session, drive) = (&replay.session, &replay.session.drive);
    let source = match drive.serial_source {
        SerialSource::Drive => "read from the drive",
        SerialSource::Bridge => "read from the dock: compare it with the label",
        SerialSource::Label => "typed from the label",
        SerialSource::Image => "an image file",
    };
    let read_back = match replay.verified {
        Some((files, bytes)) => format!("{files} files, {} bytes, each compared", count(bytes)),
        None => "no".to_owned(),
    };
    let free = match session.free_space {
        FreeSpace::Blank => "the drive was blank".to_owned(),
        FreeSpace::Wipe => "overwritten".to_owned(),
        FreeSpace::Keep => format!(
            "not overwritten: up to {} bytes of old data stay readable",
            count(session.kept_bytes)
        ),
    };
    let manifest = replay.manifest.map_or_else(
        || "none".to_owned(),
        |(md5, bytes)| format!("{}, {} bytes", upper_hex(&md5), count(bytes)),
    );
    let mut facts = vec![
        ("Serial", format!("{} ({source})", drive.serial)),
        ("Session", session.session.as_str().to_owned()),
    ];
    if !drive.model.is_empty() {
        facts.push(("Model", drive.model.clone()));
    }
    facts.extend([
        (
            "Size",
            format!(
                "{} bytes, sectors of {}",
                count(drive.bytes),
                drive.sector_bytes
            ),
        ),
        ("Begun", format!("{} UTC", session.started)),
        ("Last record", format!("{} UTC", replay.last)),
        ("Made by", session.tool.clone()),
        ("Encryption", format!("BitLocker, {}", session.cipher)),
        ("Free space", free),
        (
            "Planned",
            format!("{} files, {} bytes", session.files, count(session.bytes)),
        ),
        ("Left out", replay.left_out.count.to_string()),
        ("Read back", read_back),
        ("MD5 of the manifest", manifest),
    ]);
    facts
}
