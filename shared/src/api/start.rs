//! Starting and confirming a job.

use crate::job::{FreeSpace, LeftOut, SerialSource};
use serde::{Deserialize, Serialize};

/// `POST /api/jobs`. The agent plans again from its own listing; nothing is touched before the
/// confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// The session id: 3 to 30 of letters, digits, `_`, `-` and `#`.
    pub session: String,
    /// The source folder, absolute.
    pub source: String,
    /// `container/` or `container/prefix/`.
    pub destination: String,
    /// The drives that may be used.
    pub drives: Vec<PickedDrive>,
    /// How they are to be made.
    #[serde(default)]
    pub options: StartOptions,
    /// What the page computed, to be compared.
    #[serde(default)]
    pub expected: Vec<ExpectedDrive>,
    /// Whether a plan that differs from `expected` is accepted.
    #[serde(default)]
    pub accept_differences: bool,
}

/// A drive that the person chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickedDrive {
    /// Its path on the agent's machine.
    pub path: String,
    /// Its serial, as listed, or as typed from the label.
    pub serial: String,
    /// What becomes of the bytes that the new volume does not use.
    #[serde(default)]
    pub free_space: FreeSpace,
}

/// How the drives are to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StartOptions {
    /// `xts-aes-128`, `xts-aes-256`, `cbc-aes-128` or `cbc-aes-256`.
    pub cipher: String,
    /// How each drive is checked before it is filled.
    pub check: SurfaceCheck,
    /// Whether every drive is read back.
    pub verify: bool,
    /// Whether each blob gets its Content-MD5.
    pub content_md5: bool,
    /// Whether each drive gets an ASC MHL, for which each blob gets its Content-MD5 too.
    pub mhl: bool,
    /// New names for what cannot go as it is.
    pub renames: Vec<Rename>,
    /// Whether what cannot go and has no new name is left out. Without it such a plan is refused.
    pub leave_out_problems: bool,
    /// Whether what cannot be read is left out. Without it such a source is refused.
    pub leave_unreadable: bool,
    /// Whether folders on which another file system is mounted are entered.
    pub other_file_systems: bool,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            cipher: "xts-aes-128".to_owned(),
            check: SurfaceCheck::default(),
            verify: true,
            content_md5: false,
            mhl: false,
            renames: Vec::new(),
            leave_out_problems: false,
            leave_unreadable: false,
            other_file_systems: false,
        }
    }
}

/// How thoroughly a drive is checked before it is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurfaceCheck {
    /// Not at all.
    None,
    /// Places over the whole drive are written and read back: seconds.
    #[default]
    Quick,
    /// Every sector is written and read back: as long as filling it, twice.
    Full,
}

/// `POST /api/jobs/ID/replace`: the files of a drive that died are to go onto a spare. The answer is a
/// [`StartReply`]: a job of its own, which is confirmed as any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceRequest {
    /// Serial of the drive that died.
    pub serial: String,
    /// The spare.
    pub spare: PickedDrive,
}

/// A new name for the last part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// Path below the source.
    pub path: String,
    /// The new name of its last part.
    pub name: String,
}

/// What the page computed for one drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDrive {
    /// The drive.
    pub serial: String,
    /// Files on it.
    pub files: u64,
    /// Bytes that the volume uses.
    pub used_bytes: u64,
}

/// The answer: the job waits for its confirmation, or (`job` empty) for the differences to be
/// accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartReply {
    /// The job's id; none while differences stand unaccepted.
    pub job: Option<String>,
    /// SHA-256 of the plan, in hex; the confirmation names it.
    pub plan_hash: String,
    /// What goes where.
    pub drives: Vec<PlannedDriveSummary>,
    /// Drives picked and not needed; they are not touched.
    pub unused: Vec<String>,
    /// What is planned not to go. The first 1,000.
    pub left_out: Vec<LeftOut>,
    /// How many are left out in all.
    pub left_out_count: u64,
    /// In what this plan differs from the page's.
    pub differences: Vec<Difference>,
    /// Which drives of a larger plan these are; none for a plan of its own.
    #[serde(default)]
    pub share: Option<PlanShare>,
}

/// The drives of a larger plan that a job fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanShare {
    /// Their numbers in it, from 1, ascending.
    pub drives: Vec<u32>,
    /// How many drives it has.
    pub of: u32,
    /// Those that wait for another run, ascending.
    pub waiting: Vec<WaitingDrive>,
}

/// A drive of a plan that is not filled yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDrive {
    /// Its number in the plan, from 1.
    pub number: u32,
    /// Its serial; empty where any drive of the size will do.
    pub serial: String,
    /// Bytes that the plan counts on.
    pub bytes: u64,
    /// Files for it.
    pub files: u64,
}

impl PlanShare {
    /// Returns which drives it is: `drives 3, 4 of 13 of the plan`.
    #[must_use]
    pub fn words(&self) -> String {
        let numbers: Vec<String> = self.drives.iter().map(u32::to_string).collect();
        let drives = if numbers.len() == 1 {
            "drive"
        } else {
            "drives"
        };
        format!("{drives} {} of {} of the plan", numbers.join(", "), self.of)
    }
}

/// One drive of the agent's plan, and what its erasing takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDriveSummary {
    /// The drive.
    pub serial: String,
    /// Where the serial comes from.
    pub serial_source: SerialSource,
    /// Its model.
    pub model: String,
    /// Its size in bytes.
    pub capacity_bytes: u64,
    /// Bytes that the volume uses.
    pub used_bytes: u64,
    /// Files on it.
    pub files: u64,
    /// Whether the person must type the end of the serial (a blank image file needs no word).
    pub needs_word: bool,
    /// How many characters of the serial's end are to be typed: 4, or the whole serial when it is
    /// shorter.
    pub word_characters: u32,
    /// What is lost, in words.
    pub lost: Vec<String>,
    /// Why the data centre will not take, or not read, the drive as it is attached here, in words; the
    /// person must accept it. Empty when there is no such doubt.
    #[serde(default)]
    pub sector_doubt: String,
}

/// One difference between the page's plan and the agent's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// A stable word in kebab case: `files`, `bytes`, `drive`, `vanished`.
    pub code: String,
    /// The difference in words.
    pub message: String,
}

/// `POST /api/jobs/ID/question`: the page is about to ask the person whether the drives may be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionRequest {
    /// The plan that the person sees.
    pub plan_hash: String,
}

/// The answer: what the confirmation has to carry. It counts once, from this session, for this plan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionReply {
    /// The question's token.
    pub question: String,
    /// How many seconds it can be answered.
    pub seconds: u64,
}

impl std::fmt::Debug for QuestionReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QuestionReply { question: (hidden), .. }")
    }
}

/// `POST /api/jobs/ID/confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The question that this answers.
    pub question: String,
    /// The plan that the person saw.
    pub plan_hash: String,
    /// What was typed, drive by drive.
    pub drives: Vec<Confirmation>,
}

/// What was typed for one drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The drive.
    pub serial: String,
    /// The last four characters of the serial as typed (all of it when it is shorter); empty for a
    /// blank image file.
    pub typed: String,
    /// Whether the person accepts the drive's [`PlannedDriveSummary::sector_doubt`].
    #[serde(default)]
    pub accepts_sectors: bool,
}
