//! Reads a journal back, and says what may follow what.

use super::chain::{self, STAND_IN};
use super::codec::{self, SEALED_BYTES};
use super::framing::{self, BEGIN, Body, Frame, FrameFault, Kind, RECORD_BYTES_MAX};
use super::record::{Closed, Key, LeftOutTally, Note, Record, Session, SideMark, Stored};
use crate::job::{DriveState, Moment, Stage, Verdict};
use bitlocker_image::RecoveryPassword;
use thiserror::Error;
use zeroize::Zeroizing;

/// What a journal says, all of it.
#[derive(Clone)]
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
    /// Whether somebody else encrypted and filled the drive: its files lie anywhere on it.
    pub in_place: bool,
    /// MD5 of the manifest that was on the drive, when it held sessions already and keeps them.
    pub added_to: Option<[u8; 16]>,
    /// Where in the side file the changes begin that are written last; none before they are durable.
    pub redo: Option<u64>,
    /// When the record for the portal was made; none before.
    pub drive_info: Option<Moment>,
    /// Files and bytes that were read back; none before.
    pub verified: Option<(u64, u64)>,
    /// Attempts that were recorded, the first included.
    pub attempts: u64,
    /// Disk offsets of the marks at which an attempt went on with the writing.
    pub resumed_at: Vec<u64>,
    /// Marks that were recorded: durable, verified.
    pub marks: (u64, u64),
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
    pub(super) chain: [u8; 32],
    pub(super) salt: Option<[u8; 16]>,
    pub(super) key: Zeroizing<String>,
    pub(super) left_out_records: u64,
}

/// Why a journal cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("journal, line {line}, byte {at:#x}: {what}")]
#[non_exhaustive]
pub struct Damage {
    /// The line, from 1.
    pub line: u64,
    /// The offset of the record.
    pub at: u64,
    /// A stable word: `framing`, `edited`, `out-of-place`, `wrong-record`, `too-short`,
    /// `behind-end`.
    pub code: &'static str,
    /// The fault, in words.
    pub what: String,
}

impl Damage {
    pub(super) fn new(code: &'static str, line: u64, at: usize, what: impl Into<String>) -> Self {
        Self {
            line,
            at: u64::try_from(at).unwrap_or(u64::MAX),
            code,
            what: what.into(),
        }
    }
}

/// Reads a journal and folds it through [`DriveState::step`]. One torn record at the end is
/// dropped: one that lacks its end, or that a power cut left full of zeros.
///
/// # Errors
/// [`Damage`] for any other fault, with its place.
pub fn replay(journal: &[u8]) -> Result<Replay, Damage> {
    let mut walk = Walk {
        journal,
        at: 0,
        line: 1,
    };
    let first = walk.next()?.filter(|frame| codec::is_new_file(&frame.body));
    let first = first
        .ok_or_else(|| Damage::new("too-short", 1, 0, "it does not begin as a journal does"))?;
    let start = chain::start();
    check_place(&first, 1, &start, None)?;
    let second = walk.next()?;
    let second = second.ok_or_else(|| {
        walk.damage(
            "too-short",
            "it ends before it says which drive it is about",
        )
    })?;
    check_place(&second, 2, &first.chain, None)?;
    let session = match codec::read(&second.body, None) {
        Ok(Stored::Session(session)) => *session,
        Ok(_) => {
            return Err(damage(
                &second,
                "wrong-record",
                "the drive's session should stand here",
            ));
        }
        Err(what) => return Err(damage(&second, "wrong-record", what)),
    };
    let mut replay = Replay::new(session, second.body.time);
    replay.passed(2, second.chain, walk.at);
    while let Some(frame) = walk.next()? {
        replay.follow(&frame)?;
        replay.passed(frame.number, frame.chain, walk.at);
    }
    replay.torn_bytes = u64::try_from(journal.len().saturating_sub(walk.at)).unwrap_or(u64::MAX);
    Ok(replay)
}

/// Judges a frame against its place; `salt` is the one of earlier records.
pub(super) fn check_place(
    frame: &Frame<'_>,
    number: u64,
    before: &[u8; 32],
    salt: Option<&[u8; 16]>,
) -> Result<(), Damage> {
    if frame.number != number {
        let what = if frame.number > number {
            format!(
                "record {} stands where record {number} should: records before it are missing",
                frame.number
            )
        } else {
            format!(
                "record {} stands where record {number} should: it was moved or put in twice",
                frame.number
            )
        };
        return Err(damage(frame, "out-of-place", what));
    }
    let own_salt = salt_of(&frame.body);
    let salt = if holds_key(&frame.body) {
        own_salt.as_ref().or(salt)
    } else {
        None
    };
    if chain::link(before, &chain::redacted(frame.hashed, salt)) != frame.chain {
        let what = format!(
            "record {number} ({}) was edited, or is another journal's",
            name(&frame.body)
        );
        return Err(damage(frame, "edited", what));
    }
    Ok(())
}

/// The activity's name, for words.
pub(super) fn name(body: &Body) -> String {
    match (body.kind, body.fields.first()) {
        (Kind::NewJournalFile, _) => "NewJournalFile".to_owned(),
        (_, Some((_, framing::Value::Line(id)))) => super::text::cut(id, 40).to_owned(),
        _ => "nameless".to_owned(),
    }
}

/// Whether the record is one of the two that hold the key.
pub(super) fn holds_key(body: &Body) -> bool {
    let name = name(body);
    name == codec::KEY || name == codec::DRIVE_INFO
}

/// The salt of the key's record.
pub(super) fn salt_of(body: &Body) -> Option<[u8; 16]> {
    body.fields.iter().find_map(|(name, value)| match value {
        framing::Value::Line(value) if name == "KeySalt" => crate::hash::from_hex(value),
        _ => None,
    })
}

fn damage(frame: &Frame<'_>, code: &'static str, what: impl Into<String>) -> Damage {
    Damage::new(code, frame.line, frame.at, what)
}

/// Goes from record to record.
pub(super) struct Walk<'a> {
    pub(super) journal: &'a [u8],
    pub(super) at: usize,
    pub(super) line: u64,
}

impl<'a> Walk<'a> {
    /// Returns the next whole record; `None` at the end, or before one torn record.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'a>>, Damage> {
        let rest = self.journal.get(self.at..).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(None);
        }
        match framing::read(self.journal, self.at, self.line) {
            Ok(frame) => {
                self.at = self.at.saturating_add(frame.bytes.len());
                self.line = frame.next_line;
                Ok(Some(frame))
            }
            Err(FrameFault::Incomplete) if is_begun(rest) || is_zeroed(self.journal, self.at) => {
                Ok(None)
            }
            Err(FrameFault::Incomplete) => Err(self.damage("framing", "bytes that are no record")),
            Err(FrameFault::Damage(_)) if is_zeroed(self.journal, self.at) => Ok(None),
            Err(FrameFault::Damage(damage)) => Err(damage),
        }
    }

    pub(super) fn damage(&self, code: &'static str, what: &str) -> Damage {
        Damage::new(code, self.line, self.at, what)
    }
}

/// Whether `rest`, which holds no whole record, is the beginning of one, or the first bytes of
/// that.
fn is_begun(rest: &[u8]) -> bool {
    let begin = BEGIN.as_bytes();
    rest.len() <= RECORD_BYTES_MAX && (rest.starts_with(begin) || begin.starts_with(rest))
}

/// Whether what lies at `at` is what a power cut leaves of one append on file systems that grow a
/// file before its bytes arrive: zeros in place of some sectors, and nothing of a further record
/// behind them. Journals hold no zero byte, and a zero elsewhere than in place of whole sectors is
/// damage of another kind.
fn is_zeroed(journal: &[u8], at: usize) -> bool {
    let rest = journal.get(at..).unwrap_or(&[]);
    if rest.len() > RECORD_BYTES_MAX {
        return false;
    }
    let mut runs = 0_u64;
    let mut in_run = false;
    for (offset, &byte) in (at..).zip(rest) {
        let zero = byte == 0;
        if zero != in_run && !offset.is_multiple_of(SECTOR) && offset != at {
            return false;
        }
        runs = runs.saturating_add(u64::from(zero && !in_run));
        in_run = zero;
    }
    let ends = rest
        .windows(framing::END.len())
        .filter(|window| *window == framing::END.as_bytes());
    runs > 0 && framing::next_begin(rest, 1, 1).is_none() && ends.count() <= 1
}

/// What drives write at once, at the least.
const SECTOR: usize = 512;

impl Replay {
    /// Returns how the drive was checked for errors before it was filled, in words; `None` while it was
    /// not.
    #[must_use]
    pub fn surface_check(&self) -> Option<&str> {
        let mut checks = self.notes.iter().rev();
        let check = checks.find(|note| note.code.starts_with("check-"))?;
        Some(&check.text)
    }

    /// Returns the salt of the hash by which the chain counts the key; none before the key.
    #[must_use]
    pub const fn salt(&self) -> Option<[u8; 16]> {
        self.salt
    }

    pub(super) fn new(session: Session, time: Moment) -> Self {
        Self {
            session,
            state: DriveState::PLANNED,
            recovery_password: None,
            redacted: false,
            sealed: Vec::new(),
            fingerprint: None,
            side: SideMark::default(),
            left_out: LeftOutTally::default(),
            manifest: None,
            in_place: false,
            added_to: None,
            redo: None,
            drive_info: None,
            verified: None,
            attempts: 1,
            resumed_at: Vec::new(),
            marks: (0, 0),
            notes: Vec::new(),
            closed: None,
            records: 0,
            bytes: 0,
            torn_bytes: 0,
            last: time,
            chain: chain::start(),
            salt: None,
            key: Zeroizing::new(String::new()),
            left_out_records: 0,
        }
    }

    /// Takes note of a record's place.
    pub(super) fn passed(&mut self, number: u64, chain: [u8; 32], end: usize) {
        self.records = number;
        self.chain = chain;
        self.bytes = u64::try_from(end).unwrap_or(u64::MAX);
    }

    fn follow(&mut self, frame: &Frame<'_>) -> Result<(), Damage> {
        if self.closed.is_some() {
            return Err(damage(frame, "behind-end", "a record behind the end"));
        }
        check_place(
            frame,
            self.records.saturating_add(1),
            &self.chain,
            self.salt.as_ref(),
        )?;
        let known = (!self.key.is_empty()).then_some(codec::Known {
            serial: &self.session.drive.serial,
            key: &self.key,
            exported: self.session.exported,
        });
        let stored =
            codec::read(&frame.body, known).map_err(|what| damage(frame, "wrong-record", what))?;
        self.take(frame.body.time, stored)
            .map_err(|what| damage(frame, "wrong-record", what))
    }

    /// Takes a record's meaning: the one place that says what may follow what, for the writer and
    /// for every reader.
    pub(super) fn take(&mut self, time: Moment, stored: Stored) -> Result<(), String> {
        match stored {
            Stored::Session(_) => return Err("a second session".to_owned()),
            Stored::Key(key) => self.take_key(key)?,
            Stored::DriveInfo { manifest_md5, .. } => self.take_drive_info(time, manifest_md5)?,
            Stored::Closed(closed) => self.take_closed(closed)?,
            Stored::Record(record) => self.take_record(record)?,
        }
        self.last = time;
        Ok(())
    }

    fn take_record(&mut self, record: Record) -> Result<(), String> {
        if matches!(record, Record::Erased { .. }) && self.key.is_empty() {
            return Err("the drive is erased before its key is recorded".to_owned());
        }
        if matches!(record, Record::Adding { .. }) && self.key.is_empty() {
            return Err("files are added to a drive before its key is recorded".to_owned());
        }
        if let Record::Redo { from, side } = &record
            && (self.added_to.is_none() || *from < self.side.bytes || side.bytes <= *from)
        {
            return Err("changes of a drive that nothing is added to, or no changes".to_owned());
        }
        if matches!(record, Record::Sealing) && self.added_to.is_some() {
            return Err("a seal of a drive that files are added to".to_owned());
        }
        if matches!(record, Record::InPlace { .. }) && self.key.is_empty() {
            return Err("a drive that somebody else filled has no key recorded".to_owned());
        }
        if let Some(event) = record.event(self.left_out.missing) {
            self.state = self
                .state
                .clone()
                .step(&event)
                .map_err(|error| error.to_string())?;
        }
        match record {
            Record::Erased { fingerprint } => self.fingerprint = Some(fingerprint),
            Record::Durable { side, .. } => {
                self.side = side;
                self.marks.0 = self.marks.0.saturating_add(1);
            }
            Record::Adding { manifest_md5 } => self.added_to = Some(manifest_md5),
            Record::Redo { from, side } => {
                self.redo = Some(from);
                self.side = side;
            }
            Record::LeftOut(tally) => self.take_left_out(tally)?,
            Record::Mending {
                manifest_md5,
                manifest_bytes,
            } => self.manifest = Some((manifest_md5, manifest_bytes)),
            Record::InPlace {
                manifest_md5,
                manifest_bytes,
            } => {
                self.manifest = Some((manifest_md5, manifest_bytes));
                self.in_place = true;
            }
            Record::VerifiedThrough { .. } => self.marks.1 = self.marks.1.saturating_add(1),
            Record::Verified { files, bytes } => self.verified = Some((files, bytes)),
            Record::Resumed { .. } => {
                self.attempts = self.attempts.saturating_add(1);
                if let DriveState::At(Stage::Writing { through }) = self.state {
                    self.resumed_at.push(through);
                }
            }
            Record::Note(note) => self.notes.push(note),
            _ => {}
        }
        Ok(())
    }

    fn take_key(&mut self, key: Key) -> Result<(), String> {
        if self.state != DriveState::PLANNED || !self.key.is_empty() {
            return Err("the key belongs once before the erase".to_owned());
        }
        if key.shown.starts_with(STAND_IN) {
            self.redacted = true;
        } else {
            let password: RecoveryPassword = key
                .shown
                .parse()
                .map_err(|error| format!("the recovery password is none: {error}"))?;
            if *password.reveal() != *key.shown {
                return Err(
                    "the recovery password is not written in eight groups of six".to_owned(),
                );
            }
            self.recovery_password = Some(password);
        }
        if key.sealed.len() != SEALED_BYTES {
            return Err(format!(
                "the information area has {} bytes, not {SEALED_BYTES}",
                key.sealed.len()
            ));
        }
        (self.salt, self.key, self.sealed) = (Some(key.salt), key.shown, key.sealed);
        Ok(())
    }

    fn take_left_out(&mut self, tally: LeftOutTally) -> Result<(), String> {
        let before = &mut self.left_out;
        if tally.count < before.count
            || tally.missing < before.missing
            || tally.missing > tally.count
        {
            return Err("fewer files left out than before".to_owned());
        }
        before.named.extend(tally.named);
        (before.count, before.missing, before.csv_hash) =
            (tally.count, tally.missing, tally.csv_hash);
        self.left_out_records = self.left_out_records.saturating_add(1);
        Ok(())
    }

    fn take_drive_info(&mut self, time: Moment, manifest_md5: [u8; 16]) -> Result<(), String> {
        let whole = matches!(
            self.state,
            DriveState::At(Stage::Written | Stage::Verifying { .. })
        ) || matches!(self.state, DriveState::Verified | DriveState::Incomplete);
        if !whole || self.drive_info.is_some() {
            return Err("the record for the portal belongs once behind the writing".to_owned());
        }
        if self.manifest.map(|(md5, _)| md5) != Some(manifest_md5) {
            return Err("the record for the portal names another manifest".to_owned());
        }
        self.drive_info = Some(time);
        Ok(())
    }

    fn take_closed(&mut self, closed: Closed) -> Result<(), String> {
        if closed.records != self.records.saturating_add(1) {
            return Err(format!(
                "the end counts {} records; it is number {}",
                closed.records,
                self.records.saturating_add(1)
            ));
        }
        if self.state.verdict() != Some(closed.verdict) {
            return Err(format!(
                "the end says {}; the drive is {}",
                closed.verdict, self.state
            ));
        }
        if closed.manifest_md5 != self.manifest.map(|(md5, _)| md5) {
            return Err("the end names another manifest".to_owned());
        }
        if closed.verdict != Verdict::Failed && self.drive_info.is_none() {
            return Err("the end without the record for the portal".to_owned());
        }
        self.closed = Some(closed);
        Ok(())
    }
}

/// Shows no key: neither the password nor the stand-in.
impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay")
            .field("session", &self.session)
            .field("state", &self.state)
            .field("records", &self.records)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
