//! The one way to a drive that may be erased: identity and the person's own words matched.

use std::path::PathBuf;

use disk::{ReadAt, ReadError};
use sha2::{Digest, Sha256};
use shared::job::DriveIdentity;
use thiserror::Error;

use super::aligned_buffer::AlignedBuffer;
use super::contents::{Emptiness, Thoroughness};
use super::drive_info::{DriveInfo, DriveKind, SerialSource};
use super::drive_reader::DriveReader;
use super::list::{DescribeError, describe};
use super::serial::{last_four, tidy_serial};

/// What the person said about the drive that is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The whole serial number, as `--erase SERIAL` gives it.
    Erase(String),
    /// The last four characters of the serial number, typed by hand; the whole serial when it is
    /// shorter.
    LastFour(String),
    /// Nothing: allowed only for an image file whose every byte is zero.
    BlankImage,
}

/// A drive that somebody confirmed. Only [`confirm`] makes one; [`super::open()`] takes it, and looks
/// again whether it still is the drive that it was then.
#[derive(Debug)]
pub struct ConfirmedTarget {
    info: DriveInfo,
    fingerprint: [u8; 32],
    must_be_blank: bool,
    kept: Vec<PathBuf>,
}

impl ConfirmedTarget {
    /// Returns what was known of the drive when it was confirmed.
    #[must_use]
    pub const fn info(&self) -> &DriveInfo {
        &self.info
    }

    /// Returns the [`fingerprint`] of the drive when it was confirmed.
    #[must_use]
    pub const fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Compares the drive, read again, with what was confirmed.
    pub(super) fn check_again(&self, now: &DriveReader) -> Result<(), Refusal> {
        check_same_node(&self.info, now)?;
        check_identity(&self.info, &read_again(&self.info)?)?;
        check_kept(&self.info, &self.kept)?;
        let path = self.info.path.clone();
        let is_same =
            fingerprint(now).map_err(|why| unreadable(&self.info, &why))? == self.fingerprint;
        if !is_same {
            return Err(Refusal::Changed {
                path,
                what: "its first or last MiB",
            });
        }
        if self.must_be_blank {
            check_blank(&self.info, now)
        } else {
            Ok(())
        }
    }
}

/// A drive that must not be written. Exit code 3. Nothing was written to it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither a file nor a block device.
    #[error("{path} is neither a file nor a drive; nothing was written")]
    NotADrive {
        /// The path given.
        path: PathBuf,
    },
    /// There are reasons against it.
    #[error("{path} may not be erased: {}; nothing was written to it", reasons.join("; "))]
    Locked {
        /// The path given.
        path: PathBuf,
        /// Why, as [`DriveInfo::reasons`].
        reasons: Vec<String>,
    },
    /// What the job reads or keeps lies on it.
    #[error("{path} may not be erased: {kept} lies on it; nothing was written to it")]
    Holds {
        /// The path given.
        path: PathBuf,
        /// A source, a journal folder, the state folder, or the program itself.
        kept: PathBuf,
    },
    /// Somebody else holds it.
    #[error(
        "{path} is in use by another program; \
         nothing was written to it. Close that program, or unmount the drive"
    )]
    InUse {
        /// The path given.
        path: PathBuf,
    },
    /// It is not the drive that the person saw.
    #[error(
        "{path} is not the drive that was confirmed: {what} changed; \
         nothing was written to it. Look at it again"
    )]
    Changed {
        /// The path given.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// The words do not name it.
    #[error(
        "{said:?} does not name the drive at {path}; nothing was written to it. \
         Give its serial, as printed on its label"
    )]
    WrongWords {
        /// The path given.
        path: PathBuf,
        /// What was said.
        said: String,
    },
    /// It has no serial that anybody could say.
    #[error(
        "{path} tells no serial; \
         nothing was written to it. Give the one on its label: --drive {path}=SERIAL"
    )]
    NoSerial {
        /// The path given.
        path: PathBuf,
    },
    /// Only an image file of zeros goes without words.
    #[error(
        "{path} is not an empty image file; \
         nothing was written to it. To erase it, say so: --erase {serial}"
    )]
    NotBlank {
        /// The path given.
        path: PathBuf,
        /// Its serial.
        serial: String,
    },
    /// It cannot be looked at.
    #[error("{path} cannot be checked before writing: {cause}; nothing was written to it")]
    Unreadable {
        /// The path given.
        path: PathBuf,
        /// What the operating system said, and where.
        cause: String,
    },
}

/// Returns the drive as a target when it may be erased and what was said names it.
///
/// Reads the identity again: `target` only says what the person saw. `kept` is every path that the
/// job reads from or keeps something in (sources, journal folders, the state folder); a drive that
/// any of them, or this program, lies on is refused, now and again when it is opened.
///
/// # Errors
/// [`Refusal`]: the drive is not touched.
pub fn confirm(
    target: &DriveInfo,
    said: &Said,
    kept: &[PathBuf],
) -> Result<ConfirmedTarget, Refusal> {
    let path = target.path.clone();
    if !target.reasons.is_empty() || !target.erasable {
        return Err(Refusal::Locked {
            path,
            reasons: target.reasons.clone(),
        });
    }
    let info = read_again(target)?;
    check_identity(target, &info)?;
    check_kept(&info, kept)?;
    check_words(&info, said)?;
    let reader = DriveReader::look(&path).map_err(|why| unreadable(&info, &why))?;
    let must_be_blank = *said == Said::BlankImage;
    if must_be_blank {
        check_blank(&info, &reader)?;
    }
    let medium = DriveReader::past_cache(&path).map_err(|why| unreadable(&info, &why))?;
    let fingerprint = fingerprint(&medium).map_err(|why| unreadable(&info, &why))?;
    Ok(ConfirmedTarget {
        info,
        fingerprint,
        must_be_blank,
        kept: kept.to_vec(),
    })
}

/// Returns an interrupted drive as a target when `now` is the one that the journal knows: nobody
/// has to name it again. What is on it is compared before anything is written to it. `kept` is as
/// for [`confirm`].
///
/// # Errors
/// [`Refusal`]: the drive is not touched.
pub fn recognised(
    now: &DriveInfo,
    known: &DriveIdentity,
    kept: &[PathBuf],
) -> Result<ConfirmedTarget, Refusal> {
    let path = now.path.clone();
    let told = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
    let whole = now.bytes.saturating_sub(known.bytes) < known.sector_bytes;
    let pairs = [
        ("its serial", now.serial == known.serial),
        ("its model", told(&now.model, &known.model)),
        ("its world-wide name", told(&now.wwn, &known.wwn)),
        ("its length", now.bytes >= known.bytes && whole),
    ];
    if let Some((what, _)) = pairs.into_iter().find(|(_, is_same)| !is_same) {
        return Err(Refusal::Changed { path, what });
    }
    if !now.reasons.is_empty() || !now.erasable {
        return Err(Refusal::Locked {
            path,
            reasons: now.reasons.clone(),
        });
    }
    check_kept(now, kept)?;
    let reader = DriveReader::past_cache(&path).map_err(|why| unreadable(now, &why))?;
    let fingerprint = fingerprint(&reader).map_err(|why| unreadable(now, &why))?;
    Ok(ConfirmedTarget {
        info: now.clone(),
        fingerprint,
        must_be_blank: false,
        kept: kept.to_vec(),
    })
}

/// Returns the SHA-256 of a drive's first and last MiB: what tells whether another drive took its
/// place.
///
/// # Errors
/// [`ReadError`] when they cannot be read.
pub fn fingerprint(disk: &dyn ReadAt) -> Result<[u8; 32], ReadError> {
    let edge = disk.bytes().min(1 << 20);
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(edge).unwrap_or(0));
    let mut hash = Sha256::new();
    for at in [0, disk.bytes().saturating_sub(edge)] {
        disk.read_at(at, &mut buffer)?;
        hash.update(&*buffer);
    }
    Ok(hash.finalize().into())
}

fn read_again(drive: &DriveInfo) -> Result<DriveInfo, Refusal> {
    let given = (drive.serial_source == SerialSource::Given).then_some(drive.serial.as_str());
    describe(&drive.path, given).map_err(|why| match why {
        DescribeError::NotADrive { path } => Refusal::NotADrive { path },
        why => unreadable(drive, &why),
    })
}

fn unreadable(drive: &DriveInfo, why: &dyn std::fmt::Display) -> Refusal {
    Refusal::Unreadable {
        path: drive.path.clone(),
        cause: why.to_string(),
    }
}

fn check_identity(seen: &DriveInfo, now: &DriveInfo) -> Result<(), Refusal> {
    let path = seen.path.clone();
    let pairs = [
        ("its kind", seen.kind == now.kind),
        ("its serial", seen.serial == now.serial),
        ("its model", seen.model == now.model),
        ("its world-wide name", seen.wwn == now.wwn),
        ("its length", seen.bytes == now.bytes),
        ("its sector size", seen.sector == now.sector),
    ];
    if let Some((what, _)) = pairs.into_iter().find(|(_, is_same)| !is_same) {
        return Err(Refusal::Changed { path, what });
    }
    if now.reasons.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Locked {
            path,
            reasons: now.reasons.clone(),
        })
    }
}

/// Refuses a descriptor that is not that of the node which is described.
fn check_same_node(drive: &DriveInfo, opened: &DriveReader) -> Result<(), Refusal> {
    use std::os::unix::fs::MetadataExt;
    let numbers = |facts: std::fs::Metadata| (facts.dev(), facts.ino(), facts.rdev());
    let here = std::fs::metadata(&drive.path).map(numbers);
    let held = opened.facts().map(numbers);
    match (here, held) {
        (Ok(here), Ok(held)) if here == held => Ok(()),
        (Err(why), _) | (_, Err(why)) => Err(unreadable(drive, &why)),
        _ => Err(Refusal::Changed {
            path: drive.path.clone(),
            what: "what its name leads to",
        }),
    }
}

/// Refuses a block device that a path of the job, or this program, lies on.
#[cfg(target_os = "linux")]
fn check_kept(drive: &DriveInfo, kept: &[PathBuf]) -> Result<(), Refusal> {
    use super::linux::{Machine, devices_under};
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let facts = std::fs::metadata(&drive.path).map_err(|why| unreadable(drive, &why))?;
    if !facts.file_type().is_block_device() {
        return Ok(());
    }
    let machine = Machine::this();
    let device = machine
        .by_number(facts.rdev())
        .map_err(|why| unreadable(drive, &why))?;
    let program = std::env::current_exe().ok();
    let holds = |path: &&PathBuf| devices_under(&machine, path).contains(&device.name);
    match kept.iter().chain(&program).find(holds) {
        Some(kept) => Err(Refusal::Holds {
            path: drive.path.clone(),
            kept: kept.clone(),
        }),
        None => Ok(()),
    }
}

/// There are no block devices.
#[cfg(not(target_os = "linux"))]
const fn check_kept(_drive: &DriveInfo, _kept: &[PathBuf]) -> Result<(), Refusal> {
    Ok(())
}

fn check_words(drive: &DriveInfo, said: &Said) -> Result<(), Refusal> {
    let path = drive.path.clone();
    let (words, expected) = match said {
        Said::Erase(words) => (words, drive.serial.as_str()),
        Said::LastFour(words) => (words, last_four(&drive.serial)),
        Said::BlankImage => return Ok(()),
    };
    if drive.serial.is_empty() {
        return Err(Refusal::NoSerial { path });
    }
    if tidy_serial(words).eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(Refusal::WrongWords {
        path,
        said: words.clone(),
    })
}

fn check_blank(drive: &DriveInfo, reader: &DriveReader) -> Result<(), Refusal> {
    let emptiness = reader
        .blank(Thoroughness::Exhaustive)
        .map_err(|why| unreadable(drive, &why))?;
    if drive.kind == DriveKind::ImageFile && emptiness == Emptiness::ProvenZeros {
        return Ok(());
    }
    Err(Refusal::NotBlank {
        path: drive.path.clone(),
        serial: drive.serial.clone(),
    })
}
