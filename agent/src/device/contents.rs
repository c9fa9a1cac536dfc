//! What is on a drive now.

use disk::{ReadAt, Window};
use gpt_image::{GptReadError, MICROSOFT_RESERVED, PartitionKind, PartitionTable, Scheme};
use ntfs_image::read::Volume;
use serde::{Deserialize, Serialize};

use super::blank::blank;
use super::signatures::{Found, RESERVED, signatures};

/// What was found on a drive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Contents {
    /// How sure it is that the drive holds only zeros.
    pub emptiness: Emptiness,
    /// The partition table, everything recognised on the drive as a whole, and the same for each
    /// partition.
    pub signatures: Vec<Signature>,
}

impl Contents {
    /// Returns whether all that is recognised is enciphered, as on a drive that came back: who reads it without a key
    /// reads noise.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        let is_bitlocker = |found: &Signature| found.what.starts_with("BitLocker");
        let is_harmless = |found: &Signature| match found.what {
            "GPT" | "MBR" | RESERVED => true,
            _ => is_bitlocker(found),
        };
        self.signatures.iter().any(is_bitlocker) && self.signatures.iter().all(is_harmless)
    }
}

/// How sure it is that a drive holds only zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Emptiness {
    /// Something other than zeros was read.
    HoldsData,
    /// All that was sampled is zeros.
    SampledZeros,
    /// Every byte is zero.
    ProvenZeros,
    /// It could not be read.
    #[default]
    Unread,
}

impl Emptiness {
    /// Returns whether everything that was looked at is zeros.
    #[must_use]
    pub const fn is_blank(self) -> bool {
        matches!(self, Self::SampledZeros | Self::ProvenZeros)
    }
}

/// One recognised structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// What it is, in words: `GPT`, `NTFS`, `BitLocker`, `ext4`, `LUKS`, `Linux RAID`, `LVM`,
    /// `ZFS`; for a partition in which nothing is recognised `partition`, or `Microsoft reserved`, which is to be empty.
    pub what: &'static str,
    /// Name found with it: a partition's or volume's label; often empty.
    pub name: String,
    /// Byte offset of the disk, partition or volume that it belongs to.
    pub at: u64,
    /// Bytes of that disk, partition or volume.
    pub bytes: u64,
}

/// How thoroughly to look for bytes other than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// All of it up to 256 MiB; beyond, the first and last MiB, and 64 KiB at each of 64 places.
    Sampled,
    /// Every byte that is not in a hole.
    Exhaustive,
}

/// Returns what is recognised on `disk`; what cannot be read is not an error but
/// [`Emptiness::Unread`].
#[must_use]
pub fn contents(disk: &dyn ReadAt) -> Contents {
    let signatures = recognised(disk);
    let emptiness = if signatures.is_empty() {
        blank(disk, Thoroughness::Sampled).unwrap_or_default()
    } else {
        Emptiness::HoldsData
    };
    Contents {
        emptiness,
        signatures,
    }
}

/// Returns the partition table and everything recognised on `disk`.
pub(super) fn recognised(disk: &dyn ReadAt) -> Vec<Signature> {
    let mut found = of_volume(disk, 0, disk.bytes(), "");
    match gpt_image::read(disk) {
        Ok(table) => of_table(disk, &table, &mut found),
        Err(GptReadError::Damaged { .. }) => found.insert(0, whole("damaged GPT", disk)),
        Err(_) => {}
    }
    found
}

fn of_table(disk: &dyn ReadAt, table: &PartitionTable, found: &mut Vec<Signature>) {
    let what = match table.scheme {
        Scheme::Gpt { .. } => "GPT",
        // The boot sector of a volume without a table ends like an MBR, and may hold no partitions.
        Scheme::Mbr { .. } if !table.partitions.is_empty() || found.is_empty() => "MBR",
        _ => return,
    };
    found.insert(0, whole(what, disk));
    for partition in &table.partitions {
        let volume = of_volume(disk, partition.at, partition.bytes, &partition.name);
        if volume.is_empty() {
            let (name, at, bytes) = (partition.name.clone(), partition.at, partition.bytes);
            let is_reserved = partition.kind == PartitionKind::Gpt(MICROSOFT_RESERVED);
            found.push(Signature {
                what: if is_reserved { RESERVED } else { "partition" },
                name,
                at,
                bytes,
            });
        }
        found.extend(volume);
    }
}

fn whole(what: &'static str, disk: &dyn ReadAt) -> Signature {
    Signature {
        what,
        name: String::new(),
        at: 0,
        bytes: disk.bytes(),
    }
}

/// Returns what is recognised in a part of a disk; without a label of its own it has the
/// partition's name.
fn of_volume(disk: &dyn ReadAt, at: u64, bytes: u64, partition_name: &str) -> Vec<Signature> {
    let Ok(volume) = Window::new(disk, at, bytes) else {
        return Vec::new();
    };
    let named = |found: &Found| {
        let label = match found.what {
            "NTFS" => ntfs_label(&volume).unwrap_or_default(),
            _ => found.name.clone(),
        };
        Some(label)
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| partition_name.to_owned())
    };
    let found = signatures(&volume);
    let found = found.iter().map(|found| Signature {
        what: found.what,
        name: named(found),
        at,
        bytes,
    });
    found.collect()
}

/// NTFS keeps its label in a file of its own.
fn ntfs_label(volume: &dyn ReadAt) -> Option<String> {
    Volume::open(volume).ok()?.label().ok()
}

#[cfg(test)]
mod tests {
    use disk::{MemDisk, SectorSize, WriteAt};
    use gpt_image::GptSpec;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn with(bytes: &[(u64, &[u8])]) -> MemDisk {
        let mut disk = MemDisk::new(64 * MIB);
        for (at, bytes) in bytes {
            disk.write_at(*at, bytes).expect("on the disk");
        }
        disk
    }

    fn kinds(disk: &MemDisk) -> Vec<&'static str> {
        contents(disk)
            .signatures
            .iter()
            .map(|found| found.what)
            .collect()
    }

    #[test]
    fn an_empty_disk_holds_zeros_and_nothing_else() {
        let expected = Contents {
            emptiness: Emptiness::ProvenZeros,
            signatures: Vec::new(),
        };
        assert_eq!(contents(&with(&[])), expected);
    }

    #[test]
    fn what_is_not_recognised_is_data_all_the_same() {
        let found = contents(&with(&[(777, b"x")]));
        assert_eq!(
            found,
            Contents {
                emptiness: Emptiness::HoldsData,
                signatures: Vec::new()
            }
        );
    }

    #[test]
    fn members_of_arrays_are_recognised_at_both_ends() {
        let raid = 0xa92b_4efc_u32.to_le_bytes();
        for at in [0, 4096, 64 * MIB - 8192, 64 * MIB - 65_536] {
            assert_eq!(kinds(&with(&[(at, &raid)])), ["Linux RAID"], "{at}");
        }
        let uberblock = 0x00ba_b10c_u64.to_le_bytes();
        for at in [128 << 10, (384 << 10) + 5 * 1024, 64 * MIB - (128 << 10)] {
            assert_eq!(kinds(&with(&[(at, &uberblock)])), ["ZFS"], "{at}");
        }
        assert_eq!(kinds(&with(&[(512 + 24, b"LVM2 001")])), ["LVM"]);
    }

    #[test]
    fn a_bitlocker_volume_is_no_fat_though_its_boot_sector_says_so() {
        let fat: [(u64, &[u8]); 2] = [(71, b"NO NAME    "), (82, b"FAT32   ")];
        let [label, kind] = fat;
        assert_eq!(kinds(&with(&[label, kind])), ["FAT"]);
        assert_eq!(
            kinds(&with(&[(3, b"-FVE-FS-"), label, kind])),
            ["BitLocker"]
        );
    }

    #[test]
    fn a_drive_is_sealed_when_all_that_is_recognised_on_it_is_bitlockers() {
        let sealed = |parts: &[(&'static str, u64)]| {
            let signatures = parts.iter().map(|(what, bytes)| Signature {
                what,
                name: String::new(),
                at: 0,
                bytes: *bytes,
            });
            let signatures = signatures.collect();
            let emptiness = Emptiness::HoldsData;
            Contents {
                emptiness,
                signatures,
            }
            .is_sealed()
        };
        let (table, volume) = (("GPT", 64 * MIB), ("BitLocker", 62 * MIB));
        assert!(sealed(&[table, volume]));
        assert!(sealed(&[volume]));
        assert!(sealed(&[table, (RESERVED, 16 * MIB), volume]));
        assert!(!sealed(&[table, ("partition", MIB), volume]));
        assert!(!sealed(&[table, ("FAT", MIB), volume]), "a boot partition");
        assert!(!sealed(&[table, ("NTFS", 62 * MIB)]));
        assert!(!sealed(&[table]));
        assert!(!sealed(&[]), "what is not recognised may be anything");
    }

    #[test]
    fn a_table_comes_first_and_volumes_have_the_name_of_their_partition() {
        let spec = GptSpec {
            disk_bytes: 64 * MIB,
            sector: SectorSize::B4096,
            disk_guid: [1; 16],
            partition_guid: [2; 16],
            name: "FILM".to_owned(),
        };
        let (at, backup) = spec.backup().expect("it fits");
        let primary = spec.primary().expect("it fits");
        let mut disk = with(&[(0, &primary), (at, &backup)]);
        assert_eq!(kinds(&disk), ["GPT", "partition"]);
        disk.write_at(MIB + 3, b"-FVE-FS-").expect("on the disk");
        let found = contents(&disk).signatures;
        let expected = Signature {
            what: "BitLocker",
            name: "FILM".to_owned(),
            at: MIB,
            bytes: 62 * MIB,
        };
        assert_eq!(found.get(1), Some(&expected));
    }
}
