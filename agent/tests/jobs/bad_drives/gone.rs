//! A drive that goes away in the middle: it is known again wherever it comes back, and no other
//! drive is taken for it.

use std::fs;
use std::path::PathBuf;

use super::bench::{BYTES, Bench, assert_failed, assert_names};
use super::drive::BadDrive;
use crate::support::{Loop, noise, text};

/// Where the volume begins.
const VOLUME: u64 = 1 << 20;

/// Prepares a drive that is gone when it writes its sector `at` again after so many times. Returns
/// the path that it had.
fn go_away(bench: &Bench, mut drive: BadDrive, (at, passes): (u64, u64)) -> PathBuf {
    drive.told(&format!(
        "die-write {at} {} {passes}",
        at.saturating_add(512)
    ));
    let why = assert_failed(&bench.prepare(drive.node(), &["--check", "none"]), &[4]);
    assert!(why.contains("error"), "{why}");
    assert_names(&why, at);
    drive.assert_gone();
    drive.node().to_owned()
}

/// Returns a file's content from the offset `at` on.
fn part(content: &[u8], at: u64, bytes: usize) -> &[u8] {
    let (_, behind) = content.split_at(usize::try_from(at).unwrap());
    behind.split_at(bytes).0
}

#[test]
fn a_drive_that_comes_back_elsewhere_is_finished_and_none_in_its_place_is_touched() {
    let bench = Bench::new(4);
    let Some(mut drive) = BadDrive::over(&bench.image) else {
        return;
    };
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    let whole = usize::try_from(BYTES).unwrap();
    // What an erased drive looks like, with somebody's data in between.
    let mut empty_ends = noise(9, whole);
    for end in [0..1 << 20, whole - (1 << 20)..whole] {
        empty_ends[end].fill(0);
    }
    let others = [
        empty_ends,
        noise(8, whole),
        noise(8, whole - (1 << 20)),
        noise(8, whole + (1 << 20)),
        // It was this session's once, in another try: other keys.
        fs::read(&bench.image).unwrap(),
    ];
    // In the middle of the files, when the last sectors are written, in the middle of the erase, and
    // before anything is written at all.
    let reel = bench.reel(1 << 20);
    for moment in [(reel, 0), (VOLUME, 1), (BYTES - 512, 0), (VOLUME, 0)] {
        let old = go_away(&bench, drive, moment);
        for other in &others {
            let image = bench.image("other.img", other);
            let place = Loop::at(&old, &image);
            let (code, report) = bench.resume(&[]);
            assert_eq!(code, 3, "{report}");
            assert!(report.to_string().contains("BAD-1"), "{report}");
            // Named as if it were the right one, it is none the more.
            let (code, report) = bench.resume(&["--drive", text(&old)]);
            assert_eq!(code, 3, "{report}");
            drop(place);
            assert!(fs::read(&image).unwrap() == *other, "it was written to");
        }
        let image = bench.image("other.img", &others[0]);
        let _place = Loop::at(&old, &image);
        drive = BadDrive::over(&bench.image).unwrap();
        assert_ne!(drive.node(), old);
        let end = bench.resume(&["--drive", text(drive.node())]);
        bench.assert_verified(&end, drive.node());
        assert!(fs::read(&image).unwrap() == others[0], "it was written to");
    }
}

#[test]
fn a_drive_that_comes_back_without_what_it_confirmed_is_not_gone_on_with() {
    let bench = Bench::new(4);
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    let before = fs::read(&bench.image).unwrap();
    bench.assert_verified(&bench.prepare(drive.node(), &[]), drive.node());
    let data = bench.reel(1 << 20);
    // All files are confirmed by then.
    go_away(&bench, drive, (VOLUME, 1));
    let mut lost = fs::read(&bench.image).unwrap();
    let at = usize::try_from(data).unwrap();
    lost[at..at + 4096].copy_from_slice(part(&before, data, 4096));
    fs::write(&bench.image, &lost).unwrap();
    let drive = BadDrive::over(&bench.image).unwrap();
    let why = assert_failed(&bench.resume(&["--drive", text(drive.node())]), &[4]);
    let (start, _) = why.split_once(": it must not be used").unwrap();
    assert!(
        start.contains("the drive lost what it had confirmed as written"),
        "{why}"
    );
    assert_names(start, data);
    drop(drive);
    assert!(fs::read(&bench.image).unwrap() == lost, "it was written to");
}

#[test]
fn an_empty_drive_that_nothing_was_written_to_yet_is_gone_on_with_once_it_is_named_again() {
    let bench = Bench::new(4);
    fs::write(&bench.image, vec![0; usize::try_from(BYTES).unwrap()]).unwrap();
    let Some(drive) = BadDrive::over(&bench.image) else {
        return;
    };
    let old = go_away(&bench, drive, (VOLUME, 0));
    // Somebody's data between empty ends, under the path that the label's serial was given for.
    let mut other = vec![0; usize::try_from(BYTES).unwrap()];
    other[20 << 20..21 << 20].fill(7);
    let image = bench.image("other.img", &other);
    let place = Loop::at(&old, &image);
    for more in [&[][..], &["--drive", text(&old)]] {
        let (code, report) = bench.resume(more);
        assert_eq!(code, 3, "{report}");
        assert!(
            report
                .to_string()
                .contains("nothing tells it from another empty drive"),
            "{report}"
        );
    }
    drop(place);
    assert!(fs::read(&image).unwrap() == other, "it was written to");
    let drive = BadDrive::over(&bench.image).unwrap();
    let named = format!("{}=BAD-1", drive.node().display());
    let end = bench.resume(&["--drive", &named]);
    bench.assert_verified(&end, drive.node());
}
