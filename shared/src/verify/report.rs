//! The whole verification.

use std::ops::ControlFlow;

use bitlocker_image::Credential;
use disk::ReadAt;
use serde::{Deserialize, Serialize};

use super::Finding;

/// What is known of a drive beforehand; what is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// MD5 of `\DriveManifest.xml`, from the journal.
    pub manifest_hash: Option<[u8; 16]>,
    /// Serial of the hardware.
    pub serial: Option<String>,
    /// The session: the only folder in the root.
    pub session: Option<String>,
    /// Files of the manifest, from its start, that an earlier run of this verification has proven.
    pub proven_files: u64,
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyProgress {
    /// What is being done.
    pub phase: VerifyPhase,
    /// Files of the manifest proven or found wrong, from its start.
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
    /// Files compared.
    pub files: u64,
    /// Bytes compared.
    pub bytes: u64,
    /// What is wrong, at most [`FINDINGS_MAX`]; `findings_left_out` counts the rest.
    pub findings: Vec<Finding>,
    /// Findings beyond the first.
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
    /// The drive could not be read through to the end, or the person stopped it.
    Failed,
}

/// Most findings that a report holds.
pub const FINDINGS_MAX: usize = 1000;

/// Reads a drive back and compares it with its manifest: partition table, BitLocker (the sealed hash before anything
/// else), every rule of NTFS, every block of every file in the manifest's order, and that nothing else is there.
///
/// `disk` is the whole disk, or a bare volume. At most 32 MiB of file data are in memory at once. `progress` is called in
/// order, at least once per 32 MiB; [`ControlFlow::Break`] ends it with [`FindingCode::Cancelled`](super::FindingCode).
pub fn verify(
    disk: &dyn ReadAt,
    credential: &Credential,
    expected: &Expected,
    progress: &mut dyn FnMut(VerifyProgress) -> ControlFlow<()>,
) -> VerifyReport {
    todo!(
        "{} {credential:?} {expected:?} {}",
        disk.bytes(),
        std::mem::size_of_val(progress)
    )
}
