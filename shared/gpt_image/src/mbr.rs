//! The master boot record.

use disk::{ReadAt, SectorSize};
use zerocopy::FromBytes;

use crate::bare;
use crate::finding::GptFinding;
use crate::header::sector_count;
use crate::read::{Partition, PartitionKind};
use crate::stored::{MBR_SIGNATURE, Mbr, MbrEntry, PROTECTIVE};

/// Types of extended partitions.
const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];

impl Mbr {
    /// Returns the record in `first_sector` when its signature is there and its partitions' status
    /// bytes are possible.
    pub(crate) fn parse(first_sector: &[u8]) -> Option<Self> {
        let (mbr, _) = Self::read_from_prefix(first_sector).ok()?;
        let possible = mbr
            .partitions
            .iter()
            .all(|entry| matches!(entry.status, 0 | 0x80));
        (mbr.signature == MBR_SIGNATURE && possible).then_some(mbr)
    }

    /// Returns whether it protects a GPT.
    pub(crate) fn is_protective(&self) -> bool {
        self.partitions.iter().any(|entry| entry.kind == PROTECTIVE)
    }

    /// Returns whether it holds partitions and does not protect a GPT: what a GPT says then is old.
    pub(crate) fn stands_alone(&self) -> bool {
        !self.is_protective() && self.partitions.iter().any(MbrEntry::is_used)
    }

    /// Returns the partitions and what is wrong with them, taken in sectors of `sector`.
    pub(crate) fn partitions(
        &self,
        disk_bytes: u64,
        sector: SectorSize,
    ) -> (Vec<(u32, Partition)>, Vec<GptFinding>) {
        let sectors = sector_count(disk_bytes, sector);
        let (mut partitions, mut findings) = (Vec::new(), Vec::new());
        for (number, entry) in (1..)
            .zip(&self.partitions)
            .filter(|(_, entry)| entry.is_used())
        {
            let (first, count) = (
                u64::from(entry.first_lba.get()),
                u64::from(entry.sectors.get()),
            );
            // Sums and products of 32-bit numbers and 4096 stay far below 64 bits.
            let (end, last) = (
                first.saturating_add(count),
                first.saturating_add(count).saturating_sub(1),
            );
            if first == 0 || count == 0 || end > sectors {
                findings.push(GptFinding::OutOfRange {
                    number,
                    first,
                    last,
                    sectors,
                });
                continue;
            }
            if EXTENDED.contains(&entry.kind) {
                findings.push(GptFinding::Extended {
                    number,
                    kind: entry.kind,
                });
            }
            let partition = Partition {
                at: first.saturating_mul(sector.bytes()),
                bytes: count.saturating_mul(sector.bytes()),
                kind: PartitionKind::Mbr(entry.kind),
                guid: None,
                name: String::new(),
            };
            partitions.push((number, partition));
        }
        (partitions, findings)
    }

    /// Returns the sector size that makes sense of the table: with the most partitions that start
    /// with a volume we know, then with the fewest findings, then 512.
    pub(crate) fn sector(&self, disk: &dyn ReadAt) -> SectorSize {
        let sense = |sector| {
            let (partitions, findings) = self.partitions(disk.bytes(), sector);
            let known = partitions
                .iter()
                .filter(|(_, partition)| bare::starts_at(disk, partition.at));
            (known.count(), usize::MAX.saturating_sub(findings.len()))
        };
        if sense(SectorSize::B4096) > sense(SectorSize::B512) {
            SectorSize::B4096
        } else {
            SectorSize::B512
        }
    }
}

impl MbrEntry {
    const fn is_used(&self) -> bool {
        self.kind != 0
    }
}
