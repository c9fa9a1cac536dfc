//! Which drives the data centre takes, and why not: internal SATA, hard disks with logical sectors of 512 bytes.
//! Source: azure-import-export.md, 6.2.

use shared::api::Drive;

use crate::words::sentence;

/// The service's own name of its error, which stands in the agent's warning of sectors that it sends back.
const UNSUPPORTED: &str = "UnsupportedDrive";
/// What the agent calls a drive by USB that it knows for a stick.
const STICK: &str = "a USB stick";

/// What the service does with a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It takes it, as far as can be seen from here.
    Yes,
    /// Somebody has to look at the drive itself.
    Look,
    /// It sends it back.
    No,
}

/// What the service does with a drive, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eligibility {
    /// What it does.
    pub taken: Taken,
    /// Why, in sentences.
    pub reason: String,
}

impl Taken {
    /// Returns it in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "Taken",
            Self::Look => "Look at it",
            Self::No => "Sent back",
        }
    }
}

/// Returns what the service does with this drive. Where the agent warns of it, its words are the reason, as on the drive's
/// card; the agent sees more of a drive than the page is told.
#[must_use]
pub fn eligibility(drive: &Drive) -> Eligibility {
    let (taken, reason) = by_facts(drive);
    if drive.warnings.is_empty() {
        let reason = reason.to_owned();
        return Eligibility { taken, reason };
    }
    let sentences: Vec<String> = drive.warnings.iter().map(|said| sentence(said)).collect();
    Eligibility {
        taken: match taken {
            Taken::Yes => Taken::Look,
            taken => taken,
        },
        reason: sentences.join(" "),
    }
}

/// Judges by how the drive is attached and by its sectors.
fn by_facts(drive: &Drive) -> (Taken, &'static str) {
    let warned = |word: &str| drive.warnings.iter().any(|said| said.contains(word));
    match (drive.bus.as_str(), drive.sector_bytes) {
        ("nvme", _) => (
            Taken::No,
            "NVMe. The service takes SATA: SSDs of 2.5 inches, hard disks of 2.5 or 3.5.",
        ),
        ("mmc" | "sd" | "sas", _) => (
            Taken::No,
            "Not SATA. The service takes internal SATA drives only.",
        ),
        ("loop" | "image file", _) => (
            Taken::No,
            "A file that stands for a drive: good to rehearse with, not to ship.",
        ),
        ("virtio" | "virtual", _) => (
            Taken::Look,
            "A drive of a virtual machine: what it is cannot be seen from here.",
        ),
        ("usb", _) if warned(STICK) => (Taken::No, "A USB stick is not taken."),
        ("usb", 4096) => (
            Taken::Look,
            "By USB, with sectors of 4096 bytes. A hard disk has to show 512: try it without the adapter, by SATA.",
        ),
        ("sata" | "ata", 4096) if warned(UNSUPPORTED) => (
            Taken::No,
            "A hard disk with sectors of 4096 bytes is sent back.",
        ),
        ("sata" | "ata", 4096) => (
            Taken::Look,
            "Sectors of 4096 bytes. Hard disks that show these are sent back; of SSDs the service does not say it.",
        ),
        (_, sector) if sector != 512 && sector != 4096 => {
            (Taken::No, "Its sectors are not of 512 bytes.")
        }
        ("usb", _) => (
            Taken::Look,
            "By USB. An internal SATA drive in a dock or adapter is taken; an external drive or a stick is not, nor a disk out of its case.",
        ),
        ("sata" | "ata", _) => (Taken::Yes, "Internal SATA, sectors of 512 bytes."),
        _ => (
            Taken::Look,
            "How it is attached cannot be seen. The service takes internal SATA drives.",
        ),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use shared::api::SerialSource;

    use super::*;

    fn drive(bus: &str, sector_bytes: u64, warnings: &[&str]) -> Drive {
        Drive {
            path: String::new(),
            serial: String::new(),
            serial_source: SerialSource::Drive,
            bridge_serial: String::new(),
            wwn: String::new(),
            model: String::new(),
            bytes: 0,
            sector_bytes,
            physical_sector_bytes: None,
            bus: bus.to_owned(),
            erasable: true,
            reasons: Vec::new(),
            contents: Vec::new(),
            blank: None,
            warnings: warnings.iter().map(|&said| said.to_owned()).collect(),
        }
    }

    fn taken(bus: &str, sector_bytes: u64) -> Taken {
        eligibility(&drive(bus, sector_bytes, &[])).taken
    }

    #[test]
    fn only_sata_with_sectors_of_512_is_taken_without_a_look() {
        assert_eq!(taken("sata", 512), Taken::Yes);
        assert_eq!(taken("sata", 520), Taken::No);
        assert_eq!(taken("usb", 512), Taken::Look);
        assert_eq!(taken("usb", 4096), Taken::Look);
        for bus in ["scsi", "virtual", "virtio", "unknown", ""] {
            assert_eq!(taken(bus, 512), Taken::Look, "{bus}");
        }
        for bus in ["nvme", "mmc", "sd", "sas", "loop", "image file"] {
            for sector in [512, 4096] {
                assert_eq!(taken(bus, sector), Taken::No, "{bus}, {sector}");
            }
        }
    }

    #[test]
    fn sectors_of_4096_by_sata_are_sent_back_only_where_the_agent_doubts_them() {
        assert_eq!(taken("sata", 4096), Taken::Look);
        let doubted = drive(
            "sata",
            4096,
            &[
                "it shows sectors of 4096 bytes: the data centre sends others back (UnsupportedDrive)",
            ],
        );
        assert_eq!(eligibility(&doubted).taken, Taken::No);
    }

    #[test]
    fn what_the_agent_warns_of_is_the_reason_and_no_such_drive_is_taken_without_a_look() {
        let failing = "the drive itself says that it will fail soon (SMART): use another one";
        let found = eligibility(&drive("sata", 512, &[failing, "a second thing"]));
        assert_eq!(found.taken, Taken::Look);
        assert_eq!(
            found.reason,
            "The drive itself says that it will fail soon (SMART): use another one. A second thing."
        );
        let stick =
            "it is a USB stick: the data centre takes SATA drives only, and sends others back";
        assert_eq!(eligibility(&drive("usb", 512, &[stick])).taken, Taken::No);
    }
}
