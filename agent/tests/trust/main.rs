//! The right person, and nobody else: requirements S1 to S20 of `docs/security.md`, each against the real server over
//! real sockets, or the real binary. A test is named after the requirement that it would show to be broken.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by stopping there"
)]

mod addresses;
mod answers;
mod drives;
mod hosts;
mod idle;
mod keys;
mod limits;
mod origins;
mod other_users;
mod questions;
mod receiving;
#[cfg(target_os = "linux")]
mod root_part;
mod side_door;
mod support;
mod terminal;
mod tokens;
#[cfg(target_os = "linux")]
mod two_parts;
