//! The thread that owns one job after it was confirmed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::api::News;
use shared::job::LeftOut;

use super::drive_meter::{DriveMeter, Speed};
use super::drive_run::{Common, DriveEnd, run};
use super::error::JobError;
use super::freeze::{FrozenDrive, freeze};
use super::ledger::Teller;
use super::prepared::Prepared;
use crate::device::ConfirmedTarget;
use crate::pipeline::Cancel;

/// Progress is told this often.
const TICK: Duration = Duration::from_millis(250);

/// The end of a job is noticed this soon.
const NAP: Duration = Duration::from_millis(25);

/// Takes the news of a job.
pub(super) type Publish = Arc<dyn Fn(News) + Send + Sync>;

/// Fills all drives of a job, at most `parallel` at a time. Returns how each ended, in the plan's
/// order.
///
/// # Errors
/// [`JobError`] when the job ended before any drive was touched.
pub(super) fn run_job(
    job: &str,
    mut prepared: Prepared,
    confirmed: Vec<ConfirmedTarget>,
    publish: &Publish,
    cancel: &Cancel,
) -> Result<Vec<(String, DriveEnd)>, JobError> {
    let frozen = freeze(&mut prepared, confirmed)?;
    let sources = prepared.gathered.open()?;
    let threads = reading_threads()?;
    let common = Common {
        request: &prepared.request,
        gathered: &prepared.gathered,
        sources: &sources,
        threads: &threads,
        started: frozen.started,
        plan_hash: frozen.plan_hash,
        cancel,
    };
    let meters: HashMap<String, DriveMeter> = frozen
        .drives
        .iter()
        .map(|drive| (drive.planned.serial.clone(), DriveMeter::default()))
        .collect();
    let parallel = prepared
        .request
        .parallel
        .unwrap_or(usize::MAX)
        .clamp(1, frozen.drives.len().max(1));
    let planned_out = prepared.left_out();
    let (queue, waiting) = crossbeam_channel::unbounded();
    for numbered in frozen.drives.into_iter().enumerate() {
        // The queue has no bound and the other end is right here.
        drop(queue.send(numbered));
    }
    drop(queue);
    let over = AtomicBool::new(false);
    // Each end is put down as it comes: should a thread die, the drives before it have theirs.
    let ends = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| tell_progress(job, &meters, publish, &over));
        let work = || {
            for numbered in &waiting {
                let end = one(job, &common, numbered, &planned_out, publish, &meters);
                ends.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(end);
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
    Ok(ends
        .into_iter()
        .map(|(_, serial, end)| (serial, end))
        .collect())
}

fn one(
    job: &str,
    common: &Common<'_>,
    (number, drive): (usize, FrozenDrive),
    planned_out: &[(LeftOut, u64)],
    publish: &Publish,
    meters: &HashMap<String, DriveMeter>,
) -> (usize, String, DriveEnd) {
    let serial = drive.planned.serial.clone();
    let teller = Teller {
        job: job.to_owned(),
        serial: serial.clone(),
        publish: Arc::clone(publish),
    };
    // What the plan left out belongs to no drive; the first one's journal counts it.
    let left_out = if number == 0 { planned_out } else { &[] };
    let end = run(common, drive, left_out, &teller, &meters[&serial]);
    (number, serial, end)
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
        .map(|serial| (serial.as_str(), Speed::new()))
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
