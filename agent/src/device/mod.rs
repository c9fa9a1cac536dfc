//! Drives: list, describe, confirm, open.
//!
//! A drive is a block device or a file that stands for one. Everything about it is read first
//! ([`list()`], [`describe`]); to write, somebody has to say which drive is meant ([`confirm()`]), and
//! only the [`ConfirmedTarget`] that comes of it can be opened ([`open()`]).
//!
//! ```text
//! path -> describe -> DriveInfo -+-> confirm -> ConfirmedTarget -> open -> DriveWriter -> erase
//!               what was said ---+
//! path -> open_read -> DriveReader
//! ```
//!
//! Deliberately absent: any way to write to a partition, to a drive that is mounted, swapped to,
//! member of something larger or write-protected, or to one that holds what the job reads or keeps.
//! No option changes that.

#[cfg(not(unix))]
compile_error!(
    "the agent reads and writes drives on Unix only so far; `shared` and `web` build anywhere"
);

mod aligned_buffer;
mod blank;
mod confirm;
mod contents;
mod drive_info;
mod drive_reader;
mod drive_writer;
mod edges;
mod erase;
mod gate;
mod hold;
mod holes;
#[cfg(any(test, target_os = "linux"))]
mod identify;
mod image_file;
#[cfg(target_os = "linux")]
mod linux;
mod list;
#[cfg(any(test, target_os = "macos"))]
mod macos;
mod medium;
mod naming;
mod open;
mod recent;
mod serial;
mod signatures;
mod told;
mod warnings;
#[cfg(test)]
mod windows;

pub use aligned_buffer::AlignedBuffer;
pub use blank::blank;
pub use confirm::{ConfirmedTarget, Refusal, Said, confirm, fingerprint, recognised};
pub use contents::{Contents, Emptiness, Signature, Thoroughness, contents};
pub use drive_info::{DriveInfo, DriveKind, SerialSource};
pub use drive_reader::{DriveReader, open_read};
pub use drive_writer::{Device, DriveWriter};
pub use edges::Edges;
pub use erase::{EraseError, areas as erase_areas, erase, outside};
pub use image_file::{NewDriveError, Sidecar, SidecarError, new_drive};
pub use list::{DescribeError, describe, list};
pub use naming::mark_duplicates;
pub use open::{OpenError, open};
pub use serial::{last_four, tidy_serial};
