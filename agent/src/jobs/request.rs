//! What a person asks for.

use std::path::PathBuf;
use std::sync::Arc;

use bitlocker_image::{Cipher, RecoveryPassword};
use disk::SectorSize;
use shared::api::{self, ExpectedDrive, FreeSpace, PickedDrive, Rename, StartRequest};
use shared::plan::dataset::DatasetRow;
use zeroize::Zeroizing;

use crate::device::Said;
use crate::export::{Chosen, Reach, Sums};
use crate::job_error::JobError;
use crate::pipeline::SurfaceCheck;
use crate::scan::ScanWatch;

/// A job to be started: fill drives from sources.
#[derive(Clone, Debug)]
pub struct JobRequest {
    /// Session id: 3-30 of letters, digits, `_ - #`; the folder on the drive.
    pub session: String,
    /// Where the files come from and where they go to.
    pub origin: Origin,
    /// Drives that may be filled; those that the plan does not need are not touched.
    pub drives: Vec<TargetRequest>,
    /// Whether the files come beside what Argosy put onto the drives before, which stays.
    pub add: bool,
    /// Where journals, side files and plans go; the first is read, all are written.
    pub journal_dirs: Vec<PathBuf>,
    /// How the drives are encrypted.
    pub cipher: Cipher,
    /// Folder that gets an external key file (`.BEK`) per drive, when wanted.
    pub external_key_dir: Option<PathBuf>,
    /// A passphrase that opens the drives besides the recovery password, when wanted.
    pub passphrase: Option<Passphrase>,
    /// Sector size to build for, when it is not the drive's own word.
    pub sector: Option<SectorSize>,
    /// What becomes of a hard disk of 4096-byte sectors, or one whose dock shows other sectors than it
    /// has.
    pub sector_doubt: SectorDoubt,
    /// Drives written at the same time; `None` is all.
    pub parallel: Option<usize>,
    /// How each drive is checked before it is filled.
    pub check: SurfaceCheck,
    /// Whether each drive is read back after it was written.
    pub verify: bool,
    /// Whether each blob gets its Content-MD5.
    pub content_md5: bool,
    /// Whether each drive gets an ASC MHL, for which each blob of an import must get its Content-MD5.
    pub mhl: bool,
    /// New names for what cannot go as it is.
    pub renames: Vec<Rename>,
    /// Whether what cannot go and has no new name is left out; without it such a plan is refused.
    pub leave_out_problems: bool,
    /// The drives of a plan that are wanted, by number from 1; empty is all.
    pub only: Vec<u32>,
    /// Whether files that moved since they were planned are left out; without it such a plan is refused.
    pub accept_moved: bool,
    /// Whether what cannot be read is left out; without it such a source is refused.
    pub leave_unreadable: bool,
    /// Whether folders on which another file system is mounted are entered.
    pub other_file_systems: bool,
    /// Tells how far the listing of the sources is, and ends it.
    pub watch: ScanWatch,
    /// The store and the blobs of an export; `None` for what comes from files.
    pub export: Option<ExportRequest>,
    /// What the page computed, to be compared; empty when nobody did.
    pub expected: Vec<ExpectedDrive>,
    /// Whether a plan that differs from `expected` is accepted.
    pub accept_differences: bool,
}

/// The blobs that an export puts onto drives.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The store.
    pub reach: Reach,
    /// The blobs, as they were listed.
    pub chosen: Arc<Chosen>,
    /// Gets the checksums of the blobs, where somebody wants them.
    pub sums: Option<Arc<Sums>>,
}

/// What becomes of a drive whose sectors the data centre will not take, or not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SectorDoubt {
    /// It is refused.
    #[default]
    Refuse,
    /// The person is told, and accepts it with the words for the drive, or not.
    Ask,
    /// The person accepted it beforehand.
    Accept,
}

/// A passphrase: wiped when it is dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase.
    #[must_use]
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// Returns it, to be sealed into a volume.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(secret)")
    }
}

/// Where files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A folder, whose content goes to `destination` (`CONTAINER/` or `CONTAINER/PREFIX/`).
    Folder {
        /// The folder.
        path: PathBuf,
        /// Container and prefix.
        destination: String,
    },
    /// A dataset.csv, with Windows prefixes of its paths mapped (`E:\` to `/mnt/e`).
    DataSet {
        /// The file.
        path: PathBuf,
        /// Windows prefix and the folder that stands for it here.
        map: Vec<(String, PathBuf)>,
    },
    /// One row that no file holds, as a dataset.csv would say it.
    Row {
        /// The row.
        row: Box<DatasetRow>,
        /// As for [`Origin::DataSet`].
        map: Vec<(String, PathBuf)>,
    },
    /// Rows of `path,bytes`: what is not here, for planning only.
    Listing {
        /// The file.
        path: PathBuf,
        /// Container and prefix.
        destination: String,
    },
    /// The blobs of [`JobRequest::export`].
    Store,
    /// A plan that `argosy plan --out` wrote.
    Plan {
        /// The file.
        path: PathBuf,
    },
}

/// A drive that may be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRequest {
    /// Block device or image file.
    pub path: PathBuf,
    /// The serial on its label, when the hardware's cannot be read.
    pub serial: Option<String>,
    /// What becomes of the bytes that the new volume does not use.
    pub free_space: FreeSpace,
    /// Opens the BitLocker volume that is on it, whose keys then stay; `None` for new ones.
    pub existing_key: Option<RecoveryPassword>,
}

impl From<PickedDrive> for TargetRequest {
    fn from(drive: PickedDrive) -> Self {
        Self {
            path: PathBuf::from(drive.path),
            serial: Some(drive.serial).filter(|serial| !serial.is_empty()),
            free_space: drive.free_space,
            existing_key: None,
        }
    }
}

/// Returns what the page's word for a check stands for.
const fn surface_check(wire: api::SurfaceCheck) -> SurfaceCheck {
    match wire {
        api::SurfaceCheck::None => SurfaceCheck::None,
        api::SurfaceCheck::Quick => SurfaceCheck::Quick,
        api::SurfaceCheck::Full => SurfaceCheck::Full,
    }
}

/// What the person said about one drive of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Serial number of the drive, whole, as the plan names it.
    pub serial: String,
    /// The words.
    pub said: Said,
    /// Whether a drive is to be filled whose sectors the data centre will not take.
    pub accepts_sectors: bool,
}

impl JobRequest {
    /// Returns a request without drives or journals, for what only lists and plans.
    #[must_use]
    pub fn listing(session: &str, origin: Origin) -> Self {
        Self {
            session: session.to_owned(),
            origin,
            drives: Vec::new(),
            add: false,
            journal_dirs: Vec::new(),
            cipher: Cipher::XtsAes128,
            external_key_dir: None,
            passphrase: None,
            sector: None,
            sector_doubt: SectorDoubt::Refuse,
            parallel: None,
            check: SurfaceCheck::default(),
            verify: true,
            content_md5: false,
            mhl: false,
            renames: Vec::new(),
            leave_out_problems: true,
            only: Vec::new(),
            accept_moved: true,
            leave_unreadable: true,
            other_file_systems: false,
            watch: ScanWatch::default(),
            export: None,
            expected: Vec::new(),
            accept_differences: true,
        }
    }

    /// Returns what the page asks for, its journals going to `journal_dir`.
    ///
    /// # Errors
    /// [`JobError`] for a cipher that does not exist.
    pub fn from_wire(wire: StartRequest, journal_dir: PathBuf) -> Result<Self, JobError> {
        let cipher: Cipher =
            wire.options
                .cipher
                .parse()
                .map_err(|error: bitlocker_image::UnknownCipher| {
                    JobError::usage(error.to_string(), "options.cipher")
                })?;
        let drives = wire.drives.into_iter().map(TargetRequest::from);
        Ok(Self {
            session: wire.session,
            origin: Origin::Folder {
                path: PathBuf::from(wire.source),
                destination: wire.destination,
            },
            drives: drives.collect(),
            add: false,
            journal_dirs: vec![journal_dir],
            cipher,
            external_key_dir: None,
            passphrase: None,
            sector: None,
            sector_doubt: SectorDoubt::Ask,
            parallel: None,
            check: surface_check(wire.options.check),
            verify: wire.options.verify,
            content_md5: wire.options.content_md5,
            mhl: wire.options.mhl,
            renames: wire.options.renames,
            leave_out_problems: wire.options.leave_out_problems,
            only: Vec::new(),
            accept_moved: true,
            leave_unreadable: wire.options.leave_unreadable,
            other_file_systems: wire.options.other_file_systems,
            watch: ScanWatch::default(),
            export: None,
            expected: wire.expected,
            accept_differences: wire.accept_differences,
        })
    }
}
