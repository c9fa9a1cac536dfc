//! Everything that the two parts can say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::person::Person;
use crate::device;

/// What the root part calls a drive of its last list. The only way to name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriveNumber(pub u32);

/// What the user part asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Ask {
    /// Every drive. Numbers of an earlier list are void, but for drives that are open.
    List {},
    /// What one drive is now.
    Identify {
        /// Which.
        drive: DriveNumber,
    },
    /// Whether these words name the drive, and it may be erased.
    Confirm {
        /// Which.
        drive: DriveNumber,
        /// What the person said.
        said: Said,
    },
    /// The drive's descriptors, once after each confirmation.
    Open {
        /// Which.
        drive: DriveNumber,
    },
    /// Everything written is to be on the medium.
    Flush {
        /// Which.
        drive: DriveNumber,
    },
    /// The kernel is to forget the drive's old partitions.
    ForgetPartitions {
        /// Which.
        drive: DriveNumber,
    },
    /// The drive is to be let go. The user part's own descriptors are for it to close: nobody can take them back.
    Close {
        /// Which.
        drive: DriveNumber,
    },
}

/// What the person said about a drive, as [`device::Said`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The whole serial.
    Erase(String),
    /// The last four characters of it.
    LastFour(String),
    /// Nothing: it is an image file of zeros.
    BlankImage,
}

impl From<Said> for device::Said {
    fn from(said: Said) -> Self {
        match said {
            Said::Erase(serial) => Self::Erase(serial),
            Said::LastFour(end) => Self::LastFour(end),
            Said::BlankImage => Self::BlankImage,
        }
    }
}

/// What the root part says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub(super) enum Answer {
    /// The first word: who the user part is to be.
    Hello {
        /// The person.
        person: Person,
    },
    /// Every drive, or the one that was asked for.
    Drives {
        /// As a person recognises them.
        drives: Vec<ListedDrive>,
    },
    /// The words name the drive, and it may be erased.
    Confirmed {
        /// SHA-256 of its first and last MiB.
        fingerprint: [u8; 32],
    },
    /// The drive is held; its descriptors come along: the buffered one, and the unbuffered one where there is one.
    Opened,
    /// It is done.
    Done,
    /// Refused for safety.
    Refused {
        /// Why.
        why: String,
    },
    /// A device failed.
    Failed {
        /// Why.
        why: String,
    },
}

/// A drive as a person recognises it, and why it may not be erased. The path is to be shown; it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedDrive {
    /// Its number.
    pub drive: DriveNumber,
    /// Its node below `/dev`, or its file.
    pub path: PathBuf,
    /// Its serial; empty when none is known.
    pub serial: String,
    /// Its model.
    pub model: String,
    /// Its world-wide name.
    pub wwn: String,
    /// How it is attached.
    pub bus: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its logical sector size.
    pub sector_bytes: u64,
    /// Whether there are no reasons against erasing it.
    pub erasable: bool,
    /// The reasons.
    pub reasons: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_word_for_a_path_or_a_command() {
        for said in [
            r#"{"ask":"open","drive":"/dev/sda"}"#,
            r#"{"ask":"open","path":"/dev/sda"}"#,
            r#"{"ask":"open","drive":1,"path":"/dev/sda"}"#,
            r#"{"ask":"read","path":"/etc/shadow"}"#,
            r#"{"ask":"run","command":"id"}"#,
            r#"{"ask":"list","extra":["/dev/sda"]}"#,
            r#"{"ask":"open","drive":-1}"#,
        ] {
            assert!(serde_json::from_str::<Ask>(said).is_err(), "{said}");
        }
        assert!(serde_json::from_str::<Ask>(r#"{"ask":"open","drive":1}"#).is_ok());
    }
}
