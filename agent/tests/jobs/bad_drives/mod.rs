//! The real binary on block devices that fail, lie or go away.

mod bench;
mod drive;
mod failing;
mod gone;
mod lying;
