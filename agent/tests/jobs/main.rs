//! The job end to end on image files: through the library, and through the binary as people and
//! scripts use it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by stopping there"
)]

mod added;
mod added_again;
mod added_killed;
mod bad_drives;
mod cancelled;
mod commands;
mod damaged;
mod dataset;
mod given_up;
mod handoff;
mod kept_keys;
mod killed;
mod ledger;
mod left_out;
mod opened_by_others;
mod received;
mod refused;
mod replaced;
mod resumed;
mod scanned;
mod shares;
mod source_fails;
mod support;
mod unpacked_killed;
mod waie;
mod whole;
