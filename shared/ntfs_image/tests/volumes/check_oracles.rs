//! Volumes on which nothing is to be found: as mkntfs makes them, as ntfs-3g leaves them, as we lay them out, and ours after
//! ntfs-3g has changed them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use disk::{ReadAt, SectorSize};
use ntfs_image::check::{CheckReport, FindingKind, check};

use crate::sample;
use crate::support::{Dice, Image, have};

const TOOLS: [&str; 3] = ["mkntfs", "ntfs-3g", "fusermount"];

fn clean(disk: &dyn ReadAt, what: &str) -> CheckReport {
    let report = check(disk, 20).expect("a volume");
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(report.is_clean(), "{what}:\n{}", findings.join("\n"));
    report
}

/// Creates, deletes, renames, grows and cuts, as people do over years.
fn churn(at: &Path, rounds: u64) {
    let mut dice = Dice(5);
    fs::create_dir_all(at.join("churn/a/b/c")).expect("room");
    let folders = ["churn", "churn/a", "churn/a/b", "churn/a/b/c"];
    let name = |dice: &mut Dice| {
        let folder = folders[usize::try_from(dice.below(4)).expect("small")];
        let number = dice.below(700);
        at.join(folder).join(format!(
            "File {number} {}",
            "n".repeat(usize::try_from(number % 60).expect("small"))
        ))
    };
    for round in 0..rounds {
        let path = name(&mut dice);
        match dice.below(10) {
            0 | 1 => _ = fs::remove_file(&path),
            2 => _ = fs::rename(&path, name(&mut dice)),
            3 => _ = fs::hard_link(&path, name(&mut dice)),
            4 => {
                if let Ok(file) = File::options().write(true).open(&path) {
                    file.set_len(dice.below(200_000)).expect("room");
                }
            }
            5 => {
                if let Ok(file) = File::options().write(true).open(&path) {
                    file.write_all_at(&dice.bytes(3000), dice.below(2_000_000))
                        .expect("room");
                }
            }
            6 => {
                let folder = at.join(format!("churn/folder {}", round % 40));
                if fs::create_dir(&folder).is_err() {
                    _ = fs::remove_dir_all(folder);
                }
            }
            _ => {
                let length =
                    [0, 10, 600, 5000, 40_000][usize::try_from(dice.below(5)).expect("small")];
                _ = fs::write(&path, dice.bytes(length));
            }
        }
    }
}

#[test]
fn nothing_is_found_on_what_mkntfs_makes() {
    if !have(&TOOLS) {
        return;
    }
    for (sector, cluster) in [
        (512, 512),
        (512, 1024),
        (512, 4096),
        (512, 65_536),
        (512, 131_072),
        (4096, 4096),
        (4096, 65_536),
    ] {
        let image = Image::mkntfs(64 << 20, sector, cluster);
        let report = clean(&image.open(), &format!("{sector} {cluster}"));
        assert_eq!(report.notes, []);
        assert_eq!((report.files, report.folders), (0, 1));
    }
}

#[test]
fn nothing_is_found_on_what_ntfs_3g_leaves() {
    if !have(&TOOLS) {
        return;
    }
    for (sector, cluster) in [(512, 512), (512, 4096), (512, 65_536), (4096, 4096)] {
        let image = Image::mkntfs(256 << 20, sector, cluster);
        churn(&image.mount("rw").at, 4000);
        let report = clean(&image.open(), &format!("{sector} {cluster}"));
        assert!(report.files > 300 && report.folders > 10, "{report:?}");
        // A second mount finds its own changes right and makes more.
        churn(&image.mount("rw").at, 500);
        clean(&image.open(), &format!("{sector} {cluster}, again"));
    }
}

#[test]
fn the_cluster_count_is_what_ntfsresize_counts() {
    if !have(&TOOLS) || !have(&["ntfsresize"]) {
        return;
    }
    let image = Image::mkntfs(64 << 20, 512, 4096);
    churn(&image.mount("rw").at, 500);
    let report = clean(&image.open(), "churned");
    let path = image.path().display().to_string();
    let said = crate::support::run(
        "ntfsresize",
        &["-i", "-f", "-P", "--no-progress-bar", &path],
    );
    let in_use = said
        .lines()
        .find_map(|line| line.strip_prefix("Space in use       : "));
    let in_use = in_use.expect("a number");
    let megabytes = report.used_clusters * 4096 / 1_000_000;
    let theirs: u64 = in_use
        .split(' ')
        .next()
        .and_then(|mb| mb.parse().ok())
        .expect("a number");
    assert!(theirs.abs_diff(megabytes) <= 1, "{in_use}, {megabytes}");
}

#[test]
fn nothing_is_found_on_ours_even_after_ntfs_3g_has_changed_them() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        let bytes = sample::ours(sector);
        let report = clean(&bytes, "ours");
        assert_eq!(report.notes, []);
        assert_eq!(
            (report.files, report.folders),
            (u64::from(sample::LARGE) + 4, 4)
        );
        if !have(&TOOLS) {
            return;
        }
        let image = Image::blank(0);
        fs::write(image.path(), &bytes).expect("room");
        churn(&image.mount("rw").at, 1500);
        let report = clean(&image.open(), "ours, changed");
        assert!(report.files > u64::from(sample::LARGE) + 100, "{report:?}");
    }
}

#[test]
fn what_windows_could_not_name_is_a_note_in_the_posix_namespace() {
    if !have(&TOOLS) {
        return;
    }
    let image = Image::mkntfs(16 << 20, 512, 4096);
    {
        let mount = image.mount("rw");
        for name in ["a:b", "ends in a dot.", "twin", "TWIN", "nul.txt"] {
            fs::write(mount.at.join(name), name).expect("room");
        }
    }
    let report = clean(&image.open(), "strange names");
    let mut kinds: Vec<FindingKind> = report.notes.iter().map(|note| note.kind).collect();
    kinds.sort_unstable();
    let expected = [
        FindingKind::NameCharacter,
        FindingKind::NameEnding,
        FindingKind::DeviceName,
        FindingKind::CaseTwins,
    ];
    assert_eq!(kinds, expected);
}
