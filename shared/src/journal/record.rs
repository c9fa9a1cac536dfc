//! What a journal can say.

use crate::blob_name::SessionId;
use crate::job::{DriveEvent, DriveIdentity, FreeSpace, LeftOut, Moment, Verdict};
use bitlocker_image::{Cipher, RecoveryPassword};
use zeroize::Zeroizing;

/// One record behind the first two (which [`JournalWriter::create`](super::JournalWriter::create)
/// writes).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// The volume's keys, before the first byte goes to the drive.
    Key(KeyRecord),
    /// The old contents are destroyed. `fingerprint` is SHA-256 over what a resume compares, taken
    /// after the erase.
    Erased {
        /// The fingerprint.
        fingerprint: [u8; 32],
    },
    /// The drive holds sessions already and keeps them: the files come onto its free clusters. In the place of an
    /// erase.
    Adding {
        /// MD5 of the manifest that was on it.
        manifest_md5: [u8; 16],
    },
    /// What changes of the sessions that were there is durable in the side file; from here on it is written over
    /// what is on the drive, again by every resume. In the place of a seal.
    Redo {
        /// Offset in the side file where it begins.
        from: u64,
        /// The side file with it.
        side: SideMark,
    },
    /// A resume point: the drive up to `through`, and the side file up to `side.bytes`, are on
    /// their media.
    Durable {
        /// Bytes from the start of the drive.
        through: u64,
        /// The side file at this mark.
        side: SideMark,
    },
    /// Files that are not going onto the drive; may come several times, each saying the totals so
    /// far.
    LeftOut(LeftOutTally),
    /// The data pass is durable, the manifest is known; the mend begins.
    Mending {
        /// MD5 of the manifest.
        manifest_md5: [u8; 16],
        /// Its length in bytes.
        manifest_bytes: u64,
    },
    /// Headers and partition tables are being written.
    Sealing,
    /// The drive is whole.
    Written,
    /// Somebody else encrypted and filled the drive; every file on it was hashed where it lies, and
    /// this manifest is to be put onto it. The only record of such a drive between key and portal.
    InPlace {
        /// MD5 of the manifest.
        manifest_md5: [u8; 16],
        /// Its length in bytes.
        manifest_bytes: u64,
    },
    /// The record that the portal reads: serial, recovery password, manifest and its MD5. The
    /// writer knows them all.
    DriveInfo,
    /// Read back and right up to here.
    VerifiedThrough {
        /// Bytes, in the fixed order of the verification.
        through: u64,
    },
    /// All of it was read back and is right.
    Verified {
        /// Files on the drive.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// The attempt ended in a fault.
    Failed {
        /// One sentence for the person at the drive; the first 500 characters are kept.
        why: String,
    },
    /// The person stopped it.
    Cancelled,
    /// A new attempt.
    Resumed {
        /// The program and its version.
        tool: String,
    },
    /// A fact that changes no state. At most 100 a journal, the first 500 characters of each.
    Note(Note),
    /// The end. Nothing may follow, and without it nobody calls the journal valid.
    Closed {
        /// What the end is called.
        verdict: Verdict,
    },
}

/// Who fills which drive with what: the journal's second record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session id.
    pub session: SessionId,
    /// SHA-256 of the frozen plan; of the manifest's MD5 where somebody else filled the drive.
    pub plan_hash: [u8; 32],
    /// The one start time that the drive's own times are made from.
    pub started: Moment,
    /// The program and its version: `argosy 0.1.0`.
    pub tool: String,
    /// The drive.
    pub drive: DriveIdentity,
    /// How its sectors are encrypted.
    pub cipher: Cipher,
    /// What becomes of bytes that the volume does not use.
    pub free_space: FreeSpace,
    /// With [`FreeSpace::Keep`]: how many bytes of old data stay readable.
    pub kept_bytes: u64,
    /// Whether the files come out of a store, to be unpacked: the drive is nothing to hand over, and
    /// its manifest is `\<serial>.manifest`.
    pub exported: bool,
    /// Files planned for it: as many as its manifest lists when none is missing.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The volume's keys.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The 48 digits.
    pub recovery_password: RecoveryPassword,
    /// Random bytes, so that a redacted copy does not give away which of two drives share a
    /// password.
    pub salt: [u8; 16],
    /// The sealed information area that the password opens: 65,536 bytes. Zeros at its end are not
    /// stored.
    pub sealed: Vec<u8>,
}

/// Shows no key.
impl std::fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRecord").finish_non_exhaustive()
    }
}

/// The side file at a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideMark {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of that many bytes.
    pub hash: [u8; 32],
}

/// Files that are not on the drive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOutTally {
    /// How many in all, so far.
    pub count: u64,
    /// How many of them were planned and failed in the copy: those make the drive incomplete.
    pub missing: u64,
    /// SHA-256 of `<serial>.left-out.csv` with all of them, so far.
    pub csv_hash: [u8; 32],
    /// Those not named in an earlier record. A journal names at most 200, and at most 64 KiB of
    /// them.
    pub named: Vec<LeftOut>,
}

/// A fact that changes no state: the result of a drive check, a warning that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A stable word in kebab case.
    pub code: String,
    /// In words.
    pub text: String,
}

/// The last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// How many records the journal has, this one included.
    pub records: u64,
    /// MD5 of the manifest; none when the drive failed before it had one.
    pub manifest_md5: Option<[u8; 16]>,
    /// What the end is called.
    pub verdict: Verdict,
}

impl Record {
    /// Returns what this record does to the drive's state; `None` for records that do nothing to
    /// it. `missing` is [`LeftOutTally::missing`] of the last tally.
    #[must_use]
    pub fn event(&self, missing: u64) -> Option<DriveEvent> {
        Some(match self {
            Self::Erased { .. } => DriveEvent::Erased,
            Self::Adding { .. } => DriveEvent::Adding,
            Self::Durable { through, .. } => DriveEvent::Durable { through: *through },
            Self::Mending { .. } => DriveEvent::Mending,
            Self::Sealing | Self::Redo { .. } => DriveEvent::Sealing,
            Self::Written => DriveEvent::Written,
            Self::InPlace { .. } => DriveEvent::InPlace,
            Self::VerifiedThrough { through } => DriveEvent::VerifiedThrough { through: *through },
            Self::Verified { .. } => DriveEvent::Verified {
                missing_files: missing,
            },
            Self::Failed { why } => DriveEvent::Failed { why: why.clone() },
            Self::Cancelled => DriveEvent::Cancelled,
            Self::Resumed { .. } => DriveEvent::Resumed,
            Self::Key(_)
            | Self::LeftOut(_)
            | Self::DriveInfo
            | Self::Note(_)
            | Self::Closed { .. } => return None,
        })
    }
}

/// A record as it is stored: [`Record`] with what the writer fills in.
pub(super) enum Stored {
    Session(Box<Session>),
    Key(Key),
    DriveInfo {
        serial: String,
        key: Zeroizing<String>,
        exported: bool,
        manifest_md5: [u8; 16],
    },
    Closed(Closed),
    Record(Record),
}

/// The keys as they are stored.
pub(super) struct Key {
    pub(super) salt: [u8; 16],
    /// The password, or what stands in for it.
    pub(super) shown: Zeroizing<String>,
    pub(super) sealed: Vec<u8>,
}
