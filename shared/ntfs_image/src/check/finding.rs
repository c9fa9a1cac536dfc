//! One thing that is wrong.

use std::fmt;

/// A violation: which rule, where, what the rule asks, and what the volume holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub kind: FindingKind,
    /// Where: record, attribute, block, offset.
    pub place: String,
    /// What the rule asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            place,
            expected,
            found,
        } = self;
        write!(to, "{kind:?}: {place}: expected {expected}, found {found}")
    }
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The copy of the boot sector in the last sector differs.
    BackupBootSector,
}
