//! Partition tables: GPT and MBR.

use std::sync::LazyLock;

use disk::SectorSize;
use gpt_image::{GptSpec, Scheme};

use crate::overlay::long;
use crate::patch::{number, patches, put};

/// The first byte: bit 0 = whole disk given, bit 1 = sectors of 4096 bytes, bit 2 = checksums left as they are.
///
/// A whole disk is the rest of the input. Otherwise the rest are patches of a table of ours: kind 0 = protective MBR,
/// header and entries at the start, kind 1 = entries and header at the end; `offset` counts from there.
pub(crate) fn run(input: &[u8]) {
    let Some((&how, rest)) = input.split_first() else {
        return;
    };
    if how & 1 == 1 {
        read(rest);
        return;
    }
    let own = if how & 2 == 0 { &*OWN_512 } else { &*OWN_4096 };
    let mut disk = own.disk.clone();
    for patch in patches(rest) {
        let from = if patch.kind & 1 == 0 { 0 } else { own.backup };
        put(
            &mut disk,
            from.saturating_add(usize::from(patch.offset)),
            patch.bytes,
        );
    }
    if how & 4 == 0 {
        let end = disk.len().saturating_sub(own.sector);
        right_checksums(&mut disk, own.sector, own.sector.saturating_mul(2));
        right_checksums(&mut disk, end, own.backup);
    }
    read(&disk);
}

/// Reads a table. Every partition that is handed out must lie on the disk: the caller opens it without a second look.
fn read(disk: &[u8]) {
    let Ok(table) = gpt_image::read(&disk) else {
        return;
    };
    for partition in &table.partitions {
        let end = partition.at.checked_add(partition.bytes);
        assert!(
            end.is_some_and(|end| end <= long(disk.len())),
            "{partition:?} leaves a disk of {} bytes",
            disk.len()
        );
    }
    if table.scheme == Scheme::Bare {
        assert_eq!(table.partitions.len(), 1);
    }
    for finding in &table.findings {
        assert!(!finding.to_string().is_empty());
    }
}

struct Own {
    disk: Vec<u8>,
    sector: usize,
    /// Where the second copy of the entries begins.
    backup: usize,
}

static OWN_512: LazyLock<Own> = LazyLock::new(|| Own::new(SectorSize::B512));
static OWN_4096: LazyLock<Own> = LazyLock::new(|| Own::new(SectorSize::B4096));

impl Own {
    fn new(sector: SectorSize) -> Self {
        let spec = GptSpec {
            disk_bytes: 3 << 20,
            sector,
            disk_guid: [0x11; 16],
            partition_guid: [0x22; 16],
            name: "Basic data partition".to_owned(),
        };
        let mut disk = vec![0; 3 << 20];
        put(&mut disk, 0, &spec.primary().expect("large enough"));
        let (at, backup) = spec.backup().expect("large enough");
        let at = usize::try_from(at).expect("small");
        put(&mut disk, at, &backup);
        Self {
            disk,
            sector: usize::try_from(sector.bytes()).expect("small"),
            backup: at,
        }
    }
}

/// Makes the checksums of entries and header right, for as much as the header says there is of them.
fn right_checksums(disk: &mut [u8], header: usize, entries: usize) {
    let count = number::<4>(disk, header.saturating_add(80));
    let size = number::<4>(disk, header.saturating_add(84));
    let length = usize::try_from(count.saturating_mul(size)).unwrap_or(usize::MAX);
    let end = entries.saturating_add(length).min(disk.len());
    let sum = crc32fast::hash(disk.get(entries..end).unwrap_or_default());
    put(disk, header.saturating_add(88), &sum.to_le_bytes());
    let length = number::<4>(disk, header.saturating_add(12)).min(4096);
    let end = header
        .saturating_add(usize::try_from(length).unwrap_or(0))
        .min(disk.len());
    put(disk, header.saturating_add(16), &[0; 4]);
    let sum = crc32fast::hash(disk.get(header..end).unwrap_or_default());
    put(disk, header.saturating_add(16), &sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_made_again_are_those_that_were_there() {
        for own in [&*OWN_512, &*OWN_4096] {
            let mut disk = own.disk.clone();
            right_checksums(&mut disk, own.sector, own.sector.saturating_mul(2));
            let end = disk.len().saturating_sub(own.sector);
            right_checksums(&mut disk, end, own.backup);
            assert!(disk == own.disk);
        }
    }
}
