//! A drive that came back, opened here: what is on it, its files' bytes, and whether they are what its manifest says.
//!
//! ```text
//! Dropped -> look (is it locked? what opens it?) -> unlock(key) -> Opened: folder, piece, verify
//! ```
//! Everything is read where it lies, piece by piece; nothing is written and nothing leaves the page.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use bitlocker_image::{CbcDecryptor, CopyState, Credential, ProtectorKind, UnlockError};
use disk::ReadAt;
use ntfs_image::read::{Entry, FileId, Volume, VolumeError};
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, code};
use shared::verify::{
    Expected, FindManifestError, OpenDriveError, OpenedDrive, VerifyPhase, VerifyProgress,
    VerifyReport, VerifyVerdict, find_manifest, open_shared, verify_opened,
};

use crate::checking::{DriveCheck, Dropped, Tone};
use crate::planning::sentence;
use crate::words;

/// Entries of a folder that are told at once.
pub const FOLDER_PART: usize = 20_000;
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
}

/// A drive whose volume is open.
#[derive(Debug)]
pub struct Opened {
    name: String,
    drive: Rc<OpenedDrive<'static>>,
    volume: Volume<Rc<OpenedDrive<'static>>>,
    listed: Option<(FileId, Vec<Entry>)>,
}

impl Opened {
    /// Opens a drive without a key: a volume that is not encrypted, or whose protection is suspended.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn look(file: &Dropped, helper: Option<Helper>) -> Result<Self, NotOpened> {
        Self::open(file, &Credential::Clear, helper).map_err(|error| match error {
            // Nobody has tried a key yet.
            NotOpened::Locked(locked) => NotOpened::Locked(Locked {
                fault: String::new(),
                ..locked
            }),
            other => other,
        })
    }

    /// Opens a drive with a key.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn unlock(file: &Dropped, key: &Key, helper: Option<Helper>) -> Result<Self, NotOpened> {
        let credential = key
            .credential()
            .map_err(|why| NotOpened::Locked(locked(file, &[], &why)))?;
        Self::open(file, &credential, helper)
    }

    fn open(
        file: &Dropped,
        credential: &Credential,
        helper: Option<Helper>,
    ) -> Result<Self, NotOpened> {
        let drive = open_shared(Rc::clone(&file.content), credential);
        let mut drive = drive.map_err(|error| NotOpened::of(&error, file))?;
        if let Some(helper) = helper {
            drive.decrypt_by(helper);
        }
        let drive = Rc::new(drive);
        let volume = Volume::open(Rc::clone(&drive)).map_err(|error| {
            NotOpened::Failed(unreadable(&error.to_string()).at(file.name.as_str()))
        })?;
        Ok(Self {
            name: file.name.clone(),
            drive,
            volume,
            listed: None,
        })
    }

    /// Returns what a person is shown first.
    ///
    /// # Errors
    /// When the root cannot be read.
    pub fn view(&mut self) -> Result<DriveView, ApiError> {
        let beyond_key = |error: &VolumeError| {
            let what = "the drive is open, and its file system cannot be read";
            unreadable(&format!("{what}: {error}")).at(self.name.as_str())
        };
        let root = self.volume.root().map_err(|error| beyond_key(&error))?;
        let manifest = match find_manifest(&self.volume) {
            Ok(entry) => entry.map(|entry| entry.name),
            Err(FindManifestError::Volume(error)) => return Err(beyond_key(&error)),
            // Which of several it is nobody can say, so there is none to compare with; all of them are in the tree.
            Err(_) => None,
        };
        let (root_id, root) = (named(root), self.part(root, 0)?);
        let cipher = self.drive.bitlocker();
        Ok(DriveView {
            name: self.name.clone(),
            label: self.volume.label().unwrap_or_default(),
            cipher: cipher.map_or_else(String::new, |volume| volume.cipher().to_string()),
            bytes: self.drive.bytes(),
            manifest: manifest.unwrap_or_default(),
            warnings: self.warnings(),
            root_id,
            root,
        })
    }

    fn warnings(&self) -> Vec<String> {
        let table = self.drive.table.findings.iter().map(ToString::to_string);
        let volume = self.drive.bitlocker().into_iter();
        let copies = (1_u32..).zip(volume.flat_map(|volume| volume.copies()));
        let copies = copies.filter_map(|(number, copy)| match copy {
            CopyState::Good => None,
            CopyState::Differs => Some(format!(
                "BitLocker\u{2019}s information area {number} differs from the one that opened the drive"
            )),
            CopyState::Fault(fault) => Some(format!(
                "BitLocker\u{2019}s information area {number} has {fault}"
            )),
        });
        table.chain(copies).collect()
    }

    /// Returns entries of a folder, from this place on.
    ///
    /// # Errors
    /// When the folder contradicts itself or cannot be read.
    pub fn folder(&mut self, id: &str, from: u64) -> Result<FolderPart, ApiError> {
        let id = parsed(id)?;
        self.part(id, usize::try_from(from).unwrap_or(usize::MAX))
    }

    fn part(&mut self, id: FileId, from: usize) -> Result<FolderPart, ApiError> {
        if self.listed.as_ref().is_none_or(|(listed, _)| *listed != id) {
            let mut entries = self.volume.entries(id).map_err(|error| fault(&error))?;
            entries.retain(|entry| !entry.id.is_system());
            // Folders first; both stay as the drive sorts them.
            entries.sort_by_key(|entry| !entry.is_folder);
            self.listed = Some((id, entries));
        }
        let entries = self.listed.as_ref().map_or(&[][..], |(_, entries)| entries);
        let part = entries.iter().skip(from).take(FOLDER_PART);
        Ok(FolderPart {
            entries: part.map(row).collect(),
            count: u64::try_from(entries.len()).unwrap_or(u64::MAX),
        })
    }

    /// Returns bytes of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or ends before.
    pub fn piece(&self, id: &str, at: u64, bytes: u64) -> Result<Vec<u8>, ApiError> {
        let file = self
            .volume
            .open_file(parsed(id)?)
            .map_err(|error| fault(&error))?;
        let bytes = bytes.min(file.bytes().saturating_sub(at)).min(PIECE_BYTES);
        let mut piece = vec![0; usize::try_from(bytes).unwrap_or(0)];
        self.volume
            .read(&file, at, &mut piece)
            .map_err(|error| fault(&error))?;
        Ok(piece)
    }

    /// Returns how long a file is: its own word, which counts, and not its folder's.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn length(&self, id: &str) -> Result<u64, ApiError> {
        let file = self.volume.open_file(parsed(id)?);
        Ok(file.map_err(|error| fault(&error))?.bytes())
    }

    /// Compares every file with the drive's manifest.
    pub fn verify(&self, told: &mut dyn FnMut(Told)) -> DriveCheck {
        // Who filled it is not known, and Windows will have had it since: its own folders are no finding.
        let expected = Expected {
            in_place: true,
            ..Expected::default()
        };
        let mut progress = |now: VerifyProgress| {
            told(telling(now));
            ControlFlow::Continue(())
        };
        let report = verify_opened(&self.drive, &expected, &mut progress);
        judged(&report, &self.name)
    }
}

/// Somebody who does the AES.
pub type Helper = Arc<dyn CbcDecryptor>;

/// Why a drive is not open.
#[derive(Clone, Debug, PartialEq)]
pub enum NotOpened {
    /// It wants a key, or another one.
    Locked(Locked),
    /// It is none, or is damaged.
    Failed(ApiError),
}

impl NotOpened {
    fn of(error: &OpenDriveError, file: &Dropped) -> Self {
        match error {
            OpenDriveError::Unlock(UnlockError::NoSuchProtector { wanted, present }) => {
                let fault = format!("a {wanted} does not open this drive");
                Self::Locked(locked(file, present, &fault))
            }
            OpenDriveError::Unlock(UnlockError::WrongCredential { kind, .. }) => {
                let fault = format!("this {kind} is well formed and does not open this drive");
                Self::Locked(locked(file, &[], &fault))
            }
            OpenDriveError::Unlock(
                wrong @ (UnlockError::KeyFile(_) | UnlockError::KeyFileOfOther { .. }),
            ) => Self::Locked(locked(file, &[], &wrong.to_string())),
            other => {
                Self::Failed(unreadable(&other.to_string()).at(file.name.as_str()).next(
                    "Give the image of a whole drive, or of its volume, from its first byte.",
                ))
            }
        }
    }
}

fn locked(file: &Dropped, present: &[ProtectorKind], fault: &str) -> Locked {
    Locked {
        name: file.name.clone(),
        bytes: file.content.bytes(),
        opens: present.iter().map(ToString::to_string).collect(),
        fault: sentence(fault),
    }
}

fn row(entry: &Entry) -> Row {
    Row {
        id: named(entry.id),
        name: entry.name.clone(),
        is_folder: entry.is_folder && entry.reparse.is_none(),
        bytes: entry.bytes,
        why_not: entry
            .reparse
            .map_or_else(String::new, |tag| format!("a {}", tag.words())),
    }
}

fn named(id: FileId) -> String {
    format!("{}.{}", id.record, id.sequence)
}

fn parsed(id: &str) -> Result<FileId, ApiError> {
    let parts = id.split_once('.').and_then(|(record, sequence)| {
        Some(FileId {
            record: record.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    });
    parts.ok_or_else(|| unreadable("there is no such entry"))
}

fn telling(now: VerifyProgress) -> Told {
    let done = words::part_of(now.bytes, now.bytes_total.max(now.bytes));
    let words = match now.phase {
        VerifyPhase::Unlock => "Opening the drive".to_owned(),
        VerifyPhase::Check => "Checking the file system".to_owned(),
        VerifyPhase::Manifest => format!(
            "Reading the manifest: {} so far",
            words::counted(now.files_total, "file", "files")
        ),
        VerifyPhase::Files => format!("Comparing: {done}"),
        VerifyPhase::Others => "Looking for what the manifest does not name".to_owned(),
    };
    Told {
        words,
        bytes: now.bytes,
        of: now.bytes_total,
        wrong: now.findings,
    }
}

fn judged(report: &VerifyReport, name: &str) -> DriveCheck {
    let mut check = DriveCheck {
        files: vec![name.to_owned()],
        ..DriveCheck::default()
    };
    for finding in &report.findings {
        let offset = finding.offset.map(|at| format!("byte {at:#x}"));
        let place: Vec<String> = finding.file.iter().cloned().chain(offset).collect();
        check.add(Tone::Bad, sentence(&finding.message), place.join(", "));
    }
    if report.findings_left_out > 0 {
        let more = words::counted(report.findings_left_out, "finding more", "findings more");
        check.add(Tone::Bad, format!("{more}."), "");
    }
    let compared = format!(
        "{}, {}",
        words::counted(report.files, "file", "files"),
        words::size(report.bytes)
    );
    check.verdict = match report.verdict {
        VerifyVerdict::Verified => {
            check.add(
                Tone::Good,
                format!("Every byte of {compared} was read and matches the manifest on the drive."),
                "",
            );
            check.add(
                Tone::Good,
                "The file system has no fault, and nothing else is on the drive but what Windows keeps for itself.",
                "",
            );
            "Verified: everything on this drive is what its manifest says.".to_owned()
        }
        VerifyVerdict::Mismatch => {
            "Not verified: this drive is not what its manifest says. What is wrong is named below; the drive was only \
             read."
                .to_owned()
        }
        VerifyVerdict::Failed => {
            "Not verified: the drive could not be compared to its end. It was only read.".to_owned()
        }
    };
    if report.verdict != VerifyVerdict::Verified {
        check.tone = Tone::Bad;
    }
    check
}

fn fault(error: &VolumeError) -> ApiError {
    unreadable(&error.to_string())
}

fn unreadable(why: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, sentence(why)).safe("The drive was only read.")
}

#[cfg(test)]
mod tests;
