//! macOS: drives as `system_profiler` tells of them, in JSON: NVMe and SATA ports, the tree of USB.
//!
//! Listing only: nothing on macOS is opened for writing so far, so every drive is locked and says why.
//! The shape is that of reports which other tools keep as test data; nobody ran this on a Mac yet.

use std::path::{Path, PathBuf};

use disk::SectorSize;
use serde::Deserialize;

use super::contents::{Contents, Signature};
use super::drive_info::{DriveInfo, DriveKind, SerialSource};
use super::serial::tidy_serial;

/// Why no drive may be erased on this system.
const LISTED_ONLY: &str = "drives are filled on Linux only so far";

/// Returns the drives of this machine.
///
/// # Errors
/// In words, when the system does not answer, or answers something else.
#[cfg(target_os = "macos")]
pub(super) fn drives() -> Result<Vec<DriveInfo>, String> {
    let kinds = ["SPNVMeDataType", "SPSerialATADataType", "SPUSBDataType"];
    let output = std::process::Command::new("/usr/sbin/system_profiler")
        .arg("-json")
        .args(kinds)
        .output()
        .map_err(|why| format!("cannot start system_profiler: {why}"))?;
    parse(&output.stdout).map_err(|why| format!("cannot read what system_profiler says: {why}"))
}

/// Reads the report, the drives in the order of their names.
///
/// # Errors
/// What is not JSON of this shape, and where.
fn parse(report: &[u8]) -> Result<Vec<DriveInfo>, serde_json::Error> {
    let report: Report = serde_json::from_slice(report)?;
    let mut drives = Vec::new();
    for (bus, ports) in [
        ("nvme", report.nvme),
        ("sata", report.sata),
        ("usb", report.usb),
    ] {
        for port in &ports {
            collect(bus, port, None, &mut drives);
        }
    }
    drives.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(drives)
}

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "SPNVMeDataType", default)]
    nvme: Vec<Item>,
    #[serde(rename = "SPSerialATADataType", default)]
    sata: Vec<Item>,
    #[serde(rename = "SPUSBDataType", default)]
    usb: Vec<Item>,
}

/// A port, hub, bridge, drive or volume: which one it is, is told by what it has.
#[derive(Deserialize)]
struct Item {
    #[serde(rename = "_name", default)]
    name: String,
    #[serde(rename = "_items", default)]
    items: Vec<Self>,
    /// What a USB device has of drives.
    #[serde(rename = "Media", default)]
    media: Vec<Self>,
    #[serde(default)]
    bsd_name: String,
    #[serde(default)]
    device_model: String,
    #[serde(default)]
    device_serial: String,
    /// A USB device's own serial.
    #[serde(default)]
    serial_num: String,
    #[serde(default)]
    size_in_bytes: u64,
    #[serde(default)]
    removable_media: String,
    #[serde(default)]
    smart_status: String,
    #[serde(rename = "spsata_medium_type", default)]
    medium: String,
    #[serde(default)]
    volumes: Vec<Self>,
    #[serde(default)]
    mount_point: String,
    #[serde(default)]
    iocontent: String,
}

/// Adds the drives at and below an item; `bridge` is the USB device that it is the medium of.
fn collect(bus: &str, item: &Item, bridge: Option<&Item>, drives: &mut Vec<DriveInfo>) {
    if item.bsd_name.starts_with("disk") {
        drives.push(drive(bus, item, bridge));
    }
    for below in &item.items {
        collect(bus, below, None, drives);
    }
    for medium in &item.media {
        collect(bus, medium, Some(item), drives);
    }
}

fn drive(bus: &str, item: &Item, bridge: Option<&Item>) -> DriveInfo {
    let own = tidy_serial(&item.device_serial);
    let (serial, source) = match bridge.map(|bridge| tidy_serial(&bridge.serial_num)) {
        Some(told) if own.is_empty() && !told.is_empty() => (told, SerialSource::Bridge),
        _ if own.is_empty() => (own, SerialSource::Unknown),
        _ => (own, SerialSource::Hardware),
    };
    let model = [&item.device_model, &item.name]
        .into_iter()
        .map(|name| name.trim())
        .find(|name| !name.is_empty());
    let mounts = item.volumes.iter().map(|volume| &volume.mount_point);
    let mounts: Vec<PathBuf> = mounts
        .filter(|point| !point.is_empty())
        .map(PathBuf::from)
        .collect();
    let mut reasons = vec![LISTED_ONLY.to_owned()];
    if mounts.iter().any(|point| point == Path::new("/")) {
        reasons.push("this machine runs from it".to_owned());
    }
    DriveInfo {
        path: Path::new("/dev").join(&item.bsd_name),
        kind: DriveKind::BlockDevice,
        serial,
        serial_source: source,
        bridge_serial: String::new(),
        model: model.unwrap_or_default().to_owned(),
        wwn: String::new(),
        bus: bus.to_owned(),
        bytes: item.size_in_bytes,
        // The report does not tell.
        sector: SectorSize::B512,
        physical_sector_bytes: None,
        own_sector_bytes: None,
        removable: item.removable_media == "yes",
        rotational: match item.medium.as_str() {
            "Rotational" => Some(true),
            "Solid State" => Some(false),
            _ => (bus == "nvme").then_some(false),
        },
        is_shingled: false,
        is_failing: match item.smart_status.as_str() {
            "Verified" => Some(false),
            "Failing" => Some(true),
            _ => None,
        },
        mounts,
        contents: Contents {
            signatures: item.volumes.iter().map(signature).collect(),
            ..Contents::default()
        },
        erasable: false,
        reasons,
    }
}

fn signature(volume: &Item) -> Signature {
    let what = match volume.iocontent.as_str() {
        "EFI" => "FAT",
        "Apple_HFS" => "HFS+",
        "Linux_RAID" => "Linux RAID",
        content if content.starts_with("Apple_APFS") => "APFS",
        _ => "partition",
    };
    Signature {
        what,
        name: volume.name.clone(),
        at: 0,
        bytes: volume.size_in_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
      "SPNVMeDataType" : [ { "_name" : "Apple SSD Controller", "_items" : [ {
        "_name" : "APPLE SSD AP0256Z", "bsd_name" : "disk0", "detachable_drive" : "no",
        "device_model" : "APPLE SSD AP0256Z", "device_revision" : "561.100.", "device_serial" : "0ba018e4045c5e3e",
        "removable_media" : "no", "size" : "251 GB", "size_in_bytes" : 251000193024, "smart_status" : "Verified",
        "volumes" : [
          { "_name" : "iSCPreboot", "bsd_name" : "disk0s1", "iocontent" : "Apple_APFS_ISC", "size_in_bytes" : 524288000 },
          { "_name" : "Macintosh HD", "bsd_name" : "disk0s2", "iocontent" : "Apple_APFS", "mount_point" : "/",
            "size_in_bytes" : 245107195904 } ] } ] } ],
      "SPSerialATADataType" : [ { "_name" : "Generic AHCI Controller", "_items" : [
        { "_name" : "WDC WD40EFRX-68WT0N0", "bsd_name" : "disk2", "device_model" : "WDC WD40EFRX-68WT0N0                    ",
          "device_serial" : "     WD-WX12345678", "removable_media" : "no", "size_in_bytes" : 4000787030016,
          "smart_status" : "Failing", "spsata_medium_type" : "Rotational" } ] } ],
      "SPUSBDataType" : [ { "_name" : "USB31Bus", "_items" : [ { "_name" : "USB3.1 Hub", "_items" : [ {
        "_name" : "Dock", "manufacturer" : "JMicron", "serial_num" : "DB98765432100", "vendor_id" : "0x152d", "Media" : [ {
          "_name" : "Tech", "bsd_name" : "disk4", "removable_media" : "no", "size_in_bytes" : 8001563222016,
          "smart_status" : "Not Supported", "volumes" : [
            { "_name" : "EFI", "bsd_name" : "disk4s1", "iocontent" : "EFI", "size_in_bytes" : 209715200 },
            { "_name" : "FILMS", "bsd_name" : "disk4s2", "iocontent" : "Apple_HFS", "mount_point" : "/Volumes/FILMS",
              "size_in_bytes" : 8001219170304 } ] } ] } ] } ] } ]
    }"#;

    fn read() -> Vec<DriveInfo> {
        parse(REPORT.as_bytes()).expect("a report")
    }

    #[test]
    fn drives_of_every_port_are_found_at_any_depth() {
        let found: Vec<_> = read()
            .into_iter()
            .map(|drive| (drive.path, drive.bus, drive.bytes, drive.serial))
            .collect();
        let expected = [
            ("/dev/disk0", "nvme", 251_000_193_024, "0ba018e4045c5e3e"),
            ("/dev/disk2", "sata", 4_000_787_030_016, "WD-WX12345678"),
            ("/dev/disk4", "usb", 8_001_563_222_016, "DB98765432100"),
        ];
        let expected = expected.map(|(path, bus, bytes, serial)| {
            (
                PathBuf::from(path),
                bus.to_owned(),
                bytes,
                serial.to_owned(),
            )
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn the_serial_of_a_dock_is_not_taken_for_the_drives_own() {
        let sources: Vec<_> = read().iter().map(|drive| drive.serial_source).collect();
        let expected = [
            SerialSource::Hardware,
            SerialSource::Hardware,
            SerialSource::Bridge,
        ];
        assert_eq!(sources, expected);
    }

    #[test]
    fn what_spins_what_fails_and_what_is_mounted_is_told() {
        let drives = read();
        let facts: Vec<_> = drives
            .iter()
            .map(|drive| (drive.rotational, drive.is_failing))
            .collect();
        let expected = [
            (Some(false), Some(false)),
            (Some(true), Some(true)),
            (None, None),
        ];
        assert_eq!(facts, expected);
        let films = drives.last().expect("three");
        assert_eq!(films.mounts, [Path::new("/Volumes/FILMS")]);
        let held: Vec<_> = films
            .contents
            .signatures
            .iter()
            .map(|found| (found.what, found.name.as_str()))
            .collect();
        assert_eq!(held, [("FAT", "EFI"), ("HFS+", "FILMS")]);
    }

    #[test]
    fn no_drive_may_be_erased_and_the_one_that_runs_the_machine_is_named() {
        let drives = read();
        assert!(drives.iter().all(|drive| !drive.erasable));
        let system = drives.first().expect("three");
        assert!(
            system
                .reasons
                .iter()
                .any(|reason| reason.contains("runs from it"))
        );
    }

    #[test]
    fn a_report_without_drives_and_one_that_is_none_are_told_apart() {
        assert_eq!(parse(b"{}").expect("a report"), []);
        assert!(parse(b"").is_err());
    }
}
