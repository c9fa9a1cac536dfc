//! What a command line of the tool asks for.

use std::path::PathBuf;

use shared::plan::dataset::DatasetRow;

use super::places::Map;
use super::prep_import;
use super::preview_export;
use super::repair;
use super::switches::{Switches, Verb};
use crate::jobs::JobError;

/// A command line, understood.
pub(super) struct Order {
    /// What is to be done.
    pub(super) wish: Wish,
    /// What of it does nothing here, in words.
    pub(super) notes: Vec<String>,
}

/// What is to be done, and with which folder of journals.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Fills drives.
    Fill(Fill),
    /// Gives a session that did not fit more drives.
    AddDrives {
        session: String,
        journals: PathBuf,
        drives: PathBuf,
    },
    /// Makes the manifest of a drive that was filled by hand.
    Adopt(Adopt),
    /// Goes on with a session.
    Resume { session: String, journals: PathBuf },
    /// Gives a session up.
    Abort { session: String, journals: PathBuf },
    /// Lists the drives that the journals know.
    ListDrives { journals: PathBuf },
    /// Lists the sessions that the journals know.
    ListSessions { journals: PathBuf },
    /// Says how many drives an export takes.
    Preview(Preview),
    /// Sends once more what did not arrive.
    RepairImport(Mending),
    /// Gets once more what did not arrive.
    RepairExport(Mending),
}

/// A repair, of an import or an export.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mending {
    pub(super) repair_file: PathBuf,
    pub(super) log_folder: Option<PathBuf>,
    pub(super) folders: Vec<PathBuf>,
    pub(super) copy_log: PathBuf,
    pub(super) path_map: Option<PathBuf>,
    pub(super) manifest: Option<PathBuf>,
    pub(super) account: Account,
}

/// The account that a command line names.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: Option<String>,
    /// A shared access signature: never shown.
    pub(super) signature: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An export that is only asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preview {
    pub(super) list: PathBuf,
    pub(super) drive_size: u64,
    pub(super) account: Account,
}

/// Drives to be filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) session: String,
    pub(super) journals: PathBuf,
    pub(super) what: What,
    pub(super) onto: Onto,
    pub(super) content_md5: bool,
}

/// What travels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A dataset.csv.
    DataSet(PathBuf),
    /// The one source of the tool's first version.
    Row(Box<DatasetRow>),
}

/// What it travels on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Onto {
    /// Files of drives.
    DriveSets(Vec<PathBuf>),
    /// One drive.
    Drive(PathBuf),
}

/// A drive that was encrypted and filled by hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Adopt {
    pub(super) session: String,
    pub(super) journals: PathBuf,
    pub(super) drive: PathBuf,
    pub(super) key: String,
    pub(super) destination: String,
}

impl Order {
    /// Understands a command line.
    ///
    /// # Errors
    /// [`JobError`], usage: its switches do not go together, or Argosy has no part for it; the words
    /// then say what does it instead.
    pub(super) fn of(switches: Switches, map: &Map) -> Result<Self, JobError> {
        let (place, what) = match switches.verb {
            Verb::PrepImport => return prep_import::understand(switches, map),
            Verb::PreviewExport => return preview_export::understand(switches, map),
            Verb::RepairImport | Verb::RepairExport => return repair::understand(switches, map),
            Verb::Unlock => (
                "Unlock",
                "there are no drive letters to unlock here: argosy unpack --drive PATH --key-file FILE --to DIR \
                 copies everything out of the drive, and argosy unlock writes its volume as an image",
            ),
        };
        Err(JobError::usage(what, place))
    }
}
