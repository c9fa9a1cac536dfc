//! Loop devices, which stand for real drives here.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agent::device::{
    DriveKind, Emptiness, OpenError, Refusal, Said, confirm, describe, erase, erase_areas,
    last_four, list, new_drive, open, open_read,
};
use agent::jobs::{Confirmation, JobError, JobRequest, Jobs, Kind, Origin, TargetRequest};
use disk::{ReadAt, SectorSize, WriteAt};
use gpt_image::{GptSpec, Scheme};
use shared::api::FreeSpace;

use super::support::*;

#[test]
fn a_loop_device_is_its_backing_file_and_is_held_exclusively() {
    let folder = folder();
    // Of this run alone: every loop device of the machine is listed, another run's too.
    let serial = format!("LOOP-{}", std::process::id());
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let name = format!("{}.img", sector.bytes());
        let path = image(folder.path(), &name, &serial, SectorSize::B512);
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
            (serial.as_str(), sector, 64 * MIB)
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
        let refused = confirm(&drive, &Said::BlankImage, &[]).err();
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

        let target =
            confirm(&drive, &Said::LastFour(last_four(&serial).to_owned()), &[]).expect("named");
        let mut writer = open(target).expect("free");
        let held = list(std::slice::from_ref(&path));
        let held = held.iter().find(|listed| listed.path == device.0);
        assert!(held.is_some_and(|held| !held.erasable), "{held:?}");
        let second = open(confirm(&drive, &Said::Erase(serial.clone()), &[]).expect("named")).err();
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
    let target = confirm(&seen, &Said::Erase("MNT".into()), &[]).expect("not mounted yet");
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
            Some(OpenError::Refused(Refusal::Locked {
                path: device.0.clone(),
                reasons: mounted.reasons
            }))
        );
    } else {
        println!("skipped: mount is not allowed here");
    }
}

#[test]
fn a_drive_that_is_mounted_where_we_cannot_see_it_is_refused_all_the_same() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "HIDDEN", SectorSize::B512);
    if run("mkfs.ext4", &["-q", text(&path)]).is_none() {
        return;
    }
    let Some(device) = Loop::over(&path, 512) else {
        return;
    };
    let seen = describe(&device.0, None).expect("there");
    let target = confirm(&seen, &Said::Erase("HIDDEN".into()), &[]).expect("not mounted yet");
    let script = "mount \"$0\" \"$1\" && echo mounted && read -r _";
    let other = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .args([&device.0, folder.path()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut other) = other else {
        println!("skipped: no other mount namespace is allowed here");
        return;
    };
    let mut said = String::new();
    let output = other.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut said).expect("a line");
    let now = describe(&device.0, None).expect("there");
    let refused = open(target).err();
    // Closing its input ends it, and its mount with it.
    drop(other.stdin.take());
    other.wait().expect("ours");
    if said.trim() != "mounted" {
        println!("skipped: mount is not allowed here");
        return;
    }
    assert!(now.mounts.is_empty(), "it is not hidden");
    assert_eq!(
        refused,
        Some(OpenError::Refused(Refusal::InUse {
            path: device.0.clone()
        }))
    );
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
            open(confirm(&drive, &Said::Erase("PART".into()), &[]).expect("named")).expect("free");
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
            confirm(&part, &Said::Erase("PART".into()), &[]),
            Err(Refusal::Locked { .. })
        ));
        assert_eq!(
            open_read(&partition, true).expect("there").bytes(),
            62 * MIB
        );
        let drive = describe(&device.0, None).expect("there");
        let mut writer =
            open(confirm(&drive, &Said::Erase("PART".into()), &[]).expect("named")).expect("free");
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
fn a_drive_that_holds_a_source_is_refused_through_a_mount_and_a_loop_device() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "KEPT", SectorSize::B512);
    if run("mkfs.ext4", &["-q", text(&path)]).is_none() {
        return;
    }
    let Some(lower) = Loop::over(&path, 512) else {
        return;
    };
    let Some(upper) = Loop::over(&lower.0, 512) else {
        return;
    };
    let seen = describe(&lower.0, None).expect("there");
    let words = Said::Erase("KEPT".into());
    let target = confirm(&seen, &words, &[folder.path().to_owned()]);
    assert!(
        target.is_ok(),
        "the folder is on the disk below, not on this one"
    );
    // Named by its node: the device stacked on the one that is to be erased.
    let refused = confirm(&seen, &words, std::slice::from_ref(&upper.0)).err();
    assert_eq!(
        refused,
        Some(Refusal::Holds {
            path: lower.0.clone(),
            kept: upper.0.clone()
        })
    );
    // Mounted by its upper device, the lower one itself shows no mount: what is kept still leads there.
    let point = folder.path().join("films");
    fs::create_dir(&point).expect("room");
    let mounted = Command::new("mount").args([&upper.0, &point]).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: mount is not allowed here");
        return;
    }
    let journals = point.join("journals/not yet made");
    let refused = confirm(&seen, &words, std::slice::from_ref(&journals)).err();
    let unmounted = Command::new("umount").arg(&point).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(
        refused,
        Some(Refusal::Holds {
            path: lower.0.clone(),
            kept: journals
        })
    );
}

#[test]
fn a_job_never_erases_the_drive_that_its_own_source_lies_on() {
    let folder = folder();
    let path = image(folder.path(), "a.img", "SOURCE", SectorSize::B512);
    if run("mkfs.ext4", &["-q", text(&path)]).is_none() {
        return;
    }
    let Some(lower) = Loop::over(&path, 512) else {
        return;
    };
    let Some(upper) = Loop::over(&lower.0, 512) else {
        return;
    };
    let point = folder.path().join("films");
    fs::create_dir(&point).expect("room");
    let mounted = Command::new("mount").args([&upper.0, &point]).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: mount is not allowed here");
        return;
    }
    let refused = fill(&lower.0, &point, &folder.path().join("journals"));
    let unmounted = Command::new("umount").arg(&point).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    let error = refused.expect_err("its source lies on it");
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.to_string().contains("lies on it"), "{error}");
}

/// Plans one file of `source` onto `drive`, and says that the drive is to be erased.
fn fill(drive: &Path, source: &Path, journals: &Path) -> Result<(), JobError> {
    fs::write(source.join("reel.mov"), "film").expect("room");
    fs::create_dir(journals).expect("room");
    let origin = Origin::Folder {
        path: source.to_owned(),
        destination: "film/".to_owned(),
    };
    let request = JobRequest {
        drives: vec![TargetRequest {
            path: drive.to_owned(),
            serial: None,
            free_space: FreeSpace::Wipe,
            existing_key: None,
        }],
        journal_dirs: vec![journals.to_owned()],
        ..JobRequest::listing("session-1", origin)
    };
    let jobs = Jobs::open(None)?;
    let reply = jobs.start(request)?;
    let word = Confirmation {
        serial: "SOURCE".to_owned(),
        said: Said::Erase("SOURCE".to_owned()),
        accepts_sectors: false,
    };
    let job = reply.job.expect("it waits for the word");
    jobs.confirm(&job, &reply.plan_hash, &[word]).map(drop)
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
    let real = list(&[]).into_iter().find(|drive| {
        drive.kind == DriveKind::BlockDevice && drive.mounts.iter().any(|at| at == Path::new("/"))
    });
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
            .any(|reason| reason.contains("name that drive itself")),
        "{:?}",
        drive.reasons
    );
    assert!(confirm(&drive, &Said::Erase(drive.serial.clone()), &[]).is_err());
}
