//! Runs schedules and judges how they end.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agent::attempt::{
    Begun, Common, DriveKeys, DriveMeter, ReopenError, Teller, forget, run, whole_journal,
};
use agent::shelf::{Shelf, Shelves};
use disk::{MemDisk, ReadAt};
use shared::job::{Moment, Verdict};
use shared::journal::{JOURNAL_BYTES_MAX, Replay};

use crate::drive::MemDrive;
use crate::mutation::Mutation;
use crate::scenario::{SERIAL, STARTED, Scenario, empty_ended};
use crate::schedule::{Fault, FaultKind, Schedule, SourceFault, SourceFaultKind};
use crate::shelf::MemShelf;
use crate::sources::MemSources;
use crate::world::World;

/// Attempts without a fault after the disturbed ones; an honest drive needs one.
const CALM_ATTEMPTS: usize = 2;

/// Runs schedules.
pub struct Judge {
    scenarios: Vec<Scenario>,
    threads: rayon::ThreadPool,
    mutation: Mutation,
}

/// How a schedule ended, as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The drive is the one that an uninterrupted run makes.
    Identical {
        /// Attempts it took.
        attempts: usize,
        /// What it is called.
        verdict: Verdict,
    },
    /// A drive that lies was found out.
    FoundOut,
}

/// A schedule that ended as it must not.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Gives the same again.
    pub seed: u64,
    /// The scenario.
    pub scenario: &'static str,
    /// What is wrong.
    pub what: String,
    /// What was done to it.
    pub schedule: Schedule,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}, {}: {}\n  {:?}\n  {:?}",
            self.seed, self.scenario, self.what, self.schedule.faults, self.schedule.sources
        )
    }
}

/// What a run gives that nothing disturbs.
struct Undisturbed {
    /// The finished drive.
    disk: Arc<MemDisk>,
    /// Acts that it took.
    acts: u64,
    /// The act at which what was on the drive began to change, if it did.
    changes_at: Option<u64>,
    /// MD5 and length of the manifest.
    manifest: ([u8; 16], u64),
}

impl Judge {
    /// Makes all scenarios and runs each once undisturbed.
    ///
    /// # Panics
    /// When that does not give a verified drive.
    #[must_use]
    pub fn new(mutation: Mutation) -> Self {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let mut judge = Self {
            scenarios: Scenario::all(),
            threads: threads.expect("a thread"),
            mutation: Mutation::None,
        };
        let mut last = None;
        for number in 0..judge.scenarios.len() {
            last = Some(judge.begin(number));
        }
        // The plainest drive gets a second session.
        if let (Some(end), Some(plain)) = (last, judge.scenarios.last()) {
            let added = Scenario::added(plain, &end.disk, end.manifest);
            judge.scenarios.push(added);
            judge.begin(judge.scenarios.len().saturating_sub(1));
        }
        judge.mutation = mutation;
        judge
    }

    /// Runs a scenario once undisturbed; returns what that gives.
    fn begin(&mut self, number: usize) -> Undisturbed {
        let end = self.undisturbed(number, &BTreeSet::new());
        let scenario = &mut self.scenarios[number];
        scenario.set_acts(end.acts, end.changes_at);
        let references = scenario.references.get_mut();
        let references = references.expect("nobody panicked");
        references.insert(BTreeSet::new(), Arc::clone(&end.disk));
        end
    }

    /// Runs the schedule of a seed.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn run(&self, seed: u64) -> Result<Outcome, Box<Violation>> {
        let schedule = Schedule::new(seed, &self.scenarios);
        let scenario = &self.scenarios[schedule.scenario];
        self.follow(&schedule, scenario).map_err(|what| {
            Box::new(Violation {
                seed,
                scenario: scenario.name,
                what,
                schedule,
            })
        })
    }

    fn follow(&self, schedule: &Schedule, scenario: &Scenario) -> Result<Outcome, String> {
        let mut rng = schedule.rng.clone();
        let world = World::new(rng.fork());
        let bytes = scenario.before.bytes();
        let drive = MemDrive::new(scenario.before.clone(), bytes, scenario.sector, &world);
        let folders = if schedule.is_mirrored { 2 } else { 1 };
        let shelves: Vec<MemShelf> = (0..folders)
            .map(|number| MemShelf::new(&format!("folder {number}"), &world, self.mutation))
            .collect();
        let faults = schedule.attempts();
        let calm = std::iter::repeat_n(&[][..], CALM_ATTEMPTS);
        let attempts = faults.iter().map(Vec::as_slice).chain(calm);
        for (number, faults) in attempts.enumerate() {
            let attempt = Attempt {
                judge: self,
                scenario,
                world: &world,
                shelves: &shelves,
                sources: &schedule.sources,
                number,
            };
            if faults.iter().any(|fault| fault.kind == FaultKind::Swapped) {
                attempt.refuses_another_drive()?;
                continue;
            }
            attempt.go(&drive, faults, self.mutation, true)?;
            if faults.iter().any(|fault| fault.kind == FaultKind::Crash) {
                drive.crash(&mut rng);
                for shelf in &shelves {
                    shelf.crash(&mut rng);
                }
            }
            if let Some(first) = scenario.first.as_ref().filter(|_| !schedule.drive_lies()) {
                let is_changing = whole(&shelves)?.is_some_and(|replay| replay.redo.is_some());
                if !is_changing {
                    first.stands(scenario, &drive.content())?;
                }
            }
            if let Some(replay) = closed(&shelves)? {
                return self.judge(schedule, scenario, &drive, &replay, number);
            }
        }
        if schedule.lies() {
            Ok(Outcome::FoundOut)
        } else {
            Err("it did not end".to_owned())
        }
    }

    fn judge(
        &self,
        schedule: &Schedule,
        scenario: &Scenario,
        drive: &MemDrive,
        replay: &Replay,
        number: usize,
    ) -> Result<Outcome, String> {
        let verdict = replay.closed.as_ref().map(|closed| closed.verdict);
        let verdict = verdict.unwrap_or(Verdict::Failed);
        if replay.bytes > JOURNAL_BYTES_MAX {
            return Err(format!("a journal of {} bytes", replay.bytes));
        }
        let left_out = left_out(scenario, replay);
        let failing: BTreeSet<u32> = schedule.sources.iter().map(|fault| fault.file).collect();
        if !left_out.is_subset(&failing) {
            return Err(format!("left out without a reason: {left_out:?}"));
        }
        if (verdict == Verdict::Verified) != left_out.is_empty() {
            return Err(format!("{verdict} with {} files left out", left_out.len()));
        }
        let reference = match scenario.reference(&left_out) {
            Some(reference) => reference,
            None => self.make_reference(schedule.scenario, &left_out),
        };
        let mut read;
        let ranges = if schedule.lies() {
            let (_, manifest_bytes) = replay.manifest.ok_or("closed without a manifest")?;
            read = scenario.read_without(&left_out, manifest_bytes);
            let first = scenario.first.iter();
            read.extend(first.flat_map(|first| first.changed(&scenario.before, &reference)));
            &read
        } else {
            &scenario.compared
        };
        match first_difference(ranges, &reference, &drive.content()) {
            None => Ok(Outcome::Identical {
                attempts: number.saturating_add(1),
                verdict,
            }),
            Some(at) => Err(format!(
                "called {verdict}, and differs from an uninterrupted run at {at:#x}"
            )),
        }
    }

    fn make_reference(&self, number: usize, left_out: &BTreeSet<u32>) -> Arc<MemDisk> {
        let disk = self.undisturbed(number, left_out).disk;
        let mut references = self.scenarios[number]
            .references
            .lock()
            .expect("nobody panicked");
        references.insert(left_out.clone(), Arc::clone(&disk));
        disk
    }

    /// Runs a scenario without any fault but files that are not there.
    fn undisturbed(&self, number: usize, left_out: &BTreeSet<u32>) -> Undisturbed {
        let scenario = &self.scenarios[number];
        let world = World::new(crate::Rng::new(0));
        let bytes = scenario.before.bytes();
        let drive = MemDrive::new(scenario.before.clone(), bytes, scenario.sector, &world);
        let shelves = [MemShelf::new("folder", &world, Mutation::None)];
        let sources: Vec<SourceFault> = left_out
            .iter()
            .map(|file| SourceFault {
                file: *file,
                from_attempt: 0,
                kind: SourceFaultKind::Vanishes,
            })
            .collect();
        let attempt = Attempt {
            judge: self,
            scenario,
            world: &world,
            shelves: &shelves,
            sources: &sources,
            number: 0,
        };
        attempt
            .go(&drive, &[], Mutation::None, false)
            .expect("nothing is there before");
        let replay = closed(&shelves).expect("a whole journal");
        let manifest = replay.as_ref().and_then(|replay| replay.manifest);
        let verdict = replay
            .and_then(|replay| replay.closed)
            .map(|closed| closed.verdict);
        let expected = if left_out.is_empty() {
            Verdict::Verified
        } else {
            Verdict::Incomplete
        };
        assert_eq!(verdict, Some(expected), "{}", scenario.name);
        let manifest = manifest.expect("a drive that is finished has one");
        Undisturbed {
            disk: Arc::new(drive.content()),
            acts: world.acts(),
            changes_at: world.changes_at(),
            manifest,
        }
    }
}

/// One attempt at a schedule.
struct Attempt<'a> {
    judge: &'a Judge,
    scenario: &'a Scenario,
    world: &'a World,
    shelves: &'a [MemShelf],
    sources: &'a [SourceFault],
    number: usize,
}

impl Attempt<'_> {
    /// Goes as far as the faults let it.
    fn go(
        &self,
        drive: &MemDrive,
        faults: &[Fault],
        mutation: Mutation,
        named_again: bool,
    ) -> Result<(), String> {
        let scenario = self.scenario;
        let cancel = self.world.begin(faults);
        let shelves: Vec<Arc<dyn Shelf>> = self
            .shelves
            .iter()
            .map(|shelf| -> Arc<dyn Shelf> { Arc::new(shelf.clone()) })
            .collect();
        let shelves = Shelves::new(shelves);
        let sources = MemSources::new(&scenario.listing, self.sources, self.number);
        let time = AtomicU64::new(STARTED.0);
        let clock = move || Moment(time.fetch_add(1234, Ordering::Relaxed));
        let common = Common {
            listing: &scenario.listing,
            mapping: &scenario.mapping,
            sources: &sources,
            threads: &self.judge.threads,
            shelves: shelves.clone(),
            cipher: scenario.cipher,
            check: scenario.check,
            verify: true,
            started: STARTED,
            plan_hash: [3; 32],
            grain: Scenario::grain(),
            clock: &clock,
            cancel: &cancel,
        };
        let teller = Teller {
            job: "simulated".to_owned(),
            serial: SERIAL.to_owned(),
            publish: Arc::new(|_| {}),
        };
        let found = match whole_journal(&shelves, SERIAL) {
            Ok((_, replay)) if replay.closed.is_some() => return Ok(()),
            Ok((_, replay)) if replay.recovery_password.is_some() => Some(replay),
            Ok(_) | Err(ReopenError::NotBegun { .. }) => None,
            Err(error) => return Err(error.to_string()),
        };
        let (keys, begun) = if let Some(replay) = found {
            let keys = DriveKeys::of_journal(&replay, scenario.credential());
            let begun = Begun::reopen(&shelves, SERIAL, teller, common.clock);
            (keys.map_err(|error| error.to_string())?, begun)
        } else {
            let begun = forget(&shelves, SERIAL);
            let drive = scenario.drive_job(scenario.keys(), false);
            let begun = begun.and_then(|()| {
                Begun::new(&common, &drive, teller).map_err(|error| ReopenError::Io {
                    path: SERIAL.into(),
                    cause: std::io::Error::other(error.to_string()),
                })
            });
            (scenario.keys(), begun)
        };
        let begun = match begun {
            Ok(begun) => begun,
            // The journal's disk failed: nothing was done to the drive.
            Err(ReopenError::Io { .. } | ReopenError::Append(_)) if !faults.is_empty() => {
                return Ok(());
            }
            Err(ReopenError::Beside { .. }) if self.world.is_dark() => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let job = scenario.drive_job(keys, named_again);
        let meter = DriveMeter::default();
        run(&common, &job, begun, &mut drive.bay(mutation), &meter);
        Ok(())
    }

    /// Puts a finished drive of another session, or one with empty ends, in the drive's place: it
    /// must be refused, and left as it is.
    fn refuses_another_drive(&self) -> Result<(), String> {
        let other = &self.judge.scenarios;
        let other = other.iter().find(|other| other.name != self.scenario.name);
        let Some(finished) = other.and_then(|other| other.reference(&BTreeSet::new())) else {
            return Ok(());
        };
        let content = if self.world.draw(|rng| rng.once_in(2)) {
            Arc::new(empty_ended())
        } else {
            finished
        };
        let sector = self.scenario.sector;
        let drive = MemDrive::new((*content).clone(), content.bytes(), sector, self.world);
        // A drive that nobody confirmed yet is another matter: the person's words decide.
        let begun = whole(self.shelves)?.is_some();
        if !begun {
            return Ok(());
        }
        self.go(&drive, &[], Mutation::None, false)?;
        let now = drive.content();
        let all = std::slice::from_ref(&(0..content.bytes())).to_vec();
        match first_difference(&all, &content, &now) {
            None => Ok(()),
            Some(at) => Err(format!("another drive was written to at {at:#x}")),
        }
    }
}

/// Returns what the journal says, when there is one with a key in it.
fn whole(shelves: &[MemShelf]) -> Result<Option<Replay>, String> {
    let shelves: Vec<Arc<dyn Shelf>> = shelves
        .iter()
        .map(|shelf| -> Arc<dyn Shelf> { Arc::new(shelf.clone()) })
        .collect();
    match whole_journal(&Shelves::new(shelves), SERIAL) {
        Ok((_, replay)) => Ok(Some(replay).filter(|replay| replay.recovery_password.is_some())),
        Err(ReopenError::NotBegun { .. }) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn closed(shelves: &[MemShelf]) -> Result<Option<Replay>, String> {
    Ok(whole(shelves)?.filter(|replay| replay.closed.is_some()))
}

/// Returns the numbers of the files that the journal says are not on the drive.
fn left_out(scenario: &Scenario, replay: &Replay) -> BTreeSet<u32> {
    let paths: BTreeSet<&str> = replay
        .left_out
        .named
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    scenario
        .listing
        .iter()
        .filter(|(_, entry)| paths.contains(entry.path.to_string().as_str()))
        .map(|(number, _)| number)
        .collect()
}

/// Returns where two disks differ first, within `ranges`.
fn first_difference(
    ranges: &[std::ops::Range<u64>],
    one: &MemDisk,
    other: &MemDisk,
) -> Option<u64> {
    let differs = |range| one.first_difference(other, range);
    ranges.iter().find_map(differs)
}
