//! Journals that were damaged.

use super::*;

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
fn line_ends_changed_by_a_text_tool_are_said_so() {
    let unix = String::from_utf8(story())
        .expect("text")
        .replace("\r\n", "\n");
    let damage = replay(unix.as_bytes()).expect_err("damage");
    assert!(damage.what.contains("text tool"), "{damage}");
    let session_id: SessionId = "reels#1".parse().expect("good");
    assert_eq!(session("x").session, session_id);
}
