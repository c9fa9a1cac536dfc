//! A drive that came back, opened here: what is on it, its files' bytes, and whether they are what its manifest says.
//!
//! ```text
//! Dropped -> look (is it locked? what opens it?) -> unlock(key) -> Opened: folder, piece, verify
//! ```
//! Everything is read where it lies, piece by piece; nothing is written and nothing leaves the page.

mod judging;
mod opened;
#[cfg(test)]
mod tests;

use bitlocker_image::Credential;
use serde::{Deserialize, Serialize};

pub use judging::stopped;
pub use opened::{Helper, NotOpened, Opened};

/// Bytes of a file that are read at once; a file's pieces are written one after the other.
pub const PIECE_BYTES: u64 = 8 << 20;

/// What a person gives to open a drive.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// 48 digits, base64, or a passphrase.
    Typed(String),
    /// A key file: .BEK, or the text file that Windows saves.
    File(Vec<u8>),
}

/// Says no key.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(secret)")
    }
}

impl Key {
    /// Returns what opens a volume, or in words why this does not.
    fn credential(&self) -> Result<Credential, String> {
        let bytes = match self {
            Self::Typed(text) => text.as_bytes(),
            Self::File(bytes) => bytes,
        };
        Credential::parse(bytes).map_err(|error| match self {
            Self::Typed(_) => error.to_string().replace("the key file", "the field"),
            Self::File(_) => error.to_string(),
        })
    }
}

/// What looking at a drive, or trying a key, came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Found {
    /// It wants a key.
    Locked(Locked),
    /// It is open.
    Open(Box<DriveView>),
}

/// A drive that wants a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Name of the image.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// What opens it, as far as the drive says.
    pub opens: Vec<String>,
    /// Why the key did not; empty before one was tried.
    pub fault: String,
}

/// A drive that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveView {
    /// Name of the image.
    pub name: String,
    /// The volume's label; may be empty.
    pub label: String,
    /// How it is encrypted; empty when it is not.
    pub cipher: String,
    /// Length of the volume.
    pub bytes: u64,
    /// Name of the manifest in its root; empty when there is none.
    pub manifest: String,
    /// What is wrong with the partition table and the copies of BitLocker's metadata.
    pub warnings: Vec<String>,
    /// What its root is asked for by.
    pub root_id: String,
    /// What is in its root.
    pub root: FolderPart,
}

/// Entries of a folder, folders first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderPart {
    /// The entries.
    pub entries: Vec<Row>,
    /// How many the folder has.
    pub count: u64,
}

/// A file or folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is asked for by.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Length in bytes; 0 of a folder.
    pub bytes: u64,
    /// Why it cannot be read here; empty when it can.
    pub why_not: String,
}

/// How far a verification is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What is being done.
    pub words: String,
    /// Bytes compared.
    pub bytes: u64,
    /// Bytes to compare; 0 before that is known.
    pub of: u64,
    /// Things found wrong so far.
    pub wrong: u64,
    /// The first of them: what, and where.
    pub found: Vec<(String, String)>,
}
