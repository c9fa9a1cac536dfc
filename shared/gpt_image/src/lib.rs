//! Partition tables as bytes: the GUID partition table of a drive with one data partition, and a
//! reader for the tables of drives that others made.
//!
//! ```text
//! GptSpec -> protective MBR, header, entries (at 0) and entries, header (at the end)
//! disk    -> read -> header (either copy) | mbr | bare volume -> PartitionTable
//! ```
//!
//! The writer makes exactly one Microsoft basic data partition, from 1 MiB to a border of 1 MiB.
//! The reader takes a disk for hostile: every number is checked before it is used, nothing is
//! allocated by what a table says, and what is wrong but harmless is a [`GptFinding`]. Logical
//! drives inside an extended MBR partition are named, not read.
//! Source: UEFI specification 2.10, chapter 5.
#![forbid(unsafe_code)]

mod bare;
mod finding;
mod header;
mod mbr;
mod read;
mod spec;
mod stored;

pub use finding::{Copy, GptFinding};
pub use read::{GptReadError, Partition, PartitionKind, PartitionTable, Scheme, read};
pub use spec::{GptError, GptSpec};
pub use stored::{BASIC_DATA, MICROSOFT_RESERVED};
