//! What the writer refuses, and how long a journal can become.

use super::*;

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
