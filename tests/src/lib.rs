//! Support for the tests that cross crates: the real binary, real source trees, other people's programs, a real browser.
//!
//! A judge that is missing is named and skipped, unless `ARGOSY_REQUIRE_ORACLES=1` (as under `cargo xtask test`): then it
//! is a failure.

pub mod agent;
pub mod argosy;
pub mod ascmhl;
pub mod azurite;
pub mod backing;
pub mod browser;
pub mod by_hand;
pub mod came_back;
pub mod cost;
pub mod export_bench;
pub mod faulty_line;
pub mod filled;
pub mod import_bench;
pub mod line;
pub mod lost_answer;
pub mod oracle;
pub mod page;
pub mod pulled;
pub mod rivals;
pub mod rows;
pub mod samba;
pub mod share_bench;
pub mod source;
pub mod stalled_line;
pub mod throttle;
pub mod vm;
pub mod window;
