//! What all drives of a job have in common.

use bitlocker_image::Cipher;
use shared::job::Moment;
use shared::journal::Marks;
use shared::plan::{Listing, Mapping};

use crate::pipeline::{Cancel, LEG_BYTES, SourceFiles, SurfaceCheck};
use crate::shelf::Shelves;

/// Says what time it is.
pub type Clock = dyn Fn() -> Moment + Send + Sync;

/// What all drives of a job have in common.
pub struct Common<'a> {
    /// What travels.
    pub listing: &'a Listing,
    /// How it is called on the drive and in Blob storage.
    pub mapping: &'a Mapping,
    /// Where it comes from.
    pub sources: &'a dyn SourceFiles,
    /// Threads that read it.
    pub threads: &'a rayon::ThreadPool,
    /// Where journals go; all get a copy.
    pub shelves: Shelves,
    /// How the drives are encrypted.
    pub cipher: Cipher,
    /// How each drive is checked before it is filled.
    pub check: SurfaceCheck,
    /// Whether each drive is read back after it was written.
    pub verify: bool,
    /// The one start time.
    pub started: Moment,
    /// SHA-256 of the plan file.
    pub plan_hash: [u8; 32],
    /// How much is done at once, and between marks.
    pub grain: Grain,
    /// The journal's clock.
    pub clock: &'a Clock,
    /// Stops all drives.
    pub cancel: &'a Cancel,
}

/// How much is done at once, and between marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain {
    /// Bytes written at once, a multiple of 4096.
    pub leg_bytes: u64,
    /// Bytes between marks; `None` is what a drive of its size has.
    pub mark_bytes: Option<u64>,
}

impl Default for Grain {
    fn default() -> Self {
        Self {
            leg_bytes: LEG_BYTES,
            mark_bytes: None,
        }
    }
}

impl Grain {
    /// Returns the marks of a drive of `disk_bytes` whose last one stands at `through`.
    #[must_use]
    pub fn marks(&self, disk_bytes: u64, through: u64) -> Marks {
        self.mark_bytes.map_or_else(
            || Marks::new(disk_bytes, through),
            |spacing| Marks::every(spacing, through),
        )
    }
}

/// Returns the program and its version, as journals and plans name it.
#[must_use]
pub fn tool() -> String {
    format!("argosy {}", env!("CARGO_PKG_VERSION"))
}

/// Returns the time as journals have it.
#[must_use]
pub fn now() -> Moment {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
