//! The thread that owns one job after it was confirmed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bitlocker_image::Cipher;
use shared::api::{Finding, News};
use shared::job::{Moment, Stage, Verdict};

use super::freeze::{Frozen, freeze};
use super::gather::Gathered;
use super::prepared::Prepared;
use crate::attempt::{
    Begun, Common, DriveBay, DriveEnd, DriveJob, DriveMeter, Grain, Speed, Teller, now, run, untold,
};
use crate::blobs::StoreError;
use crate::drives::Confirmed;
use crate::export::GaveUp;
use crate::job_error::{JobError, Kind};
use crate::pipeline::{Cancel, SurfaceCheck};
use crate::shelf::Shelves;

/// Progress is told this often.
const TICK: Duration = Duration::from_millis(250);

/// The end of a job is noticed this soon.
const NAP: Duration = Duration::from_millis(25);

/// Takes the news of a job.
pub(super) type Publish = Arc<dyn Fn(News) + Send + Sync>;

/// Drives that may now be filled, or gone on with.
pub(super) struct Run<'a> {
    /// What travels.
    pub gathered: &'a Gathered,
    /// Where journals go.
    pub shelves: Shelves,
    /// How the drives are encrypted.
    pub cipher: Cipher,
    /// How each drive is checked before it is filled.
    pub check: SurfaceCheck,
    /// Whether each drive is read back.
    pub verify: bool,
    /// Drives written at the same time; `None` is all.
    pub parallel: Option<usize>,
    /// The one start time.
    pub started: Moment,
    /// SHA-256 of the plan file.
    pub plan_hash: [u8; 32],
    /// The drives, in the plan's order.
    pub drives: Vec<RunDrive>,
}

/// One drive of a [`Run`].
pub(super) struct RunDrive {
    /// What goes onto it.
    pub job: DriveJob,
    /// Where it sits.
    pub bay: DriveBay,
    /// Whether an earlier attempt left a journal to go on with.
    pub has_journal: bool,
    /// How far that journal has it.
    pub stage: Stage,
}

/// Freezes a job, tells `frozen` so, and fills all its drives. Returns how each ended, in the plan's
/// order.
///
/// # Errors
/// [`JobError`] when the job ended before any drive was touched.
pub(super) fn run_job(
    job: &str,
    mut prepared: Prepared,
    confirmed: Vec<Confirmed>,
    publish: &Publish,
    cancel: &Cancel,
    frozen: &dyn Fn(),
) -> Result<Vec<(String, DriveEnd)>, JobError> {
    let Frozen {
        started,
        plan_hash,
        drives,
    } = freeze(&mut prepared, confirmed)?;
    frozen();
    let request = &prepared.request;
    let drives = drives.into_iter().map(|(job, bay)| RunDrive {
        job,
        bay,
        has_journal: false,
        stage: Stage::Planned,
    });
    let run = Run {
        gathered: &prepared.gathered,
        shelves: Shelves::of_folders(&request.journal_dirs),
        cipher: request.cipher,
        check: request.check,
        verify: request.verify,
        parallel: request.parallel,
        started,
        plan_hash,
        drives: drives.collect(),
    };
    run_drives(job, run, publish, cancel)
}

/// Fills all drives of a run, at most `parallel` at a time. Returns how each ended, in order.
///
/// # Errors
/// [`JobError`] when it ended before any drive was touched.
pub(super) fn run_drives(
    job: &str,
    planned: Run<'_>,
    publish: &Publish,
    cancel: &Cancel,
) -> Result<Vec<(String, DriveEnd)>, JobError> {
    let opened = planned.gathered.open(cancel)?;
    let threads = reading_threads()?;
    let common = Common {
        listing: &planned.gathered.listing,
        mapping: &planned.gathered.mapping,
        sources: &*opened.files,
        threads: &threads,
        shelves: planned.shelves,
        cipher: planned.cipher,
        check: planned.check,
        verify: planned.verify,
        started: planned.started,
        plan_hash: planned.plan_hash,
        grain: Grain::default(),
        clock: &now,
        cancel,
    };
    let serial_of = |drive: &RunDrive| drive.job.planned.serial.clone();
    let meters: HashMap<String, DriveMeter> = planned
        .drives
        .iter()
        .map(|drive| (serial_of(drive), DriveMeter::default()))
        .collect();
    let parallel = planned
        .parallel
        .unwrap_or(usize::MAX)
        .clamp(1, planned.drives.len().max(1));
    let (queue, waiting) = crossbeam_channel::unbounded();
    for (number, drive) in planned.drives.into_iter().enumerate() {
        let teller = Teller {
            job: job.to_owned(),
            serial: serial_of(&drive),
            publish: Arc::clone(publish),
        };
        // All keys are in their journals before the first drive is touched.
        let begun = begin(&common, &drive, &teller);
        // The queue has no bound and the other end is right here.
        drop(queue.send((number, drive, teller, begun)));
    }
    drop(queue);
    let over = AtomicBool::new(false);
    // Each end is put down as it comes: should a thread die, the drives before it have theirs.
    let ends = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| tell_progress(job, &meters, publish, &over));
        let work = || {
            for (number, mut drive, teller, begun) in &waiting {
                let serial = serial_of(&drive);
                let end = match begun {
                    Ok(begun) => {
                        let meter = &meters[&serial];
                        run(&common, &drive.job, begun, &mut drive.bay, meter)
                    }
                    Err((why, kind)) => untold(&teller, drive.stage, why, kind),
                };
                ends.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((number, serial, end));
            }
        };
        let workers: Vec<_> = (0..parallel).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            // Whoever died left no end for its drive, and the job says so.
            drop(worker.join());
        }
        over.store(true, Ordering::Release);
    });
    let mut ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    ends.sort_by_key(|(number, _, _)| *number);
    let ends: Vec<(String, DriveEnd)> = ends
        .into_iter()
        .map(|(_, serial, end)| (serial, end))
        .collect();
    if let Some(why) = opened.gave_up.as_ref().and_then(GaveUp::why) {
        tell_store_failed(job, &why, &ends, publish);
    }
    Ok(ends)
}

/// Tells of every drive that the store stopped, and what to do; drives that were done before are none of them.
fn tell_store_failed(job: &str, why: &StoreError, ends: &[(String, DriveEnd)], publish: &Publish) {
    let stopped = ends
        .iter()
        .filter(|(_, end)| end.verdict == Verdict::Failed);
    for (serial, _) in stopped {
        let message = format!(
            "{why}. {} Then go on with argosy resume: nothing that is durable is read again",
            why.next()
        );
        publish(News::Found {
            job: job.to_owned(),
            serial: serial.clone(),
            finding: Finding {
                code: "store".to_owned(),
                message,
                place: why.subject.clone(),
            },
        });
    }
}

fn begin<'c>(
    common: &Common<'c>,
    drive: &RunDrive,
    teller: &Teller,
) -> Result<Begun<'c>, (String, Kind)> {
    let teller = teller.clone();
    if drive.has_journal {
        let serial = &drive.job.planned.serial;
        Begun::reopen(&common.shelves, serial, teller, common.clock)
            .map_err(|error| (error.to_string(), Kind::Refused))
    } else {
        Begun::new(common, &drive.job, teller).map_err(|error| (error.to_string(), error.kind))
    }
}

/// Tells how far each drive is until all are done, and then once more.
fn tell_progress(
    job: &str,
    meters: &HashMap<String, DriveMeter>,
    publish: &Publish,
    over: &AtomicBool,
) {
    let mut speeds: HashMap<&str, Speed> = meters
        .keys()
        .map(|serial| (serial.as_str(), Speed::default()))
        .collect();
    loop {
        let last = over.load(Ordering::Acquire);
        for (serial, meter) in meters {
            if let Some(speed) = speeds.get_mut(serial.as_str()) {
                let progress = speed.progress(meter, Instant::now());
                publish(News::Progress {
                    job: job.to_owned(),
                    serial: serial.clone(),
                    progress,
                });
            }
        }
        if last {
            return;
        }
        let mut slept = Duration::ZERO;
        while slept < TICK && !over.load(Ordering::Acquire) {
            std::thread::sleep(NAP);
            slept = slept.saturating_add(NAP);
        }
    }
}

/// Threads that wait for sources: more than there are processors, for most of their time is
/// waiting.
fn reading_threads() -> Result<rayon::ThreadPool, JobError> {
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    rayon::ThreadPoolBuilder::new()
        .num_threads(processors.saturating_mul(2).max(4))
        .thread_name(|number| format!("read-{number}"))
        .build()
        .map_err(|error| {
            JobError::io(
                format!("cannot start threads: {error}"),
                "",
                "No drive was touched.",
            )
        })
}
