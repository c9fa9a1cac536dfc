//! What happened to one drive: first durable in its journal, then told.

use ntfs_image::Node;
use shared::api::News;
use shared::drive::DriveLayout;
use shared::job::{DriveState, LeftOut, LeftOutReason};
use shared::journal::{
    JournalWriter, LeftOutTally, Record, Replay, SideMark, drive_info_file_name, drive_info_xml,
    journal_file_name,
};
use shared::plan::Listing;

use super::common::{Clock, Common};
use super::drive_job::DriveJob;
use super::left_out_csv::LeftOutCsv;
use crate::job_error::JobError;
use crate::journal_file::AppendFile;
use crate::pipeline::{PipelineError, RedoReader, SideFile, SideReader};
use crate::shelf::{Shelves, Taken};
use shared::blob_name::file_name;

/// The first this many left-out files are named on the screen; the CSV beside the journal has all
/// of them.
const SHOWN_MAX: u64 = 200;

/// The journal of one drive, its side file and the list of what was left out, open for writing.
pub struct Ledger<'c> {
    pub(super) shelves: Shelves,
    pub(super) journal: AppendFile,
    pub(super) writer: JournalWriter,
    pub(super) side: SideFile,
    pub(super) csv: LeftOutCsv,
    pub(super) tally: LeftOutTally,
    pub(super) teller: Teller,
    pub(super) clock: &'c Clock,
    /// As long as this is open, no other process goes on with the drive.
    pub(super) _taken: Vec<Box<dyn Taken>>,
}

/// Tells the rest of the agent about one drive.
#[derive(Clone)]
pub struct Teller {
    /// The job.
    pub job: String,
    /// The drive.
    pub serial: String,
    /// Takes the news.
    pub publish: std::sync::Arc<dyn Fn(News) + Send + Sync>,
}

/// The names of what lies beside a drive's journal.
pub(super) struct Names {
    pub journal: String,
    pub side: String,
    pub csv: String,
}

impl Names {
    pub(super) fn of(serial: &str) -> Self {
        let stem = file_name(serial);
        Self {
            journal: journal_file_name(serial),
            side: format!("{stem}.side"),
            csv: format!("{stem}.left-out.csv"),
        }
    }
}

/// Returns whose a side file is, as its head says it.
pub(super) fn owner(session: &str, serial: &str) -> String {
    format!("{session} {serial}")
}

impl<'c> Ledger<'c> {
    /// Makes side file and journal, durable with the key in it; only then may the drive be touched.
    ///
    /// # Errors
    /// [`JobError`] when a file cannot be made: nothing was written to the drive.
    pub fn open(common: &Common<'c>, drive: &DriveJob, teller: Teller) -> Result<Self, JobError> {
        let session = drive.session(common);
        let serial = &session.drive.serial;
        let names = Names::of(serial);
        let failed =
            |error: String| JobError::io(error, serial.as_str(), "The drive was not touched.");
        let side = SideFile::create(
            &common.shelves,
            &names.side,
            &owner(session.session.as_str(), serial),
            &drive.keys.information_area,
        )
        .map_err(|error| failed(error.to_string()))?;
        let mut journal = AppendFile::create(&common.shelves, &names.journal)
            .map_err(|error| failed(error.to_string()))?;
        let taken = common.shelves.take(&names.journal);
        let taken = taken.map_err(|(_, error)| failed(error.to_string()))?;
        let created = JournalWriter::create((common.clock)(), &session);
        let (writer, first) = created.map_err(|error| failed(error.to_string()))?;
        journal
            .append(&first)
            .map_err(|error| failed(error.to_string()))?;
        let mut ledger = Self {
            shelves: common.shelves.clone(),
            journal,
            writer,
            side,
            csv: LeftOutCsv::new(&common.shelves, &names.csv),
            tally: LeftOutTally::default(),
            teller,
            clock: common.clock,
            _taken: taken,
        };
        ledger
            .record(&Record::Key(drive.key_record()))
            .map_err(|error| failed(error.to_string()))?;
        Ok(ledger)
    }

    /// Appends a record, makes it durable, and tells where the drive now stands.
    ///
    /// # Errors
    /// [`PipelineError::Journal`]: nothing more may be done to the drive.
    pub fn record(&mut self, record: &Record) -> Result<(), PipelineError> {
        let bytes = self
            .writer
            .append((self.clock)(), record)
            .map_err(|error| PipelineError::Journal(error.to_string()))?;
        self.journal
            .append(&bytes)
            .map_err(|error| PipelineError::Journal(error.to_string()))?;
        self.journal
            .sync()
            .map_err(|error| PipelineError::Journal(error.to_string()))?;
        if record.event(self.tally.missing).is_some() {
            let state = self.writer.state().clone();
            let verdict = state.verdict();
            self.teller.tell(|job, serial| News::Drive {
                job,
                serial,
                state,
                verdict,
            });
        }
        Ok(())
    }

    /// Records files that are not on the drive, each with its length.
    ///
    /// # Errors
    /// [`PipelineError::Journal`].
    pub(super) fn leave_out(&mut self, files: &[(LeftOut, u64)]) -> Result<(), PipelineError> {
        if files.is_empty() {
            return Ok(());
        }
        let csv_hash = self
            .csv
            .append(files)
            .map_err(|error| PipelineError::Journal(error.to_string()))?;
        let mut named = Vec::new();
        for (file, _) in files {
            self.count(file);
            let shown = (self.tally.count <= SHOWN_MAX).then(|| file.clone());
            named.extend(shown.clone());
            let count = self.tally.count;
            if shown.is_some() || count.is_multiple_of(1000) {
                self.teller.tell(|job, serial| News::LeftOut {
                    job,
                    serial,
                    file: shown,
                    count,
                });
            }
        }
        self.tally.csv_hash = csv_hash;
        self.record(&Record::LeftOut(LeftOutTally {
            named,
            ..self.tally.clone()
        }))
    }

    /// Counts the files of the list that the journal does not: all of `files` behind those.
    ///
    /// # Errors
    /// [`PipelineError::Journal`].
    pub(super) fn catch_up(&mut self, files: &[LeftOut]) -> Result<(), PipelineError> {
        let counted = usize::try_from(self.tally.count).unwrap_or(usize::MAX);
        let named = files.get(counted..).unwrap_or(&[]).to_vec();
        if named.is_empty() {
            return Ok(());
        }
        for file in &named {
            self.count(file);
        }
        self.tally.csv_hash = self.csv.hash();
        self.record(&Record::LeftOut(LeftOutTally {
            named,
            ..self.tally.clone()
        }))
    }

    fn count(&mut self, file: &LeftOut) {
        let tally = &mut self.tally;
        tally.count = tally.count.saturating_add(1);
        let missing = u64::from(file.reason.makes_incomplete());
        tally.missing = tally.missing.saturating_add(missing);
    }

    /// Appends hashes to the side file, then a mark to the journal. The drive was flushed before.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub(super) fn durable(
        &mut self,
        through: u64,
        hashes: &[[u8; 16]],
    ) -> Result<(), PipelineError> {
        self.side.append_hashes(hashes)?;
        let (bytes, hash) = self.side.sync()?;
        self.record(&Record::Durable {
            through,
            side: SideMark { bytes, hash },
        })
    }

    /// Appends the changes of a drive that files are added to, then the record that has them written.
    ///
    /// # Errors
    /// [`PipelineError`]; without the record nothing of them may be written.
    pub(super) fn redo(&mut self, changes: &[Vec<u8>]) -> Result<(), PipelineError> {
        let from = self.side.bytes();
        for piece in changes {
            self.side.append(piece)?;
        }
        let (bytes, hash) = self.side.sync()?;
        let side = SideMark { bytes, hash };
        self.record(&Record::Redo { from, side })
    }

    /// Returns a reader of those changes.
    ///
    /// # Errors
    /// [`PipelineError`] when the journal has none.
    pub(super) fn redo_reader(&self) -> Result<RedoReader, PipelineError> {
        let from = self.replay().redo;
        let from = from.ok_or_else(|| PipelineError::Journal("it has no changes".to_owned()))?;
        let names = Names::of(&self.replay().session.drive.serial);
        let end = self.replay().side.bytes;
        Ok(RedoReader::open(&self.shelves, &names.side, from..end)?)
    }

    /// Writes what a portal gets beside the journal.
    ///
    /// # Errors
    /// [`PipelineError::Journal`].
    pub(super) fn write_drive_info(&self) -> Result<(), PipelineError> {
        let Some(text) = drive_info_xml(self.replay()) else {
            return Ok(());
        };
        let serial = &self.replay().session.drive.serial;
        let name = drive_info_file_name(&journal_file_name(serial), serial);
        AppendFile::reopen(&self.shelves, &name, text.as_bytes())
            .map(drop)
            .map_err(|error| PipelineError::Journal(error.to_string()))
    }

    /// Returns where the drive stands.
    #[must_use]
    pub const fn state(&self) -> &DriveState {
        self.writer.state()
    }

    /// Returns all that the journal says so far.
    #[must_use]
    pub const fn replay(&self) -> &Replay {
        self.writer.replay()
    }

    /// Returns how many planned files are not on the drive.
    #[must_use]
    pub(super) const fn missing(&self) -> u64 {
        self.tally.missing
    }

    /// Returns how many files are not on the drive in all.
    #[must_use]
    pub(super) const fn left_out(&self) -> u64 {
        self.tally.count
    }

    /// Returns how many hashes the side file holds.
    #[must_use]
    pub(super) const fn hashes(&self) -> u64 {
        self.side.hashes()
    }

    /// Returns a reader of the side file's hashes.
    ///
    /// # Errors
    /// [`PipelineError::Side`].
    pub(super) fn side_reader(&self) -> Result<SideReader, PipelineError> {
        let names = Names::of(&self.replay().session.drive.serial);
        Ok(SideReader::open(&self.shelves, &names.side)?)
    }

    /// Returns who tells about this drive.
    #[must_use]
    pub const fn teller(&self) -> &Teller {
        &self.teller
    }
}

impl Teller {
    /// Publishes news about the drive.
    pub fn tell(&self, news: impl FnOnce(String, String) -> News) {
        (self.publish)(news(self.job.clone(), self.serial.clone()));
    }
}

/// The marks of a pass, in the words of the listing.
pub(super) struct LedgerMarks<'a, 'c> {
    /// Where they go.
    pub ledger: &'a mut Ledger<'c>,
    /// Says which entry a node is.
    pub layout: &'a DriveLayout,
    /// Says what the entry is called.
    pub listing: &'a Listing,
}

impl crate::pipeline::Marks for LedgerMarks<'_, '_> {
    fn left_out(&mut self, files: &[(Node, LeftOutReason)]) -> Result<(), PipelineError> {
        let named = files.iter().filter_map(|(node, reason)| {
            let entry = self.listing.entry(self.layout.entry_of(*node)?);
            Some((
                LeftOut {
                    path: entry.path.to_string(),
                    reason: *reason,
                },
                entry.bytes,
            ))
        });
        let named: Vec<_> = named.collect();
        self.ledger.leave_out(&named)
    }

    fn durable(&mut self, through: u64, hashes: &[[u8; 16]]) -> Result<(), PipelineError> {
        self.ledger.durable(through, hashes)
    }
}
