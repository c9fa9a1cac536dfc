//! The journal of one drive: what happened to it, in records that only grow.
//!
//! ```text
//! agent:    Record --JournalWriter::append--> bytes --append, fsync (agent)--> <serial>.jrn
//! restart:  bytes --replay--> Replay (state, marks, key, ...) --JournalWriter::reopen--> append goes on
//! anyone:   bytes, manifest --check--> JournalReport        bytes --redact--> a copy without the key that still validates
//! portal:   DriveInfo record, or <journal>_DriveInfo_<serial>.xml (drive_info)
//! ```

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
