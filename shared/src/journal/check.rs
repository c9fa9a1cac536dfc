//! Judges a journal, offline, by itself or with its manifest.

use super::replay::{Damage, Replay, replay};
use super::survey::survey;
use crate::blob_name::session_and_relative;
use crate::hash::upper_hex;
use crate::job::{DriveState, Finding, Verdict};
use crate::manifest::{ManifestError, ManifestReader};
use bitlocker_image::{Credential, RecoveryPassword, open_information_area};
use lanes::Md5State;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read};

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalReport {
    /// The judgement.
    pub verdict: JournalVerdict,
    /// What is wrong; empty when valid. An unfinished journal has one that says how far it goes.
    pub findings: Vec<Finding>,
    /// What the journal says; none when it cannot be believed at all.
    pub facts: Option<JournalFacts>,
}

/// The judgement over a journal. A valid journal may be that of a failed drive:
/// [`JournalFacts::verdict`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalVerdict {
    /// Whole, in order, closed; the key opens the sealed block; the manifest, when given, is its
    /// own.
    Valid,
    /// Right as far as it goes, but its end is missing.
    Unfinished,
    /// Damaged, or not what it says.
    Invalid,
}

/// What a journal says of its drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalFacts {
    /// The session id.
    pub session: String,
    /// The drive's serial.
    pub serial: String,
    /// Where the drive stands.
    pub state: DriveState,
    /// What the end is called; none before.
    pub verdict: Option<Verdict>,
    /// What is known of the recovery password.
    pub key: KeyProof,
    /// MD5 of the manifest, upper-case Base16; empty before there is one.
    pub manifest_hash: String,
    /// Whether a manifest was given and matches.
    pub manifest_matches: Option<bool>,
    /// Files planned.
    pub files: u64,
    /// Bytes planned.
    pub bytes: u64,
    /// How many files are not on the drive.
    pub left_out: u64,
    /// How many records there are.
    pub records: u64,
    /// Bytes of one torn record at the end, which count for nothing.
    pub torn_bytes: u64,
}

/// What is known of the recovery password in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyProof {
    /// It opens the sealed block in the journal.
    Opens,
    /// It does not.
    DoesNotOpen,
    /// It was taken out of this copy.
    Redacted,
    /// The journal ends before it.
    Absent,
}

/// Judges a journal, and the manifest that came with it. Takes as long as opening the key's block
/// once (a tenth of a second or more: the key stretch), and one pass over the manifest.
pub fn check(journal: &[u8], manifest: Option<&mut dyn BufRead>) -> JournalReport {
    check_with(journal, manifest, &|sealed, password| {
        let credential = Credential::RecoveryPassword(password.clone());
        open_information_area(sealed, &credential)
            .map(drop)
            .map_err(|error| error.to_string())
    })
}

/// Opens a sealed block with a password: bitlocker_image's, or a test's that needs no key stretch.
type Open<'a> = &'a dyn Fn(&[u8], &RecoveryPassword) -> Result<(), String>;

pub(super) fn check_with(
    journal: &[u8],
    manifest: Option<&mut dyn BufRead>,
    open: Open<'_>,
) -> JournalReport {
    let replay = match replay(journal) {
        Ok(replay) => replay,
        Err(damage) => return unreadable(journal, &damage),
    };
    let mut findings = Vec::new();
    let key = prove_key(&replay, open, &mut findings);
    let manifest_matches =
        manifest.map(|manifest| check_manifest(&replay, manifest, &mut findings));
    let verdict = match (&replay.closed, findings.is_empty()) {
        (_, false) => JournalVerdict::Invalid,
        (Some(_), true) => JournalVerdict::Valid,
        (None, true) => JournalVerdict::Unfinished,
    };
    if replay.closed.is_none() {
        findings.push(unfinished(&replay));
    }
    JournalReport {
        verdict,
        findings,
        facts: Some(facts(&replay, key, manifest_matches)),
    }
}

/// A journal that cannot be replayed: every fault of its records, or, when it just stops too early,
/// that.
fn unreadable(journal: &[u8], damage: &Damage) -> JournalReport {
    let mut findings = survey(journal);
    if findings.is_empty() {
        findings.push(damage_finding(damage));
    }
    let only_short =
        damage.code == "too-short" && findings.iter().all(|finding| finding.code == "too-short");
    let verdict = if only_short {
        JournalVerdict::Unfinished
    } else {
        JournalVerdict::Invalid
    };
    JournalReport {
        verdict,
        findings,
        facts: None,
    }
}

/// Turns a damage into a finding.
pub(super) fn damage_finding(damage: &Damage) -> Finding {
    Finding {
        code: damage.code.to_owned(),
        message: damage.what.clone(),
        place: format!("line {}, byte {:#x}", damage.line, damage.at),
    }
}

fn unfinished(replay: &Replay) -> Finding {
    let torn = if replay.torn_bytes > 0 {
        "; its last record is torn and counts for nothing"
    } else {
        ""
    };
    Finding {
        code: "unfinished".to_owned(),
        message: format!(
            "the journal has no end: the drive is {}{torn}",
            replay.state
        ),
        place: format!("behind record {}, byte {:#x}", replay.records, replay.bytes),
    }
}

fn prove_key(replay: &Replay, open: Open<'_>, findings: &mut Vec<Finding>) -> KeyProof {
    let Some(password) = &replay.recovery_password else {
        return if replay.redacted {
            KeyProof::Redacted
        } else {
            KeyProof::Absent
        };
    };
    match open(&replay.sealed, password) {
        Ok(()) => KeyProof::Opens,
        Err(error) => {
            let message = format!(
                "the recovery password does not open the sealed block in this journal: {error}"
            );
            findings.push(Finding {
                code: "key-does-not-open".into(),
                message,
                place: "ArgosyBitLocker".into(),
            });
            KeyProof::DoesNotOpen
        }
    }
}

fn facts(replay: &Replay, key: KeyProof, manifest_matches: Option<bool>) -> JournalFacts {
    JournalFacts {
        session: replay.session.session.to_string(),
        serial: replay.session.drive.serial.clone(),
        state: replay.state.clone(),
        verdict: replay.closed.as_ref().map(|closed| closed.verdict),
        key,
        manifest_hash: replay
            .manifest
            .map_or_else(String::new, |(md5, _)| upper_hex(&md5)),
        manifest_matches,
        files: replay.session.files,
        bytes: replay.session.bytes,
        left_out: replay.left_out.count,
        records: replay.records,
        torn_bytes: replay.torn_bytes,
    }
}

/// Reads a manifest whole and compares it with what the journal says. Returns whether it is the
/// journal's own.
fn check_manifest(
    replay: &Replay,
    manifest: &mut dyn BufRead,
    findings: &mut Vec<Finding>,
) -> bool {
    let before = findings.len();
    let mut source = Hashing {
        inner: manifest,
        state: Md5State::new(),
        bytes: 0,
    };
    let read = read_manifest(replay, &mut source, findings);
    if let Err(error) = &read {
        let place = format!("manifest, line {}", error.line);
        findings.push(Finding {
            code: "manifest-damaged".into(),
            message: error.fault.to_string(),
            place,
        });
    }
    let drained = source.drain();
    let (found, bytes) = (source.state.finish(), source.bytes);
    let mut differs = |message: String| {
        findings.push(Finding {
            code: "manifest-differs".into(),
            message,
            place: "manifest".into(),
        });
    };
    match (drained, replay.manifest) {
        (Err(error), _) => differs(format!("the manifest cannot be read to its end: {error}")),
        (_, None) => differs("the journal ends before it knows its manifest".into()),
        (_, Some((expected, length))) if found != expected || bytes != length => differs(format!(
            "the manifest has {bytes} bytes and MD5 {}; the journal's has {length} bytes and MD5 {}",
            upper_hex(&found),
            upper_hex(&expected)
        )),
        _ => {}
    }
    findings.len() == before
}

fn read_manifest(
    replay: &Replay,
    source: &mut Hashing<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ManifestError> {
    let mut reader = ManifestReader::new(source)?;
    let serial = &replay.session.drive.serial;
    if reader.drive_id() != serial {
        let message = format!(
            "the manifest is of drive \"{}\", the journal of drive \"{serial}\"",
            reader.drive_id()
        );
        findings.push(Finding {
            code: "manifest-other-drive".into(),
            message,
            place: "manifest, DriveId".into(),
        });
    }
    let (mut files, mut strangers) = (0_u64, 0_u64);
    while let Some(file) = reader.next_file()? {
        files = files.saturating_add(1);
        let own = session_and_relative(&file.path)
            .is_some_and(|(session, _)| session == replay.session.session);
        let is_free = replay.in_place || replay.added_to.is_some() || replay.session.exported;
        if !own && strangers == 0 && !is_free {
            let message = format!(
                "{} does not lie under session {}",
                file.path, replay.session.session
            );
            findings.push(Finding {
                code: "manifest-other-session".into(),
                message,
                place: "manifest, FilePath".into(),
            });
        }
        strangers = strangers.saturating_add(u64::from(!own));
    }
    let expected = replay.session.files.saturating_sub(replay.left_out.missing);
    if files != expected {
        let message =
            format!("the manifest lists {files} files; by the journal {expected} are on the drive");
        findings.push(Finding {
            code: "manifest-file-count".into(),
            message,
            place: "manifest".into(),
        });
    }
    Ok(())
}

/// Hashes what is read, so that a damaged manifest still gets its hash.
struct Hashing<'a> {
    inner: &'a mut dyn BufRead,
    state: Md5State,
    bytes: u64,
}

impl Hashing<'_> {
    fn drain(&mut self) -> io::Result<()> {
        let mut rest = [0; 4096];
        while self.read(&mut rest)? > 0 {}
        Ok(())
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.state.update(into.get(..count).unwrap_or(into));
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
