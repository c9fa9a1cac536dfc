//! What goes wrong, and when.

use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::world::Act;

/// One run of a scenario through all its attempts.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// All of it follows from this.
    pub seed: u64,
    /// Number of the scenario.
    pub scenario: usize,
    /// What happens, in order; a fault that [`Fault::joins`] belongs to the attempt of the one
    /// before.
    pub faults: Vec<Fault>,
    /// Files that fail in the source, by number, from which attempt on, and how.
    pub sources: Vec<SourceFault>,
    /// Whether there are two journal folders.
    pub is_mirrored: bool,
    pub(crate) rng: Rng,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the act of its attempt that it strikes, or the first one after it that it can.
    pub at: u64,
    /// What happens.
    pub kind: FaultKind,
    /// Whether it happens in the same attempt as the fault before it.
    pub joins: bool,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The power goes.
    Crash,
    /// The drive refuses a write, having taken some of its sectors.
    WriteFails,
    /// The drive refuses a read.
    ReadFails,
    /// A flush fails; what was written since the last one is lost in part.
    FlushFails,
    /// The journal's disk is full; part of what was appended is on it.
    DiskFull,
    /// A sync of the journal's disk fails.
    SyncFails,
    /// The person cancels.
    Cancel,
    /// From here on the drive forgets what it says it flushed, when the power goes.
    LosesFlushes,
    /// The drive says it wrote and did not.
    DropsWrite,
    /// The drive writes to another place.
    Misdirects,
    /// A bit of what is on the medium changes.
    Rots,
    /// Another drive stands in its place at the next attempt.
    Swapped,
}

/// How a source file fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFault {
    /// Number of the file in the listing.
    pub file: u32,
    /// The first attempt in which it fails, from 0.
    pub from_attempt: usize,
    /// How.
    pub kind: SourceFaultKind,
}

/// How a source file fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFaultKind {
    /// It is not there any more.
    Vanishes,
    /// It is shorter than planned.
    Shrinks,
    /// It is longer than planned.
    Grows,
    /// Reading its last byte gives an error.
    Breaks,
    /// It has another time after the last byte was read.
    Touched,
}

impl FaultKind {
    /// Whether a fault of this kind can strike an act.
    pub(crate) const fn strikes(self, act: Act) -> bool {
        match self {
            Self::Crash | Self::Cancel => true,
            // What changes once it was read back is found by nobody.
            Self::Rots => matches!(act, Act::Write | Act::Flush),
            Self::WriteFails | Self::DropsWrite | Self::Misdirects => matches!(act, Act::Write),
            Self::ReadFails => matches!(act, Act::Read),
            Self::FlushFails | Self::LosesFlushes => matches!(act, Act::Flush),
            Self::DiskFull => matches!(act, Act::Append),
            Self::SyncFails => matches!(act, Act::Sync),
            Self::Swapped => false,
        }
    }

    /// Whether the drive lies: then a clear failure is a right end too.
    #[must_use]
    pub const fn lies(self) -> bool {
        matches!(
            self,
            Self::LosesFlushes | Self::DropsWrite | Self::Misdirects | Self::Rots | Self::Swapped
        )
    }
}

const HONEST: [FaultKind; 10] = [
    FaultKind::Crash,
    FaultKind::Crash,
    FaultKind::Crash,
    FaultKind::Crash,
    FaultKind::WriteFails,
    FaultKind::ReadFails,
    FaultKind::FlushFails,
    FaultKind::DiskFull,
    FaultKind::SyncFails,
    FaultKind::Cancel,
];

const LIES: [FaultKind; 5] = [
    FaultKind::LosesFlushes,
    FaultKind::DropsWrite,
    FaultKind::Misdirects,
    FaultKind::Rots,
    FaultKind::Swapped,
];

const SOURCES: [SourceFaultKind; 5] = [
    SourceFaultKind::Vanishes,
    SourceFaultKind::Shrinks,
    SourceFaultKind::Grows,
    SourceFaultKind::Breaks,
    SourceFaultKind::Touched,
];

/// One seed in so many is a second session onto a finished drive: those of this remainder.
const ADDED_EVERY: u64 = 8;
const ADDED_AT: u64 = 4;

/// More acts than it takes to change what was on a drive.
const ACTS_OF_THE_CHANGES: u64 = 24;

/// More acts than the first records and the erase of a small drive have.
const ACTS_OF_THE_ERASE: u64 = 64;

impl Schedule {
    /// Returns the schedule of a seed over `scenarios`.
    #[must_use]
    pub fn new(seed: u64, scenarios: &[Scenario]) -> Self {
        let mut rng = Rng::new(seed);
        // The last one is a second session, whose share is fixed; the one before it is the plainest and the quickest,
        // and gets most.
        let added = scenarios.len().saturating_sub(1);
        let number = if rng.once_in(20) {
            let count = u64::try_from(added).expect("few");
            usize::try_from(rng.below(count)).expect("few")
        } else {
            added.saturating_sub(1)
        };
        let number = if seed % ADDED_EVERY == ADDED_AT {
            added
        } else {
            number
        };
        let scenario = &scenarios[number];
        let attempts = 1_u64.saturating_add(rng.below(4));
        let mut faults = Vec::new();
        for _ in 0..attempts {
            let kind = if rng.once_in(6) {
                rng.one_of(&LIES)
            } else {
                rng.one_of(&HONEST)
            };
            // Later attempts have less to do: half of them are struck early.
            let acts = scenario.acts();
            let at = if rng.once_in(2) {
                rng.below(acts)
            } else {
                rng.below(acts / 4)
            };
            // Few acts change what was there before, and they matter most.
            let at = match scenario.changes_at() {
                Some(first) if rng.once_in(3) => {
                    first.saturating_add(rng.below(ACTS_OF_THE_CHANGES))
                }
                _ => at,
            };
            let joins = false;
            faults.push(Fault { at, kind, joins });
            // What a lying drive forgets shows when the power goes.
            if kind == FaultKind::LosesFlushes {
                let at = rng.below(acts);
                faults.push(Fault {
                    at,
                    kind: FaultKind::Crash,
                    joins: true,
                });
            }
        }
        // Another drive instead of one whose erase, or check, was only begun.
        if rng.once_in(16) {
            let of = |kind, at| Fault {
                at,
                kind,
                joins: false,
            };
            faults = vec![
                of(FaultKind::Crash, rng.below(ACTS_OF_THE_ERASE)),
                of(FaultKind::Swapped, 0),
            ];
        }
        let mut sources = Vec::new();
        if rng.once_in(3) {
            for _ in 0..1_u64.saturating_add(rng.below(2)) {
                sources.push(SourceFault {
                    file: scenario.any_file(&mut rng),
                    from_attempt: usize::try_from(rng.below(3)).expect("few"),
                    kind: rng.one_of(&SOURCES),
                });
            }
        }
        Self {
            seed,
            scenario: number,
            faults,
            sources,
            is_mirrored: rng.once_in(4),
            rng,
        }
    }

    /// Returns the faults of each attempt.
    #[must_use]
    pub fn attempts(&self) -> Vec<Vec<Fault>> {
        let mut attempts: Vec<Vec<Fault>> = Vec::new();
        for fault in &self.faults {
            match attempts.last_mut().filter(|_| fault.joins) {
                Some(attempt) => attempt.push(*fault),
                None => attempts.push(vec![*fault]),
            }
        }
        attempts
    }

    /// Returns whether the drive itself lies: another one in its place does not.
    #[must_use]
    pub fn drive_lies(&self) -> bool {
        let mut kinds = self.faults.iter().map(|fault| fault.kind);
        kinds.any(|kind| kind.lies() && kind != FaultKind::Swapped)
    }

    /// Returns whether the drive lies anywhere in it.
    #[must_use]
    pub fn lies(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.lies())
    }
}
