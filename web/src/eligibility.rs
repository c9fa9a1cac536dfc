//! Which drives the data centre takes, and why not: internal SATA, logical sectors of 512 bytes, at most ten a job.
//! Source: azure-import-export.md, 6.2.

use shared::api::Drive;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eligibility {
    /// What it does.
    pub taken: Taken,
    /// Why, as a sentence.
    pub reason: &'static str,
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

/// Returns what the service does with this drive.
#[must_use]
pub fn eligibility(drive: &Drive) -> Eligibility {
    let (taken, reason) = match (drive.bus.as_str(), drive.sector_bytes) {
        ("nvme", _) => (
            Taken::No,
            "NVMe. The service takes SATA: SSDs of 2.5 inches, hard disks of 2.5 or 3.5.",
        ),
        ("loop" | "image", _) => (
            Taken::No,
            "A file that stands for a drive: good to rehearse with, not to ship.",
        ),
        ("virtio", _) => (
            Taken::Look,
            "A drive of a virtual machine: what it is cannot be seen from here.",
        ),
        (_, 4096) => (
            Taken::No,
            "Sectors of 4096 bytes. A hard disk has to show sectors of 512 bytes; behind a USB adapter, try it without one.",
        ),
        (_, sector) if sector != 512 => (Taken::No, "Its sectors are not of 512 bytes."),
        ("usb", _) => (
            Taken::Look,
            "By USB. An internal SATA drive in a dock or adapter is taken; an external drive or a stick is not, nor a disk out of its case.",
        ),
        ("sata" | "ata", _) => (Taken::Yes, "Internal SATA, sectors of 512 bytes."),
        _ => (
            Taken::Look,
            "How it is attached cannot be seen. The service takes internal SATA drives.",
        ),
    };
    Eligibility { taken, reason }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use shared::api::SerialSource;

    use super::*;

    fn taken(bus: &str, sector_bytes: u64) -> Taken {
        let drive = Drive {
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
            warnings: Vec::new(),
        };
        eligibility(&drive).taken
    }

    #[test]
    fn only_sata_with_sectors_of_512_is_taken_without_a_look() {
        assert_eq!(taken("sata", 512), Taken::Yes);
        assert_eq!(taken("sata", 4096), Taken::No);
        assert_eq!(taken("sata", 520), Taken::No);
        assert_eq!(taken("usb", 512), Taken::Look);
        assert_eq!(taken("usb", 4096), Taken::No);
        assert_eq!(taken("nvme", 512), Taken::No);
        assert_eq!(taken("image", 512), Taken::No);
        assert_eq!(taken("", 512), Taken::Look);
    }
}
