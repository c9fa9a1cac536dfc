//! Two parts: a large one that parses and reads, without rights; a small one that has the devices, and parses nothing but
//! a few words.
//!
//! ```text
//! sudo argosy ...
//!   root part (Keeper)                               user part (the person who called sudo)
//!   device::{list, confirm, open}                    HTTP, scanning, reading sources, planning, enciphering, journals
//!        |                                                |
//!        +--- socket pair, one packet a message ----------+
//!             List                     -> Drives, each with a number
//!             Show, Identify { number }-> what that drive was when it was listed; what it is now
//!             Keep + descriptors       -> what the next confirmation must not erase
//!             Confirm { number, said } -> Confirmed          device::confirm decides
//!             Recognise { number }     -> Confirmed          device::recognised decides
//!             Open { number }          -> Opened + descriptors, of a drive that was confirmed just now, once
//!             Read { number }          -> Opened + descriptors for reading, of a drive of the command line or a sealed one
//!             ForgetPartitions, ForgetCache, Close { number }        of a drive that is open
//! ```
//!
//! A drive is named by the number that the root part gave it in its own list; there is no word for a path, and none for
//! a command. What a job reads or keeps is not named either, but shown: an open descriptor of it, so that the person may
//! reach it, and the root part resolves no name that it was told. Whatever the user part says, `device` refuses what it
//! always refuses. When the user part ends, however it ends, the root part lets go of every drive and ends too.
//!
//! The descriptors of an open drive are the very ones that the root part holds it by: should the root part die, nobody
//! else can take the drive before the user part closes it, and that writes nothing more.
//!
//! Deliberately absent: a way to read a file, to run a program, to name a device, to write a byte through the root part,
//! or to flush through it (the descriptors are for that, of one drive).

mod channel;
mod error;
mod handle;
mod keeper;
mod launch;
mod person;
mod words;

pub use channel::Channel;
pub use error::RootPartError;
pub use handle::{Descriptors, RootPart};
pub use keeper::Keeper;
pub use launch::{enter, pair, start};
pub use person::{Person, Reading};
pub use words::{DriveNumber, ListedDrive, Said};
