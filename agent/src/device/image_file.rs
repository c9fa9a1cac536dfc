//! A file that stands for a drive, with `PATH.drive.json` beside it saying which one.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use disk::SectorSize;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::drive_info::SerialSource;
use super::serial::tidy_serial;

/// What the model of an image file is called when nothing beside it says more.
const MODEL: &str = "image file";
/// A file that says which drive an image stands for is never longer.
const SIDECAR_BYTES_MAX: u64 = 65_536;

/// The file beside an image: which drive the image stands for. Unknown fields are for later
/// versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sidecar {
    /// Serial number; blanks in it do not count.
    pub serial: String,
    /// Model; empty when nobody says.
    #[serde(default)]
    pub model: String,
    /// Logical sector size in bytes.
    pub sector_bytes: u64,
}

/// A file beside an image that cannot be understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// It is no JSON, or lacks a field.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// No drive has such sectors.
    #[error(transparent)]
    Sector(#[from] disk::UnsupportedSectorSize),
}

impl Sidecar {
    /// Reads it: the serial without blanks, the model never empty.
    ///
    /// # Errors
    /// [`SidecarError`].
    pub fn parse(text: &[u8]) -> Result<(Self, SectorSize), SidecarError> {
        let stored: Self = serde_json::from_slice(text)?;
        let sector = SectorSize::try_from(stored.sector_bytes)?;
        let model = match stored.model.trim() {
            "" => MODEL.to_owned(),
            model => model.to_owned(),
        };
        let serial = tidy_serial(&stored.serial);
        Ok((
            Self {
                serial,
                model,
                ..stored
            },
            sector,
        ))
    }
}

/// Which drive an image file stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageIdentity {
    pub(super) serial: String,
    pub(super) serial_source: SerialSource,
    pub(super) model: String,
    pub(super) sector: SectorSize,
}

/// An image file that could not be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewDriveError {
    /// Something of that name is there.
    #[error("{path} is there already; it was left as it is. Choose another name")]
    Exists {
        /// The path given, or that of its `.drive.json`.
        path: PathBuf,
    },
    /// Less than one sector.
    #[error("{bytes} bytes are less than one sector of {sector_bytes}")]
    TooSmall {
        /// Length asked for.
        bytes: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// A serial of nothing but blanks.
    #[error("the serial is empty; a drive is told apart by it")]
    EmptySerial,
    /// The operating system said no.
    #[error("cannot make {path}: {cause}")]
    Io {
        /// The path given, or that of its `.drive.json`.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

/// Makes a sparse image file of `bytes` (rounded down to whole sectors) that stands for an empty
/// drive.
///
/// # Errors
/// [`NewDriveError`]; an existing file is never overwritten.
pub fn new_drive(
    path: &Path,
    bytes: u64,
    serial: &str,
    sector: SectorSize,
) -> Result<(), NewDriveError> {
    let sector_bytes = sector.bytes();
    let length = bytes.saturating_sub(bytes.checked_rem(sector_bytes).unwrap_or(0));
    if length == 0 {
        return Err(NewDriveError::TooSmall {
            bytes,
            sector_bytes,
        });
    }
    let serial = tidy_serial(serial);
    if serial.is_empty() {
        return Err(NewDriveError::EmptySerial);
    }
    let beside = sidecar_path(path);
    let sidecar = Sidecar {
        serial,
        model: MODEL.to_owned(),
        sector_bytes,
    };
    let json = serde_json::to_string_pretty(&sidecar).map_err(|why| io(&beside, &why))?;
    create_new(&beside)?
        .write_all(format!("{json}\n").as_bytes())
        .map_err(|why| io(&beside, &why))?;
    let made = create_new(path).and_then(|file| file.set_len(length).map_err(|why| io(path, &why)));
    if made.is_err() {
        // Nothing half made stays; that it cannot be removed changes nothing about what is
        // reported.
        let _ = fs::remove_file(&beside);
    }
    made
}

fn create_new(path: &Path) -> Result<fs::File, NewDriveError> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    made.map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => NewDriveError::Exists {
            path: path.to_owned(),
        },
        _ => io(path, &why),
    })
}

fn io(path: &Path, why: &dyn std::error::Error) -> NewDriveError {
    NewDriveError::Io {
        path: path.to_owned(),
        cause: why.to_string(),
    }
}

/// Returns which drive the image at `path` stands for; the cause when the file beside it cannot be
/// understood.
pub(super) fn identity(path: &Path) -> Result<ImageIdentity, String> {
    let beside = sidecar_path(path);
    match fs::metadata(&beside) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(from_name(path)),
        Err(why) => Err(format!("{}: {why}", beside.display())),
        Ok(facts) if facts.len() > SIDECAR_BYTES_MAX => {
            Err(format!("{} is too long", beside.display()))
        }
        Ok(_) => from_sidecar(&beside),
    }
}

fn from_name(path: &Path) -> ImageIdentity {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    ImageIdentity {
        serial: tidy_serial(&stem),
        serial_source: SerialSource::FileStem,
        model: MODEL.to_owned(),
        sector: SectorSize::B512,
    }
}

fn from_sidecar(beside: &Path) -> Result<ImageIdentity, String> {
    let place = |why: &dyn std::fmt::Display| format!("{}: {why}", beside.display());
    let text = fs::read(beside).map_err(|why| place(&why))?;
    let (sidecar, sector) = Sidecar::parse(&text).map_err(|why| place(&why))?;
    Ok(ImageIdentity {
        serial: sidecar.serial,
        serial_source: SerialSource::Sidecar,
        model: sidecar.model,
        sector,
    })
}

fn sidecar_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".drive.json");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_drive_is_sparse_rounded_down_and_known_by_its_sidecar() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.img");
        new_drive(&path, 64_000_000_001, " SER 1 ", SectorSize::B4096).expect("room");
        let facts = fs::metadata(&path).expect("there");
        assert_eq!((facts.len(), facts.blocks()), (64_000_000_000, 0));
        let identity = identity(&path).expect("readable");
        assert_eq!(
            (identity.serial.as_str(), identity.serial_source),
            ("SER1", SerialSource::Sidecar)
        );
        assert_eq!(identity.sector, SectorSize::B4096);
    }

    #[test]
    fn an_image_or_sidecar_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.img");
        fs::write(&path, "films").expect("room");
        let refused = new_drive(&path, 1 << 26, "S", SectorSize::B512);
        assert_eq!(refused, Err(NewDriveError::Exists { path: path.clone() }));
        assert_eq!(fs::read(&path).expect("there"), b"films");
        assert!(!sidecar_path(&path).exists());
        let path = folder.path().join("b.img");
        fs::write(sidecar_path(&path), "{}").expect("room");
        assert!(matches!(
            new_drive(&path, 1 << 26, "S", SectorSize::B512),
            Err(NewDriveError::Exists { .. })
        ));
        assert!(!path.exists());
    }

    #[test]
    fn an_image_without_a_sidecar_has_its_stem_and_512() {
        let identity = identity(Path::new("/nowhere/my disk.raw.img")).expect("no sidecar");
        assert_eq!(
            (identity.serial.as_str(), identity.serial_source),
            ("mydisk.raw", SerialSource::FileStem)
        );
        assert_eq!(identity.sector, SectorSize::B512);
    }

    #[test]
    fn a_sidecar_that_cannot_be_understood_is_an_error_not_a_default() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.img");
        for text in [
            "",
            "{",
            "{\"serial\":\"S\",\"sector_bytes\":1024}",
            "{\"sector_bytes\":512}",
        ] {
            fs::write(sidecar_path(&path), text).expect("room");
            assert!(identity(&path).is_err(), "{text}");
        }
    }
}
