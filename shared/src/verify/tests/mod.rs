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

mod encrypted;

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
        let listed_path = path.replace('\\', "/");
        let (number, listed) = recipe
            .listing
            .iter()
            .find(|(_, listed)| format!("/s-1/{}", listed.path) == listed_path)
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
