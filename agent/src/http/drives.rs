//! Drives as the page sees them.

use std::path::{Path, PathBuf};

use shared::api::{Content, Drive, Lock, SerialSource as WireSource};

use crate::device::{self, DriveInfo, Emptiness, SerialSource, Signature};

/// Returns every drive of this machine and the image files that stand for one.
pub(super) fn list(extra: &[PathBuf]) -> Vec<Drive> {
    device::list(extra).iter().map(drive).collect()
}

/// Returns where the drives are: the only paths that a job of the page may name.
pub(super) fn paths(extra: &[PathBuf]) -> Vec<PathBuf> {
    device::list(extra)
        .into_iter()
        .map(|drive| drive.path)
        .collect()
}

fn drive(info: &DriveInfo) -> Drive {
    Drive {
        path: text(&info.path),
        serial: info.serial.clone(),
        serial_source: match info.serial_source {
            SerialSource::Given => WireSource::Label,
            SerialSource::Sidecar | SerialSource::FileStem => WireSource::Image,
            _ => WireSource::Drive,
        },
        model: info.model.clone(),
        bytes: info.bytes,
        sector_bytes: info.sector.bytes(),
        bus: info.bus.clone(),
        erasable: info.erasable,
        reasons: info.reasons.iter().map(|reason| lock(reason)).collect(),
        contents: info.contents.signatures.iter().map(content).collect(),
        blank: match info.contents.emptiness {
            Emptiness::HoldsData => Some(false),
            Emptiness::SampledZeros | Emptiness::ProvenZeros => Some(true),
            Emptiness::Unread => None,
        },
        warnings: Vec::new(),
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
