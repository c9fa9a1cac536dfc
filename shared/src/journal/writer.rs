//! Makes the bytes to append.

use super::chain;
use super::codec;
use super::framing::{self, Body};
use super::marks::MARKS_MAX;
use super::record::{Closed, Key, LeftOutTally, Record, Session, Stored};
use super::replay::Replay;
use super::text;
use crate::job::{DriveState, Moment, OutOfOrder};
use thiserror::Error;

/// No journal grows beyond this: the portal takes 2 MB.
pub const JOURNAL_BYTES_MAX: u64 = 2_000_000;

/// Makes records; the caller appends the bytes and makes them durable, in the order in which they
/// came. Encoding and framing: UTF-8, CRLF, as `framing.rs` says.
///
/// A journal stays below [`JOURNAL_BYTES_MAX`] for any drive and any number of attempts, because
/// what may come without limit is limited: past 2,400 marks of a pass, 256 attempts, 100 notes, 200
/// tallies of left-out files or 200 names in them, `append` takes the record and returns no bytes.
/// Nothing is lost by that which a resume or a reader needs: it goes on from the last mark, the
/// side file has the rest, and the last tally is always written.
#[derive(Clone, Debug)]
pub struct JournalWriter {
    replay: Replay,
    /// A tally that found no room, written before the next record that relies on it.
    unwritten: Option<LeftOutTally>,
}

/// A record that may not be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// It cannot follow on the drive's state.
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
    /// It cannot stand here for another reason.
    #[error("journal: {what}")]
    Refused {
        /// The reason.
        what: String,
    },
    /// The journal has its end.
    #[error("journal: it is closed")]
    Closed,
    /// The key was taken out.
    #[error("journal: this copy has no key, so nothing can go on from it")]
    Redacted,
}

impl JournalWriter {
    /// Begins a journal. Returns its first bytes: the record that makes the file, and the session.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the serial is empty, too long, or cannot stand in XML.
    pub fn create(at: Moment, session: &Session) -> Result<(Self, Vec<u8>), AppendError> {
        let serial = &session.drive.serial;
        if serial.is_empty()
            || text::escaped(serial).len() > SERIAL_BYTES_MAX
            || crate::manifest::check_text(serial).is_err()
        {
            return Err(refused(
                "the drive's serial is empty, too long, or not text",
            ));
        }
        let mut writer = Self {
            replay: Replay::new(session.clone(), at),
            unwritten: None,
        };
        let mut bytes = writer.framed(&codec::new_file(at));
        bytes.extend(writer.framed(&codec::write(
            at,
            &Stored::Session(Box::new(session.clone())),
        )));
        Ok((writer, bytes))
    }

    /// Goes on with a journal that was replayed. The caller first cuts the file to
    /// [`Replay::bytes`].
    ///
    /// # Errors
    /// [`AppendError`] when it is closed, or was redacted.
    pub fn reopen(replay: &Replay) -> Result<Self, AppendError> {
        if replay.closed.is_some() {
            return Err(AppendError::Closed);
        }
        if replay.redacted {
            return Err(AppendError::Redacted);
        }
        Ok(Self {
            replay: replay.clone(),
            unwritten: None,
        })
    }

    /// Returns the bytes of a record; they may be empty (see above).
    ///
    /// # Errors
    /// [`AppendError`] when the record cannot follow here; nothing changed then.
    pub fn append(&mut self, at: Moment, record: &Record) -> Result<Vec<u8>, AppendError> {
        if self.replay.closed.is_some() {
            return Err(AppendError::Closed);
        }
        if let Record::LeftOut(tally) = record {
            return self.append_left_out(at, tally);
        }
        let mut next = self.clone();
        let mut bytes = Vec::new();
        if matches!(
            record,
            Record::Mending { .. } | Record::Verified { .. } | Record::Closed { .. }
        ) && let Some(tally) = next.unwritten.take()
        {
            bytes.extend(next.framed(&codec::write(at, &Stored::Record(Record::LeftOut(tally)))));
        }
        if let Some(event) = record.event(next.replay.left_out.missing) {
            next.replay.state.clone().step(&event)?;
        }
        let has_room = next.has_room(record);
        let stored = next.stored(record)?;
        let body = has_room.then(|| codec::write(at, &stored));
        next.replay
            .take(at, stored)
            .map_err(|what| AppendError::Refused { what })?;
        if let Some(body) = body {
            bytes.extend(next.framed(&body));
        }
        *self = next;
        Ok(bytes)
    }

    /// Returns where the drive stands after all records so far.
    #[must_use]
    pub const fn state(&self) -> &DriveState {
        &self.replay.state
    }

    /// Returns all that the journal says so far.
    #[must_use]
    pub const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Fills in what the writer knows.
    fn stored(&self, record: &Record) -> Result<Stored, AppendError> {
        let manifest_md5 = self.replay.manifest.map(|(md5, _)| md5);
        Ok(match record {
            Record::Key(key) => Stored::Key(Key {
                salt: key.salt,
                shown: key.recovery_password.reveal(),
                sealed: key.sealed.clone(),
            }),
            Record::DriveInfo => Stored::DriveInfo {
                serial: self.replay.session.drive.serial.clone(),
                key: self.replay.key.clone(),
                exported: self.replay.session.exported,
                manifest_md5: manifest_md5
                    .ok_or_else(|| refused("the manifest is not known yet"))?,
            },
            Record::Closed { verdict } => {
                let records = self.replay.records.saturating_add(1);
                Stored::Closed(Closed {
                    records,
                    manifest_md5,
                    verdict: *verdict,
                })
            }
            other => Stored::Record(other.clone()),
        })
    }

    /// A resume that ends a failure is written when the failure was, so that a replay never stands
    /// still in it.
    fn has_room(&self, record: &Record) -> bool {
        let replay = &self.replay;
        match record {
            Record::Durable { .. } => replay.marks.0 < MARKS_MAX,
            Record::VerifiedThrough { .. } => replay.marks.1 < MARKS_MAX,
            Record::Failed { .. } | Record::Cancelled | Record::Resumed { .. } => {
                replay.attempts < ATTEMPTS_MAX
            }
            Record::Note(_) => replay.notes.len() < NOTES_MAX,
            _ => true,
        }
    }

    fn append_left_out(
        &mut self,
        at: Moment,
        tally: &LeftOutTally,
    ) -> Result<Vec<u8>, AppendError> {
        let mut next = self.clone();
        let named = room_for(&next.replay.left_out, tally);
        let tally = LeftOutTally {
            named,
            ..tally.clone()
        };
        let record = Record::LeftOut(tally.clone());
        next.replay
            .take(at, Stored::Record(record.clone()))
            .map_err(|what| AppendError::Refused { what })?;
        let mut bytes = Vec::new();
        if next.replay.left_out_records <= TALLIES_MAX {
            bytes = next.framed(&codec::write(at, &Stored::Record(record)));
        } else {
            let mut unwritten = next.unwritten.take().unwrap_or_default();
            let mut named = std::mem::take(&mut unwritten.named);
            named.extend(tally.named.clone());
            next.unwritten = Some(LeftOutTally { named, ..tally });
        }
        *self = next;
        Ok(bytes)
    }

    /// Adds number and chain.
    fn framed(&mut self, body: &Body) -> Vec<u8> {
        let number = self.replay.records.saturating_add(1);
        let mut text = body.head();
        text.push_str(&framing::number_line(number));
        let salt = super::replay::salt_of(body).or(self.replay.salt);
        let salt = if super::replay::holds_key(body) {
            salt
        } else {
            None
        };
        let chain = chain::link(
            &self.replay.chain,
            &chain::redacted(text.as_bytes(), salt.as_ref()),
        );
        text.push_str(&framing::tail(&chain));
        let end = self
            .replay
            .bytes
            .saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.replay
            .passed(number, chain, usize::try_from(end).unwrap_or(usize::MAX));
        text.into_bytes()
    }
}

/// The names for which a journal still has room.
fn room_for(before: &LeftOutTally, tally: &LeftOutTally) -> Vec<crate::job::LeftOut> {
    let length = |path: &str| text::escaped(path).len();
    let mut bytes: usize = before
        .named
        .iter()
        .map(|file| length(&file.path))
        .fold(0, usize::saturating_add);
    let mut named = Vec::new();
    for file in &tally.named {
        bytes = bytes.saturating_add(length(&file.path));
        if before.named.len().saturating_add(named.len()) >= NAMED_MAX || bytes > NAMED_BYTES_MAX {
            break;
        }
        named.push(file.clone());
    }
    named
}

fn refused(what: &str) -> AppendError {
    AppendError::Refused {
        what: what.to_owned(),
    }
}

const SERIAL_BYTES_MAX: usize = 200;

const ATTEMPTS_MAX: u64 = 256;
const NOTES_MAX: usize = 100;
const TALLIES_MAX: u64 = 200;
const NAMED_MAX: usize = 200;
const NAMED_BYTES_MAX: usize = 64 * 1024;
