//! Partition tables as bytes: the GUID partition table of a drive with one data partition, and a reader for the tables of drives that others made.
#![forbid(unsafe_code)]

mod read;
mod spec;

pub use read::{GptFinding, GptReadError, Partition, PartitionKind, PartitionTable, Scheme, read};
pub use spec::{GptError, GptSpec};
