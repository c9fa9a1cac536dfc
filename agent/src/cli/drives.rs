//! `argosy drives`: every drive, what is on it, and why it may not be erased.

use clap::Args;
use serde_json::json;

use super::screen::{Ended, Screen};
use super::size::show_size;
use crate::device::{self, DriveInfo};

/// Lists every drive, what is on it, and why it may not be erased
#[derive(Args)]
pub(super) struct Arguments {
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(screen: &Screen) -> Ended {
    let drives = device::list(&[]);
    for drive in &drives {
        show(drive, screen);
    }
    if drives.is_empty() {
        screen.line(
            "No drive is attached. `argosy new-drive` makes an image file that stands for one.",
        );
    }
    let objects = drives.iter().map(|drive| {
        json!({
            "path": drive.path,
            "serial": drive.serial,
            "model": drive.model,
            "bytes": drive.bytes,
            "sector_bytes": drive.sector.bytes(),
            "bus": drive.bus,
            "erasable": drive.erasable,
            "reasons": drive.reasons,
            "holds": holds(drive),
        })
    });
    screen.object(&json!({"drives": objects.collect::<Vec<_>>()}));
    Ended::WELL
}

fn show(drive: &DriveInfo, screen: &Screen) {
    let serial = if drive.serial.is_empty() {
        "no serial"
    } else {
        &drive.serial
    };
    let model = if drive.model.is_empty() {
        ""
    } else {
        &drive.model
    };
    screen.line(&format!(
        "{}  {}  {serial}  {model}",
        drive.path.display(),
        show_size(drive.bytes)
    ));
    for found in holds(drive) {
        screen.line(&format!("    holds {found}"));
    }
    for reason in &drive.reasons {
        screen.line(&format!("    locked: {reason}"));
    }
}

/// Returns what is on a drive, in words.
pub(super) fn holds(drive: &DriveInfo) -> Vec<String> {
    let words = drive
        .contents
        .signatures
        .iter()
        .map(|found| match found.name.as_str() {
            "" => format!("{}, {}", found.what, show_size(found.bytes)),
            name => format!("{} \"{name}\", {}", found.what, show_size(found.bytes)),
        });
    words.collect()
}
