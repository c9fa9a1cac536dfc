//! Verification of drives in memory: right ones, and ones damaged in one place.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::ops::ControlFlow;

use bitlocker_image::{Cipher, Credential};
use disk::{MemDisk, ReadAt, ReadError, SectorSize, WriteAt};
use ntfs_image::read::Volume;
use proptest::prelude::*;

use super::{Expected, FindingCode, VerifyPhase, VerifyReport, VerifyVerdict, open_drive, verify};
use crate::drive::What;
use crate::drive::built::{Built, Recipe, SERIAL, content};

const MIB: u64 = 1 << 20;

const FILES: [(&str, u64); 8] = [
    ("a/empty", 0),
    ("a/one", 1),
    ("a/b/small", 600),
    ("a/b/c/Größe.mov", 5_000_000),
    ("film/reel.mov", 13_000_001),
    ("disk.vhd", 9_000_448),
    ("nothing/here/", 0),
    ("a/b/e\u{301}\u{1f980}.txt", 4096),
];

fn recipe() -> Recipe {
    Recipe::new(96 * MIB, SectorSize::B512, &FILES)
}

fn expected(built: &Built) -> Expected {
    Expected {
        manifest_hash: Some(built.manifest_hash),
        serial: Some(SERIAL.to_owned()),
        session: Some("s-1".to_owned()),
        in_place: false,
        proven_bytes: 0,
    }
}

fn run(built: &Built) -> VerifyReport {
    verify(
        &built.disk,
        &built.credential,
        &expected(built),
        &mut |_| ControlFlow::Continue(()),
    )
}

fn total() -> u64 {
    FILES.iter().map(|(_, bytes)| bytes).sum()
}

/// Flips one bit of the disk.
fn flip(disk: &mut MemDisk, at: u64, bit: u8) {
    let mut byte = [0];
    disk.read_at(at, &mut byte).expect("in bounds");
    byte[0] ^= 1 << bit;
    disk.write_at(at, &byte).expect("in bounds");
}

/// Returns the disk offset of a byte of a file that does not lie in its record.
fn place(built: &Built, entry: u32, at: u64) -> u64 {
    let node = built.layout.node_of(entry).expect("on the drive");
    let holds = |from: u64, bytes: u64| (from..from + bytes).contains(&at);
    let segment = built
        .layout
        .segments()
        .find_map(|segment| match segment.what {
            What::FileData { file, from } if file == node && holds(from, segment.bytes) => {
                Some(segment.at + at - from)
            }
            _ => None,
        });
    segment.expect("the byte lies on the disk")
}

#[test]
fn a_right_drive_is_verified() {
    let built = recipe().build_plain(&[]);
    let report = run(&built);
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.verdict, report.files, report.bytes),
        (VerifyVerdict::Verified, 7, total())
    );
}

#[test]
fn a_drive_with_files_left_out_is_verified_as_what_it_is() {
    for left_out in [&[3][..], &[0, 1, 2], &[5, 7], &[0, 1, 2, 3, 4, 5, 7]] {
        let report = run(&recipe().build_plain(left_out));
        assert_eq!(report.findings, [], "{left_out:?}");
        assert_eq!(
            report.files,
            7 - u64::try_from(left_out.len()).expect("few")
        );
    }
}

#[test]
fn nothing_of_a_file_left_out_stays_on_the_drive() {
    let recipe = Recipe::new(
        64 * MIB,
        SectorSize::B512,
        &[("a", 9000), ("in its record", 600), ("b", 70_000)],
    );
    for entry in [0, 1, 2] {
        let built = recipe.build_plain(&[entry]);
        let mut gone = [0; 64];
        content(entry, 256, &mut gone);
        let mut page = [0; 4096];
        for at in (0..built.disk.bytes()).step_by(page.len()) {
            built.disk.read_at(at, &mut page).expect("in bounds");
            let holds_something = page != [0; 4096];
            assert!(
                !holds_something || !page.windows(64).any(|window| window == gone),
                "{entry}"
            );
        }
    }
}

#[test]
fn drives_with_properties_files_and_large_sectors_are_verified() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let mut recipe = Recipe::new(96 * MIB, sector, &FILES);
        recipe.mapping.content_md5 = true;
        assert_eq!(run(&recipe.build_plain(&[])).findings, []);
        assert_eq!(run(&recipe.build_plain(&[1, 4])).findings, []);
    }
}

#[test]
fn a_flipped_bit_of_a_properties_file_is_found() {
    let mut recipe = recipe();
    recipe.mapping.content_md5 = true;
    let mut built = recipe.build_plain(&[]);
    let data = built
        .layout
        .segments()
        .find_map(|segment| match segment.what {
            What::FileData { file, .. } => {
                let source = built.layout.source_of(file);
                (source == crate::drive::NodeSource::Properties(4)).then_some(segment.at)
            }
            _ => None,
        });
    flip(&mut built.disk, data.expect("there is one") + 17, 3);
    let report = run(&built);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        report.findings[0].file.as_deref(),
        Some("\\s-1.properties\\00000004.xml")
    );
}

#[test]
fn one_flipped_bit_is_found_with_its_file_and_block() {
    for (entry, at, block) in [
        (3, 0, 0),
        (3, 4_999_999, 4 * MIB),
        (4, 13_000_000, 12 * MIB),
        (5, 8 * MIB, 8 * MIB),
    ] {
        let mut built = recipe().build_plain(&[]);
        let at = place(&built, entry, at);
        flip(&mut built.disk, at, 5);
        let report = run(&built);
        assert_eq!(report.verdict, VerifyVerdict::Mismatch);
        assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
        let finding = &report.findings[0];
        let path = format!(
            "\\s-1\\{}",
            FILES[usize::try_from(entry).expect("few")]
                .0
                .replace('/', "\\")
        );
        assert_eq!(finding.code, FindingCode::Content);
        assert_eq!(
            (finding.file.as_deref(), finding.offset),
            (Some(path.as_str()), Some(block))
        );
    }
}

#[test]
fn a_flipped_bit_of_the_manifest_is_found() {
    let mut built = recipe().build_plain(&[]);
    let manifest = built.layout.manifest();
    let data = built
        .layout
        .segments()
        .find(|segment| matches!(segment.what, What::FileData { file, .. } if file == manifest));
    let at = data.expect("has clusters").at;
    let hash = built
        .manifest
        .windows(6)
        .position(|window| window == b"Hash=\"")
        .expect("has hashes");
    flip(
        &mut built.disk,
        at + u64::try_from(hash).expect("small") + 8,
        0,
    );
    let report = run(&built);
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(
        codes.contains(&FindingCode::ManifestHash) || codes.contains(&FindingCode::Manifest),
        "{codes:?}"
    );
    assert_ne!(report.verdict, VerifyVerdict::Verified);
}

#[test]
fn another_drive_session_or_manifest_is_told() {
    let built = recipe().build_plain(&[]);
    let mut other = expected(&built);
    other.serial = Some("OTHER".to_owned());
    other.session = Some("s-2".to_owned());
    other.manifest_hash = Some([0; 16]);
    let report = verify(&built.disk, &built.credential, &other, &mut |_| {
        ControlFlow::Continue(())
    });
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(
        codes,
        [
            FindingCode::OtherDrive,
            FindingCode::ManifestHash,
            FindingCode::OtherDrive
        ]
    );
}

#[test]
fn what_the_manifest_does_not_name_is_told() {
    // The manifest of a drive without entry 3, on a drive that has it.
    let whole = recipe();
    let mut built = whole.build_plain(&[]);
    let (short, hash) = whole.manifest(&[3]);
    let manifest = built.layout.manifest();
    let data = built
        .layout
        .segments()
        .find(|segment| matches!(segment.what, What::FileData { file, .. } if file == manifest));
    let mut padded = short;
    padded.resize(built.manifest.len(), b'\n');
    let _ = hash;
    built
        .disk
        .write_at(data.expect("has clusters").at, &padded)
        .expect("in bounds");
    let report = verify(
        &built.disk,
        &built.credential,
        &Expected::default(),
        &mut |_| ControlFlow::Continue(()),
    );
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert_eq!(report.findings[0].code, FindingCode::UnexpectedFile);
    assert_eq!(
        report.findings[0].file.as_deref(),
        Some("\\s-1\\a\\b\\c\\Größe.mov")
    );
}

#[test]
fn progress_goes_on_and_a_person_can_stop_it() {
    let built = recipe().build_plain(&[]);
    let mut steps = Vec::new();
    let report = verify(
        &built.disk,
        &built.credential,
        &expected(&built),
        &mut |now| {
            steps.push(now);
            ControlFlow::Continue(())
        },
    );
    assert_eq!(report.verdict, VerifyVerdict::Verified);
    assert!(steps.is_sorted_by_key(|now| now.bytes));
    let last = steps
        .iter()
        .rfind(|now| now.phase == VerifyPhase::Files)
        .expect("was there");
    assert_eq!(
        (last.bytes, last.bytes_total, last.files_total),
        (total(), total(), 7)
    );
    let stopped = verify(
        &built.disk,
        &built.credential,
        &expected(&built),
        &mut |now| {
            if now.phase == VerifyPhase::Files {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    assert_eq!(stopped.verdict, VerifyVerdict::Failed);
    assert_eq!(
        stopped.findings.last().map(|finding| finding.code),
        Some(FindingCode::Cancelled)
    );
}

#[test]
fn what_was_proven_before_is_not_read_again() {
    let mut built = recipe().build_plain(&[]);
    let early = place(&built, 3, 0);
    flip(&mut built.disk, early, 0);
    let mut resumed = expected(&built);
    resumed.proven_bytes = 601 + 4 * MIB;
    let report = verify(&built.disk, &built.credential, &resumed, &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(
        report.findings,
        [],
        "the flipped bit lies in what was proven"
    );
    assert_eq!((report.files, report.bytes), (7, total()));
    resumed.proven_bytes -= 1;
    let report = verify(&built.disk, &built.credential, &resumed, &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(
        report.findings.len(),
        1,
        "a block that was not proven to its end is read again"
    );
}

/// A disk on which one sector cannot be read.
struct BadSector<'a>(&'a MemDisk, u64);

impl ReadAt for BadSector<'_> {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = u64::try_from(into.len()).expect("small");
        if (at..at + bytes).contains(&self.1) {
            let cause = "medium error".to_owned();
            return Err(ReadError { at, bytes, cause });
        }
        self.0.read_at(at, into)
    }
}

#[test]
fn an_unreadable_sector_names_its_file_and_block_and_no_other() {
    let built = recipe().build_plain(&[]);
    let bad = BadSector(&built.disk, place(&built, 4, 9_000_000));
    let report = verify(&bad, &built.credential, &expected(&built), &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    let finding = &report.findings[0];
    assert_eq!(
        (finding.code, finding.offset),
        (FindingCode::Unreadable, Some(8 * MIB))
    );
    assert_eq!(finding.file.as_deref(), Some("\\s-1\\film\\reel.mov"));
}

#[test]
fn an_empty_disk_and_a_wrong_disk_fail_in_words() {
    let report = verify(
        &MemDisk::new(MIB),
        &Credential::Clear,
        &Expected::default(),
        &mut |_| ControlFlow::Continue(()),
    );
    assert_eq!(report.verdict, VerifyVerdict::Failed);
    assert_eq!(report.findings[0].code, FindingCode::Unlock);
}

#[test]
fn the_tree_comes_back_with_its_contents() {
    let recipe = recipe();
    let built = recipe.build_plain(&[]);
    let drive = open_drive(&built.disk, &built.credential).expect("opens");
    let volume = Volume::open(&drive).expect("opens");
    assert_eq!(volume.label().as_deref(), Ok("Argosy"));
    let mut found = Vec::new();
    for item in volume.walk() {
        let (path, entry) = item.expect("whole");
        if entry.is_folder || path.starts_with("\\System Volume Information") {
            continue;
        }
        let file = volume.open_file(entry.id).expect("readable");
        let mut bytes = vec![0; usize::try_from(file.bytes()).expect("small")];
        volume.read(&file, 0, &mut bytes).expect("readable");
        if path == "\\DriveManifest.xml" {
            assert_eq!(bytes, built.manifest);
            continue;
        }
        let of_path = |listed: &str| path == format!("\\s-1\\{}", listed.replace('/', "\\"));
        let (number, listed) = recipe
            .listing
            .iter()
            .find(|(_, listed)| of_path(listed.path))
            .expect("from the listing");
        let mut expected = vec![0; bytes.len()];
        content(number, 0, &mut expected);
        assert!(bytes == expected, "{path}");
        assert_eq!(entry.modified, listed.modified);
        found.push(number);
    }
    found.sort_unstable();
    assert_eq!(found, [0, 1, 2, 3, 4, 5, 7]);
    let empty = volume
        .find("/s-1/nothing/here")
        .expect("whole")
        .expect("is there");
    assert!(empty.is_folder);
    assert_eq!(empty.modified, recipe.listing.entry(6).modified);
}

const CIPHERS: [Cipher; 4] = [
    Cipher::XtsAes128,
    Cipher::XtsAes256,
    Cipher::CbcAes128,
    Cipher::CbcAes256,
];

#[test]
fn every_cipher_and_sector_size_is_opened_checked_and_verified() {
    for cipher in CIPHERS {
        for sector in [SectorSize::B512, SectorSize::B4096] {
            let mut recipe = Recipe::new(64 * MIB, sector, &FILES[..4]);
            recipe.cipher = cipher;
            let built = recipe.build(&[1]);
            let report = run(&built);
            assert_eq!(report.findings, [], "{cipher} {sector:?}");
            assert_eq!((report.verdict, report.files), (VerifyVerdict::Verified, 3));
            let drive = open_drive(&built.disk, &built.credential).expect("opens");
            let check = ntfs_image::check::check(&drive, 10).expect("a volume");
            assert_eq!((check.findings, check.notes), (vec![], vec![]));
        }
    }
}

#[test]
fn a_locked_drive_gives_away_neither_names_nor_content() {
    let recipe = Recipe::new(
        64 * MIB,
        SectorSize::B512,
        &[("secret-name", 9000), ("b", 70_000)],
    );
    let built = recipe.build(&[]);
    let name: Vec<u8> = "secret-name"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut plain = [0; 64];
    content(0, 256, &mut plain);
    let start = built.layout.partition().start;
    let regions = *built.layout.regions();
    let mut page = [0; 4096];
    for at in (0..built.disk.bytes()).step_by(page.len()) {
        built.disk.read_at(at, &mut page).expect("in bounds");
        if page == [0; 4096] {
            continue;
        }
        assert!(
            !page.windows(name.len()).any(|window| window == name),
            "{at:#x}"
        );
        assert!(
            !page.windows(plain.len()).any(|window| window == plain),
            "{at:#x}"
        );
        let in_area = regions
            .information
            .iter()
            .any(|area| (start + area..start + area + 65_536).contains(&at));
        assert!(
            in_area || !page.windows(8).any(|window| window == b"NTFS    "),
            "{at:#x}"
        );
    }
}

#[test]
fn damage_outside_the_file_system_is_told_and_the_drive_still_verified() {
    let built = Recipe::new(64 * MIB, SectorSize::B512, &FILES[..3]).build(&[]);
    let start = built.layout.partition().start;
    let area = start + built.layout.regions().information[1];
    let places = [
        (area + 100, FindingCode::BitlockerCopy),
        (512 + 16, FindingCode::PartitionTable),
        (built.disk.bytes() - 512 + 20, FindingCode::PartitionTable),
    ];
    for (at, code) in places {
        let mut disk = built.disk.clone();
        flip(&mut disk, at, 0);
        let report = verify(&disk, &built.credential, &expected(&built), &mut |_| {
            ControlFlow::Continue(())
        });
        assert_eq!(report.verdict, VerifyVerdict::Mismatch, "{at:#x}");
        assert!(
            report.findings.iter().all(|finding| finding.code == code),
            "{:?}",
            report.findings
        );
        assert_eq!(report.files, 3, "what can be compared is compared");
    }
}

#[test]
fn a_wrong_key_fails_in_words() {
    let built = Recipe::new(64 * MIB, SectorSize::B512, &FILES[..2]).build(&[]);
    let wrong = Credential::Passphrase("not the key".to_owned());
    let report = verify(&built.disk, &wrong, &expected(&built), &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(
        (report.verdict, report.findings[0].code),
        (VerifyVerdict::Failed, FindingCode::Unlock)
    );
}

#[test]
fn one_flipped_bit_anywhere_in_file_data_of_an_encrypted_drive_is_found() {
    let entries = [
        ("a/one.mov", 5_000_000),
        ("two", 70_001),
        ("three", 4097),
        ("four", 1 << 20),
    ];
    let mut built = Recipe::new(64 * MIB, SectorSize::B512, &entries).build(&[]);
    let mut places = Vec::new();
    for segment in built.layout.segments() {
        let What::FileData { file, from } = segment.what else {
            continue;
        };
        let left = built.layout.ntfs().tree().bytes(file) - from;
        let data = segment.bytes.min(left);
        if let Some(entry) = built.layout.entry_of(file) {
            places.extend([0, data / 3, data - 1].map(|at| (entry, from + at, segment.at + at)));
        }
    }
    assert!(places.len() >= 12);
    for (entry, at, disk_at) in places {
        let bit = u8::try_from(at % 8).expect("below 8");
        flip(&mut built.disk, disk_at, bit);
        let report = run(&built);
        let block = at / (4 * MIB) * (4 * MIB);
        let path = format!(
            "\\s-1\\{}",
            entries[usize::try_from(entry).expect("few")]
                .0
                .replace('/', "\\")
        );
        assert_eq!(
            report.findings.len(),
            1,
            "{path} {at}: {:?}",
            report.findings
        );
        let finding = &report.findings[0];
        assert_eq!(
            (finding.file.as_deref(), finding.offset),
            (Some(path.as_str()), Some(block))
        );
        flip(&mut built.disk, disk_at, bit);
    }
}

#[test]
fn one_flipped_bit_in_the_head_of_a_record_or_index_block_is_told() {
    let entries: Vec<_> = (0..40)
        .map(|n| {
            (
                format!("folder/a file with a rather long name {n:03}"),
                n * 37,
            )
        })
        .collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, bytes)| (path.as_str(), *bytes))
        .collect();
    let built = Recipe::new(64 * MIB, SectorSize::B512, &entries).build(&[]);
    let (mut flipped, mut told) = (0, 0);
    for segment in built
        .layout
        .segments()
        .filter(|segment| matches!(segment.what, What::Metadata | What::HeaderCopy))
    {
        let mut plain = vec![0; usize::try_from(segment.bytes.min(600_000)).expect("small")];
        built
            .layout
            .render(segment.at, &mut plain, &mut |_, slot| slot.fill(1));
        // Records and index blocks in use; the rest of the metadata (the log, unused records) may
        // hold anything.
        for (number, record) in plain.chunks(1024).enumerate() {
            let in_use = record.starts_with(b"INDX")
                || (record.starts_with(b"FILE") && record[0x16] & 1 == 1);
            if !in_use || number % 5 != 0 {
                continue;
            }
            let mut disk = built.disk.clone();
            flip(
                &mut disk,
                segment.at + u64::try_from(number * 1024 + number % 2 * 0x38).expect("small"),
                2,
            );
            let report = verify(&disk, &built.credential, &expected(&built), &mut |_| {
                ControlFlow::Continue(())
            });
            flipped += 1;
            told += u32::from(report.verdict != VerifyVerdict::Verified);
        }
    }
    assert!(flipped > 10);
    assert_eq!(
        told, flipped,
        "16 bytes of ciphertext turn to noise with one bit, and a check sees that"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_tree_with_any_files_left_out_is_clean_and_verified(
        lengths in prop::collection::vec(0_u64..40_000, 1..120),
        folders in 1_usize..6,
        out in prop::collection::vec(any::<bool>(), 120),
        large_sectors in any::<bool>(),
        content_md5 in any::<bool>(),
    ) {
        let sector = if large_sectors { SectorSize::B4096 } else { SectorSize::B512 };
        let paths: Vec<String> = (0..lengths.len())
            .map(|n| format!("folder {}/{}/name of file {n:05}.{}", n % folders, n % 2, "x".repeat(1 + n % 90)))
            .collect();
        let entries: Vec<_> = paths.iter().map(String::as_str).zip(lengths).collect();
        let mut recipe = Recipe::new(64 * MIB, sector, &entries);
        recipe.mapping.content_md5 = content_md5;
        let left_out: Vec<u32> = (0..recipe.listing.len()).filter(|n| out[usize::try_from(*n).expect("few")]).collect();
        let report = run(&recipe.build_plain(&left_out));
        prop_assert_eq!(report.findings, []);
    }
}
