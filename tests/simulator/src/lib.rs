//! Crashes, bad disks and lying drives, by the ten thousand.
//!
//! The agent's own code fills a drive in memory, with journals on a disk in memory, from sources in
//! memory, by a clock of ours. A seed decides everything that goes wrong; the same seed always goes
//! the same way.
//!
//! ```text
//! seed -> Schedule (scenario, faults of each attempt)
//!           |
//!           v      agent::attempt::{Begun, run}
//!         World = Drive + Shelf + Sources + Clock     crash -> what was not flushed is lost, torn, reordered
//!           |                                         again, until the journal is closed
//!           v
//!         judge: the drive is the one that an uninterrupted run makes, sector by sector outside free space
//!                or, for a drive that lies: a clear failure, and nothing called verified
//! ```
//!
//! A finished drive that gets a second session goes the same way, and until the record of what changes of the first is
//! durable it is the first one's, byte for byte.
//!
//! Secrets are fixed and their key stretch is done once, in full.

mod added;
mod drive;
mod encrypted;
mod judge;
mod mutation;
mod rng;
mod scenario;
mod schedule;
mod shelf;
mod sources;
mod world;

pub use judge::{Judge, Outcome, Violation};
pub use mutation::Mutation;
pub use rng::Rng;
pub use scenario::Scenario;
pub use schedule::{Fault, Schedule};
