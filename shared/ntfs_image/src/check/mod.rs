//! Checks every invariant of an NTFS volume that `chkdsk` is known to check, and some that nobody else does.

mod finding;
mod report;

pub use finding::{Finding, FindingKind};
pub use report::{CheckReport, check};
