//! Partition tables of drives that others made: hostile bytes.

use disk::{ReadAt, ReadError, SectorSize};
use thiserror::Error;

use crate::bare;
use crate::finding::{Copy, GptFinding};
use crate::header::{HeaderError, Table, read_table, sector_count};
use crate::stored::{Entry, Mbr};

/// How a disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A GUID partition table.
    Gpt {
        /// The sector size at which it was found.
        sector: SectorSize,
        /// Whether the backup table at the end is there and says the same.
        backup_intact: bool,
    },
    /// A master boot record.
    Mbr {
        /// The sector size at which its partitions make sense.
        sector: SectorSize,
    },
    /// No table: a BitLocker or NTFS volume from byte 0.
    Bare,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Byte offset of its first byte.
    pub at: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the table says it is.
    pub kind: PartitionKind,
    /// Its own GUID, bytes as stored; `None` where the table has none.
    pub guid: Option<[u8; 16]>,
    /// Its name; empty when it has none.
    pub name: String,
}

/// What a table says a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// GPT: the type's GUID, bytes as stored.
    Gpt([u8; 16]),
    /// MBR: the type's byte; 0 for the pseudo-partition of a bare volume.
    Mbr(u8),
}

/// A disk's partitions, and what is wrong with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionTable {
    /// How the disk is divided.
    pub scheme: Scheme,
    /// Its partitions in the table's order, all of them on the disk; one that covers all when there
    /// is no table.
    pub partitions: Vec<Partition>,
    /// Violations that did not hinder reading.
    pub findings: Vec<GptFinding>,
}

/// A disk without a readable table.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GptReadError {
    /// The disk could not be read.
    #[error("cannot read the partition table: {0}")]
    Read(#[from] ReadError),
    /// A protective MBR, but neither copy of the table behind it.
    #[error(
        "sector 0 announces a partition table, but neither copy can be used: {primary}; {backup}"
    )]
    Damaged {
        /// What is wrong with the primary.
        primary: String,
        /// What is wrong with the backup.
        backup: String,
    },
    /// There is nothing that could be read.
    #[error("no partition table, and no BitLocker or NTFS volume, in the first sector")]
    Nothing,
}

/// Returns how `disk` is divided.
///
/// # Errors
/// [`GptReadError`] when it cannot be read or nothing known is on it.
pub fn read(disk: &dyn ReadAt) -> Result<PartitionTable, GptReadError> {
    let mut first_sector = [0; 512];
    disk.read_at(0, &mut first_sector)?;
    if bare::is_volume(&first_sector) {
        return Ok(whole_disk(disk));
    }
    let mbr = Mbr::parse(&first_sector);
    if let Some(mbr) = mbr.as_ref().filter(|mbr| mbr.stands_alone()) {
        return Ok(read_mbr(disk, mbr));
    }
    let protective = mbr.as_ref().is_some_and(Mbr::is_protective);
    match (read_gpt(disk, protective), mbr) {
        (Ok(table), _) => Ok(table),
        (Err((primary, backup)), _)
            if protective || primary.is_of_a_table() || backup.is_of_a_table() =>
        {
            let (primary, backup) = (primary.to_string(), backup.to_string());
            Err(GptReadError::Damaged { primary, backup })
        }
        (Err(_), Some(mbr)) => Ok(read_mbr(disk, &mbr)),
        (Err(_), None) => Err(GptReadError::Nothing),
    }
}

fn whole_disk(disk: &dyn ReadAt) -> PartitionTable {
    let kind = PartitionKind::Mbr(0);
    let all = Partition {
        at: 0,
        bytes: disk.bytes(),
        kind,
        guid: None,
        name: String::new(),
    };
    PartitionTable {
        scheme: Scheme::Bare,
        partitions: vec![all],
        findings: Vec::new(),
    }
}

fn read_mbr(disk: &dyn ReadAt, mbr: &Mbr) -> PartitionTable {
    let sector = mbr.sector(disk);
    let (partitions, mut findings) = mbr.partitions(disk.bytes(), sector);
    find_overlaps(&partitions, &mut findings);
    let partitions = partitions
        .into_iter()
        .map(|(_, partition)| partition)
        .collect();
    PartitionTable {
        scheme: Scheme::Mbr { sector },
        partitions,
        findings,
    }
}

/// Tries both sector sizes: first for a primary copy, then for a backup in the last sector.
fn read_gpt(
    disk: &dyn ReadAt,
    protective: bool,
) -> Result<PartitionTable, (HeaderError, HeaderError)> {
    let mut findings = Vec::new();
    if !protective {
        findings.push(GptFinding::ProtectiveMbr);
    }
    let primary = match read_copy(disk, |_| 1) {
        Ok((sector, primary)) => return Ok(with_primary(disk, sector, &primary, findings)),
        Err(why) => why,
    };
    match read_copy(disk, |sector| last_lba(disk, sector)) {
        Ok((sector, backup)) => {
            findings.push(GptFinding::Unusable {
                copy: Copy::Primary,
                why: primary.to_string(),
            });
            Ok(table(disk, sector, &backup, true, findings))
        }
        Err(backup) => Err((primary, backup)),
    }
}

/// Reads the copy in sector `lba` of either sector size; complains of the size at which a table at
/// least begins.
fn read_copy(
    disk: &dyn ReadAt,
    lba: impl Fn(SectorSize) -> u64,
) -> Result<(SectorSize, Table), HeaderError> {
    let [small, large] = [SectorSize::B512, SectorSize::B4096];
    let first = match read_table(disk, small, lba(small)) {
        Ok(table) => return Ok((small, table)),
        Err(why) => why,
    };
    match read_table(disk, large, lba(large)) {
        Ok(table) => Ok((large, table)),
        Err(second) if second.is_of_a_table() => Err(second),
        Err(_) => Err(first),
    }
}

fn last_lba(disk: &dyn ReadAt, sector: SectorSize) -> u64 {
    sector_count(disk.bytes(), sector).saturating_sub(1)
}

fn with_primary(
    disk: &dyn ReadAt,
    sector: SectorSize,
    primary: &Table,
    mut findings: Vec<GptFinding>,
) -> PartitionTable {
    let (expected, found) = (last_lba(disk, sector), primary.header.alternate_lba.get());
    if expected != found {
        findings.push(GptFinding::BackupMisplaced { expected, found });
    }
    let backup_intact = match read_table(disk, sector, found) {
        Ok(backup) => match primary.difference(&backup) {
            None => true,
            Some(what) => {
                findings.push(GptFinding::CopiesDiffer { what });
                false
            }
        },
        Err(why) => {
            findings.push(GptFinding::Unusable {
                copy: Copy::Backup,
                why: why.to_string(),
            });
            false
        }
    };
    table(disk, sector, primary, backup_intact, findings)
}

fn table(
    disk: &dyn ReadAt,
    sector: SectorSize,
    table: &Table,
    backup_intact: bool,
    mut findings: Vec<GptFinding>,
) -> PartitionTable {
    let sectors = sector_count(disk.bytes(), sector);
    let (usable_first, usable_last) = (
        table.header.first_usable_lba.get(),
        table.header.last_usable_lba.get(),
    );
    let mut partitions = Vec::new();
    for (number, entry) in (1..)
        .zip(&table.entries)
        .filter(|(_, entry)| entry.is_used())
    {
        let (first, last) = (entry.first_lba.get(), entry.last_lba.get());
        match entry.partition(sector, sectors) {
            None => findings.push(GptFinding::OutOfRange {
                number,
                first,
                last,
                sectors,
            }),
            Some(partition) => partitions.push((number, partition)),
        }
        if first < usable_first || last > usable_last {
            findings.push(GptFinding::NotUsable {
                number,
                first,
                last,
                usable_first,
                usable_last,
            });
        }
    }
    find_overlaps(&partitions, &mut findings);
    let partitions = partitions
        .into_iter()
        .map(|(_, partition)| partition)
        .collect();
    PartitionTable {
        scheme: Scheme::Gpt {
            sector,
            backup_intact,
        },
        partitions,
        findings,
    }
}

impl Entry {
    fn is_used(&self) -> bool {
        self.kind != [0; 16]
    }

    /// Returns the partition when it lies on a disk of `sectors`.
    fn partition(&self, sector: SectorSize, sectors: u64) -> Option<Partition> {
        let (first, last) = (self.first_lba.get(), self.last_lba.get());
        if first > last || last >= sectors {
            return None;
        }
        let count = last.checked_sub(first)?.checked_add(1)?;
        let units = self
            .name
            .iter()
            .map(|unit| unit.get())
            .take_while(|unit| *unit != 0);
        let name =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        Some(Partition {
            at: first.checked_mul(sector.bytes())?,
            bytes: count.checked_mul(sector.bytes())?,
            kind: PartitionKind::Gpt(self.kind),
            guid: Some(self.guid),
            name: name.collect(),
        })
    }
}

/// Adds a finding for each partition that starts inside one that starts before it.
fn find_overlaps(partitions: &[(u32, Partition)], findings: &mut Vec<GptFinding>) {
    let mut by_start: Vec<_> = partitions.iter().collect();
    by_start.sort_by_key(|(number, partition)| (partition.at, *number));
    let mut reach: Option<(u32, u64)> = None;
    for (other, partition) in by_start {
        let end = partition.at.saturating_add(partition.bytes);
        if let Some((number, reached)) = reach
            && partition.at < reached
        {
            findings.push(GptFinding::Overlap {
                number,
                other: *other,
                at: partition.at,
            });
        }
        if reach.is_none_or(|(_, reached)| end > reached) {
            reach = Some((*other, end));
        }
    }
}

#[cfg(test)]
mod tests;
