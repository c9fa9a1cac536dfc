//! Drives on this machine: image files and loop devices, looked at, refused, erased and read back.
//!
//! What needs root (loop devices) or a tool says so and is skipped without it.
#![cfg(target_os = "linux")]

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use agent::device::{
    AlignedBuffer, ConfirmedTarget, Device, DriveInfo, DriveKind, Emptiness, OpenError, Refusal,
    Said, SerialSource, Thoroughness, confirm, contents, describe, erase, erase_areas, list,
    mark_duplicates, new_drive, open, open_read,
};
use disk::{ReadAt, SectorSize, WriteAt};
use gpt_image::{GptSpec, Scheme};

const MIB: u64 = 1 << 20;

/// A folder on a disk, so that unbuffered I/O is what is tested.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// Runs a tool; `None`, and a line that names it, when it is not there.
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

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A loop device, detached when it is dropped.
struct Loop(PathBuf);

impl Loop {
    /// `None`, and a line that says so, without root.
    fn over(path: &Path, sector_bytes: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: loop devices need root");
            return None;
        }
        let sector_bytes = sector_bytes.to_string();
        let node = run(
            "losetup",
            &["-f", "--show", "-b", &sector_bytes, text(path)],
        )?;
        Some(Self(PathBuf::from(node.trim())))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

/// Makes an image and returns its path.
fn image(folder: &Path, name: &str, serial: &str, sector: SectorSize) -> PathBuf {
    let path = folder.join(name);
    new_drive(&path, 64 * MIB, serial, sector).expect("room");
    path
}

fn confirmed(path: &Path, said: &Said) -> Result<ConfirmedTarget, Refusal> {
    confirm(&describe(path, None).expect("there"), said)
}

fn noise(length: usize) -> Vec<u8> {
    let step = |word: &mut u32| {
        *word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(word.to_be_bytes()[0])
    };
    std::iter::repeat(())
        .scan(7, |word, ()| step(word))
        .take(length)
        .collect()
}

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
    let refused = confirm(&nameless, &Said::Erase(String::new()));
    assert!(matches!(refused, Err(Refusal::Changed { .. })));
}

#[test]
fn a_drive_that_changed_since_it_was_seen_or_confirmed_is_refused() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let seen = describe(&path, None).expect("there");
    let target = confirm(&seen, &Said::BlankImage).expect("blank");
    let later = confirm(&seen, &Said::BlankImage).expect("blank");
    let other = confirm(&seen, &Said::Erase("S1".into())).expect("named");
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
    let refused = confirm(&seen, &Said::Erase("S1".into())).err();
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
    let first = open(confirmed(&path, &Said::BlankImage).expect("blank")).expect("free");
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

#[test]
fn a_real_drive_is_listed_and_refused_and_no_words_change_that() {
    let drives = list(&[]);
    let mut real = drives
        .iter()
        .filter(|drive| drive.kind == DriveKind::BlockDevice)
        .peekable();
    if real.peek().is_none() {
        println!("skipped: this machine shows no real drive");
    }
    for drive in real {
        assert!(!drive.erasable);
        assert!(
            drive
                .reasons
                .iter()
                .any(|reason| reason.contains("real drives are not enabled yet"))
        );
        for said in [
            Said::Erase(drive.serial.clone()),
            Said::LastFour(String::new()),
            Said::BlankImage,
        ] {
            let refused = confirm(drive, &said).err();
            assert_eq!(
                refused,
                Some(Refusal::RealDrive {
                    path: drive.path.clone()
                })
            );
        }
        let forged = DriveInfo {
            kind: DriveKind::ImageFile,
            erasable: true,
            reasons: Vec::new(),
            ..drive.clone()
        };
        assert!(confirm(&forged, &Said::Erase(drive.serial.clone())).is_err());
    }
}

#[test]
fn a_name_that_leads_elsewhere_by_the_time_it_is_opened_is_refused() {
    let Some(drive) = list(&[])
        .into_iter()
        .find(|drive| drive.kind == DriveKind::BlockDevice)
    else {
        println!("skipped: this machine shows no real drive");
        return;
    };
    let folder = folder();
    let path = image(folder.path(), "a.img", "S1", SectorSize::B512);
    let target = confirmed(&path, &Said::BlankImage).expect("blank");
    fs::remove_file(&path).expect("ours");
    std::os::unix::fs::symlink(&drive.path, &path).expect("room");
    let refused = open(target).err();
    assert_eq!(
        refused,
        Some(OpenError::Refused(Refusal::RealDrive { path }))
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
fn a_loop_device_is_its_backing_file_and_is_held_exclusively() {
    let folder = folder();
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let name = format!("{}.img", sector.bytes());
        let path = image(folder.path(), &name, "LOOP1", SectorSize::B512);
        let Some(device) = Loop::over(&path, sector.bytes()) else {
            return;
        };
        let drive = describe(&device.0, None).expect("there");
        assert_eq!(
            drive.kind,
            DriveKind::LoopDevice {
                backing: Some(path.clone())
            }
        );
        assert_eq!(
            (drive.serial.as_str(), drive.sector, drive.bytes),
            ("LOOP1", sector, 64 * MIB)
        );
        assert!(drive.erasable, "{:?}", drive.reasons);
        let image = describe(&path, None).expect("there");
        assert!(
            image
                .reasons
                .iter()
                .any(|reason| reason.contains(text(&device.0))),
            "{:?}",
            image.reasons
        );
        let refused = confirm(&drive, &Said::BlankImage).err();
        assert!(
            matches!(refused, Some(Refusal::NotBlank { .. })),
            "{refused:?}"
        );
        let listed = list(std::slice::from_ref(&path));
        let listed = listed
            .iter()
            .find(|listed| listed.path == device.0)
            .expect("listed");
        assert!(listed.erasable, "{:?}", listed.reasons);

        let target = confirm(&drive, &Said::LastFour("OOP1".into())).expect("named");
        let mut writer = open(target).expect("free");
        let second = open(confirm(&drive, &Said::Erase("LOOP1".into())).expect("named")).err();
        assert_eq!(
            second,
            Some(OpenError::Refused(Refusal::InUse {
                path: device.0.clone()
            }))
        );
        let data = noise(300_000 / 4096 * 4096);
        writer.write_at(8 * MIB, &data).expect("room");
        writer
            .write_at(
                16 * MIB,
                &data[..usize::try_from(sector.bytes()).expect("small")],
            )
            .expect("room");
        writer.flush().expect("room");
        drop(writer);
        let reader = open_read(&device.0, true).expect("there");
        assert_eq!(reader.sector(), sector);
        let mut back = vec![0; data.len() - 77];
        reader.read_at(8 * MIB + 33, &mut back).expect("there");
        assert_eq!(back[..], data[33..data.len() - 44]);
        let mut stored = vec![0; data.len()];
        File::open(&path)
            .expect("ours")
            .read_exact_at(&mut stored, 8 * MIB)
            .expect("there");
        assert!(stored == data);
    }
}

#[test]
fn old_data_anywhere_on_a_loop_device_is_found_by_the_holes_of_its_file() {
    let folder = folder();
    let path = folder.path().join("a.img");
    new_drive(&path, 4 << 30, "OLD", SectorSize::B512).expect("room");
    let Some(device) = Loop::over(&path, 512) else {
        return;
    };
    let emptiness = || describe(&device.0, None).expect("there").contents.emptiness;
    assert_eq!(emptiness(), Emptiness::ProvenZeros);
    // Not flushed: it is in the device's cache only.
    let file = OpenOptions::new()
        .write(true)
        .open(&device.0)
        .expect("ours");
    file.write_all_at(b"old", (1 << 30) + 123_456_789)
        .expect("room");
    assert_eq!(emptiness(), Emptiness::HoldsData);
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
fn a_mounted_loop_device_is_locked_and_its_partitions_are_no_drives() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "MNT", SectorSize::B512);
    if run("mkfs.ext4", &["-q", "-L", "FILMS", text(&path)]).is_none() {
        return;
    }
    let Some(device) = Loop::over(&path, 512) else {
        return;
    };
    let seen = describe(&device.0, None).expect("there");
    let found: Vec<_> = seen
        .contents
        .signatures
        .iter()
        .map(|it| (it.what, it.name.as_str()))
        .collect();
    assert_eq!(found, [("ext4", "FILMS")]);
    let target = confirm(&seen, &Said::Erase("MNT".into())).expect("not mounted yet");
    let point = folder.path().join("mount point");
    fs::create_dir(&point).expect("room");
    if Command::new("mount")
        .args([&device.0, &point])
        .status()
        .is_ok_and(|status| status.success())
    {
        let mounted = describe(&device.0, None).expect("there");
        let refused = open(target).err();
        let unmounted = Command::new("umount").arg(&point).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
        assert_eq!(mounted.mounts, [point]);
        assert!(!mounted.erasable);
        assert_eq!(
            refused,
            Some(OpenError::Refused(Refusal::InUse {
                path: device.0.clone()
            }))
        );
    } else {
        println!("skipped: mount is not allowed here");
    }
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
            open(confirm(&drive, &Said::Erase(what.into())).expect("named")).expect("free");
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

#[test]
fn the_kernel_forgets_partitions_and_other_tools_read_our_table_at_both_sector_sizes() {
    let folder = folder();
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let path = image(
            folder.path(),
            &format!("p{}.img", sector.bytes()),
            "PART",
            sector,
        );
        let Some(device) = Loop::over(&path, sector.bytes()) else {
            return;
        };
        let spec = GptSpec {
            disk_bytes: 64 * MIB,
            sector,
            disk_guid: [0x41; 16],
            partition_guid: [0x42; 16],
            name: "Basic data partition".to_owned(),
        };
        let drive = describe(&device.0, None).expect("there");
        let mut writer =
            open(confirm(&drive, &Said::Erase("PART".into())).expect("named")).expect("free");
        let (at, backup) = spec.backup().expect("it fits");
        writer.write_at(at, &backup).expect("room");
        writer.flush().expect("room");
        writer
            .write_at(0, &spec.primary().expect("it fits"))
            .expect("room");
        writer.flush().expect("room");
        drop(writer);
        if let Some(report) = run("sgdisk", &["-v", text(&device.0)]) {
            assert!(report.contains("No problems found"), "{report}");
        }
        if let Some(json) = run("sfdisk", &["-J", text(&device.0)]) {
            let squeezed: String = json.split_whitespace().collect();
            let (start, size) = (MIB / sector.bytes(), 62 * MIB / sector.bytes());
            assert!(
                squeezed.contains(&format!("\"start\":{start},\"size\":{size}")),
                "{squeezed}"
            );
            assert!(
                squeezed.contains(&format!("\"sectorsize\":{}", sector.bytes())),
                "{squeezed}"
            );
        }
        let table = gpt_image::read(&open_read(&device.0, true).expect("there")).expect("a table");
        assert_eq!(
            table.scheme,
            Scheme::Gpt {
                sector,
                backup_intact: true
            }
        );
        if run("partx", &["-a", text(&device.0)]).is_none() {
            continue;
        }
        let partition = PathBuf::from(format!("{}p1", text(&device.0)));
        let part = describe(&partition, None).expect("there");
        assert_eq!(
            (part.kind.clone(), part.bytes, part.erasable),
            (DriveKind::Partition, 62 * MIB, false)
        );
        assert!(matches!(
            confirm(&part, &Said::Erase("PART".into())),
            Err(Refusal::Locked { .. })
        ));
        assert_eq!(
            open_read(&partition, true).expect("there").bytes(),
            62 * MIB
        );
        let drive = describe(&device.0, None).expect("there");
        let mut writer =
            open(confirm(&drive, &Said::Erase("PART".into())).expect("named")).expect("free");
        erase(
            &mut writer,
            &erase_areas(64 * MIB, MIB..63 * MIB, &drive.contents),
        )
        .expect("erased");
        drop(writer);
        assert!(
            !partition.exists(),
            "the kernel still shows {}",
            partition.display()
        );
    }
}

#[test]
fn a_loop_device_over_a_loop_device_is_followed_to_its_file() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "CHAIN", SectorSize::B512);
    let Some(lower) = Loop::over(&path, 512) else {
        return;
    };
    let Some(upper) = Loop::over(&lower.0, 512) else {
        return;
    };
    let drive = describe(&upper.0, None).expect("there");
    assert_eq!(
        drive.kind,
        DriveKind::LoopDevice {
            backing: Some(path)
        }
    );
    assert_eq!(drive.serial, "CHAIN");
}

#[test]
fn a_loop_device_over_a_real_drive_is_a_real_drive() {
    let real = list(&[])
        .into_iter()
        .find(|drive| drive.kind == DriveKind::BlockDevice);
    let Some(real) = real.filter(|_| rustix::process::geteuid().is_root()) else {
        println!("skipped: no real drive, or not root");
        return;
    };
    // Read-only, so that the test itself cannot do harm.
    let node = Command::new("losetup")
        .args([
            "-f",
            "--show",
            "-r",
            "--sizelimit",
            "1048576",
            text(&real.path),
        ])
        .output();
    let Some(node) = node.ok().filter(|output| output.status.success()) else {
        println!("skipped: losetup does not take {}", real.path.display());
        return;
    };
    let device = Loop(PathBuf::from(String::from_utf8_lossy(&node.stdout).trim()));
    let drive = describe(&device.0, None).expect("there");
    assert!(
        drive
            .reasons
            .iter()
            .any(|reason| reason.contains("real drives are not enabled yet")),
        "{:?}",
        drive.reasons
    );
    assert!(confirm(&drive, &Said::Erase(drive.serial.clone())).is_err());
}
