//! Two parts: a large one that parses and reads, without rights; a small one that has the devices, and parses nothing but
//! seven words.
//!
//! ```text
//! sudo argosy ...
//!   root part (Keeper)                               user part (the person who called sudo)
//!   device::{list, confirm, open}                    HTTP, scanning, reading sources, planning, enciphering, journals
//!        |                                                |
//!        +--- socket pair, one packet a message ----------+
//!             List                     -> Drives, each with a number
//!             Identify { number }      -> what that drive is now
//!             Confirm { number, said } -> Confirmed          device::confirm decides
//!             Open { number }          -> Opened + descriptors, of a drive that was confirmed just now, once
//!             Flush, ForgetPartitions, Close { number }      of a drive that is open
//! ```
//!
//! A drive is named by the number that the root part gave it in its own list; there is no word for a path, and none for
//! a command. Whatever the user part says, `device` refuses what it always refuses. When the user part ends, however it
//! ends, the root part lets go of every drive and ends too.
//!
//! Deliberately absent: a way to read a file, to run a program, to name a device, to write a byte through the root part
//! (the descriptors are for that, of one drive).

mod channel;
mod descriptor;
mod error;
mod handle;
mod keeper;
mod launch;
mod person;
mod words;

pub use channel::Channel;
pub use descriptor::Descriptors;
pub use error::RootPartError;
pub use handle::RootPart;
pub use keeper::Keeper;
pub use launch::{enter, pair, start};
pub use person::{Person, Reading};
pub use words::{DriveNumber, ListedDrive, Said};
