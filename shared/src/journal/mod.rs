//! The journal of one drive: what happened to it, in records that only grow.
//!
//! ```text
//! agent:    Record --JournalWriter::append--> bytes --append, fsync (agent)--> <serial>.jrn
//! restart:  bytes --replay--> Replay (state, marks, key, ...) --JournalWriter::reopen--> append goes on
//! anyone:   bytes, manifest --check--> JournalReport        bytes --redact--> a copy without the key that still validates
//! portal:   the DriveInfo record, or <journal>_DriveInfo_<serial>.xml (drive_info_xml)
//! ```
//!
//! # Format, version 1
//! UTF-8 without a mark, lines end in CRLF, times are UTC, in the public framing (`framing.rs` says
//! how values are escaped). Every record ends in its number and its link of a hash chain
//! (`chain.rs`). In order:
//!
//! | record | fields |
//! |---|---|
//! | `NewJournalFile` | VocabularyVersion |
//! | `ArgosySession` | Format, Tool, Session, PlanHash, Started; the drive: Serial, SerialSource, Model, WorldWideName, DriveBytes, SectorBytes; Cipher, FreeSpace, KeptBytes, Files, Bytes |
//! | `ArgosyBitLocker` | KeySalt, RecoveryPassword, InformationArea (base64, zeros at its end left off) |
//! | `ArgosyErased` | Fingerprint |
//! | `ArgosyDurable`, many | Through, SideBytes, SideHash |
//! | `ArgosyLeftOut`, some | Count, Missing, CsvHash, Named (a line each: reason, path) |
//! | `ArgosyMending` | ManifestHash, ManifestBytes |
//! | `ArgosySealing`, `ArgosyWritten` | |
//! | `DriveInfo` | the public one: DriveState (XML), SaveCommandOutput |
//! | `ArgosyVerifiedThrough`, many | Through |
//! | `ArgosyVerified` | Files, Bytes |
//! | `ArgosyClosed` | Records, ManifestHash, Verdict; nothing may follow |
//!
//! Between them: `ArgosyNote` (Code, Text), `ArgosyFailed` (Why), `ArgosyCancelled`,
//! `ArgosyResumed` (Tool). What may follow what is
//! [`DriveState::step`](crate::job::DriveState::step) and one function on top of it, the same for
//! the writer and for every reader. Golden: `tests/golden/journal-1.jrn`.

mod chain;
mod check;
mod codec;
mod drive_info;
mod fields;
mod framing;
mod marks;
mod record;
mod redact;
mod replay;
mod survey;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use check::{JournalFacts, JournalReport, JournalVerdict, KeyProof, check};
pub use drive_info::{drive_info_file_name, drive_info_xml, journal_file_name};
pub use marks::{MARKS_MAX, Marks};
pub use record::{Closed, KeyRecord, LeftOutTally, Note, Record, Session, SideMark};
pub use redact::redact;
pub use replay::{Damage, Replay, replay};
pub use writer::{AppendError, JOURNAL_BYTES_MAX, JournalWriter};
