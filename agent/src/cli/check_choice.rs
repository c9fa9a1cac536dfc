//! How thoroughly a drive is checked before it is filled, as a person chooses it.

use clap::ValueEnum;

use crate::pipeline::SurfaceCheck;

/// How thoroughly a drive is checked before it is filled.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Check {
    /// Not at all: reading back after writing finds a bad drive too, only later
    None,
    /// Places over the whole drive: seconds
    Quick,
    /// Every sector: as long as filling and reading back the whole drive
    Full,
}

impl From<Check> for SurfaceCheck {
    fn from(check: Check) -> Self {
        match check {
            Check::None => Self::None,
            Check::Quick => Self::Quick,
            Check::Full => Self::Full,
        }
    }
}
