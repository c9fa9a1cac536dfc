//! What a person should know before a drive is shipped, and what the data centre would do with it.
//!
//! Source: the requirements of Azure Import/Export: SATA drives only, 2.5-inch solid-state or 2.5
//! and 3.5-inch hard disks; hard disks with logical sectors of 512 bytes only (`UnsupportedDrive`); a
//! drive is known by the serial that its own hardware tells (`ManifestDriveIdMismatch`).

use disk::SectorSize;

use super::drive_info::{DriveInfo, DriveKind, SerialSource};

/// Starts of model names of drives whose tracks overlap although they do not say so, as their makers
/// have published since 2020.
const SHINGLED: [&str; 30] = [
    "WDC WD20EFAX",
    "WDC WD30EFAX",
    "WDC WD40EFAX",
    "WDC WD60EFAX",
    "WDC WD10SPZX",
    "WDC WD20SPZX",
    "WDC WD20EZAZ",
    "WDC WD40EZAZ",
    "WDC WD60EZAZ",
    "WDC WD20EZBX",
    "ST2000DM008",
    "ST3000DM007",
    "ST4000DM004",
    "ST6000DM003",
    "ST8000DM004",
    "ST5000AS0011",
    "ST6000AS0002",
    "ST8000AS0002",
    "ST8000AS0022",
    "ST1000LM048",
    "ST2000LM015",
    "ST3000LM024",
    "ST4000LM024",
    "ST5000LM000",
    "TOSHIBA MQ04ABF100",
    "TOSHIBA MQ04ABD200",
    "TOSHIBA HDWL110",
    "TOSHIBA HDWL120",
    "TOSHIBA DT02ABA400",
    "TOSHIBA DT02ABA600",
];

impl DriveInfo {
    /// Returns why the sectors that the drive shows here are not those that the data centre will
    /// accept, or see; `None` when there is no such doubt. Building on it anyway must be said.
    #[must_use]
    pub fn sector_doubt(&self) -> Option<String> {
        if self.kind != DriveKind::BlockDevice {
            return None;
        }
        let shown = self.sector.bytes();
        match self.own_sector_bytes {
            Some(own) if own != shown => Some(format!(
                "what it is attached by shows sectors of {shown} bytes, but the drive itself has \
                 {own}: attached directly, as the data centre does, a volume made now cannot be \
                 read. Attach it by SATA or another adapter"
            )),
            _ if self.sector == SectorSize::B4096 && self.may_spin() => Some(
                "it shows sectors of 4096 bytes: the data centre takes hard disks with sectors of \
                 512 bytes only, and sends others back (UnsupportedDrive). If an adapter is between, \
                 attach it by SATA"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Returns what a person should know before the drive is shipped, each a sentence with its
    /// consequence.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        if self.kind != DriveKind::BlockDevice {
            return Vec::new();
        }
        let facts = [
            self.failing(),
            self.sector_doubt(),
            self.media(),
            self.named(),
            self.slow(),
        ];
        facts.into_iter().flatten().collect()
    }

    fn failing(&self) -> Option<String> {
        let is_failing = self.is_failing == Some(true);
        is_failing.then(|| {
            "the drive itself says that it will fail soon (SMART): use another one".to_owned()
        })
    }

    fn media(&self) -> Option<String> {
        let what = match self.bus.as_str() {
            "usb" if self.removable && self.own_sector_bytes.is_none() => "a USB stick",
            "nvme" => "an NVMe drive",
            "mmc" => "a memory card",
            _ => return None,
        };
        Some(format!(
            "it is {what}: the data centre takes SATA drives only, and sends others back"
        ))
    }

    fn named(&self) -> Option<String> {
        if !self.bridge_serial.is_empty() {
            return Some(format!(
                "its dock says the serial {}; the drive itself says {}, and that is what the data \
                 centre reads and what counts",
                self.bridge_serial, self.serial
            ));
        }
        (self.serial_source == SerialSource::Bridge).then(|| {
            "this serial is its dock's word, not certainly the drive's own: the data centre refuses \
             a drive whose serial differs. Compare it with the label; if it differs, give the \
             label's: --drive PATH=SERIAL"
                .to_owned()
        })
    }

    fn slow(&self) -> Option<String> {
        let model = self.model.as_str();
        let is_known = SHINGLED.iter().any(|start| {
            // Behind some bridges the maker's name is missing.
            let bare = start.rsplit(' ').next().unwrap_or(start);
            model.starts_with(start) || model.starts_with(bare)
        });
        (self.is_shingled || is_known).then(|| {
            "its tracks overlap (SMR): it may write slower and slower on the way, and take days \
             where others take hours. The data centre reads it like any other"
                .to_owned()
        })
    }

    /// Returns whether it may have spinning disks: what a bridge says of that is not always true.
    fn may_spin(&self) -> bool {
        let can = matches!(self.bus.as_str(), "sata" | "usb" | "scsi");
        can && self.rotational != Some(false)
            && !(self.removable && self.own_sector_bytes.is_none())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use super::super::contents::Contents;
    use super::*;

    /// Returns a hard disk of 512-byte sectors that tells everything itself.
    pub(in crate::device) fn hard_disk() -> DriveInfo {
        DriveInfo {
            path: PathBuf::from("/dev/sdb"),
            kind: DriveKind::BlockDevice,
            serial: "WD-1234".to_owned(),
            serial_source: SerialSource::Hardware,
            bridge_serial: String::new(),
            model: "WDC WD40EFRX-68WT0N0".to_owned(),
            wwn: String::new(),
            bus: "sata".to_owned(),
            bytes: 4_000_787_030_016,
            sector: SectorSize::B512,
            physical_sector_bytes: Some(4096),
            own_sector_bytes: Some(512),
            removable: false,
            rotational: Some(true),
            is_shingled: false,
            is_failing: Some(false),
            mounts: Vec::new(),
            contents: Contents::default(),
            erasable: true,
            reasons: Vec::new(),
        }
    }

    fn warned(drive: &DriveInfo, word: &str) -> bool {
        drive
            .warnings()
            .iter()
            .any(|warning| warning.contains(word))
    }

    #[test]
    fn a_hard_disk_of_512_by_sata_is_warned_of_nothing() {
        assert_eq!(hard_disk().warnings(), [""; 0]);
    }

    #[test]
    fn a_hard_disk_of_4096_is_in_doubt_and_a_solid_state_drive_is_not() {
        let large = DriveInfo {
            sector: SectorSize::B4096,
            own_sector_bytes: Some(4096),
            ..hard_disk()
        };
        assert!(warned(&large, "UnsupportedDrive"));
        let solid = DriveInfo {
            rotational: Some(false),
            ..large
        };
        assert_eq!(solid.sector_doubt(), None);
        let image = DriveInfo {
            kind: DriveKind::ImageFile,
            sector: SectorSize::B4096,
            ..hard_disk()
        };
        assert_eq!(image.sector_doubt(), None);
    }

    #[test]
    fn sticks_cards_and_nvme_are_not_what_the_data_centre_takes() {
        let stick = DriveInfo {
            bus: "usb".to_owned(),
            removable: true,
            own_sector_bytes: None,
            ..hard_disk()
        };
        assert!(warned(&stick, "USB stick"));
        let docked = DriveInfo {
            own_sector_bytes: Some(512),
            ..stick
        };
        assert!(!warned(&docked, "USB stick"));
        for (bus, word) in [("nvme", "NVMe"), ("mmc", "card")] {
            let drive = DriveInfo {
                bus: bus.to_owned(),
                ..hard_disk()
            };
            assert!(warned(&drive, word));
        }
    }

    #[test]
    fn overlapping_tracks_are_known_by_the_drives_word_or_its_model() {
        let says_so = DriveInfo {
            is_shingled: true,
            ..hard_disk()
        };
        assert!(warned(&says_so, "SMR"));
        for model in [
            "WDC WD40EFAX-68JH4N1",
            "WD40EFAX-68JH4N1",
            "ST8000DM004-2CX188",
        ] {
            let known = DriveInfo {
                model: model.to_owned(),
                ..hard_disk()
            };
            assert!(warned(&known, "SMR"), "{model}");
        }
    }

    #[test]
    fn a_dock_that_names_another_serial_or_hides_it_and_a_failing_drive_are_told() {
        let differs = DriveInfo {
            bridge_serial: "DOCK1".to_owned(),
            ..hard_disk()
        };
        assert!(warned(&differs, "DOCK1"));
        let hides = DriveInfo {
            serial_source: SerialSource::Bridge,
            ..hard_disk()
        };
        assert!(warned(&hides, "label"));
        let failing = DriveInfo {
            is_failing: Some(true),
            ..hard_disk()
        };
        assert!(warned(&failing, "SMART"));
    }
}
