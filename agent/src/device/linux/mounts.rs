//! What is mounted or used as swap.

use std::fs;
use std::path::{Path, PathBuf};

use super::machine::Machine;

/// Returns where any of these devices is mounted: by its number, or, for file systems that have
/// numbers of their own, by the node that it was mounted from.
pub(super) fn mounts(machine: &Machine, numbers: &[String], nodes: &[PathBuf]) -> Vec<PathBuf> {
    let table = fs::read_to_string(machine.proc.join("self/mountinfo")).unwrap_or_default();
    let mut found: Vec<PathBuf> = table
        .lines()
        .filter_map(|line| mounted(line, numbers, nodes))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Returns the mount point of a line of `mountinfo` that is about one of the devices. Source:
/// proc_pid_mountinfo(5).
fn mounted(line: &str, numbers: &[String], nodes: &[PathBuf]) -> Option<PathBuf> {
    let (place, file_system) = line.split_once(" - ")?;
    let mut fields = place.split(' ').skip(2);
    let number = fields.next()?;
    let point = fields.nth(1)?;
    let source = unescaped(file_system.split(' ').nth(1)?);
    let is_one = numbers.iter().any(|one| one == number)
        || nodes.iter().any(|node| node == Path::new(&source));
    is_one.then(|| PathBuf::from(unescaped(point)))
}

/// Returns the nodes and files that are used as swap.
pub(super) fn swaps(machine: &Machine) -> Vec<PathBuf> {
    let table = fs::read_to_string(machine.proc.join("swaps")).unwrap_or_default();
    let names = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    names.map(|name| PathBuf::from(unescaped(name))).collect()
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
