//! A job in words: what browser and agent both believe.
//!
//! ```text
//! hash, blob_name  <-  plan, manifest, mhl, copy_log  <-  drive  <-  job  <-  journal  <-  verify, api, handoff, report  <-  ledger
//! ```
//! Nothing here does I/O, reads a clock, starts a thread or makes a random number: same input, same bytes. So golden
//! files work, a resumed drive equals an uninterrupted one, and the browser can redo what the agent did.
#![forbid(unsafe_code)]

pub mod api;
pub mod blob_name;
pub mod copy_log;
pub mod drive;
pub mod handoff;
pub mod hash;
pub mod job;
pub mod journal;
pub mod ledger;
mod left_out;
pub mod manifest;
pub mod mhl;
pub mod path_map;
pub mod plan;
pub mod report;
pub mod verify;
pub mod words;
mod xml_element;
