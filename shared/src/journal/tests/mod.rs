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

mod bounds;
mod damage;

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
    // The second attempt had only the end left to do.
    assert!(found.resumed_at.is_empty());
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
    assert_eq!(replay.resumed_at, [1 << 30]);
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
    let golden: &[u8] = include_bytes!("../../../tests/golden/journal-1.jrn");
    assert!(story() == golden, "the story is told in other bytes");
    assert_eq!(judge(golden, None).verdict, JournalVerdict::Valid);
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
