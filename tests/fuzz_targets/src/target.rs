//! The list of what is fuzzed.

use crate::{
    bitlocker, copy_log, journal, key_file, manifest, names, ntfs, partition_table, plan,
    plan_file, side_file, sidecar, tables, verify, wire,
};

/// One parser, or one way into it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of the libFuzzer program and of the corpus folder.
    pub name: &'static str,
    /// Takes any bytes and returns; a panic is a finding.
    pub run: fn(&[u8]),
}

/// Every target, by name.
pub const TARGETS: [Target; 22] = [
    target("api", wire::api),
    target("bitlocker_area", bitlocker::area),
    target("bitlocker_volume", bitlocker::volume),
    target("copy_log", copy_log::log),
    target("dataset_csv", tables::dataset),
    target("driveset_csv", tables::driveset),
    target("journal", journal::raw),
    target("journal_chained", journal::chained_again),
    target("key_file", key_file::run),
    target("listing_csv", tables::listing),
    target("manifest", manifest::raw),
    target("manifest_accepted", manifest::accepted),
    target("names", names::run),
    target("ntfs_check", ntfs::check),
    target("ntfs_read", ntfs::read),
    target("partition_table", partition_table::run),
    target("path_map", copy_log::path_map),
    target("plan", plan::run),
    target("plan_file", plan_file::run),
    target("side_file", side_file::run),
    target("sidecar", sidecar::run),
    target("verify", verify::run),
];

/// Runs the target called `name`.
///
/// # Panics
/// When the target finds something; when there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of the list").run)(bytes);
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}
