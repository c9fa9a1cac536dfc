//! What stops a drive.

use thiserror::Error;

use super::side_file::SideFileError;

/// Why the work on a drive ended early. Sources never do that: a file that fails is left out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The drive did not take bytes, or a flush failed. What was written since the last mark counts
    /// as lost.
    #[error("the drive failed: {0}")]
    DriveWrite(#[from] disk::WriteError),
    /// The drive did not give back bytes.
    #[error("the drive failed: {0}")]
    DriveRead(#[from] disk::ReadError),
    /// The drive lost bytes that it had confirmed; nothing was written since.
    #[error(
        "the drive lost what it had confirmed as written, at offset {at:#x}: it must not be used. Put a spare in its place: \
         argosy resume --replace SERIAL=PATH"
    )]
    Forgot {
        /// Disk offset of the first block, or part of one, that differs.
        at: u64,
    },
    /// The side file beside the journal failed.
    #[error(transparent)]
    Side(#[from] SideFileError),
    /// The journal could not be written, so nothing more may be done to the drive.
    #[error("the journal failed: {0}")]
    Journal(String),
    /// The manifest could not be made.
    #[error("the manifest failed: {0}")]
    Manifest(String),
    /// A thread of ours ended without a word.
    #[error("a stage of the pipeline stopped unexpectedly; this is a fault of Argosy")]
    Stage,
}
