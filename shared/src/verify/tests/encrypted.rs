//! Drives as they are shipped: with BitLocker around.

use super::*;

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
