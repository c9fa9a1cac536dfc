//! Copies many drives at once to where their blobs belong.

use std::path::Path;

use disk::ReadAt;
use ntfs_image::read::Volume;
use shared::api::{Pace, ReceiveNames};
use shared::blob_name::file_name;
use shared::verify::OpenDriveError;

use super::gate::Gate;
use super::keys::KeyRing;
use super::lane::Lane;
use super::open::open_with;
use super::received::Received;
use super::returned::Returned;
use crate::job_error::{JobError, Kind};
use crate::pipeline::{Cancel, reading_ahead_timed};
use crate::unpack::{
    Progress, Rows, UnpackOptions, UnpackReport, Unpacking, has_room, take_back, unusable,
};

/// What all drives share.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Where everything goes; existing files are never replaced.
    pub to: &'a Path,
    /// What files are called.
    pub names: ReceiveNames,
    /// Only says what would be done.
    pub dry_run: bool,
    /// The keys.
    pub ring: &'a KeyRing,
    /// Who wants a row for everything.
    pub rows: Option<&'a dyn Rows>,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// Copies all drives at once, once it is known that there is room for all of them; `lanes` tell how far each is. Returns
/// what became of each also when there is no room: whether a key fits is worth knowing then too.
///
/// # Panics
/// When there are not as many lanes as drives.
pub fn copy_all(
    order: &Order<'_>,
    drives: Vec<Returned>,
    lanes: &[Lane],
) -> (Result<(), JobError>, Vec<Received>) {
    assert_eq!(drives.len(), lanes.len(), "a lane for each drive");
    let was_there = order.to.exists();
    let gate = Gate::new(drives.len());
    let (room, received) = std::thread::scope(|scope| {
        let work = drives.into_iter().zip(lanes);
        let threads: Vec<_> = work
            .map(|(drive, lane)| {
                let (path, serial) = (drive.path.clone(), drive.serial.clone());
                let gate = &gate;
                let thread = scope.spawn(move || {
                    let received = receive(order, gate, drive, &lane.progress);
                    lane.end(&received);
                    received
                });
                (path, serial, thread)
            })
            .collect();
        let needed = gate.all_needed();
        let room = has_room(order.to, needed);
        gate.decide(room.is_ok());
        let received = threads.into_iter().map(|(path, serial, thread)| {
            thread.join().unwrap_or_else(|_| Received {
                report: Err(faulty(&path)),
                path,
                serial,
                key: None,
                pace: Pace::default(),
            })
        });
        (room, received.collect())
    });
    if room.is_err() {
        take_back(order.to, was_there);
    }
    (room, received)
}

/// A fault of ours costs the drive that it befell, and nobody takes that drive for received.
fn faulty(path: &Path) -> JobError {
    let what = "its copying stopped unexpectedly; this is a fault of Argosy";
    let place = path.display().to_string();
    JobError::io(what, place, "The drive was only read.")
}

/// Copies one drive.
fn receive(order: &Order<'_>, gate: &Gate, drive: Returned, progress: &Progress) -> Received {
    let mut key = None;
    let mut arrived = Arrived { gate, has: false };
    let report = reading_ahead_timed(&drive.reader, &progress.watch, |disk| {
        let refused = |what: Option<OpenDriveError>| match what {
            _ if order.cancel.is_cancelled() => stopped(&drive),
            what => locked(what, &drive),
        };
        let opening = open_with(disk, &drive.serial, order.ring, order.cancel);
        let opening = opening.map_err(refused)?;
        key = Some((opening.key.number, opening.key.serial.clone()));
        copy(order, &drive, &opening.opened, progress, &mut arrived)
    });
    drop(arrived);
    Received {
        path: drive.path,
        serial: drive.serial,
        key,
        report,
        pace: progress.watch.pace(),
    }
}

/// Sees to it that the others do not wait for a drive that will not come, whatever keeps it away.
struct Arrived<'a> {
    gate: &'a Gate,
    has: bool,
}

impl Arrived<'_> {
    fn with(&mut self, needed: u64) -> bool {
        self.has = true;
        self.gate.arrive(needed)
    }
}

impl Drop for Arrived<'_> {
    fn drop(&mut self) {
        if !self.has {
            self.gate.stay_away();
        }
    }
}

fn copy(
    order: &Order<'_>,
    drive: &Returned,
    opened: &dyn ReadAt,
    progress: &Progress,
    arrived: &mut Arrived<'_>,
) -> Result<UnpackReport, JobError> {
    let place = drive.path.display().to_string();
    let volume = Volume::open(opened)
        .map_err(|error| JobError::io(error.to_string(), place, "Nothing of it was copied."))?;
    let options = UnpackOptions {
        to: order.to.to_owned(),
        dry_run: order.dry_run,
        names: order.names,
        drive: file_name(&drive.serial),
        keeps_beside: true,
        keeps_state: true,
    };
    let work = Unpacking::begin(
        &volume,
        &options,
        drive.log.as_ref(),
        order.rows,
        order.cancel,
    )
    .map_err(|error| unusable(&error, order.to))?;
    if arrived.with(work.needed_bytes()) {
        return Ok(work.copy(order.cancel, progress));
    }
    work.withdraw();
    // What is said then is said of all drives together.
    Err(JobError::stopped("there is too little room", ""))
}

/// Returns the end of a drive that was stopped while keys were tried.
fn stopped(drive: &Returned) -> JobError {
    JobError::stopped("stopped by the person", drive.path.display().to_string())
}

fn locked(error: Option<OpenDriveError>, drive: &Returned) -> JobError {
    let place = drive.path.display().to_string();
    let what = match &error {
        Some(OpenDriveError::Unlock(error)) => {
            format!("none of the keys opens it: {error}")
        }
        Some(error) => error.to_string(),
        None => "there is no key for it".to_owned(),
    };
    let mut failed = JobError::io(
        what,
        place,
        "Nothing of it was copied; wrong keys lock nothing.",
    );
    if !matches!(error, Some(OpenDriveError::Read(_))) {
        failed.kind = Kind::Incomplete;
        "unlock".clone_into(&mut failed.error.code);
        "See that the keys are this job's.".clone_into(&mut failed.error.next);
    }
    failed
}
