//! What happened to one drive: first durable in its journal, then told.

use std::path::{Path, PathBuf};

use ntfs_image::Node;
use shared::api::News;
use shared::drive::DriveLayout;
use shared::job::{DriveState, LeftOut, LeftOutReason, Moment};
use shared::journal::{
    JournalWriter, KeyRecord, LeftOutTally, Record, Session, SideMark, journal_file_name,
};
use shared::plan::Listing;

use super::error::JobError;
use super::left_out_csv::LeftOutCsv;
use crate::journal_file::AppendFile;
use crate::pipeline::{PipelineError, SideFile};
use shared::blob_name::file_name;

/// The first this many left-out files are named on the screen; the CSV beside the journal has all
/// of them.
const SHOWN_MAX: u64 = 200;

/// The journal of one drive, its side file and the list of what was left out, open for writing.
pub(super) struct Ledger {
    journal: AppendFile,
    writer: JournalWriter,
    side: SideFile,
    csv: LeftOutCsv,
    tally: LeftOutTally,
    teller: Teller,
}

/// Tells the rest of the agent about one drive.
#[derive(Clone)]
pub(super) struct Teller {
    /// The job.
    pub job: String,
    /// The drive.
    pub serial: String,
    /// Takes the news.
    pub publish: std::sync::Arc<dyn Fn(News) + Send + Sync>,
}

/// What a ledger begins with.
pub(super) struct Opening<'a> {
    /// Where journals go; all get a copy.
    pub folders: &'a [PathBuf],
    /// The journal's second record.
    pub session: &'a Session,
    /// The volume's keys: the third.
    pub key: KeyRecord,
    /// The whole information area, for the side file.
    pub information_area: &'a [u8],
}

impl Ledger {
    /// Makes side file and journal, durable with the key in it; only then may the drive be touched.
    ///
    /// # Errors
    /// [`JobError`] when a file cannot be made: nothing was written to the drive.
    pub(super) fn open(opening: Opening<'_>, teller: Teller) -> Result<Self, JobError> {
        let serial = &opening.session.drive.serial;
        let stem = file_name(serial);
        let owner = format!("{} {serial}", opening.session.session.as_str());
        let failed =
            |error: String| JobError::io(error, serial.as_str(), "The drive was not touched.");
        let side = SideFile::create(
            opening.folders,
            &format!("{stem}.side"),
            &owner,
            opening.information_area,
        )
        .map_err(|error| failed(error.to_string()))?;
        let mut journal = AppendFile::create(opening.folders, &journal_file_name(serial))
            .map_err(|error| failed(error.to_string()))?;
        let created = JournalWriter::create(now(), opening.session);
        let (writer, first) = created.map_err(|error| failed(error.to_string()))?;
        journal
            .append(&first)
            .map_err(|error| failed(error.to_string()))?;
        let csv = LeftOutCsv::new(opening.folders, &format!("{stem}.left-out.csv"));
        let mut ledger = Self {
            journal,
            writer,
            side,
            csv,
            tally: LeftOutTally::default(),
            teller,
        };
        ledger
            .record(&Record::Key(opening.key))
            .map_err(|error| failed(error.to_string()))?;
        Ok(ledger)
    }

    /// Appends a record, makes it durable, and tells where the drive now stands.
    ///
    /// # Errors
    /// [`PipelineError::Journal`]: nothing more may be done to the drive.
    pub(super) fn record(&mut self, record: &Record) -> Result<(), PipelineError> {
        let bytes = self
            .writer
            .append(now(), record)
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
            self.tally.count = self.tally.count.saturating_add(1);
            self.tally.missing = self
                .tally
                .missing
                .saturating_add(u64::from(file.reason.makes_incomplete()));
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

    /// Returns where the drive stands.
    #[must_use]
    pub(super) fn state(&self) -> &DriveState {
        self.writer.state()
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

    /// Returns the side file's path.
    #[must_use]
    pub(super) fn side_path(&self) -> &Path {
        self.side.path()
    }

    /// Returns the journal's path.
    #[must_use]
    pub(super) fn journal_path(&self) -> &Path {
        self.journal.path()
    }

    /// Returns who tells about this drive.
    #[must_use]
    pub(super) const fn teller(&self) -> &Teller {
        &self.teller
    }
}

impl Teller {
    /// Publishes news about the drive.
    pub(super) fn tell(&self, news: impl FnOnce(String, String) -> News) {
        (self.publish)(news(self.job.clone(), self.serial.clone()));
    }
}

/// The marks of a pass, in the words of the listing.
pub(super) struct LedgerMarks<'a> {
    /// Where they go.
    pub ledger: &'a mut Ledger,
    /// Says which entry a node is.
    pub layout: &'a DriveLayout,
    /// Says what the entry is called.
    pub listing: &'a Listing,
}

impl crate::pipeline::Marks for LedgerMarks<'_> {
    fn left_out(&mut self, files: &[(Node, LeftOutReason)]) -> Result<(), PipelineError> {
        let named = files.iter().filter_map(|(node, reason)| {
            let entry = self.listing.entry(self.layout.entry_of(*node)?);
            Some((
                LeftOut {
                    path: entry.path.to_owned(),
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

/// Returns the time as journals have it.
#[must_use]
pub fn now() -> Moment {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
