//! Drives as the page sees them.

use std::path::{Path, PathBuf};

use shared::api::{ApiError, Content, Drive, Lock, PickedDrive, ReceiveDrive, code};

use crate::device::{DriveInfo, Emptiness, Signature};
use crate::drives::Drives;
use crate::jobs::serial_source;
use crate::receive::Wanted;

/// Returns every drive of this machine and the image files that stand for one.
pub(super) fn list(drives: &Drives, extra: &[PathBuf]) -> Vec<Drive> {
    drives.list(extra).iter().map(drive).collect()
}

/// Takes from the page only drives that the agent lists itself, and their serials from the drives: the page's word counts
/// where a drive has none of its own.
///
/// # Errors
/// [`ApiError`] for a drive that is not listed, or is another than the page saw.
pub(super) fn recognise(
    drives: &Drives,
    extra: &[PathBuf],
    picked: &mut [PickedDrive],
) -> Result<(), ApiError> {
    let listed = drives.list(extra);
    for picked in picked {
        let found = listed
            .iter()
            .find(|drive| drive.path == Path::new(&picked.path));
        match found {
            Some(drive) if drive.serial.is_empty() => {}
            Some(drive) if drive.serial == picked.serial => picked.serial.clear(),
            _ => return Err(not_there(&picked.path, &picked.serial)),
        }
    }
    Ok(())
}

/// Does the same for drives that came back; one is also known by its path alone.
///
/// # Errors
/// [`ApiError`] as [`recognise`].
pub(super) fn returned(
    drives: &Drives,
    extra: &[PathBuf],
    asked: &[ReceiveDrive],
) -> Result<Vec<Wanted>, ApiError> {
    let listed = drives.list(extra);
    let wanted = asked.iter().map(|asked| {
        let found = listed.iter();
        let mut found = found.filter(|drive| drive.path == Path::new(&asked.path));
        let is_said = !asked.serial.is_empty();
        match found.next() {
            Some(drive) if drive.serial.is_empty() => Ok(Wanted {
                path: drive.path.clone(),
                serial: is_said.then(|| asked.serial.clone()),
            }),
            Some(drive) if !is_said || drive.serial == asked.serial => Ok(Wanted {
                path: drive.path.clone(),
                serial: None,
            }),
            _ => Err(not_there(&asked.path, &asked.serial)),
        }
    });
    wanted.collect()
}

fn not_there(path: &str, serial: &str) -> ApiError {
    ApiError::new(code::NOT_FOUND, "The drive that was chosen is not there.")
        .at(format!("{path}, serial {serial}"))
        .safe("Nothing was touched.")
        .next("Look at the list of drives again.")
}

fn drive(info: &DriveInfo) -> Drive {
    Drive {
        path: text(&info.path),
        serial: info.serial.clone(),
        serial_source: serial_source(info.serial_source),
        bridge_serial: info.bridge_serial.clone(),
        model: info.model.clone(),
        bytes: info.bytes,
        wwn: info.wwn.clone(),
        sector_bytes: info.sector.bytes(),
        physical_sector_bytes: info.physical_sector_bytes,
        bus: info.bus.clone(),
        erasable: info.erasable,
        reasons: info.reasons.iter().map(|reason| lock(reason)).collect(),
        contents: info.contents.signatures.iter().map(content).collect(),
        blank: match info.contents.emptiness {
            Emptiness::HoldsData => Some(false),
            Emptiness::SampledZeros | Emptiness::ProvenZeros => Some(true),
            Emptiness::Unread => None,
        },
        warnings: info.warnings(),
    }
}

fn lock(reason: &str) -> Lock {
    Lock {
        code: "locked".to_owned(),
        message: reason.to_owned(),
    }
}

fn content(found: &Signature) -> Content {
    Content {
        what: if found.name.is_empty() {
            found.what.to_owned()
        } else {
            format!("{} \"{}\"", found.what, found.name)
        },
        bytes: found.bytes,
        mounted: String::new(),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
