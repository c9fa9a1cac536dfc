//! What is mounted or used as swap.

use std::fs;
use std::path::{Path, PathBuf};

use super::machine::{Machine, name_of};

/// A line of `mountinfo`. Source: `proc_pid_mountinfo(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) id: u64,
    /// Device number, as `8:1`; file systems without a device have numbers of their own.
    pub(super) number: String,
    pub(super) point: PathBuf,
    pub(super) kind: String,
    /// What it was mounted from: often a node.
    pub(super) source: String,
    pub(super) options: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (place, file_system) = line.split_once(" - ")?;
        let mut fields = place.split(' ');
        let (id, number) = (fields.next()?.parse().ok()?, fields.nth(1)?);
        let point = fields.nth(1)?;
        let mut rest = file_system.split(' ');
        Some(Self {
            id,
            number: number.to_owned(),
            point: PathBuf::from(unescaped(point)),
            kind: rest.next()?.to_owned(),
            source: unescaped(rest.next()?),
            options: rest.next().map(unescaped).unwrap_or_default(),
        })
    }

    /// Returns the kernel's names of the devices that it was mounted from. bcachefs names several,
    /// with colons between.
    pub(super) fn devices(&self, machine: &Machine) -> Vec<String> {
        let nodes = self.source.split(':').filter(|node| node.starts_with('/'));
        nodes.map(|node| device_name(machine, node)).collect()
    }
}

/// Returns everything that is mounted where we can see it.
pub(super) fn table(machine: &Machine) -> Vec<Mount> {
    let table = fs::read_to_string(machine.proc.join("self/mountinfo")).unwrap_or_default();
    table.lines().filter_map(Mount::parse).collect()
}

/// Returns where any of these devices is mounted: by its number, or, for file systems that have
/// numbers of their own, by the node that it was mounted from.
pub(super) fn mounts(machine: &Machine, numbers: &[String], names: &[String]) -> Vec<PathBuf> {
    let is_one = |mount: &Mount| {
        numbers.contains(&mount.number)
            || mount
                .devices(machine)
                .iter()
                .any(|device| names.contains(device))
    };
    let mut found: Vec<PathBuf> = table(machine)
        .into_iter()
        .filter(is_one)
        .map(|mount| mount.point)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Returns the kernel's names of the devices that are used as swap, and the names of swap files.
pub(super) fn swaps(machine: &Machine) -> Vec<String> {
    let table = fs::read_to_string(machine.proc.join("swaps")).unwrap_or_default();
    let nodes = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    nodes
        .map(|node| device_name(machine, &unescaped(node)))
        .collect()
}

/// Returns the kernel's name of the device that a node leads to, through any links.
fn device_name(machine: &Machine, node: &str) -> String {
    let node = Path::new(node);
    // Where `/dev` is another folder, nodes are looked for there.
    let node = node
        .strip_prefix("/dev")
        .map_or_else(|_| node.to_owned(), |rest| machine.dev.join(rest));
    name_of(&fs::canonicalize(&node).unwrap_or(node))
}

/// Undoes the kernel's escapes: a backslash and three octal digits for blanks and backslashes.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let octal = behind
            .get(..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match escaped {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = behind.get(3..).unwrap_or(&[]);
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
