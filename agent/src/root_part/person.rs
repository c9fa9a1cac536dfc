//! The person behind root.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::error::RootPartError;

/// With whose rights sources are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// With the person's own.
    #[default]
    AsPerson,
    /// With the right to read every file (`CAP_DAC_READ_SEARCH`), and no other.
    AsRoot,
}

/// Who the user part is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Every group.
    pub groups: Vec<u32>,
    /// With whose rights sources are read.
    pub reading: Reading,
}

impl Person {
    /// Returns the person whom `sudo` or `pkexec` made root, with their groups; `None` when nobody did, or root did.
    ///
    /// # Errors
    /// [`RootPartError::Rights`] when the system does not know their groups.
    pub fn behind_root(reading: Reading) -> Result<Option<Self>, RootPartError> {
        let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
        let uid = number("SUDO_UID").or_else(|| number("PKEXEC_UID"));
        match uid {
            None | Some(0) => Ok(None),
            Some(uid) => Self::of(uid, reading).map(Some),
        }
    }

    /// Returns the user of that name or number, with their groups.
    ///
    /// # Errors
    /// [`RootPartError::Rights`] when the system does not know them, or they have a group of root's.
    pub fn named(name: &str, reading: Reading) -> Result<Self, RootPartError> {
        let unknown = |why: String| RootPartError::Rights(format!("user {name}: {why}"));
        let text = ask(ID, &["-u", "--", name]).map_err(unknown)?;
        let uid = String::from_utf8_lossy(&text).trim().parse();
        let uid: u32 = uid.map_err(|_| unknown(NOT_KNOWN.to_owned()))?;
        Self::of(uid, reading)
    }

    /// Returns what a login of this person would have in its environment: where files of theirs go by themselves.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let uid = self.uid.to_string();
        let line = ask("/usr/bin/getent", &["passwd", &uid]);
        let line = line.or_else(|_| own_line(self.uid));
        let Ok(line) = line else { return Vec::new() };
        let line = line.trim_ascii_end();
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let field = |place: usize| {
            let field = fields.get(place).filter(|field| !field.is_empty())?;
            Some(OsString::from_vec(field.to_vec()))
        };
        let pairs = [("USER", 0), ("LOGNAME", 0), ("HOME", 5)];
        pairs
            .into_iter()
            .filter_map(|(name, place)| Some((name, field(place)?)))
            .collect()
    }

    /// Returns the user of that number, with their groups as the system knows them.
    ///
    /// # Errors
    /// [`RootPartError::Rights`] when it does not.
    pub fn of(uid: u32, reading: Reading) -> Result<Self, RootPartError> {
        let gid = numbers("-g", uid)?.first().copied();
        let gid = gid.ok_or_else(|| unknown(uid, "no group"))?;
        let groups = numbers("-G", uid)?;
        if uid == 0 || gid == 0 || groups.contains(&0) {
            return Err(unknown(uid, "a group of root's"));
        }
        Ok(Self {
            uid,
            gid,
            groups,
            reading,
        })
    }
}

/// Knows every directory of users that the system knows; a program without the C library does not.
const ID: &str = "/usr/bin/id";
const NOT_KNOWN: &str = "the system does not know them";

fn numbers(what: &str, uid: u32) -> Result<Vec<u32>, RootPartError> {
    let output = ask(ID, &[what, "--", &uid.to_string()]).map_err(|why| unknown(uid, &why))?;
    let text = String::from_utf8_lossy(&output);
    let words = text.split_ascii_whitespace().map(str::parse);
    let numbers: Result<Vec<u32>, _> = words.collect();
    match numbers {
        Ok(numbers) if !numbers.is_empty() => Ok(numbers),
        _ => Err(unknown(uid, NOT_KNOWN)),
    }
}

/// Returns what a program of the system prints when it ends well.
fn ask(program: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = command.output().map_err(|why| why.to_string())?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(NOT_KNOWN.to_owned())
    }
}

/// Returns the user's line in the machine's own table, where nobody can be asked for it.
fn own_line(uid: u32) -> Result<Vec<u8>, String> {
    let table = std::fs::read("/etc/passwd").map_err(|why| why.to_string())?;
    let uid = uid.to_string();
    let is_it = |line: &&[u8]| line.split(|byte| *byte == b':').nth(2) == Some(uid.as_bytes());
    let line = table.split(|byte| *byte == b'\n').find(is_it);
    line.map(<[u8]>::to_vec).ok_or_else(|| NOT_KNOWN.to_owned())
}

fn unknown(uid: u32, why: &str) -> RootPartError {
    RootPartError::Rights(format!("user {uid}: {why}"))
}
