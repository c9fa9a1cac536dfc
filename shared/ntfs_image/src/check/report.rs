//! What a check gives.

use disk::ReadAt;

use super::Finding;
use crate::read::OpenError;

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Violations. Empty: the volume is clean.
    pub findings: Vec<Finding>,
    /// What is legal, but not usual or not tidy (over-allocation, unused security descriptors, a hard link's old size).
    pub notes: Vec<Finding>,
    /// Violations beyond the number asked for.
    pub findings_omitted: u64,
    /// Files, without NTFS's own.
    pub files: u64,
    /// Folders, the root included.
    pub folders: u64,
    /// Clusters that files own.
    pub used_clusters: u64,
}

/// Checks the volume on `disk`; reads metadata only, $MFT once from start to end.
///
/// Memory: 24 bytes for each MFT record in use, and 16 bytes to 4 KiB for every 32,768 clusters.
/// At most `findings_max` findings and as many notes are kept.
///
/// # Errors
/// [`OpenError`] when `disk` is not an NTFS volume or $MFT cannot be read at all. Whatever else is wrong is a finding.
pub fn check(disk: &dyn ReadAt, findings_max: usize) -> Result<CheckReport, OpenError> {
    let _ = (disk, findings_max);
    todo!()
}
