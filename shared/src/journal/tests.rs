//! A drive's story, told to the journal and then damaged in every way.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of our own")]

use super::check::check_with;
use super::*;
use crate::blob_name::SessionId;
use crate::job::{
    DriveIdentity, DriveState, FreeSpace, LeftOut, LeftOutReason, Moment, SerialSource, Stage,
    Verdict,
};
use crate::manifest::{BlobKind, ManifestFile, ManifestWriter};
use bitlocker_image::{Cipher, RecoveryPassword};
use proptest::prelude::*;
use std::io::BufRead;

const PASSWORD: &str = "060456-014509-132033-080300-252615-584177-672089-411631";
const OTHER: &str = "238810-662376-448998-450120-652806-203390-606320-483076";

fn session(serial: &str) -> Session {
    Session {
        session: "reels#1".parse().expect("good"),
        exported: false,
        plan_hash: [3; 32],
        started: Moment(1_700_000_000_000),
        tool: "argosy 0.1.0".into(),
        drive: DriveIdentity {
            serial: serial.into(),
            serial_source: SerialSource::Bridge,
            model: "WDC \\ [WD80] \u{1b}é".into(),
            wwn: String::new(),
            bytes: 8_000_000_000_000,
            sector_bytes: 512,
        },
        cipher: Cipher::XtsAes128,
        free_space: FreeSpace::Keep,
        kept_bytes: 12,
        files: 2,
        bytes: 5_000_000,
    }
}

fn key(password: &str) -> Record {
    let mut sealed = vec![0; 65_536];
    sealed[..80].fill(0x5a);
    Record::Key(KeyRecord {
        recovery_password: password.parse().expect("good"),
        salt: [9; 16],
        sealed,
    })
}

fn manifest(serial: &str, session: &str) -> Vec<u8> {
    let mut writer = ManifestWriter::new(Vec::new(), serial, session).expect("memory");
    let path = format!("\\{session}\\a.mov");
    let file = ManifestFile::new(path, "film/a.mov".into(), 1, BlobKind::Block, vec![[1; 16]]);
    writer.file(&file).expect("good");
    writer.finish().expect("memory").inner
}

/// One file of two is left out, the drive fails once and is resumed, and ends incomplete.
fn records() -> Vec<Record> {
    let manifest = manifest("WD-1", "reels#1");
    let lost = LeftOut {
        path: "b\n<odd> [name]".into(),
        reason: LeftOutReason::Changed,
    };
    vec![
        Record::Note(Note {
            code: "quick-check".into(),
            text: "no errors".into(),
        }),
        key(PASSWORD),
        Record::Erased {
            fingerprint: [4; 32],
        },
        Record::Durable {
            through: 1 << 30,
            side: SideMark {
                bytes: 100,
                hash: [5; 32],
            },
        },
        Record::Failed {
            why: "the drive was unplugged".into(),
        },
        Record::Resumed {
            tool: "argosy 0.1.1".into(),
        },
        Record::Durable {
            through: 2 << 30,
            side: SideMark {
                bytes: 200,
                hash: [6; 32],
            },
        },
        Record::LeftOut(LeftOutTally {
            count: 1,
            missing: 1,
            csv_hash: [7; 32],
            named: vec![lost],
        }),
        Record::Mending {
            manifest_md5: crate::hash::md5(&manifest),
            manifest_bytes: len(&manifest),
        },
        Record::Sealing,
        Record::Written,
        Record::DriveInfo,
        Record::VerifiedThrough { through: 1 << 30 },
        Record::Verified { files: 1, bytes: 1 },
        Record::Closed {
            verdict: Verdict::Incomplete,
        },
    ]
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("small")
}

fn told(serial: &str, records: &[Record]) -> Vec<Vec<u8>> {
    let (mut writer, first) =
        JournalWriter::create(Moment(1_700_000_000_000), &session(serial)).expect("good");
    let mut all = vec![first];
    for (record, at) in records.iter().zip(1_700_000_000_001..) {
        all.push(
            writer
                .append(Moment(at), record)
                .unwrap_or_else(|error| panic!("{record:?}: {error}")),
        );
    }
    all
}

fn story() -> Vec<u8> {
    told("WD-1", &records()).concat()
}

/// Cuts a journal into its records.
fn pieces(journal: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(journal).expect("text");
    text.split_inclusive("[EndUpdateRecord]\r\n")
        .map(|record| record.as_bytes().to_vec())
        .collect()
}

fn judge(journal: &[u8], manifest: Option<&[u8]>) -> JournalReport {
    let mut manifest = manifest;
    let manifest: Option<&mut dyn BufRead> = manifest.as_mut().map(|manifest| {
        let manifest: &mut dyn BufRead = manifest;
        manifest
    });
    check_with(journal, manifest, &|sealed, password| {
        let right = sealed.len() == 65_536 && sealed[79] == 0x5a && *password.reveal() == *PASSWORD;
        if right {
            Ok(())
        } else {
            Err("wrong password".into())
        }
    })
}

fn codes(report: &JournalReport) -> Vec<&str> {
    report
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

/// A drive that somebody else filled: its manifest names files anywhere on it.
fn in_place(manifest: &[u8]) -> Vec<Record> {
    vec![
        key(PASSWORD),
        Record::InPlace {
            manifest_md5: crate::hash::md5(manifest),
            manifest_bytes: len(manifest),
        },
        Record::DriveInfo,
        Record::Closed {
            verdict: Verdict::Written,
        },
    ]
}

#[test]
fn the_story_of_a_drive_that_somebody_else_filled_is_read_and_its_manifest_believed() {
    let mut writer = ManifestWriter::new(Vec::new(), "WD-1", "reels#1").expect("memory");
    for name in ["a.mov", "b.mov"] {
        let (path, blob) = (format!("\\{name}"), format!("film/{name}"));
        let file = ManifestFile::new(path, blob, 1, BlobKind::Block, vec![[1; 16]]);
        writer.file(&file).expect("good");
    }
    let manifest = writer.finish().expect("memory").inner;
    let journal = told("WD-1", &in_place(&manifest)).concat();
    let replay = replay(&journal).expect("whole");
    assert!(replay.in_place);
    assert_eq!(replay.state, DriveState::At(Stage::Written));
    let report = judge(&journal, Some(&manifest));
    assert_eq!(report.verdict, JournalVerdict::Valid, "{report:?}");
    let report = judge(&journal, Some(&self::manifest("WD-1", "reels#1")));
    assert_eq!(report.verdict, JournalVerdict::Invalid, "{report:?}");
}

/// A drive that held a session already and keeps it: `manifest` names the files of both.
fn added(manifest: &[u8]) -> Vec<Record> {
    let side = |bytes| SideMark {
        bytes,
        hash: [5; 32],
    };
    vec![
        key(PASSWORD),
        Record::Adding {
            manifest_md5: [8; 16],
        },
        Record::Durable {
            through: 1 << 30,
            side: side(100),
        },
        Record::Mending {
            manifest_md5: crate::hash::md5(manifest),
            manifest_bytes: len(manifest),
        },
        Record::Redo {
            from: 100,
            side: side(9000),
        },
        Record::Resumed {
            tool: "argosy 0.1.1".into(),
        },
        Record::Written,
        Record::DriveInfo,
        Record::Verified { files: 2, bytes: 2 },
        Record::Closed {
            verdict: Verdict::Verified,
        },
    ]
}

#[test]
fn the_story_of_a_drive_that_got_a_second_session_is_read_and_its_manifest_of_both_believed() {
    let file = |session: &str| {
        let (path, blob) = (format!("\\{session}\\a"), format!("film/{session}"));
        ManifestFile::new(path, blob, 1, BlobKind::Block, vec![[1; 16]])
    };
    let mut writer = ManifestWriter::new(Vec::new(), "WD-1", "reels#0").expect("memory");
    writer.file(&file("reels#0")).expect("good");
    let before = writer.finish().expect("memory").inner;
    let writer = ManifestWriter::behind(Vec::new(), before.as_slice(), "reels#1");
    let mut writer = writer.expect("our own");
    writer.file(&file("reels#1")).expect("good");
    let both = writer.finish().expect("memory").inner;
    let journal = told("WD-1", &added(&both)).concat();
    let found = replay(&journal).expect("whole");
    assert_eq!((found.added_to, found.redo), (Some([8; 16]), Some(100)));
    assert_eq!(found.side.bytes, 9000);
    assert_eq!(found.state, DriveState::Verified);
    let report = judge(&journal, Some(&both));
    assert_eq!(report.verdict, JournalVerdict::Valid, "{report:?}");
    let report = judge(&journal, Some(&before));
    assert_eq!(report.verdict, JournalVerdict::Invalid, "{report:?}");
}

#[test]
fn changes_of_what_is_on_a_drive_are_told_only_of_one_that_keeps_it_and_never_with_a_seal() {
    let begun = |count: usize| {
        let (mut writer, _) = JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
        for record in added(b"x").iter().take(count) {
            writer.append(Moment(0), record).expect("in order");
        }
        writer
    };
    let redo = |from, bytes| Record::Redo {
        from,
        side: SideMark {
            bytes,
            hash: [5; 32],
        },
    };
    let adding = added(b"x").remove(1);
    assert!(begun(0).append(Moment(0), &adding).is_err(), "no key yet");
    assert!(begun(3).append(Moment(0), &redo(100, 200)).is_err());
    for refused in [redo(99, 200), redo(100, 100), Record::Sealing] {
        assert!(begun(4).append(Moment(0), &refused).is_err(), "{refused:?}");
    }
    assert!(begun(4).append(Moment(0), &redo(100, 200)).is_ok());
    let (mut writer, _) = JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    for record in records().iter().take(9) {
        writer.append(Moment(0), record).expect("in order");
    }
    assert!(writer.append(Moment(0), &redo(200, 300)).is_err());
}

#[test]
fn a_drive_that_somebody_else_filled_needs_its_key_first_and_is_never_one_that_was_erased() {
    let create = || {
        JournalWriter::create(Moment(0), &session("WD-1"))
            .expect("good")
            .0
    };
    let taken = in_place(b"x").remove(1);
    assert!(create().append(Moment(0), &taken).is_err());
    let mut writer = create();
    let erased = Record::Erased {
        fingerprint: [4; 32],
    };
    for record in [key(PASSWORD), erased] {
        writer.append(Moment(0), &record).expect("in order");
    }
    assert!(writer.append(Moment(0), &taken).is_err());
}

#[test]
fn a_story_told_is_the_story_read() {
    let journal = story();
    let replay = replay(&journal).expect("whole");
    assert_eq!(replay.session, session("WD-1"));
    assert_eq!(replay.state, DriveState::Incomplete);
    assert_eq!(
        replay.recovery_password,
        Some(PASSWORD.parse::<RecoveryPassword>().expect("good"))
    );
    assert_eq!(replay.fingerprint, Some([4; 32]));
    assert_eq!(
        replay.side,
        SideMark {
            bytes: 200,
            hash: [6; 32]
        }
    );
    assert_eq!(replay.left_out.named[0].path, "b\n<odd> [name]");
    assert_eq!(
        (replay.attempts, replay.marks, replay.verified),
        (2, (2, 1), Some((1, 1)))
    );
    assert_eq!(
        (replay.records, replay.bytes, replay.torn_bytes),
        (17, len(&journal), 0)
    );
    assert_eq!(replay.closed.expect("closed").records, 17);
}

#[test]
fn the_story_is_valid_with_its_own_manifest_and_with_none() {
    let report = judge(&story(), None);
    assert_eq!(
        (report.verdict, codes(&report)),
        (JournalVerdict::Valid, vec![])
    );
    let report = judge(&story(), Some(&manifest("WD-1", "reels#1")));
    assert_eq!(
        (report.verdict, codes(&report)),
        (JournalVerdict::Valid, vec![])
    );
    let facts = report.facts.expect("believable");
    assert_eq!(
        (facts.key, facts.manifest_matches),
        (KeyProof::Opens, Some(true))
    );
    assert_eq!(facts.verdict, Some(Verdict::Incomplete));
}

/// The bytes of version 1. If this fails, old journals may no longer be readable: make a version 2,
/// keep this file.
#[test]
fn a_journal_of_version_1_stays_what_it_is() {
    let golden: &[u8] = include_bytes!("../../tests/golden/journal-1.jrn");
    assert!(story() == golden, "the story is told in other bytes");
    assert_eq!(judge(golden, None).verdict, JournalVerdict::Valid);
}

#[test]
fn a_journal_cut_at_any_byte_is_never_valid_and_goes_on_to_the_same_end() {
    let journal = story();
    let told = told("WD-1", &records());
    for cut in 0..journal.len() {
        if cut % 13 == 0 {
            let report = judge(&journal[..cut], None);
            assert_eq!(report.verdict, JournalVerdict::Unfinished, "{cut}");
        }
        let Ok(replay) = replay(&journal[..cut]) else {
            assert!(cut < told[0].len(), "{cut}");
            continue;
        };
        assert_eq!(
            replay.bytes + replay.torn_bytes,
            u64::try_from(cut).expect("small")
        );
        let whole = usize::try_from(replay.bytes).expect("small");
        assert!(cut - whole < told.iter().map(Vec::len).max().expect("some"));
        if cut % 97 == 0 {
            let mut again = journal[..whole].to_vec();
            let mut writer = JournalWriter::reopen(&replay).expect("open");
            let left = usize::try_from(replay.records).expect("small") - 2;
            for (record, at) in records().iter().zip(1_700_000_000_001..).skip(left) {
                again.extend(writer.append(Moment(at), record).expect("goes on"));
            }
            assert!(again == journal, "{cut}");
        }
    }
}

#[test]
fn one_flipped_bit_anywhere_is_found() {
    let journal = story();
    for at in 0..journal.len() {
        let mut damaged = journal.clone();
        damaged[at] ^= 1 << (at % 8);
        // A flip of the very last line end leaves a torn record.
        assert!(
            replay(&damaged).is_err() || at >= journal.len() - 2,
            "byte {at}"
        );
        if at % 7 == 0 && at < journal.len() - 2 {
            let report = judge(&damaged, None);
            assert_eq!(report.verdict, JournalVerdict::Invalid, "byte {at}");
            assert!(
                report
                    .findings
                    .iter()
                    .all(|finding| !finding.place.is_empty())
            );
        }
    }
}

#[test]
fn a_record_cut_out_moved_or_repeated_is_found_and_named() {
    let whole = pieces(&story());
    for at in 0..whole.len() - 1 {
        let mut cut = whole.clone();
        cut.remove(at);
        let report = judge(&cut.concat(), None);
        assert_eq!(report.verdict, JournalVerdict::Invalid, "cut {at}");
        if at > 0 {
            let words = format!("record {} stands where record {} should", at + 2, at + 1);
            assert!(
                report.findings.iter().any(|f| f.message.contains(&words)),
                "{:?}",
                report.findings
            );
        }
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        let report = judge(&swapped.concat(), None);
        assert_eq!(report.verdict, JournalVerdict::Invalid, "swapped {at}");
        assert!(
            codes(&report).contains(&"out-of-place"),
            "{:?}",
            report.findings
        );
        let mut twice = whole.clone();
        twice.insert(at, whole[at].clone());
        let report = judge(&twice.concat(), None);
        assert!(
            codes(&report).contains(&"out-of-place"),
            "{:?}",
            report.findings
        );
    }
    let report = judge(&whole[..whole.len() - 1].concat(), None);
    assert_eq!(
        (report.verdict, codes(&report)),
        (JournalVerdict::Unfinished, vec!["unfinished"])
    );
    let more = [whole.concat(), whole[3].clone()].concat();
    assert!(codes(&judge(&more, None)).contains(&"behind-end"));
}

#[test]
fn an_edited_record_is_one_finding_at_its_line() {
    let text = String::from_utf8(story()).expect("text");
    for (from, to) in [
        ("SideBytes: 100", "SideBytes: 101"),
        ("Serial: WD-1", "Serial: WD-2"),
        ("Verdict: incomplete", "Verdict: verified"),
        ("14.001]", "14.002]"),
        ("Why: the drive was unplugged", "Why: it went well"),
    ] {
        let from = if text.contains(from) {
            from
        } else {
            "22:13:20.001]"
        };
        let to = if from == "22:13:20.001]" {
            "22:13:20.002]"
        } else {
            to
        };
        let report = judge(text.replacen(from, to, 1).as_bytes(), None);
        assert_eq!(
            (report.verdict, codes(&report)),
            (JournalVerdict::Invalid, vec!["edited"]),
            "{from}"
        );
        assert!(
            report.findings[0].place.starts_with("line "),
            "{:?}",
            report.findings
        );
    }
}

#[test]
fn a_record_of_another_drives_journal_is_found() {
    let (mine, theirs) = (
        pieces(&story()),
        pieces(
            &told("WD-1", &{
                let mut other = records();
                other[1] = key(OTHER);
                other
            })
            .concat(),
        ),
    );
    for at in 3..mine.len() {
        let mut mixed = mine.clone();
        mixed[at].clone_from(&theirs[at]);
        assert_eq!(
            judge(&mixed.concat(), None).verdict,
            JournalVerdict::Invalid,
            "{at}"
        );
    }
    let tail = [&mine[..5], &theirs[5..]].concat().concat();
    assert_eq!(codes(&judge(&tail, None)), ["edited"]);
}

#[test]
fn a_password_that_does_not_open_the_sealed_block_is_found() {
    let mut swapped = records();
    swapped[1] = key(OTHER);
    let report = judge(&told("WD-1", &swapped).concat(), None);
    assert_eq!(
        (report.verdict, codes(&report)),
        (JournalVerdict::Invalid, vec!["key-does-not-open"])
    );
    assert_eq!(report.facts.expect("believable").key, KeyProof::DoesNotOpen);
}

#[test]
fn a_manifest_that_is_not_the_journals_own_is_found() {
    let journal = story();
    let own = String::from_utf8(manifest("WD-1", "reels#1")).expect("text");
    let find = |manifest: &[u8]| {
        let report = judge(&journal, Some(manifest));
        assert_eq!(report.verdict, JournalVerdict::Invalid);
        assert_eq!(
            report.facts.clone().expect("believable").manifest_matches,
            Some(false)
        );
        codes(&report).join(" ")
    };
    assert_eq!(
        find(&manifest("WD-2", "reels#1")),
        "manifest-other-drive manifest-differs"
    );
    assert_eq!(
        find(&manifest("WD-1", "reels#2")),
        "manifest-other-session manifest-differs"
    );
    assert_eq!(
        find(own.replace("01010101", "01010102").as_bytes()),
        "manifest-differs"
    );
    assert_eq!(find(format!("{own} ").as_bytes()), "manifest-differs");
    assert_eq!(
        find(&own.as_bytes()[..300]),
        "manifest-damaged manifest-differs"
    );
    assert_eq!(find(b""), "manifest-damaged manifest-differs");
    let blob = own.split_once("<Blob>").expect("one").1;
    let blob = format!(
        "<Blob>{}</Blob>",
        blob.split_once("</Blob>").expect("one").0
    );
    let two = own.replace("    </BlobList>", &format!("{blob}</BlobList>"));
    assert_eq!(find(two.as_bytes()), "manifest-file-count manifest-differs");
}

#[test]
fn a_redacted_copy_validates_and_holds_no_key() {
    let journal = story();
    let copy = redact(&journal).expect("whole");
    let text = String::from_utf8(copy.clone()).expect("text");
    assert!(!text.contains(PASSWORD) && !text.contains(&PASSWORD[..6]));
    assert_eq!(text.matches("sha256:").count(), 2);
    let report = judge(&copy, None);
    assert_eq!(
        (report.verdict, codes(&report)),
        (JournalVerdict::Valid, vec![])
    );
    assert_eq!(report.facts.expect("believable").key, KeyProof::Redacted);
    assert!(redact(&copy).expect("whole") == copy);
    let replayed = replay(&copy).expect("whole");
    assert_eq!(drive_info_xml(&replayed), None);
    let unfinished = replay(&pieces(&copy)[..8].concat()).expect("whole so far");
    assert_eq!(
        JournalWriter::reopen(&unfinished).err(),
        Some(AppendError::Redacted)
    );
    assert!(!format!("{:?}{:?}", replay(&journal), records()).contains(&PASSWORD[..6]));
}

#[test]
fn a_redacted_copy_with_one_more_flipped_bit_is_found() {
    let copy = redact(&story()).expect("whole");
    for at in (0..copy.len()).step_by(11) {
        let mut damaged = copy.clone();
        damaged[at] ^= 2;
        assert_ne!(
            judge(&damaged, None).verdict,
            JournalVerdict::Valid,
            "byte {at}"
        );
    }
}

#[test]
fn what_a_power_cut_zeroes_is_one_torn_record() {
    let told = told("WD-1", &records());
    for (index, last) in told.iter().enumerate().skip(1) {
        let before = told[..index].concat();
        let border = before
            .len()
            .next_multiple_of(512)
            .min(before.len() + last.len());
        for zeros in [
            before.len()..border,
            border..before.len() + last.len(),
            before.len()..before.len() + last.len(),
        ] {
            let mut torn = [before.clone(), last.clone()].concat();
            torn[zeros.clone()].fill(0);
            let replay = replay(&torn).unwrap_or_else(|damage| panic!("{zeros:?}: {damage}"));
            assert!(
                zeros.is_empty() || replay.bytes == len(&before),
                "{zeros:?}"
            );
            assert!(
                zeros.is_empty() || replay.torn_bytes == len(last),
                "{zeros:?}"
            );
        }
    }
    let before = told[..6].concat();
    // Zeros with records behind them are damage.
    let mut holed = told.concat();
    holed[before.len()..before.len() + 20].fill(0);
    assert_eq!(replay(&holed).expect_err("damage").code, "framing");
}

#[test]
fn the_record_for_the_portal_is_the_public_sample_with_our_values() {
    let journal = String::from_utf8(story()).expect("text");
    let hash = crate::hash::upper_hex(&crate::hash::md5(&manifest("WD-1", "reels#1")));
    let sample = format!(
        r#"[BeginUpdateRecord][2023/11/14 22:13:20.012][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<?xml version="1.0" encoding="UTF-8"?>
<Drive>
   <DriveId>WD-1</DriveId>
   <BitLockerKey>{PASSWORD}</BitLockerKey>
   <ManifestFile>\DriveManifest.xml</ManifestFile>
   <ManifestHash>{hash}</ManifestHash>
</Drive>
[EndValue]
SaveCommandOutput: Completed
"#
    )
    .replace('\n', "\r\n");
    assert!(journal.contains(&sample));
    assert_eq!(journal.matches("ActivityId: DriveInfo\r\n").count(), 1);
    let xml = drive_info_xml(&replay(journal.as_bytes()).expect("whole")).expect("written");
    assert_eq!(xml, format!("{sample}[EndUpdateRecord]\r\n"));
    assert!(journal.starts_with("[BeginUpdateRecord][2023/11/14 22:13:20.000][Type:NewJournalFile]\r\nVocabularyVersion: 2013-02-01\r\n"));
    assert_eq!(
        drive_info_file_name("WD-1.jrn", "WD-1"),
        "WD-1_DriveInfo_WD-1.xml"
    );
    assert_eq!(journal_file_name("a/b c"), "a_b_c.jrn");
}

#[test]
fn a_journal_with_3000_marks_and_all_that_may_come_besides_is_under_2_mb() {
    let (mut writer, mut journal) =
        JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    let mut append = |record: &Record| {
        let bytes = writer
            .append(Moment(1), record)
            .unwrap_or_else(|error| panic!("{record:?}: {error}"));
        journal.extend_from_slice(&bytes);
        u64::try_from(bytes.len()).expect("small")
    };
    let mut sealed = vec![0xff; 65_536];
    sealed[0] = 1;
    append(&Record::Key(KeyRecord {
        recovery_password: PASSWORD.parse().expect("good"),
        salt: [0; 16],
        sealed,
    }));
    append(&Record::Erased {
        fingerprint: [0; 32],
    });
    for index in 0..150 {
        append(&Record::Note(Note {
            code: "c".repeat(200),
            text: format!("{index}{}", "\u{1b}".repeat(300)),
        }));
    }
    for attempt in 0..300 {
        append(&Record::Failed {
            why: format!("{attempt}{}", "\n".repeat(300)),
        });
        append(&Record::Resumed {
            tool: "\u{7f}".repeat(60),
        });
    }
    let side = SideMark {
        bytes: u64::MAX,
        hash: [0xff; 32],
    };
    for mark in 0..3000 {
        append(&Record::Durable {
            through: (u64::MAX / 2) + mark,
            side,
        });
    }
    for index in 1..=300_u64 {
        let named = vec![LeftOut {
            path: "\u{1}".repeat(700),
            reason: LeftOutReason::NameNotUnicode,
        }];
        append(&Record::LeftOut(LeftOutTally {
            count: index,
            missing: 0,
            csv_hash: [1; 32],
            named,
        }));
    }
    append(&Record::Mending {
        manifest_md5: [0; 16],
        manifest_bytes: u64::MAX,
    });
    append(&Record::Sealing);
    append(&Record::Written);
    append(&Record::DriveInfo);
    for mark in 0..3000 {
        append(&Record::VerifiedThrough {
            through: (u64::MAX / 2) + mark,
        });
    }
    append(&Record::Verified {
        files: u64::MAX,
        bytes: u64::MAX,
    });
    append(&Record::Closed {
        verdict: Verdict::Verified,
    });
    println!("the longest journal has {} bytes", journal.len());
    assert!(len(&journal) < JOURNAL_BYTES_MAX);
    let replay = replay(&journal).expect("whole");
    assert_eq!(replay.marks, (MARKS_MAX, MARKS_MAX));
    assert_eq!(
        replay.left_out.count, 300,
        "the last tally is written though there was no room for all of them"
    );
    assert!(replay.closed.is_some());
}

#[test]
fn an_attempt_too_many_is_not_written_and_loses_no_mark() {
    let (mut writer, mut journal) =
        JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    let mut through = 0;
    for record in [
        key(PASSWORD),
        Record::Erased {
            fingerprint: [0; 32],
        },
    ] {
        journal.extend(writer.append(Moment(0), &record).expect("good"));
    }
    for attempt in 0..600_u64 {
        through += 1;
        let mark = Record::Durable {
            through,
            side: SideMark::default(),
        };
        journal.extend(writer.append(Moment(0), &mark).expect("good"));
        if attempt % 3 == 0 {
            journal.extend(writer.append(Moment(0), &Record::Cancelled).expect("good"));
        }
        if attempt % 30 < 2 || (250..265).contains(&attempt) {
            let replayed = replay(&journal).expect("whole");
            assert_eq!(replayed.state.stage(), Some(Stage::Writing { through }));
            writer = JournalWriter::reopen(&replayed).expect("open");
        }
        let resumed = Record::Resumed { tool: "t".into() };
        journal.extend(writer.append(Moment(0), &resumed).expect("good"));
    }
    assert_eq!(replay(&journal).expect("whole").attempts, 256);
}

#[test]
fn only_the_first_200_left_out_files_are_named() {
    let (mut writer, mut journal) =
        JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    for half in 1..=2_u64 {
        let file = |index: u64| LeftOut {
            path: format!("{half}/{index}"),
            reason: LeftOutReason::Symlink,
        };
        let named = (0..150).map(file).collect();
        let tally = LeftOutTally {
            count: 150 * half,
            missing: 0,
            csv_hash: [1; 32],
            named,
        };
        journal.extend(
            writer
                .append(Moment(0), &Record::LeftOut(tally))
                .expect("good"),
        );
    }
    let replay = replay(&journal).expect("whole");
    assert_eq!(
        (replay.left_out.count, replay.left_out.named.len()),
        (300, 200)
    );
    assert_eq!(replay.left_out.named[199].path, "2/49");
}

#[test]
fn records_that_cannot_follow_are_refused_by_the_writer() {
    let (mut writer, _) = JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    let erased = Record::Erased {
        fingerprint: [0; 32],
    };
    assert!(
        writer.append(Moment(0), &erased).is_err(),
        "no erase before the key is recorded"
    );
    assert!(
        writer
            .append(
                Moment(0),
                &Record::Closed {
                    verdict: Verdict::Verified
                }
            )
            .is_err()
    );
    writer.append(Moment(0), &key(PASSWORD)).expect("good");
    assert!(writer.append(Moment(0), &key(PASSWORD)).is_err());
    writer.append(Moment(0), &erased).expect("good");
    assert!(writer.append(Moment(0), &Record::DriveInfo).is_err());
    assert!(writer.append(Moment(0), &Record::Written).is_err());
    let late = LeftOutTally {
        count: 0,
        missing: 1,
        ..LeftOutTally::default()
    };
    assert!(writer.append(Moment(0), &Record::LeftOut(late)).is_err());
    assert_eq!(*writer.state(), DriveState::At(Stage::Erased));
    for serial in ["", "\u{0}", &"x".repeat(201)] {
        assert!(
            JournalWriter::create(Moment(0), &session(serial)).is_err(),
            "{serial:?}"
        );
    }
}

#[test]
fn the_end_must_say_what_the_drive_is() {
    let mut records = records();
    records.pop();
    let (mut writer, _) = JournalWriter::create(Moment(0), &session("WD-1")).expect("good");
    for record in &records {
        writer.append(Moment(0), record).expect("good");
    }
    for verdict in [Verdict::Verified, Verdict::Written, Verdict::Failed] {
        assert!(
            writer
                .append(Moment(0), &Record::Closed { verdict })
                .is_err(),
            "{verdict}"
        );
    }
    writer
        .append(
            Moment(0),
            &Record::Closed {
                verdict: Verdict::Incomplete,
            },
        )
        .expect("good");
    assert_eq!(
        writer.append(Moment(0), &Record::Sealing),
        Err(AppendError::Closed)
    );
}

#[test]
fn line_ends_changed_by_a_text_tool_are_said_so() {
    let unix = String::from_utf8(story())
        .expect("text")
        .replace("\r\n", "\n");
    let damage = replay(unix.as_bytes()).expect_err("damage");
    assert!(damage.what.contains("text tool"), "{damage}");
    let session_id: SessionId = "reels#1".parse().expect("good");
    assert_eq!(session("x").session, session_id);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..20_000_usize, cut in 0..20_000_usize) {
        let mut journal = story();
        let at = at % journal.len();
        journal.splice(at..(at + bytes.len()).min(journal.len()), bytes);
        let report = judge(&journal, None);
        drop(judge(&journal[cut % journal.len()..], None));
        prop_assert!(report.verdict != JournalVerdict::Valid || journal == story());
    }
}
