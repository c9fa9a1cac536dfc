//! What a job looks like now.

use std::path::PathBuf;

use super::error::JobError;
use super::request::JobId;

/// A job as it is now.
#[derive(Clone, Debug)]
pub struct JobSnapshot {
    /// Its name.
    pub id: JobId,
    /// The session id of its drives.
    pub session: String,
    /// Where it stands.
    pub stage: JobStage,
    /// Its drives, in the plan's order; empty until there is a plan.
    pub drives: Vec<DriveSnapshot>,
    /// Number of the last event that this snapshot contains.
    pub sequence: u64,
}

/// Where a job stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JobStage {
    /// Sources are being listed.
    Listing {
        /// Files found so far.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// The plan is made; every drive of it waits for the person's words.
    AwaitingConfirmation {
        /// The drives to be erased and filled.
        plan: Vec<PlannedDriveView>,
        /// What will not travel, with the reason, in words (first 1000).
        left_out: Vec<(String, String)>,
        /// How many there are.
        left_out_count: u64,
    },
    /// Drives are being filled.
    Running,
    /// Every drive came to its end.
    Finished,
    /// The job ended before any drive was written.
    Stopped(JobError),
}

/// A drive of a plan.
#[derive(Clone, Debug)]
pub struct PlannedDriveView {
    /// Serial number.
    pub serial: String,
    /// Where it is.
    pub path: PathBuf,
    /// Model, when known.
    pub model: String,
    /// Bytes of the drive.
    pub capacity_bytes: u64,
    /// Bytes that will be used.
    pub used_bytes: u64,
    /// Files that go onto it.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// What is on it now, in words.
    pub holds: Vec<String>,
    /// Whether it is known to hold only zeros, so that no words are needed.
    pub blank: bool,
}

/// One drive of a job as it is now.
#[derive(Clone, Debug)]
pub struct DriveSnapshot {
    /// Serial number.
    pub serial: String,
    /// Where it is.
    pub path: PathBuf,
    /// Where it stands.
    pub stage: DriveStage,
    /// Bytes of the drive that are done in the present pass, and how many there are in all.
    pub done_bytes: u64,
    /// Bytes of the present pass.
    pub total_bytes: u64,
    /// Speed.
    pub rates: Rates,
    /// Files left out while copying, with the reason in words (first 200).
    pub left_out: Vec<(String, String)>,
    /// How many there are.
    pub left_out_count: u64,
    /// What went wrong, in words; empty while nothing did.
    pub fault: String,
    /// Journal of the drive.
    pub journal: PathBuf,
}

/// Where a drive stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriveStage {
    /// Not begun.
    Planned,
    /// Old signatures are being destroyed.
    Erasing,
    /// Data is being written.
    Writing,
    /// Records of files left out are being mended.
    Mending,
    /// The drive is being made recognisable.
    Sealing,
    /// Written and not read back.
    Written,
    /// Being read back.
    Verifying,
    /// Everything that was planned is on it and was read back.
    Verified,
    /// All that is on it was proven, but something planned is not on it.
    Incomplete,
    /// It failed.
    Failed,
    /// Stopped by the person.
    Cancelled,
}

/// How fast a drive goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Bytes a second over the last few seconds.
    pub bytes_per_second: u64,
    /// Seconds left at that speed, when it can be told.
    pub seconds_left: Option<u64>,
}
