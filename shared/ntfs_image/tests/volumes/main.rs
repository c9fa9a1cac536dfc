//! Volumes of all sorts, ours and other people's: read, checked, and corrupted one structure at a time.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::arithmetic_side_effects,
    reason = "these tests work on real files and with small numbers"
)]

mod check_oracles;
mod corruption;
mod editor;
mod mutation;
mod read_oracles;
mod reading;
mod sample;
#[path = "../support/mod.rs"]
mod support;
