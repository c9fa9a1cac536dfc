//! What takes long: reading listings, planning, checking. One bench holds the listing; it stands in a worker, or in the
//! page itself when there is none.

use serde::{Deserialize, Serialize};
use shared::api::{ApiError, SCAN_MAGIC, code};
use shared::hash::lower_hex;
use shared::ledger::{Change, Direction};
use shared::plan::{Listing, Plan, PlanHasher};
use zeroize::Zeroizing;

use crate::checking::{self, DriveCheck, Dropped};
use crate::handing::{self, Handed, Order};
use crate::listed::{Listed, read_csv, read_scan};
use crate::planning::{self, PlanRequest, PlanView};
use crate::receiving::{FolderPart, Found, Helper, Key, NotOpened, Opened};
use crate::stowed::{self, FolderView};
use crate::words::sentence;
use crate::{film, plan_json, proving};

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Says that the bench is there.
    Greet,
    /// Takes the first file as the listing: a scan, or rows of text.
    ReadListing,
    /// Makes the listing to try the page with.
    Sample,
    /// Plans from the listing.
    Plan(PlanRequest),
    /// Hashes a further part of the last plan.
    HashPlan,
    /// Looks into a folder of a drive of the last plan.
    Look {
        /// The drive's place in the plan.
        drive: u32,
        /// The folder's path; empty for all of the drive.
        folder: String,
    },
    /// Writes the file list of the last plan: which file goes onto which drive, and what stays behind.
    SaveList,
    /// Writes the summary of the last plan, `plan.json`.
    SavePlan,
    /// Judges the files.
    Check,
    /// Makes what is handed over of the journals that were judged last.
    HandOver(Box<Order>),
    /// Says what the journals among the files prove of their drives, for a shipment of this direction.
    Prove(Direction),
    /// Takes the first file as the image of a drive that came back, and opens it: without a key only one that needs none.
    OpenDrive(Option<Key>),
    /// Opens that drive with a key.
    Unlock(Key),
    /// Looks into a folder of the drive, from an entry on.
    Folder {
        /// The folder's id.
        id: String,
        /// Entries before.
        from: u64,
    },
    /// Reads a piece of a file of the drive.
    Piece {
        /// The file's id.
        id: String,
        /// Where, in bytes.
        at: u64,
        /// At most so many bytes.
        bytes: u64,
    },
    /// Says how long a file of the drive is.
    Length {
        /// The file's id.
        id: String,
    },
    /// Compares the drive with its manifest. Its progress is a [`Told`](crate::receiving::Told) in JSON.
    VerifyDrive,
    /// Measures how fast this browser deciphers.
    #[cfg(feature = "speed")]
    Measure,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The bench is there.
    Greeted,
    /// The listing is taken.
    Listed(Listed),
    /// A plan.
    Planned(Box<PlanView>),
    /// The plan's hash in hexadecimal; none while parts are left.
    Hashed(Option<String>),
    /// A folder of a drive.
    Looked(FolderView),
    /// What one of the plan's files holds.
    Saved(String),
    /// The judgements, and how many of the files are journals.
    Checked(Vec<DriveCheck>, u64),
    /// The hand-over.
    HandedOver(Box<Handed>),
    /// Drives that their journals prove, as the ledger takes them.
    Proven(Vec<Change>),
    /// What looking at a drive, or trying a key, came to.
    Drive(Found),
    /// Entries of a folder.
    Folder(FolderPart),
    /// A piece of a file. Its bytes travel beside the outcome.
    Piece {
        /// The bytes.
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// A length in bytes.
    Length(u64),
    /// The judgement over a drive.
    Compared(DriveCheck),
    /// It could not be done.
    Failed(ApiError),
}

/// What the work is done with.
#[derive(Default)]
pub struct Bench {
    listing: Option<Listing>,
    plan: Option<Planned>,
    journals: Vec<(String, Zeroizing<Vec<u8>>)>,
    drive: Option<Dropped>,
    opened: Option<Opened>,
    helper: Option<Helper>,
}

/// A plan, and what it was made for.
#[derive(Debug)]
struct Planned {
    plan: Plan,
    view: PlanView,
    request: PlanRequest,
    hasher: PlanHasher,
}

/// Entries of a plan that are hashed at once: other work waits no longer than a moment.
const HASHED_AT_ONCE: usize = 200_000;

impl Bench {
    /// Has `helper` do the AES of drives that are opened from here on.
    #[must_use]
    pub fn helped_by(self, helper: Option<Helper>) -> Self {
        Self { helper, ..self }
    }

    /// Does a piece of work. `progress` is told now and then how far it is.
    pub fn run(
        &mut self,
        task: Task,
        files: &[Dropped],
        progress: &mut dyn FnMut(String),
    ) -> Outcome {
        self.try_run(task, files, progress)
            .unwrap_or_else(Outcome::Failed)
    }

    fn try_run(
        &mut self,
        task: Task,
        files: &[Dropped],
        progress: &mut dyn FnMut(String),
    ) -> Result<Outcome, ApiError> {
        match task {
            Task::Greet => Ok(Outcome::Greeted),
            Task::ReadListing => {
                let file = files.first().ok_or_else(|| missing("no file was given"))?;
                let (listing, listed) = read_listing(file)?;
                self.take(listing);
                Ok(Outcome::Listed(listed))
            }
            Task::Plan(request) => {
                let listing = self.listing()?;
                let (plan, view) = planning::plan(listing, &request)?;
                self.plan = Some(Planned {
                    plan,
                    view: view.clone(),
                    request,
                    hasher: PlanHasher::default(),
                });
                Ok(Outcome::Planned(Box::new(view)))
            }
            Task::HashPlan => {
                let (listing, planned) = self.planned_mut()?;
                let hasher = &mut planned.hasher;
                let hash = hasher.go_on(&planned.plan, listing, HASHED_AT_ONCE);
                Ok(Outcome::Hashed(hash.map(|hash| lower_hex(&hash))))
            }
            Task::Sample => {
                let listing = film::listing().map_err(|error| missing(&error.to_string()))?;
                let listed = Listed::of(&listing);
                self.take(Some(listing));
                Ok(Outcome::Listed(listed))
            }
            Task::Look { drive, folder } => {
                let (listing, planned) = (self.listing()?, self.planned()?);
                let view = stowed::inside(listing, &planned.plan, drive, &folder);
                Ok(Outcome::Looked(view))
            }
            Task::SaveList => {
                let (listing, planned) = (self.listing()?, self.planned()?);
                Ok(Outcome::Saved(planning::save(listing, &planned.plan)))
            }
            Task::SavePlan => {
                let (listing, planned) = self.planned_mut()?;
                let hash = lower_hex(&planned.hasher.finish(&planned.plan, listing));
                let text = plan_json::plan_json(
                    listing,
                    (&planned.plan, &hash),
                    &planned.view,
                    &planned.request.session,
                    planned.request.destination.as_deref(),
                );
                text.map(Outcome::Saved).map_err(|error| unsaved(&error))
            }
            Task::Check => {
                self.journals = checking::journals(files);
                let journals = u64::try_from(self.journals.len()).unwrap_or(u64::MAX);
                Ok(Outcome::Checked(checking::check(files, progress), journals))
            }
            Task::Prove(direction) => proving::prove(files, direction).map(Outcome::Proven),
            Task::OpenDrive(key) => {
                let file = files.first().ok_or_else(|| missing("no file was given"))?;
                self.drive = Some(file.clone());
                self.open_drive(key.as_ref())
            }
            Task::Unlock(key) => self.open_drive(Some(&key)),
            Task::Folder { id, from } => self.opened()?.folder(&id, from).map(Outcome::Folder),
            Task::Piece { id, at, bytes } => {
                let bytes = self.opened()?.piece(&id, at, bytes)?;
                Ok(Outcome::Piece { bytes })
            }
            Task::Length { id } => self.opened()?.length(&id).map(Outcome::Length),
            Task::VerifyDrive => {
                let drive = self.opened()?;
                let mut told = |told| progress(serde_json::to_string(&told).unwrap_or_default());
                Ok(Outcome::Compared(drive.verify(&mut told)))
            }
            #[cfg(feature = "speed")]
            Task::Measure => Ok(Outcome::Saved(crate::speed::measure(self.helper.as_ref()))),
            Task::HandOver(order) => {
                let handed = handing::hand_over(&self.journals, &order);
                Ok(Outcome::HandedOver(Box::new(handed)))
            }
        }
    }

    fn take(&mut self, listing: Option<Listing>) {
        self.listing = listing;
        self.plan = None;
    }

    fn open_drive(&mut self, key: Option<&Key>) -> Result<Outcome, ApiError> {
        self.opened = None;
        let file = self.drive.as_ref().ok_or_else(no_drive)?;
        let found = match key {
            Some(key) => Opened::unlock(file, key, self.helper.clone()),
            None => Opened::look(file, self.helper.clone()),
        };
        let found = match found {
            Ok(mut opened) => {
                let view = opened.view()?;
                self.opened = Some(opened);
                Found::Open(Box::new(view))
            }
            Err(NotOpened::Locked(locked)) => Found::Locked(locked),
            Err(NotOpened::Failed(error)) => return Err(error),
        };
        Ok(Outcome::Drive(found))
    }

    fn opened(&mut self) -> Result<&mut Opened, ApiError> {
        self.opened.as_mut().ok_or_else(no_drive)
    }

    fn planned(&self) -> Result<&Planned, ApiError> {
        self.plan.as_ref().ok_or_else(no_plan)
    }

    /// Returns the plan with its hasher, and the listing that it is of.
    fn planned_mut(&mut self) -> Result<(&Listing, &mut Planned), ApiError> {
        let found = self.listing.as_ref().zip(self.plan.as_mut());
        found.ok_or_else(no_plan)
    }

    fn listing(&self) -> Result<&Listing, ApiError> {
        self.listing
            .as_ref()
            .ok_or_else(|| missing("there is no listing yet"))
    }
}

/// Reads a scan, the agent's or a saved one, or rows of text.
fn read_listing(file: &Dropped) -> Result<(Option<Listing>, Listed), ApiError> {
    let read = |into: &mut [u8]| {
        let read = file.content.read_at(0, into);
        read.map_err(|error| missing(&error.to_string()).at(&file.name))
    };
    let bytes = file.content.bytes();
    let mut begin = [0; SCAN_MAGIC.len()];
    if bytes >= 8 {
        read(&mut begin)?;
    }
    if begin == SCAN_MAGIC {
        return read_scan(&*file.content).map_err(|error| error.in_file(&file.name));
    }
    let mut csv = Vec::new();
    let room = usize::try_from(bytes).ok();
    let room = room.filter(|room| csv.try_reserve_exact(*room).is_ok());
    csv.resize(room.ok_or_else(|| too_long(&file.name))?, 0);
    read(&mut csv)?;
    let (listing, listed) = read_csv(&csv).map_err(|error| error.in_file(&file.name))?;
    Ok((Some(listing), listed))
}

fn too_long(name: &str) -> ApiError {
    missing("the list is too long for the memory of this page")
        .at(name)
        .next(
            "Have argosy scan save it as NAME.argosy-scan, or plan it with argosy plan --listing.",
        )
}

fn no_plan() -> ApiError {
    missing("there is no plan yet")
}

fn no_drive() -> ApiError {
    missing("no drive is open")
}

fn missing(what: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, sentence(what)).safe("Nothing was touched.")
}

fn unsaved(error: &serde_json::Error) -> ApiError {
    let message = format!("plan.json cannot be written: {error}.");
    ApiError::new(code::INTERNAL, message)
        .safe("Nothing was saved.")
        .next("Save the file list instead.")
}
