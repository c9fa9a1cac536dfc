//! The states of one drive.

use super::{DriveEvent, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// How far one drive is. The agent steps it live, a journal's replay and the page step the same
/// one.
///
/// ```text
///                 Durable             VerifiedThrough
///                 +----+              +----+
///                 |    v              |    v
/// Planned -> Erased -> Writing -> Mending -> Sealing -> Written -> Verifying -> Verified   (nothing missing)
///    |                                                    ^
///    +--------Adding-------^  (what is on it stays)         |
///    +------------------------InPlace---------------------+     (filled by somebody else: only read)
///                                                          |           |
///                                                          +-----------+------> Incomplete (planned files missing)
///
/// each of them but Verified and Incomplete:  -Failed-> Failed{at}   -Cancelled-> Cancelled{at}
/// Failed{at}, Cancelled{at}:                 -Resumed-> at          (the stage that stood when it ended)
/// a stage itself:                            -Resumed-> the same    (the process died without a word)
/// ```
///
/// A drive without a file for it goes from `Erased` to `Mending` without a mark, and a short
/// verification from `Written` to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriveState {
    /// On its way.
    At(Stage),
    /// Every planned file is on it, and was read back.
    Verified,
    /// Everything on it was read back and is right, but planned files are missing.
    Incomplete,
    /// The last attempt ended in a fault.
    Failed {
        /// One sentence for the person at the drive.
        why: String,
        /// Where a resume continues.
        at: Stage,
    },
    /// The person stopped it.
    Cancelled {
        /// Where a resume continues.
        at: Stage,
    },
}

/// A place on the way, from which a resume can continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// The plan is frozen; the drive is untouched.
    Planned,
    /// Old contents can no longer be recognised; nothing new is on it.
    Erased,
    /// The data pass.
    Writing {
        /// Bytes from the start of the drive that are on the medium.
        through: u64,
    },
    /// Blocks that left-out files touch are being rewritten; a resume starts this again.
    Mending,
    /// Headers and partition tables are being written; a resume starts this again.
    Sealing,
    /// The drive can be opened; it was not read back.
    Written,
    /// Being read back.
    Verifying {
        /// Bytes proven, in the fixed order of the verification.
        through: u64,
    },
}

impl DriveState {
    /// The state before any event.
    pub const PLANNED: Self = Self::At(Stage::Planned);

    /// Returns the state after `event`.
    ///
    /// # Errors
    /// [`OutOfOrder`] when no arrow of the drawing leads on, or when a mark does not move forward.
    pub fn step(self, event: &DriveEvent) -> Result<Self, OutOfOrder> {
        use DriveEvent as E;
        match (self, event) {
            (Self::At(at), E::Failed { why }) => Ok(Self::Failed {
                why: why.clone(),
                at,
            }),
            (Self::At(at), E::Cancelled) => Ok(Self::Cancelled { at }),
            (Self::At(at) | Self::Failed { at, .. } | Self::Cancelled { at }, E::Resumed) => {
                Ok(Self::At(at))
            }
            (Self::At(Stage::Written | Stage::Verifying { .. }), E::Verified { missing_files }) => {
                Ok(if *missing_files == 0 {
                    Self::Verified
                } else {
                    Self::Incomplete
                })
            }
            (Self::At(at), event) => at
                .step(event)
                .map(Self::At)
                .ok_or_else(|| Self::At(at).refuses(event)),
            (state, event) => Err(state.refuses(event)),
        }
    }

    /// Returns what the end is called; `None` while the drive is on its way to being written.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Verified => Some(Verdict::Verified),
            Self::Incomplete => Some(Verdict::Incomplete),
            Self::At(Stage::Written | Stage::Verifying { .. }) => Some(Verdict::Written),
            Self::Failed { .. } | Self::Cancelled { .. } => Some(Verdict::Failed),
            Self::At(_) => None,
        }
    }

    /// Returns the stage that a resume continues from; `None` when there is nothing left to do.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self {
            Self::At(at) | Self::Failed { at, .. } | Self::Cancelled { at } => Some(*at),
            Self::Verified | Self::Incomplete => None,
        }
    }

    fn refuses(self, event: &DriveEvent) -> OutOfOrder {
        OutOfOrder {
            state: Box::new(self),
            event: Box::new(event.clone()),
        }
    }
}

impl Stage {
    /// The straight road; `None` where no arrow leads on.
    fn step(self, event: &DriveEvent) -> Option<Self> {
        use DriveEvent as E;
        match (self, event) {
            (Self::Planned, E::Erased) => Some(Self::Erased),
            (Self::Planned, E::Adding) => Some(Self::Writing { through: 0 }),
            (Self::Erased, E::Durable { through }) if *through > 0 => {
                Some(Self::Writing { through: *through })
            }
            (Self::Writing { through: before }, E::Durable { through }) if *through > before => {
                Some(Self::Writing { through: *through })
            }
            (Self::Erased | Self::Writing { .. }, E::Mending) => Some(Self::Mending),
            (Self::Mending, E::Sealing) => Some(Self::Sealing),
            (Self::Sealing, E::Written) | (Self::Planned, E::InPlace) => Some(Self::Written),
            (Self::Written, E::VerifiedThrough { through }) => {
                Some(Self::Verifying { through: *through })
            }
            (Self::Verifying { through: before }, E::VerifiedThrough { through })
                if *through > before =>
            {
                Some(Self::Verifying { through: *through })
            }
            _ => None,
        }
    }
}

/// An event that cannot follow on a state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{event:?} cannot follow on a drive that is {state}")]
pub struct OutOfOrder {
    /// Where the drive stood.
    pub state: Box<DriveState>,
    /// What came.
    pub event: Box<DriveEvent>,
}

impl fmt::Display for DriveState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::Verified => f.write_str("verified"),
            Self::Incomplete => f.write_str("incomplete"),
            Self::Failed { why, at } => write!(f, "failed while {at}: {why}"),
            Self::Cancelled { at } => write!(f, "cancelled while {at}"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned => f.write_str("planned"),
            Self::Erased => f.write_str("erased"),
            Self::Writing { through } => write!(f, "writing, durable through byte {through}"),
            Self::Mending => f.write_str("mending"),
            Self::Sealing => f.write_str("sealing"),
            Self::Written => f.write_str("written"),
            Self::Verifying { through } => write!(f, "verifying, proven through byte {through}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DriveEvent as E;

    fn run(events: &[DriveEvent]) -> Result<DriveState, OutOfOrder> {
        events
            .iter()
            .try_fold(DriveState::PLANNED, DriveState::step)
    }

    const WRITTEN: [DriveEvent; 6] = [
        E::Erased,
        E::Durable { through: 5 },
        E::Durable { through: 9 },
        E::Mending,
        E::Sealing,
        E::Written,
    ];

    #[test]
    fn a_drive_that_somebody_else_filled_is_taken_once_and_never_one_that_we_began() {
        let state = run(&[E::InPlace]).expect("in order");
        assert_eq!(state.verdict(), Some(Verdict::Written));
        assert!(run(&[E::InPlace, E::InPlace]).is_err());
        for begun in 1..WRITTEN.len() {
            let state = run(&WRITTEN[..begun]).expect("in order");
            assert!(state.step(&E::InPlace).is_err(), "{begun}");
        }
    }

    #[test]
    fn a_drive_that_gets_more_is_never_erased_and_ends_as_any_other() {
        let mut state = run(&[E::Adding]).expect("in order");
        assert_eq!(state, DriveState::At(Stage::Writing { through: 0 }));
        assert!(state.clone().step(&E::Erased).is_err());
        assert!(run(&[E::Erased, E::Adding]).is_err());
        for event in &WRITTEN[1..] {
            state = state.step(event).expect("in order");
        }
        assert_eq!(state.verdict(), Some(Verdict::Written));
    }

    #[test]
    fn the_straight_road_ends_verified() {
        let state = run(&WRITTEN).expect("in order");
        assert_eq!(state.verdict(), Some(Verdict::Written));
        let state = state
            .step(&E::VerifiedThrough { through: 4 })
            .expect("in order");
        let state = state
            .step(&E::Verified { missing_files: 0 })
            .expect("in order");
        assert_eq!(state, DriveState::Verified);
    }

    #[test]
    fn a_missing_planned_file_makes_it_incomplete() {
        let state = run(&WRITTEN)
            .expect("in order")
            .step(&E::Verified { missing_files: 1 })
            .expect("in order");
        assert_eq!(state.verdict(), Some(Verdict::Incomplete));
    }

    #[test]
    fn a_durable_mark_never_moves_back() {
        for through in [0, 4, 5] {
            let refused = run(&[E::Erased, E::Durable { through: 5 }, E::Durable { through }]);
            assert!(refused.is_err(), "{through}");
        }
    }

    #[test]
    fn nothing_is_written_before_the_erase() {
        for event in [
            E::Durable { through: 1 },
            E::Mending,
            E::Sealing,
            E::Written,
            E::Verified { missing_files: 0 },
        ] {
            assert!(run(std::slice::from_ref(&event)).is_err(), "{event:?}");
        }
    }

    #[test]
    fn a_drive_is_not_called_verified_before_it_is_written() {
        for many in 0..WRITTEN.len() {
            let state = run(&WRITTEN[..many]).expect("in order");
            assert!(
                state
                    .clone()
                    .step(&E::Verified { missing_files: 0 })
                    .is_err(),
                "{state}"
            );
            assert!(
                state
                    .clone()
                    .step(&E::VerifiedThrough { through: 1 })
                    .is_err(),
                "{state}"
            );
        }
    }

    #[test]
    fn a_resume_continues_where_the_last_mark_stands() {
        let failed = run(&[
            E::Erased,
            E::Durable { through: 7 },
            E::Failed {
                why: "unplugged".into(),
            },
        ])
        .expect("ok");
        assert_eq!(failed.verdict(), Some(Verdict::Failed));
        let again = failed.step(&E::Resumed).expect("in order");
        assert_eq!(again, DriveState::At(Stage::Writing { through: 7 }));
        let silent = again
            .step(&E::Resumed)
            .expect("a process that died without a word");
        assert_eq!(silent, DriveState::At(Stage::Writing { through: 7 }));
        assert!(silent.step(&E::Durable { through: 7 }).is_err());
    }

    #[test]
    fn a_finished_drive_takes_no_further_event() {
        let done = run(&WRITTEN)
            .expect("ok")
            .step(&E::Verified { missing_files: 0 })
            .expect("ok");
        for event in [
            E::Resumed,
            E::Cancelled,
            E::Failed { why: String::new() },
            E::Durable { through: 99 },
        ] {
            assert!(done.clone().step(&event).is_err(), "{event:?}");
        }
    }

    #[test]
    fn a_failed_drive_moves_only_by_a_resume() {
        let failed = run(&[E::Erased, E::Cancelled]).expect("ok");
        assert!(failed.clone().step(&E::Durable { through: 3 }).is_err());
        assert!(
            failed
                .clone()
                .step(&E::Failed { why: String::new() })
                .is_err()
        );
        assert_eq!(
            failed.step(&E::Resumed).expect("ok"),
            DriveState::At(Stage::Erased)
        );
    }
}
