//! `argosy drives`: every drive, what is on it, and why it may not be erased.

use clap::Args;
use serde_json::json;

use super::screen::{Ended, Screen};
use super::size::show_size;
use crate::device::{DriveInfo, SerialSource};
use crate::drives::Drives;
use crate::jobs::serial_source;

/// Lists every drive, what is on it, and why it may not be erased
#[derive(Args)]
pub(super) struct Arguments {
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(screen: &Screen, drives: &Drives) -> Ended {
    let drives = drives.list(&[]);
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
            "serial_source": serial_source(drive.serial_source).code(),
            "bridge_serial": drive.bridge_serial,
            "wwn": drive.wwn,
            "sector_bytes": drive.sector.bytes(),
            "physical_sector_bytes": drive.physical_sector_bytes,
            "own_sector_bytes": drive.own_sector_bytes,
            "bus": drive.bus,
            "removable": drive.removable,
            "rotational": drive.rotational,
            "failing": drive.is_failing,
            "mounts": drive.mounts,
            "warnings": drive.warnings(),
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
    let of_512 = drive.sector.bytes() == 512;
    let facts = [
        Some(drive.bus.clone()),
        (!of_512).then(|| format!("sectors of {} bytes", drive.sector.bytes())),
        source_in_words(drive),
        Some(drive.wwn.clone())
            .filter(|wwn| !wwn.is_empty())
            .map(|wwn| format!("WWN {wwn}")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    screen.line(&format!("    {}", facts.join(", ")));
    for found in holds(drive) {
        screen.line(&format!("    holds {found}"));
    }
    for warning in drive.warnings() {
        screen.line(&format!("    beware: {warning}"));
    }
    for reason in &drive.reasons {
        screen.line(&format!("    locked: {reason}"));
    }
}

/// Returns who told the serial of a real drive, in words.
fn source_in_words(drive: &DriveInfo) -> Option<String> {
    let words = match drive.serial_source {
        SerialSource::Hardware => "serial told by the drive",
        SerialSource::Bridge => "serial told by the dock",
        _ => return None,
    };
    Some(words.to_owned())
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
