//! Words for storage that every image crate speaks.
//!
//! A place on a disk is a byte offset (`u64`) unless its name says otherwise; [`Lba`] counts logical sectors.
//! Reading and writing at an offset are two small traits, so that a file, a block device, memory and a file dropped
//! on a page are the same thing to the code above. Nothing here does I/O.
//!
//! ```text
//! ReadAt, WriteAt  <-  MemDisk (sparse memory), Window (a part of a disk)
//! ```
#![forbid(unsafe_code)]

mod access;
mod mem_disk;
mod sector;
mod window;

pub use access::{ReadAt, ReadError, WriteAt, WriteError};
pub use mem_disk::MemDisk;
pub use sector::{Lba, SectorSize, UnsupportedSectorSize};
pub use window::Window;
