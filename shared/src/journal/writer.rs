//! Makes the bytes to append.

use super::record::{Record, Session};
use super::replay::Replay;
use crate::job::{DriveState, Moment, OutOfOrder};
use thiserror::Error;

/// No journal grows beyond this: the portal takes 2 MB.
pub const JOURNAL_BYTES_MAX: u64 = 2_000_000;

/// Makes records; the caller appends the bytes and makes them durable, in the order in which they came.
#[derive(Clone, Debug)]
pub struct JournalWriter {
    _state: DriveState,
}

/// A record that may not be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// It cannot follow on the drive's state.
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
}

impl JournalWriter {
    /// Begins a journal. Returns its first bytes.
    #[must_use]
    pub fn create(_at: Moment, _session: &Session) -> (Self, Vec<u8>) {
        todo!()
    }

    /// Goes on with a journal that was replayed. The caller first cuts the file to [`Replay::bytes`].
    ///
    /// # Errors
    /// [`AppendError`] when it is closed, or was redacted (then nobody has the key any more).
    pub fn reopen(_replay: &Replay) -> Result<Self, AppendError> {
        todo!()
    }

    /// Returns the bytes of a record. They are empty when the record would be one attempt too many for a journal below
    /// 2 MB; the state moves on all the same, and a replay then stands at the last mark, where a resume continues anyway.
    ///
    /// # Errors
    /// [`AppendError`] when the record cannot follow here; nothing changed then.
    pub fn append(&mut self, _at: Moment, _record: &Record) -> Result<Vec<u8>, AppendError> {
        todo!()
    }

    /// Returns where the drive stands after all records so far.
    #[must_use]
    pub fn state(&self) -> &DriveState {
        todo!()
    }
}
