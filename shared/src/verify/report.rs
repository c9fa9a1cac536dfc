//! What a verification is given and what it tells.

use serde::{Deserialize, Serialize};

use super::Finding;

/// What is known of a drive beforehand; what is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// MD5 of `\DriveManifest.xml`, from the journal.
    pub manifest_hash: Option<[u8; 16]>,
    /// Serial of the hardware.
    pub serial: Option<String>,
    /// The session: the folder in the root that holds every file.
    pub session: Option<String>,
    /// Whether somebody else filled the drive, with Windows most likely: what Windows keeps for itself
    /// may be on it, and files may have further streams, which do not travel.
    pub in_place: bool,
    /// Bytes of files, in the manifest's order, that an earlier run of this verification has
    /// proven: [`VerifyProgress::bytes`] of a moment without findings. Files that end there are not
    /// read again.
    pub proven_bytes: u64,
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyProgress {
    /// What is being done.
    pub phase: VerifyPhase,
    /// Files that were compared, in the manifest's order from its start.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Files in the manifest; 0 until it has been read.
    pub files_total: u64,
    /// Bytes of all files; 0 until the manifest has been read.
    pub bytes_total: u64,
    /// Findings so far.
    pub findings: u64,
}

/// The parts of a verification, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyPhase {
    /// Finding the volume and opening it.
    Unlock,
    /// Checking the file system.
    Check,
    /// Reading the manifest.
    Manifest,
    /// Hashing every file.
    Files,
    /// Looking for what is not in the manifest.
    Others,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The end.
    pub verdict: VerifyVerdict,
    /// Files compared, those that an earlier run has proven included.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// What is wrong, at most [`FINDINGS_MAX`](super::FINDINGS_MAX).
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub findings_left_out: u64,
}

/// The end of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyVerdict {
    /// Every file is there with the manifest's content, and nothing else.
    Verified,
    /// Something is not as it must be.
    Mismatch,
    /// The drive could not be compared to the end, or the person stopped it.
    Failed,
}
