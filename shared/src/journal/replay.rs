//! Reads a journal back.

use super::record::{Closed, LeftOutTally, Note, Session, SideMark};
use crate::job::{DriveState, Moment};
use bitlocker_image::RecoveryPassword;
use thiserror::Error;

/// What a journal says, all of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replay {
    /// Who fills which drive with what.
    pub session: Session,
    /// Where the drive stands.
    pub state: DriveState,
    /// The recovery password; none before its record, and in a redacted copy.
    pub recovery_password: Option<RecoveryPassword>,
    /// Whether the key was taken out.
    pub redacted: bool,
    /// The sealed information area, 65,536 bytes; empty before its record.
    pub sealed: Vec<u8>,
    /// What a resume compares the drive with; none before the erase.
    pub fingerprint: Option<[u8; 32]>,
    /// The side file at the last mark.
    pub side: SideMark,
    /// Files that are not on the drive, all named ones together.
    pub left_out: LeftOutTally,
    /// MD5 and length of the manifest; none before the mend.
    pub manifest: Option<([u8; 16], u64)>,
    /// Files and bytes that were read back; none before.
    pub verified: Option<(u64, u64)>,
    /// Attempts that were recorded, the first included.
    pub attempts: u64,
    /// Facts that change no state.
    pub notes: Vec<Note>,
    /// The last record, when it is there.
    pub closed: Option<Closed>,
    /// How many records there are.
    pub records: u64,
    /// Length of all whole records: where the next one goes.
    pub bytes: u64,
    /// Bytes of one torn record behind them, which count for nothing.
    pub torn_bytes: u64,
    /// When the last record was made.
    pub last: Moment,
}

/// Why a journal cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("journal, line {line}, byte {at:#x}: {what}")]
pub struct Damage {
    /// The line, from 1.
    pub line: u64,
    /// The offset of the record.
    pub at: u64,
    /// The fault, in words.
    pub what: String,
}

/// Reads a journal and folds it through [`DriveState::step`]. One torn record at the end is dropped.
///
/// # Errors
/// [`Damage`] for any other fault, with its place.
pub fn replay(_journal: &[u8]) -> Result<Replay, Damage> {
    todo!()
}
