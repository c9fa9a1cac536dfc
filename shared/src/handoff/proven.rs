//! A drive that its journal proves.

use bitlocker_image::RecoveryPassword;

use super::drive::NotHanded;
use crate::hash::upper_hex;
use crate::job::{SerialSource, Verdict};
use crate::journal::{JournalVerdict, Replay, check, replay};

/// A drive that was read back, as its journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenDrive {
    /// The drive's serial, without spaces.
    pub serial: String,
    /// Where that serial comes from.
    pub serial_source: SerialSource,
    /// Whether it was filled from a store: then there is nothing to import from it.
    pub exported: bool,
    /// The 48 digits; none in a redacted copy.
    pub recovery_password: Option<RecoveryPassword>,
    /// MD5 of the manifest, upper-case Base16.
    pub manifest_hash: String,
    /// How the drive ended: verified, or incomplete (what is on it is proven).
    pub verdict: Verdict,
    /// Files on it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Returns the drive that `journal` proves. Opens the key's block once: a tenth of a second or more.
///
/// # Errors
/// [`NotHanded::Journal`] when the journal is not right, [`NotHanded::NotProven`] when the drive is not.
pub fn proven(journal: &[u8]) -> Result<ProvenDrive, NotHanded> {
    let report = check(journal, None);
    if report.verdict != JournalVerdict::Valid {
        let first = report.findings.first();
        let what = first.map_or("the journal is not valid", |finding| &finding.message);
        return Err(NotHanded::Journal(match &report.facts {
            Some(facts) => format!("drive {}: {what}", facts.serial),
            None => what.to_owned(),
        }));
    }
    let replay = replay(journal).map_err(|damage| NotHanded::Journal(damage.to_string()))?;
    of(&replay)
}

fn of(replay: &Replay) -> Result<ProvenDrive, NotHanded> {
    let drive = &replay.session.drive;
    let serial = drive.serial.split_whitespace().collect();
    let verdict = replay.closed.as_ref().map(|closed| closed.verdict);
    let verdict = verdict.unwrap_or(Verdict::Failed);
    let next = match verdict {
        Verdict::Verified | Verdict::Incomplete => None,
        Verdict::Written => {
            Some("read it back first, with argosy verify, and prepare it with the check on")
        }
        Verdict::Failed => Some("prepare it again, or put a spare in its place"),
    };
    if let Some(next) = next {
        return Err(NotHanded::NotProven {
            serial,
            verdict,
            next,
        });
    }
    let Some((manifest_md5, _)) = replay.manifest else {
        let what = format!("drive {serial}: its journal names no manifest");
        return Err(NotHanded::Journal(what));
    };
    let planned = replay.session.files.saturating_sub(replay.left_out.missing);
    let (files, bytes) = replay.verified.unwrap_or((planned, replay.session.bytes));
    Ok(ProvenDrive {
        serial,
        serial_source: drive.serial_source,
        exported: replay.session.exported,
        recovery_password: replay.recovery_password.clone(),
        manifest_hash: upper_hex(&manifest_md5),
        verdict,
        files,
        bytes,
    })
}
