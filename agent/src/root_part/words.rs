//! Everything that the two parts can say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use shared::job::DriveIdentity;

use super::person::Person;
use crate::device::{self, DriveInfo};

/// What the root part calls a drive of its last list. The only way to name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriveNumber(pub u32);

/// What the user part asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Ask {
    /// Every drive. Numbers of an earlier list are void, but for drives that are open.
    List {},
    /// What one drive was when it was listed.
    Show {
        /// Which.
        drive: DriveNumber,
    },
    /// What one drive is now.
    Identify {
        /// Which.
        drive: DriveNumber,
        /// The serial on its label, as the person read it.
        label: Option<String>,
    },
    /// Nothing that the descriptors of this message lie on may be erased by the next confirmation.
    Keep {},
    /// Whether these words name the drive, and it may be erased.
    Confirm {
        /// Which.
        drive: DriveNumber,
        /// What the person saw of it. Its path counts for nothing.
        seen: Box<DriveInfo>,
        /// What the person said.
        said: Said,
    },
    /// Whether the drive is the one that a journal knows, and may be gone on with.
    Recognise {
        /// Which.
        drive: DriveNumber,
        /// What the journal knows.
        known: DriveIdentity,
    },
    /// The drive's descriptors, once after each confirmation.
    Open {
        /// Which.
        drive: DriveNumber,
    },
    /// The descriptors of a drive that the person named on the command line, or on which all is enciphered, for reading
    /// only.
    Read {
        /// Which.
        drive: DriveNumber,
    },
    /// The kernel is to forget the drive's old partitions.
    ForgetPartitions {
        /// Which.
        drive: DriveNumber,
    },
    /// The kernel is to forget what it holds of the drive, so that the medium itself is read next.
    ForgetCache {
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

impl From<&device::Said> for Said {
    fn from(said: &device::Said) -> Self {
        match said {
            device::Said::Erase(serial) => Self::Erase(serial.clone()),
            device::Said::LastFour(end) => Self::LastFour(end.clone()),
            device::Said::BlankImage => Self::BlankImage,
        }
    }
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
    /// Every drive. The paths are to be shown and compared; they open nothing.
    Drives {
        /// Numbers and paths.
        drives: Vec<(DriveNumber, PathBuf)>,
    },
    /// What a drive is.
    Drive {
        /// All of it.
        info: Box<DriveInfo>,
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

/// A drive of the root part's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDrive {
    /// Its number.
    pub drive: DriveNumber,
    /// What is known of it. The path is to be shown; it opens nothing.
    pub info: DriveInfo,
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
            r#"{"ask":"identify","drive":1,"label":null,"path":"/dev/sda"}"#,
            r#"{"ask":"keep","paths":["/etc"]}"#,
        ] {
            assert!(serde_json::from_str::<Ask>(said).is_err(), "{said}");
        }
        assert!(serde_json::from_str::<Ask>(r#"{"ask":"open","drive":1}"#).is_ok());
    }
}
