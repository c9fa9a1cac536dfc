//! Image files, and what is no drive.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use agent::device::{
    AlignedBuffer, Device, DriveInfo, DriveKind, Emptiness, OpenError, Refusal, Said, SerialSource,
    Thoroughness, confirm, contents, describe, erase, erase_areas, list, mark_duplicates, open,
    open_read,
};
use disk::{ReadAt, SectorSize, WriteAt};
use gpt_image::Scheme;

use super::support::*;

#[test]
fn a_new_image_is_described_by_its_sidecar_and_proven_blank_without_reading_it() {
    let folder = folder();
    let path = image(folder.path(), "a.img", " WD 123 ", SectorSize::B4096);
    let drive = describe(&path, None).expect("there");
    assert_eq!(drive.kind, DriveKind::ImageFile);
    assert_eq!(
        (drive.serial.as_str(), drive.serial_source),
        ("WD123", SerialSource::Sidecar)
    );
    assert_eq!((drive.bytes, drive.sector), (64 * MIB, SectorSize::B4096));
    assert_eq!(drive.contents.emptiness, Emptiness::ProvenZeros);
    assert!(drive.erasable, "{:?}", drive.reasons);
    let named = describe(&path, Some("LABEL 9")).expect("there");
    assert_eq!(
        (named.serial.as_str(), named.serial_source),
        ("LABEL9", SerialSource::Given)
    );
}

#[test]
fn only_zeros_go_without_words_even_where_no_hole_is() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let file = OpenOptions::new().write(true).open(&path).expect("ours");
    file.write_all_at(&vec![0; 3 << 20], 5 * MIB).expect("room");
    assert!(confirmed(&path, &Said::BlankImage).is_ok());
    file.write_all_at(&[1], 40 * MIB + 12_345).expect("room");
    let refused = confirmed(&path, &Said::BlankImage);
    assert!(matches!(refused, Err(Refusal::NotBlank { .. })));
    let reader = open_read(&path, false).expect("there");
    assert_eq!(
        reader.blank(Thoroughness::Exhaustive),
        Ok(Emptiness::HoldsData)
    );
}

#[test]
fn only_the_right_words_confirm() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "WD-WX1234", SectorSize::B512);
    fs::write(&path, vec![7; 1 << 20]).expect("room");
    for said in [
        Said::Erase("WD-WX1234".into()),
        Said::Erase(" wd-wx 1234".into()),
        Said::LastFour("1234".into()),
    ] {
        assert!(confirmed(&path, &said).is_ok(), "{said:?}");
    }
    for said in [
        Said::Erase("1234".into()),
        Said::Erase(String::new()),
        Said::LastFour("WD-WX1234".into()),
        Said::LastFour("234".into()),
        Said::LastFour(String::new()),
    ] {
        assert!(
            matches!(confirmed(&path, &said), Err(Refusal::WrongWords { .. })),
            "{said:?}"
        );
    }
    let mut nameless = describe(&path, None).expect("there");
    nameless.serial.clear();
    let refused = confirm(&nameless, &Said::Erase(String::new()), &[]);
    assert!(matches!(refused, Err(Refusal::Changed { .. })));
}

#[test]
fn a_drive_that_changed_since_it_was_seen_or_confirmed_is_refused() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let seen = describe(&path, None).expect("there");
    let target = confirm(&seen, &Said::BlankImage, &[]).expect("blank");
    let later = confirm(&seen, &Said::BlankImage, &[]).expect("blank");
    let other = confirm(&seen, &Said::Erase("S1".into()), &[]).expect("named");
    let file = OpenOptions::new().write(true).open(&path).expect("ours");
    file.write_all_at(&[1], 64 * MIB - 1).expect("room");
    let refused = open(target).err();
    assert!(
        matches!(refused, Some(OpenError::Refused(Refusal::Changed { .. }))),
        "{refused:?}"
    );
    // In the middle, where no fingerprint looks: only one who said nothing is refused.
    file.write_all_at(&[0], 64 * MIB - 1).expect("room");
    file.write_all_at(&[1], 32 * MIB).expect("room");
    let refused = open(later).err();
    assert!(
        matches!(refused, Some(OpenError::Refused(Refusal::NotBlank { .. }))),
        "{refused:?}"
    );
    assert!(open(other).is_ok());
    file.set_len(65 * MIB).expect("room");
    let refused = confirm(&seen, &Said::Erase("S1".into()), &[]).err();
    assert_eq!(
        refused,
        Some(Refusal::Changed {
            path,
            what: "its length"
        })
    );
}

#[test]
fn an_image_is_held_by_one_writer_at_a_time() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let is_listed_free = || {
        let listed = list(std::slice::from_ref(&path));
        let found = listed.iter().find(|drive| drive.path == path);
        found.expect("listed").erasable
    };
    assert!(is_listed_free());
    let first = open(confirmed(&path, &Said::BlankImage).expect("blank")).expect("free");
    assert!(!is_listed_free(), "it is being filled");
    let second = open(confirmed(&path, &Said::BlankImage).expect("blank")).err();
    assert_eq!(
        second,
        Some(OpenError::Refused(Refusal::InUse { path: path.clone() }))
    );
    drop(first);
    assert!(open(confirmed(&path, &Said::BlankImage).expect("blank")).is_ok());
}

#[test]
fn writes_of_any_place_and_length_read_back_past_the_cache_and_holes_stay_holes() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let mut expected = vec![0; usize::try_from(64 * MIB).expect("small")];
    let mut writer = open(confirmed(&path, &Said::BlankImage).expect("blank")).expect("free");
    let data = noise(3 << 20);
    let mut aligned = AlignedBuffer::zeroed(2 << 20);
    aligned.copy_from_slice(&data[..2 << 20]);
    writer.write_at(8 * MIB, &aligned).expect("room");
    expected[8 << 20..10 << 20].copy_from_slice(&aligned);
    for (at, length) in [
        (512, 512),
        (4096, 4096),
        (20 * MIB + 1, 1),
        (21 * MIB - 3, 2_000_007),
        (64 * MIB - 700, 700),
    ] {
        let place = usize::try_from(at).expect("small");
        writer.write_at(at, &data[..length]).expect("room");
        expected[place..place + length].copy_from_slice(&data[..length]);
    }
    writer.flush().expect("room");
    let mut back = vec![1; expected.len()];
    writer.read_at(0, &mut back).expect("there");
    assert!(back == expected);
    assert!(writer.write_at(64 * MIB - 1, &[0; 2]).is_err());
    assert!(writer.write_at(u64::MAX, &[0; 2]).is_err());
    drop(writer);
    assert!(fs::read(&path).expect("there") == expected);
    let facts = fs::metadata(&path).expect("there");
    assert_eq!(facts.len(), 64 * MIB);
    assert!(
        facts.blocks() * 512 < 8 * MIB,
        "{} bytes are on the disk",
        facts.blocks() * 512
    );
    for past_cache in [false, true] {
        let reader = open_read(&path, past_cache).expect("there");
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let (reader, expected) = (&reader, &expected);
                scope.spawn(move || {
                    for index in 0..200u64 {
                        let at = (index * 7919 * 40_503 + thread * 977) % (63 * MIB);
                        let mut piece =
                            vec![0; usize::try_from(1 + (index * 5_003) % 150_000).expect("small")];
                        reader.read_at(at, &mut piece).expect("there");
                        let place = usize::try_from(at).expect("small");
                        assert!(piece == expected[place..place + piece.len()], "{at}");
                    }
                });
            }
        });
        let mut whole = AlignedBuffer::zeroed(expected.len());
        reader.read_at(0, &mut whole).expect("there");
        assert!(*whole == expected[..]);
        assert!(reader.read_at(64 * MIB - 1, &mut [0; 2]).is_err());
    }
}

#[test]
fn an_image_of_an_odd_length_is_read_to_its_last_byte_and_locked() {
    let folder = folder();
    let path = folder.path().join("odd.img");
    let bytes = noise(1_000_003);
    fs::write(&path, &bytes).expect("room");
    let drive = describe(&path, None).expect("there");
    assert!(!drive.erasable);
    for past_cache in [false, true] {
        let reader = open_read(&path, past_cache).expect("there");
        let mut back = vec![0; bytes.len()];
        reader.read_at(0, &mut back).expect("there");
        assert!(back == bytes);
        let mut last = [0; 4];
        reader.read_at(999_999, &mut last).expect("there");
        assert_eq!(last, bytes[999_999..]);
    }
}

#[test]
fn zeroing_an_image_gives_its_room_back() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let mut writer = open(confirmed(&path, &Said::BlankImage).expect("blank")).expect("free");
    writer.write_at(0, &noise(8 << 20)).expect("room");
    writer.flush().expect("room");
    writer.zero(512, 8 * MIB - 512).expect("room");
    writer.flush().expect("room");
    let reader = open_read(&path, true).expect("there");
    let mut sectors = [0; 1024];
    reader.read_at(0, &mut sectors).expect("there");
    assert_eq!(sectors[..512], noise(512));
    assert_eq!(sectors[512..], [0; 512]);
    assert!(fs::metadata(&path).expect("there").blocks() <= 16);
}

/// Returns the drive that this machine runs from; no test ever touches another real one.
fn system_drive() -> Option<DriveInfo> {
    let found = list(&[]).into_iter().find(|drive| {
        drive.kind == DriveKind::BlockDevice && drive.mounts.iter().any(|at| at == Path::new("/"))
    });
    if found.is_none() {
        println!("skipped: this machine shows no drive that it runs from");
    }
    found
}

#[test]
fn the_drive_that_the_machine_runs_from_is_refused_and_no_words_change_that() {
    let Some(drive) = system_drive() else {
        return;
    };
    assert!(!drive.erasable);
    assert!(
        drive
            .reasons
            .contains(&"this machine runs from it".to_owned())
    );
    let forged = DriveInfo {
        erasable: true,
        reasons: Vec::new(),
        ..drive.clone()
    };
    let disguised = DriveInfo {
        kind: DriveKind::ImageFile,
        ..forged.clone()
    };
    for told in [&drive, &forged, &disguised] {
        for said in [
            Said::Erase(drive.serial.clone()),
            Said::LastFour(String::new()),
            Said::BlankImage,
        ] {
            let refused = confirm(told, &said, &[]).err();
            let is_expected = match told.kind {
                DriveKind::BlockDevice => matches!(refused, Some(Refusal::Locked { .. })),
                _ => matches!(
                    refused,
                    Some(Refusal::Changed {
                        what: "its kind",
                        ..
                    })
                ),
            };
            assert!(is_expected, "{refused:?}");
        }
    }
}

#[test]
fn a_name_that_leads_elsewhere_by_the_time_it_is_opened_is_refused() {
    let Some(drive) = system_drive() else {
        return;
    };
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let target = confirmed(&path, &Said::BlankImage).expect("blank");
    fs::remove_file(&path).expect("ours");
    std::os::unix::fs::symlink(&drive.path, &path).expect("room");
    let refused = open(target).err();
    assert!(
        matches!(&refused, Some(OpenError::Refused(Refusal::Locked { path: at, .. })) if *at == path),
        "{refused:?}"
    );
}

#[test]
fn folders_and_character_devices_are_no_drives() {
    assert!(describe(Path::new("/"), None).is_err());
    assert!(describe(Path::new("/dev/null"), None).is_err());
    assert!(describe(Path::new("/nowhere"), None).is_err());
    let listed = list(&[PathBuf::from("/nowhere")]);
    let nowhere = listed
        .iter()
        .find(|drive| drive.path == Path::new("/nowhere"))
        .expect("named");
    assert!(!nowhere.erasable && nowhere.reasons.len() == 1);
}

#[test]
fn two_drives_with_one_serial_are_locked_until_told_apart() {
    let folder = folder();
    let one = image(folder.path(), "a.img", "SAME", SectorSize::B512);
    let other = image(folder.path(), "b.img", "same", SectorSize::B512);
    let listed = list(&[one.clone(), other.clone()]);
    let mine = |path: &Path| {
        listed
            .iter()
            .find(|drive| drive.path == path)
            .expect("listed")
    };
    assert!(!mine(&one).erasable && !mine(&other).erasable);
    let mut told = [
        describe(&one, None).expect("there"),
        describe(&other, Some("OTHER")).expect("there"),
    ];
    mark_duplicates(&mut told);
    assert!(told.iter().all(|drive| drive.erasable));
}

#[test]
fn genuine_windows_volumes_are_recognised_and_bare() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/windows-bitlocker");
    let archive = images.join("images.tar.xz");
    if !archive.exists() {
        println!("skipped: {} is not there", archive.display());
        return;
    }
    let folder = folder();
    let arguments = ["xJSf", text(&archive), "-C", text(folder.path())];
    if run("tar", &arguments).is_none() {
        return;
    }
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).expect("there").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "img") {
            continue;
        }
        seen += 1;
        let name = text(&path);
        let what = match name.contains("togo") {
            true => "BitLocker To Go",
            false => "BitLocker",
        };
        let drive = describe(&path, None).expect("there");
        let found: Vec<_> = drive.contents.signatures.iter().map(|it| it.what).collect();
        assert!(found.contains(&what), "{name}: {found:?}");
        assert!(
            !found.contains(&"MBR") && !found.contains(&"NTFS"),
            "{name}: {found:?}"
        );
        let table = gpt_image::read(&open_read(&path, true).expect("there")).expect("a volume");
        assert_eq!(table.scheme, Scheme::Bare, "{name}");
    }
    assert!(seen >= 8, "{seen} images");
}

#[test]
fn erasing_leaves_nothing_that_blkid_or_we_recognise() {
    let folder = folder();
    let makers: [(&str, &[&str], &str); 3] = [
        ("mkfs.ext4", &["-q", "-F"], "ext4"),
        ("mkntfs", &["-q", "-F", "-L", "FILME"], "NTFS"),
        (
            "cryptsetup",
            &[
                "luksFormat",
                "-q",
                "--type",
                "luks2",
                "--pbkdf",
                "pbkdf2",
                "--pbkdf-force-iterations",
                "1000",
                "--key-file",
                "/proc/version",
            ],
            "LUKS",
        ),
    ];
    for (maker, arguments, what) in makers {
        let path = image(
            folder.path(),
            &format!("{what}.img"),
            what,
            SectorSize::B512,
        );
        let all: Vec<&str> = arguments.iter().copied().chain([text(&path)]).collect();
        if run(maker, &all).is_none() {
            continue;
        }
        let drive = describe(&path, None).expect("there");
        let kinds: Vec<_> = drive
            .contents
            .signatures
            .iter()
            .map(|found| found.what)
            .collect();
        assert_eq!(kinds, [what], "{maker}");
        if what == "NTFS" {
            assert_eq!(drive.contents.signatures[0].name, "FILME");
        }
        let old = drive.contents.clone();
        let mut writer =
            open(confirm(&drive, &Said::Erase(what.into()), &[]).expect("named")).expect("free");
        let areas = erase_areas(64 * MIB, MIB..63 * MIB, &old);
        erase(&mut writer, &areas).expect("erased");
        drop(writer);
        assert_eq!(
            contents(&open_read(&path, true).expect("there")).signatures,
            []
        );
        let blkid = Command::new("blkid").arg("-p").arg(&path).output();
        assert!(blkid.is_ok_and(|output| output.stdout.is_empty()), "{what}");
        if what == "LUKS" {
            let is_luks = Command::new("cryptsetup")
                .args(["isLuks", text(&path)])
                .status();
            assert!(is_luks.is_ok_and(|status| !status.success()));
        }
    }
}
