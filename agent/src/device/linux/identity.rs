//! Which drive a block device is: model, serial, world-wide name, and how it is attached.

use std::fs;
use std::path::Path;

use super::machine::attribute;
use crate::device::serial::tidy_serial;

/// Returns the model: for SCSI and ATA the maker stands apart and is often only `ATA`.
pub(super) fn model(folder: &Path) -> String {
    let model = attribute(folder, "device/model")
        .or_else(|| attribute(folder, "device/name"))
        .unwrap_or_default();
    match attribute(folder, "device/vendor") {
        Some(maker) if maker != "ATA" && !maker.starts_with("0x") => {
            format!("{maker} {model}").trim().to_owned()
        }
        _ => model,
    }
}

/// Returns the serial and whether it is a bridge's. SCSI and ATA tell it in a page of vital product
/// data, behind 4 bytes; NVMe, SD cards and virtual disks in a file; a USB stick or bridge in the
/// folder of the USB device above.
pub(super) fn serial(folder: &Path) -> (String, bool) {
    let is_usb = bus(folder) == "usb";
    let page = fs::read(folder.join("device/vpd_pg80")).ok();
    let page = page
        .as_deref()
        .and_then(|page| page.get(4..))
        .map(|page| String::from_utf8_lossy(page).into_owned());
    let told = page
        .or_else(|| attribute(folder, "device/serial"))
        .or_else(|| attribute(folder, "serial"));
    let told = tidy_serial(&told.unwrap_or_default());
    if !told.is_empty() || !is_usb {
        return (told, is_usb);
    }
    let above = folder
        .ancestors()
        .filter(|above| above.join("idVendor").exists());
    let told = above.filter_map(|above| attribute(above, "serial")).next();
    (tidy_serial(&told.unwrap_or_default()), true)
}

/// Returns the world-wide name, blanks in it as one.
pub(super) fn wwn(folder: &Path) -> String {
    let told = attribute(folder, "device/wwid").or_else(|| attribute(folder, "wwid"));
    let words = told.unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns how the device is attached, from the folders that it lies in.
pub(super) fn bus(folder: &Path) -> String {
    let parts: Vec<_> = folder
        .components()
        .filter_map(|part| part.as_os_str().to_str())
        .collect();
    let has = |start: &str| {
        let is_numbered = |part: &&str| {
            part.strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
        };
        parts.iter().any(is_numbered)
    };
    let kinds = [
        ("usb", "usb"),
        ("nvme", "nvme"),
        ("ata", "sata"),
        ("virtio", "virtio"),
        ("mmc", "mmc"),
        ("loop", "loop"),
    ];
    if let Some((_, bus)) = kinds.iter().find(|(start, _)| has(start)) {
        return (*bus).to_owned();
    }
    if parts.contains(&"virtual") {
        return "virtual".to_owned();
    }
    if folder.join("device/vendor").exists() {
        "scsi".to_owned()
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sys;

    #[test]
    fn a_sata_drive_tells_its_serial_behind_four_bytes() {
        let drive = Sys::new().device(
            "pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda",
            "8:0",
            &[
                ("device/vpd_pg80", "\0\u{1}\0\u{14}     WD-WX12345678"),
                ("device/vendor", "ATA     \n"),
                ("device/wwid", "naa.50014ee2b1234567\n"),
                ("device/model", "WDC WD40EFRX-68W\n"),
            ],
        );
        assert_eq!(
            (drive.serial.as_str(), drive.serial_of_bridge),
            ("WD-WX12345678", false)
        );
        assert_eq!(
            (drive.model.as_str(), drive.bus.as_str()),
            ("WDC WD40EFRX-68W", "sata")
        );
        assert_eq!(drive.wwn, "naa.50014ee2b1234567");
    }

    #[test]
    fn a_usb_drive_has_the_serial_of_the_usb_device_above_it() {
        let sys = Sys::new();
        sys.sys_file("devices/pci0000:00/usb2/2-1/idVendor", "0bc2\n");
        sys.sys_file("devices/pci0000:00/usb2/2-1/serial", "NA8F 1234\n");
        let drive = sys.device(
            "pci0000:00/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb",
            "8:16",
            &[
                ("device/vendor", "Seagate \n"),
                ("device/model", "Expansion\n"),
                ("device/wwid", "t10.Seagate  Expansion   NA8F\n"),
            ],
        );
        assert_eq!(
            (drive.serial.as_str(), drive.serial_of_bridge),
            ("NA8F1234", true)
        );
        assert_eq!(
            (drive.model.as_str(), drive.bus.as_str()),
            ("Seagate Expansion", "usb")
        );
        assert_eq!(drive.wwn, "t10.Seagate Expansion NA8F");
    }

    #[test]
    fn nvme_and_virtio_tell_their_serial_in_a_file() {
        let sys = Sys::new();
        let nvme = sys.device(
            "pci0000:00/nvme/nvme0/nvme0n1",
            "259:0",
            &[("device/serial", "S5GX 99  \n"), ("wwid", "eui.0025388b\n")],
        );
        assert_eq!(
            (nvme.serial.as_str(), nvme.bus.as_str(), nvme.wwn.as_str()),
            ("S5GX99", "nvme", "eui.0025388b")
        );
        let virtio = sys.device(
            "pci0000:00/virtio3/block/vda",
            "254:0",
            &[("serial", "QM0001")],
        );
        assert_eq!(
            (virtio.serial.as_str(), virtio.bus.as_str()),
            ("QM0001", "virtio")
        );
    }
}
