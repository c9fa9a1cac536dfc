//! Windows: drives as PowerShell tells of them, in JSON.
//!
//! ```text
//! Get-Disk | Select-Object Number, FriendlyName, SerialNumber, UniqueId, Size, LogicalSectorSize,
//!     PhysicalSectorSize, BusType, IsBoot, IsSystem, IsReadOnly,
//!     @{n='MountPoints';e={...}} | ConvertTo-Json
//! ```
//!
//! Source: the documentation of `MSFT_Disk`. Only the reading is here, with its tests: the agent is
//! not built for Windows yet, so nothing calls it, and nobody ran the command.

use std::path::PathBuf;

use disk::SectorSize;
use serde::Deserialize;

use super::contents::Contents;
use super::drive_info::{DriveInfo, DriveKind, SerialSource};
use super::serial::tidy_serial;

/// Reads the answer: a list, or one object when there is one drive.
///
/// # Errors
/// What is not JSON of this shape, and where.
pub(super) fn parse(answer: &[u8]) -> Result<Vec<DriveInfo>, serde_json::Error> {
    // PowerShell may begin with a byte order mark.
    let answer = answer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(answer);
    let disks = match serde_json::from_slice(answer)? {
        Answer::Several(disks) => disks,
        Answer::One(disk) => vec![disk],
    };
    Ok(disks.into_iter().map(drive).collect())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Several(Vec<Disk>),
    One(Disk),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Disk {
    number: u32,
    friendly_name: Option<String>,
    serial_number: Option<String>,
    unique_id: Option<String>,
    size: u64,
    logical_sector_size: u64,
    physical_sector_size: Option<u64>,
    bus_type: Bus,
    is_boot: bool,
    is_system: bool,
    is_read_only: bool,
    #[serde(default)]
    mount_points: Vec<String>,
}

/// The kind of connection: a word, or its number where PowerShell does not translate it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bus {
    Word(String),
    Number(u16),
}

impl Bus {
    fn name(&self) -> String {
        match self {
            Self::Word(word) => word.to_lowercase(),
            Self::Number(number) => match number {
                1 => "scsi",
                3 => "ata",
                7 => "usb",
                10 => "sas",
                11 => "sata",
                12 => "sd",
                16 => "storage spaces",
                17 => "nvme",
                _ => "unknown",
            }
            .to_owned(),
        }
    }
}

fn drive(disk: Disk) -> DriveInfo {
    let bus = disk.bus_type.name();
    let serial = tidy_serial(&disk.serial_number.unwrap_or_default());
    let mut reasons = vec!["drives are filled on Linux only so far".to_owned()];
    if disk.is_boot || disk.is_system {
        reasons.push("this machine runs from it".to_owned());
    }
    if disk.is_read_only {
        reasons.push("it is write-protected".to_owned());
    }
    if bus == "storage spaces" {
        reasons.push("this machine makes it out of other drives".to_owned());
    }
    let sector = SectorSize::try_from(disk.logical_sector_size).unwrap_or_else(|why| {
        reasons.push(why.to_string());
        SectorSize::B512
    });
    DriveInfo {
        path: PathBuf::from(format!(r"\\.\PhysicalDrive{}", disk.number)),
        kind: DriveKind::BlockDevice,
        serial_source: match (serial.is_empty(), bus.as_str()) {
            (true, _) => SerialSource::Unknown,
            (false, "usb") => SerialSource::Bridge,
            (false, _) => SerialSource::Hardware,
        },
        serial,
        bridge_serial: String::new(),
        model: disk.friendly_name.unwrap_or_default().trim().to_owned(),
        wwn: disk.unique_id.unwrap_or_default().trim().to_owned(),
        bus,
        bytes: disk.size,
        sector,
        physical_sector_bytes: disk.physical_sector_size,
        own_sector_bytes: None,
        removable: false,
        rotational: None,
        is_shingled: false,
        is_failing: None,
        mounts: disk.mount_points.into_iter().map(PathBuf::from).collect(),
        contents: Contents::default(),
        erasable: false,
        reasons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"[
      { "Number": 0, "FriendlyName": "Samsung SSD 970 EVO 500GB", "SerialNumber": "0025_3856_91B0_1234.",
        "UniqueId": "eui.00253856910B1234", "Size": 500107862016, "LogicalSectorSize": 512, "PhysicalSectorSize": 512,
        "BusType": "NVMe", "IsBoot": true, "IsSystem": true, "IsReadOnly": false, "MountPoints": [ "C:\\" ] },
      { "Number": 1, "FriendlyName": "JMicron Tech", "SerialNumber": "    DB98765432100 ", "UniqueId": null,
        "Size": 8001563222016, "LogicalSectorSize": 4096, "PhysicalSectorSize": 4096, "BusType": 7, "IsBoot": false,
        "IsSystem": false, "IsReadOnly": true } ]"#;

    #[test]
    fn every_drive_has_its_path_serial_sectors_and_bus() {
        let drives = parse(TWO.as_bytes()).expect("an answer");
        let found: Vec<_> = drives
            .iter()
            .map(|drive| {
                (
                    drive.path.to_str().expect("plain"),
                    drive.serial.as_str(),
                    drive.sector.bytes(),
                    drive.bus.as_str(),
                )
            })
            .collect();
        let expected = [
            (r"\\.\PhysicalDrive0", "0025_3856_91B0_1234.", 512, "nvme"),
            (r"\\.\PhysicalDrive1", "DB98765432100", 4096, "usb"),
        ];
        assert_eq!(found, expected);
        let docked = drives.last().expect("two");
        assert_eq!(docked.serial_source, SerialSource::Bridge);
    }

    #[test]
    fn the_system_drive_and_a_write_protected_one_say_so() {
        let drives = parse(TWO.as_bytes()).expect("an answer");
        let reasons: Vec<_> = drives
            .iter()
            .map(|drive| drive.reasons.join("; "))
            .collect();
        assert!(
            reasons
                .first()
                .is_some_and(|all| all.contains("runs from it"))
        );
        assert!(
            reasons
                .last()
                .is_some_and(|all| all.contains("write-protected"))
        );
        assert!(drives.iter().all(|drive| !drive.erasable));
    }

    #[test]
    fn one_drive_alone_is_no_list_and_may_follow_a_byte_order_mark() {
        let answer = "\u{feff}{ \"Number\": 3, \"FriendlyName\": null, \"SerialNumber\": null, \"UniqueId\": null, \
             \"Size\": 1, \"LogicalSectorSize\": 1024, \"PhysicalSectorSize\": null, \"BusType\": \"SATA\", \
             \"IsBoot\": false, \"IsSystem\": false, \"IsReadOnly\": false }";
        let drives = parse(answer.as_bytes()).expect("an answer");
        let drive = drives.first().expect("one");
        assert_eq!(drive.serial_source, SerialSource::Unknown);
        assert!(drive.reasons.iter().any(|reason| reason.contains("1024")));
        assert!(parse(b"").is_err());
    }
}
