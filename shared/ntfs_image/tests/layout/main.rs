//! Volumes that we lay out: judged by ourselves for completeness, and by other people's programs for the rest.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "these tests work on real files and with small numbers"
)]

mod capacity;
mod churn;
mod cost;
mod cuts;
mod foreign;
mod large;
mod mend;
mod onto;
mod oracles;
mod sample;
mod segments;
#[path = "../support/mod.rs"]
#[expect(
    dead_code,
    reason = "shared with the reader's tests, which make volumes with mkntfs"
)]
mod support;
