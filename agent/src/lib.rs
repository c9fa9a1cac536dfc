//! The privileged half of Argosy: scans source folders, fills drives, reads them back, and tells
//! about it.
//!
//! `shared` decides what every byte of a drive is; this crate is what touches the world: files,
//! drives, threads, the clock, randomness, the terminal and the loopback socket.
//!
//! ```text
//! device, scan, random, shelf  <-  journal_file  <-  pipeline, unpack, root_part, drives  <-  attempt  <-  jobs  <-  http, control
//!                                 '- in_place   blobs, shares <- ingest   blobs <- export <- repair, confirm   unpack <- receive <- http   shipments, bench  <-  cli  <-  main
//! ```
//!
//! Deliberately absent: a way to write to a drive that [`device::confirm`] has not matched with the
//! person's own words, and a way from [`http`] to a device that does not lead through [`jobs`], or through [`receive`], which
//! only reads.

mod amount;
pub mod attempt;
pub mod bench;
pub mod blobs;
pub mod cli;
pub mod confirm;
pub mod control;
pub mod core_dumps;
pub mod device;
pub mod drives;
pub mod export;
pub mod http;
pub mod in_place;
pub mod ingest;
pub mod job_error;
pub mod jobs;
pub mod journal_file;
pub mod locked_memory;
mod machine;
mod number;
pub mod pipeline;
pub mod random;
pub mod receive;
pub mod repair;
#[cfg(target_os = "linux")]
pub mod root_part;
pub mod scan;
pub mod shares;
pub mod shelf;
pub mod shipments;
pub mod unpack;
