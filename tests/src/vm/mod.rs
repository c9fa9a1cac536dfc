//! A small computer in QEMU: a kernel of Debian's, a system disk that holds `argosy` and a few tools, and drives of every
//! kind, each with a serial. So what argosy does to real drives is tested without one.
//!
//! ```text
//! Kernel ---------+
//! SystemDisk -----+-> Machine::run -> answers of the script that ran inside
//! Drive, Drive ---+
//! ```
//!
//! What the script says is in [`Answers`]; what became of a drive is in its file, which the host looks at.

mod answers;
mod kernel;
mod machine;
mod monitor;
mod system_disk;

pub use answers::{Answer, Answers};
pub use kernel::{Kernel, parts};
pub use machine::{Attached, Drive, Machine, Running};
pub use system_disk::SystemDisk;
