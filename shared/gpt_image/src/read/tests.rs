//! Tables of our own, changed; tables that nobody should write.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "places on a small disk of the tests' own"
)]

use disk::{MemDisk, WriteAt};
use proptest::prelude::*;

use super::*;
use crate::GptSpec;
use crate::stored::BASIC_DATA;

const MIB: u64 = 1 << 20;

fn spec(sector: SectorSize) -> GptSpec {
    GptSpec {
        disk_bytes: 64 * MIB,
        sector,
        disk_guid: [7; 16],
        partition_guid: [9; 16],
        name: "Basic data partition".to_owned(),
    }
}

fn written(spec: &GptSpec) -> MemDisk {
    let mut disk = MemDisk::new(spec.disk_bytes);
    let (at, backup) = spec.backup().expect("it fits");
    disk.write_at(at, &backup).expect("on the disk");
    disk.write_at(0, &spec.primary().expect("it fits"))
        .expect("on the disk");
    disk
}

fn the_partition() -> Partition {
    let kind = PartitionKind::Gpt(BASIC_DATA);
    Partition {
        at: MIB,
        bytes: 62 * MIB,
        kind,
        guid: Some([9; 16]),
        name: "Basic data partition".to_owned(),
    }
}

fn byte(disk: &MemDisk, at: u64) -> u8 {
    let mut byte = [0];
    disk.read_at(at, &mut byte).expect("on the disk");
    byte[0]
}

#[test]
fn our_own_table_reads_back_without_findings_at_its_sector_size() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let table = read(&written(&spec(sector))).expect("a table");
        assert_eq!(
            table.scheme,
            Scheme::Gpt {
                sector,
                backup_intact: true
            }
        );
        assert_eq!(table.partitions, [the_partition()]);
        assert_eq!(table.findings, []);
    }
}

#[test]
fn one_changed_byte_in_a_header_or_its_entries_leaves_the_other_copy_and_one_finding() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let spec = spec(sector);
        let disk = written(&spec);
        let header = sector.bytes();
        let backup = spec.disk_bytes - sector.bytes();
        let (entries, _) = spec.backup().expect("it fits");
        for (start, copy) in [
            (header, Copy::Primary),
            (2 * header, Copy::Primary),
            (backup, Copy::Backup),
            (entries, Copy::Backup),
        ] {
            for at in start..start + 92 {
                let mut disk = disk.clone();
                let changed = byte(&disk, at) ^ 0x40;
                disk.write_at(at, &[changed]).expect("on the disk");
                let table = read(&disk).expect("the other copy");
                assert_eq!(table.partitions, [the_partition()], "{at:#x}");
                let [GptFinding::Unusable { copy: found, .. }] = table.findings[..] else {
                    panic!("{at:#x}: {:?}", table.findings);
                };
                assert_eq!(found, copy, "{at:#x}");
            }
        }
    }
}

#[test]
fn copies_that_are_whole_but_differ_are_told() {
    let disk = written(&spec(SectorSize::B512));
    let other = GptSpec {
        partition_guid: [1; 16],
        ..spec(SectorSize::B512)
    };
    let (at, backup) = other.backup().expect("it fits");
    let mut disk = disk;
    disk.write_at(at, &backup).expect("on the disk");
    let table = read(&disk).expect("the primary");
    assert_eq!(
        table.findings,
        [GptFinding::CopiesDiffer {
            what: "the partitions"
        }]
    );
}

#[test]
fn a_disk_that_grew_is_told() {
    let small = written(&spec(SectorSize::B512));
    let mut start = vec![0; 1 << 20];
    small.read_at(0, &mut start).expect("on the disk");
    let mut disk = MemDisk::new(128 * MIB);
    disk.write_at(0, &start).expect("on the disk");
    let table = read(&disk).expect("the primary");
    let misplaced = GptFinding::BackupMisplaced {
        expected: 262_143,
        found: 131_071,
    };
    assert_eq!(table.findings[0], misplaced);
    assert_eq!(table.partitions, [the_partition()]);
}

/// Writes a table with these entries (first and last sector), right checksums and all.
fn with_entries(entries: &[(u64, u64)]) -> MemDisk {
    let spec = spec(SectorSize::B512);
    let mut disk = written(&spec);
    let mut stored = vec![0; 16_384];
    for ((first, last), place) in entries.iter().zip(stored.chunks_mut(128)) {
        place[..16].copy_from_slice(&BASIC_DATA);
        place[32..40].copy_from_slice(&first.to_le_bytes());
        place[40..48].copy_from_slice(&last.to_le_bytes());
    }
    disk.write_at(1024, &stored).expect("on the disk");
    let mut header = [0; 92];
    disk.read_at(512, &mut header).expect("on the disk");
    header[88..92].copy_from_slice(&crc32fast::hash(&stored).to_le_bytes());
    header[16..20].fill(0);
    let checksum = crc32fast::hash(&header);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    disk.write_at(512, &header).expect("on the disk");
    disk
}

#[test]
fn overlapping_partitions_are_told_and_those_off_the_disk_are_left_out() {
    let table = read(&with_entries(&[
        (4096, 8191),
        (2048, 4096),
        (9000, 8999),
        (131_000, 131_072),
    ]));
    let table = table.expect("the primary");
    assert_eq!(
        table
            .partitions
            .iter()
            .map(|partition| partition.at)
            .collect::<Vec<_>>(),
        [4096 * 512, MIB]
    );
    assert!(table.findings.contains(&GptFinding::Overlap {
        number: 2,
        other: 1,
        at: 4096 * 512
    }));
    assert!(table.findings.contains(&GptFinding::OutOfRange {
        number: 3,
        first: 9000,
        last: 8999,
        sectors: 131_072
    }));
    assert!(table.findings.contains(&GptFinding::OutOfRange {
        number: 4,
        first: 131_000,
        last: 131_072,
        sectors: 131_072
    }));
}

#[test]
fn a_partition_over_the_table_itself_is_told() {
    let table = read(&with_entries(&[(1, 40)])).expect("the primary");
    let expected = GptFinding::NotUsable {
        number: 1,
        first: 1,
        last: 40,
        usable_first: 34,
        usable_last: 131_038,
    };
    assert!(table.findings.contains(&expected));
}

fn mbr_disk(entries: &[(u8, u32, u32)]) -> MemDisk {
    let mut sector = [0; 512];
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    for ((kind, first, count), place) in entries.iter().zip(sector[446..510].chunks_mut(16)) {
        place[4] = *kind;
        place[8..12].copy_from_slice(&first.to_le_bytes());
        place[12..16].copy_from_slice(&count.to_le_bytes());
    }
    let mut disk = MemDisk::new(64 * MIB);
    disk.write_at(0, &sector).expect("on the disk");
    disk
}

#[test]
fn an_mbr_is_read_at_the_sector_size_at_which_a_volume_starts() {
    let mut disk = mbr_disk(&[(7, 256, 1024)]);
    let table = read(&disk).expect("an MBR");
    assert_eq!(
        table.scheme,
        Scheme::Mbr {
            sector: SectorSize::B512
        }
    );
    disk.write_at(MIB + 3, b"-FVE-FS-").expect("on the disk");
    let table = read(&disk).expect("an MBR");
    assert_eq!(
        table.scheme,
        Scheme::Mbr {
            sector: SectorSize::B4096
        }
    );
    let expected = Partition {
        at: MIB,
        bytes: 4 * MIB,
        kind: PartitionKind::Mbr(7),
        guid: None,
        name: String::new(),
    };
    assert_eq!(table.partitions, [expected]);
}

#[test]
fn an_extended_partition_is_named_and_one_off_the_disk_left_out() {
    let table = read(&mbr_disk(&[(0x0f, 2048, 2048), (7, 4096, u32::MAX)])).expect("an MBR");
    assert_eq!(table.partitions.len(), 1);
    assert_eq!(table.findings.len(), 2);
    assert_eq!(
        table.findings[0],
        GptFinding::Extended {
            number: 1,
            kind: 0x0f
        }
    );
}

#[test]
fn an_mbr_with_partitions_of_its_own_makes_an_old_table_behind_it_void() {
    let mut disk = written(&spec(SectorSize::B512));
    let mut sector = [0; 512];
    mbr_disk(&[(7, 2048, 2048)])
        .read_at(0, &mut sector)
        .expect("on the disk");
    disk.write_at(0, &sector).expect("on the disk");
    let table = read(&disk).expect("an MBR");
    assert_eq!(
        table.scheme,
        Scheme::Mbr {
            sector: SectorSize::B512
        }
    );
}

#[test]
fn a_protective_record_without_either_copy_is_damage_not_an_empty_disk() {
    let disk = mbr_disk(&[(0xee, 1, 131_071)]);
    assert!(matches!(read(&disk), Err(GptReadError::Damaged { .. })));
    assert_eq!(read(&MemDisk::new(64 * MIB)), Err(GptReadError::Nothing));
}

#[test]
fn volumes_from_byte_0_are_bare() {
    for (name, to_go) in [
        (b"-FVE-FS-", false),
        (b"NTFS    ", false),
        (b"MSWIN4.1", true),
    ] {
        let mut disk = mbr_disk(&[]);
        disk.write_at(3, name).expect("on the disk");
        if to_go {
            let guid = [
                0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3,
                0xd0, 0x01,
            ];
            disk.write_at(0x1a8, &guid).expect("on the disk");
        }
        let table = read(&disk).expect("a volume");
        assert_eq!(table.scheme, Scheme::Bare);
        assert_eq!(table.partitions[0].bytes, 64 * MIB);
    }
}

#[test]
fn a_disk_shorter_than_a_sector_is_an_error() {
    assert!(matches!(
        read(&MemDisk::new(100)),
        Err(GptReadError::Read(_))
    ));
}

proptest! {
    #[test]
    fn hostile_headers_with_right_checksums_never_panic(
        fields in proptest::collection::vec(any::<u64>(), 4),
        small in any::<[u32; 2]>(),
        disk_bytes in 512u64..200_000,
    ) {
        let mut header = [0; 92];
        header[..8].copy_from_slice(b"EFI PART");
        header[8..16].copy_from_slice(&[0, 0, 1, 0, 92, 0, 0, 0]);
        header[24] = 1;
        for (field, place) in fields.iter().zip([32usize, 40, 48, 72]) {
            let value = if field & 1 == 0 { field >> 50 } else { *field };
            header[place..place + 8].copy_from_slice(&value.to_le_bytes());
        }
        for (field, place) in small.iter().zip([80usize, 84]) {
            let value = if field & 1 == 0 { 128 } else { *field };
            header[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        let checksum = crc32fast::hash(&header);
        header[16..20].copy_from_slice(&checksum.to_le_bytes());
        let mut disk = MemDisk::new(disk_bytes);
        let _ = disk.write_at(512, &header);
        let _ = read(&disk);
    }

    #[test]
    fn any_first_sectors_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
        let _ = read(&bytes);
    }
}
