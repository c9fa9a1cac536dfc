//! A drive whose volume is open, or why it is not.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use bitlocker_image::{CbcDecryptor, CopyState, Credential, ProtectorKind, UnlockError};
use disk::ReadAt;
use ntfs_image::read::{Entry, FileId, Volume, VolumeError};
use shared::api::{ApiError, code};
use shared::verify::{
    Expected, FindManifestError, Finding, OpenDriveError, OpenedDrive, VerifyProgress,
    find_manifest, open_shared, verify_opened,
};

use super::judging::{judged, telling};
use super::{DriveView, FolderPart, Key, Locked, PIECE_BYTES, Row, Told};
use crate::checking::{DriveCheck, Dropped};
use crate::words::sentence;

/// Entries of a folder that are told at once.
const FOLDER_PART: usize = 20_000;

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
        let mut progress = |now: VerifyProgress, found: &[Finding]| {
            told(telling(now, found));
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

fn fault(error: &VolumeError) -> ApiError {
    unreadable(&error.to_string())
}

fn unreadable(why: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, sentence(why)).safe("The drive was only read.")
}
