//! Bytes that somebody else chose, and every parser of ours that takes them.
//!
//! ```text
//! fuzz/fuzz_targets/NAME.rs  (libFuzzer)  --.
//! fuzz/corpus/NAME/*         (tests/corpus) --> Target::run(bytes) --> parser of gpt_image, bitlocker_image, ntfs_image, shared, agent
//! ```
//!
//! A target returns, or panics: then something is wrong with the parser. It promises more than not to panic where
//! there is more to promise: what was accepted comes back when it is written again, altered BitLocker metadata is
//! refused or harmless, a disk of some megabytes is not read without end.
//!
//! What lies behind a checksum would be out of reach of chance. So most targets take a short list of changes
//! ([`patch`](mod@patch)) to something sound that they make themselves, and then make checksums, chains and sealed
//! hashes right again. Nothing stretches a key: that costs 2^20 hashes; external keys and clear keys open.
//!
//! `cargo xtask fuzz [TARGET] [--minutes N]` runs them; `cargo test -p fuzz_targets` replays the corpus, and
//! `cargo run -p fuzz_targets --example make_seeds` makes the seeds in it again.
#![forbid(unsafe_code)]

mod bitlocker;
mod copy_log;
mod drive;
mod journal;
mod key_file;
mod manifest;
mod names;
mod ntfs;
pub mod ntfs_base;
mod overlay;
mod partition_table;
pub mod patch;
mod plan;
mod plan_file;
mod side_file;
mod sidecar;
mod tables;
mod target;
mod verify;
mod wire;

pub use bitlocker::clear_key_protector;
pub use journal::chained;
pub use target::{TARGETS, Target, run};
