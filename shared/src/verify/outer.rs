//! What is wrong outside the file system.

use bitlocker_image::CopyState;

use super::finding::{Finding, FindingCode, Findings};
use super::open::OpenedDrive;

/// Tells what is wrong with the partition table and with the copies of BitLocker's metadata: the
/// drive opens, but not for long, or not for every reader.
pub(super) fn find(drive: &OpenedDrive<'_>, findings: &mut Findings) {
    for fault in &drive.table.findings {
        findings.push(Finding::of_drive(FindingCode::PartitionTable, fault));
    }
    let copies = drive
        .bitlocker()
        .into_iter()
        .flat_map(|volume| volume.copies());
    for (number, copy) in (1_u32..).zip(copies) {
        let why = match copy {
            CopyState::Good => continue,
            CopyState::Differs => {
                "whole by its checksum, but different from the copy that opened the drive"
                    .to_owned()
            }
            CopyState::Fault(fault) => fault.to_string(),
        };
        let message = format!("BitLocker information area {number}: {why}");
        findings.push(Finding::of_drive(FindingCode::BitlockerCopy, message));
    }
}
