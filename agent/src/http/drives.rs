//! Drives as the page sees them.

use std::path::{Path, PathBuf};

use shared::api::{ApiError, Content, Drive, Lock, PickedDrive, code};

use crate::device::{DriveInfo, Emptiness, Signature};
use crate::drives::Drives;
use crate::jobs::serial_source;

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
            _ => {
                return Err(ApiError::new(
                    code::NOT_FOUND,
                    "The drive that was chosen is not there.",
                )
                .at(format!("{}, serial {}", picked.path, picked.serial))
                .safe("Nothing was touched.")
                .next("Look at the list of drives again."));
            }
        }
    }
    Ok(())
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
