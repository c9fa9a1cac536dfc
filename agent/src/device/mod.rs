//! Drives: list, describe, confirm, open.
//!
//! A drive is a block device or a file that stands for one. Everything about it is read first ([`list`], [`describe`]); to write, somebody has to
//! say which drive is meant ([`confirm`]), and only the [`ConfirmedTarget`] that comes of it can be opened ([`open`]).
//!
//! ```text
//! path -> describe -> DriveInfo --+-> confirm -> ConfirmedTarget -> open -> DriveWriter -> erase, write, flush
//!              what was said -----+
//! path -> open_read -> DriveReader
//! ```
//!
//! Deliberately absent: any way to write to a block device that is not a loop device over a regular file. Real drives are not enabled yet, and no
//! option changes that.

mod aligned_buffer;
mod confirm;
mod contents;
mod drive_info;
mod erase;
mod image_file;
mod list;
mod open;

pub use aligned_buffer::AlignedBuffer;
pub use confirm::{ConfirmedTarget, Refusal, Said, confirm};
pub use contents::{Contents, Emptiness, Signature, Thoroughness, blank, contents};
pub use drive_info::{DriveInfo, DriveKind, SerialSource};
pub use erase::{EraseError, areas as erase_areas, erase};
pub use image_file::{NewDriveError, new_drive};
pub use list::{DescribeError, describe, list};
pub use open::{Device, DriveReader, DriveWriter, OpenError, open, open_read};
