//! The person behind root.

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

/// Asks `id`, which knows every directory of users that the system knows; a program without the C library does not.
fn numbers(what: &str, uid: u32) -> Result<Vec<u32>, RootPartError> {
    let mut id = Command::new("/usr/bin/id");
    id.args([what, "--", &uid.to_string()])
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = id.output().map_err(|why| unknown(uid, &why.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let words = text.split_ascii_whitespace().map(str::parse);
    let numbers: Result<Vec<u32>, _> = words.collect();
    match numbers {
        Ok(numbers) if output.status.success() && !numbers.is_empty() => Ok(numbers),
        _ => Err(unknown(uid, "the system does not know them")),
    }
}

fn unknown(uid: u32, why: &str) -> RootPartError {
    RootPartError::Rights(format!("user {uid}: {why}"))
}
