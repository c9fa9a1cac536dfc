//! Our tables read by other people's programs, and theirs by us.
#![cfg(unix)]

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use disk::{ReadAt, ReadError, SectorSize};
use gpt_image::{BASIC_DATA, GptSpec, MICROSOFT_RESERVED, PartitionKind, Scheme, read};

const MIB: u64 = 1 << 20;
const GUID: [u8; 16] = [
    0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0x4d, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
];
const GUID_TEXT: &str = "12345678-9ABC-4DF0-8899-AABBCCDDEEFF";

/// Runs a tool; `None` (and a line that names it) when it is not installed.
fn run(tool: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => {
            let out = String::from_utf8_lossy(&output.stdout).into_owned();
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{tool} {arguments:?}: {out}{err}");
            Some(out)
        }
        Err(why) => {
            let required = std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_some_and(|it| it == "1");
            assert!(!required, "{tool} is required: {why}");
            println!("skipped: {tool} is not installed");
            None
        }
    }
}

fn spec(disk_bytes: u64, sector: SectorSize) -> GptSpec {
    let name = "Basic data partition".to_owned();
    GptSpec {
        disk_bytes,
        sector,
        disk_guid: GUID,
        partition_guid: GUID,
        name,
    }
}

/// Writes the tables into a sparse file.
fn image(folder: &Path, spec: &GptSpec) -> PathBuf {
    let path = folder.join(format!("{}-{}.img", spec.disk_bytes, spec.sector.bytes()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .expect("a new file");
    file.set_len(spec.disk_bytes).expect("a sparse file");
    file.write_all(&spec.primary().expect("it fits"))
        .expect("room");
    let (at, backup) = spec.backup().expect("it fits");
    file.seek(SeekFrom::Start(at)).expect("on the disk");
    file.write_all(&backup).expect("room");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A small file, read whole.
struct Image(Vec<u8>);

impl Image {
    #[expect(clippy::disallowed_methods, reason = "a test reads what a tool wrote")]
    fn read(path: &Path) -> Self {
        Self(std::fs::read(path).expect("readable"))
    }
}

impl ReadAt for Image {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.0.read_at(at, into)
    }
}

#[test]
fn sgdisk_finds_no_problem_and_sfdisk_reads_the_same_on_disks_of_any_length() {
    let folder = tempfile::tempdir().expect("a folder");
    for disk_bytes in [4 * MIB, 64 * MIB, 64 * MIB + 512, 500_107_862_016, 4 << 40] {
        let spec = spec(disk_bytes, SectorSize::B512);
        let path = image(folder.path(), &spec);
        let partition = spec.partition().expect("it fits");
        if let Some(report) = run("sgdisk", &["-v", text(&path)]) {
            assert!(
                report.contains("No problems found"),
                "{disk_bytes}: {report}"
            );
        }
        if let Some(json) = run("sfdisk", &["-J", text(&path)]) {
            let squeezed: String = json.split_whitespace().collect();
            let size = (partition.end - partition.start) / 512;
            for expected in [
                "\"label\":\"gpt\"".to_owned(),
                format!("\"id\":\"{GUID_TEXT}\""),
                format!("\"start\":2048,\"size\":{size}"),
                "\"type\":\"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\"".to_owned(),
                format!("\"uuid\":\"{GUID_TEXT}\""),
                "\"name\":\"Basicdatapartition\"".to_owned(),
            ] {
                assert!(squeezed.contains(&expected), "{expected} in {squeezed}");
            }
        }
        std::fs::remove_file(path).expect("ours");
    }
}

#[test]
fn partx_and_gptman_read_the_same_at_512_and_4096() {
    let folder = tempfile::tempdir().expect("a folder");
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let spec = spec(64 * MIB, sector);
        let path = image(folder.path(), &spec);
        let (first, last) = (MIB / sector.bytes(), 63 * MIB / sector.bytes() - 1);
        let sector_bytes = sector.bytes().to_string();
        let arguments = [
            "-g",
            "-o",
            "START,END,UUID",
            "-S",
            &sector_bytes,
            "-s",
            text(&path),
        ];
        if let Some(table) = run("partx", &arguments) {
            let fields: Vec<_> = table
                .split_whitespace()
                .map(str::to_ascii_uppercase)
                .collect();
            // partx counts in units of 512 bytes, whatever the sector.
            let unit = sector.bytes() / 512;
            let expected = [
                (first * unit).to_string(),
                ((last + 1) * unit - 1).to_string(),
                GUID_TEXT.to_owned(),
            ];
            assert_eq!(fields, expected);
        }
        let mut reader = std::io::Cursor::new(Image::read(&path).0);
        let table = gptman::GPT::read_from(&mut reader, sector.bytes()).expect("gptman reads it");
        let (_, entry) = table
            .iter()
            .find(|(_, entry)| entry.is_used())
            .expect("one partition");
        assert_eq!((entry.starting_lba, entry.ending_lba), (first, last));
        assert_eq!(entry.partition_type_guid, BASIC_DATA);
        assert_eq!(entry.partition_name.as_str(), "Basic data partition");
        // The backup alone, too.
        let bytes = reader.get_mut();
        bytes[..usize::try_from(MIB).expect("small")].fill(0);
        let table =
            gptman::GPT::read_from(&mut reader, sector.bytes()).expect("gptman reads the backup");
        assert_eq!(table.iter().filter(|(_, entry)| entry.is_used()).count(), 1);
    }
}

#[test]
fn disks_that_sgdisk_divided_are_read_without_findings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sgdisk.img");
    std::fs::write(&path, vec![0; usize::try_from(64 * MIB).expect("small")]).expect("room");
    let arguments = [
        "-n1:2048:+8M",
        "-t1:0700",
        "-c1:FILM",
        "-n2:0:+1M",
        "-t2:0c01",
        "-n3:0:0",
        "-t3:8300",
        text(&path),
    ];
    if run("sgdisk", &arguments).is_none() {
        return;
    }
    let table = read(&Image::read(&path)).expect("a table");
    assert_eq!(table.findings, []);
    assert_eq!(
        table.scheme,
        Scheme::Gpt {
            sector: SectorSize::B512,
            backup_intact: true
        }
    );
    let places: Vec<_> = table
        .partitions
        .iter()
        .map(|it| (it.at / MIB, it.bytes / MIB, it.name.as_str()))
        .collect();
    assert_eq!(places[..2], [(1, 8, "FILM"), (9, 1, "")]);
    assert_eq!(table.partitions[0].kind, PartitionKind::Gpt(BASIC_DATA));
    let reserved = PartitionKind::Gpt(MICROSOFT_RESERVED);
    assert_eq!(table.partitions[1].kind, reserved);
    assert_eq!(table.partitions.len(), 3);
}

#[test]
fn disks_that_sfdisk_divided_by_mbr_are_read_without_findings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sfdisk.img");
    std::fs::write(&path, vec![0; usize::try_from(64 * MIB).expect("small")]).expect("room");
    let script = format!(
        "printf 'label: dos\\n2048,16384,7\\n,,83,*\\n' | sfdisk -q {}",
        text(&path)
    );
    if run("sfdisk", &["--version"]).is_none() || run("sh", &["-c", &script]).is_none() {
        return;
    }
    let table = read(&Image::read(&path)).expect("a table");
    assert_eq!(table.findings, []);
    assert_eq!(
        table.scheme,
        Scheme::Mbr {
            sector: SectorSize::B512
        }
    );
    let places: Vec<_> = table
        .partitions
        .iter()
        .map(|it| (it.at / MIB, it.bytes / MIB, it.kind))
        .collect();
    assert_eq!(
        places,
        [
            (1, 8, PartitionKind::Mbr(7)),
            (9, 55, PartitionKind::Mbr(0x83))
        ]
    );
}
