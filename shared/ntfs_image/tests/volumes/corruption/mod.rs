//! One structure wrong at a time, on a volume of mkntfs and ntfs-3g and on two of ours: the check names each.

use disk::SectorSize;
use ntfs_image::attribute::kind::{
    ATTRIBUTE_LIST, BITMAP, DATA, FILE_NAME, INDEX_ALLOCATION, INDEX_ROOT, STANDARD_INFORMATION,
    VOLUME_INFORMATION,
};
use ntfs_image::check::FindingKind as Kind;
use ntfs_image::check::check;

use crate::editor::{Editor, attribute, entries, put, size, u16_at, u32_at};
use crate::sample;
use crate::support::have;

/// What must come of a corruption.
#[derive(Clone, Copy)]
enum Expect {
    /// A violation of this rule.
    Found(Kind),
    /// A note under this rule, and no violation.
    Noted(Kind),
    /// The volume cannot even be opened.
    Closed,
}
use Expect::{Closed, Found, Noted};

mod contents;
mod edits;
mod structures;

use contents::{CONTENTS, OURS, THEIRS};
use structures::STRUCTURES;

type Corruption = (&'static str, Expect, fn(&mut Editor));

/// Returns what went wrong, if anything.
fn judge(editor: &Editor, expected: Expect) -> Result<(), String> {
    let report = match (check(&editor.bytes, 1000), expected) {
        (Err(_), Closed) => return Ok(()),
        (Err(error), _) => return Err(format!("not opened: {error}")),
        (Ok(_), Closed) => return Err("opened".to_owned()),
        (Ok(report), _) => report,
    };
    let kinds = |findings: &[ntfs_image::check::Finding]| {
        findings.iter().map(|f| f.kind).collect::<Vec<_>>()
    };
    let (found, noted) = (kinds(&report.findings), kinds(&report.notes));
    let is_right = match expected {
        Found(kind) => found.contains(&kind),
        Noted(kind) => noted.contains(&kind) && found.is_empty(),
        Closed => false,
    };
    if is_right {
        Ok(())
    } else {
        Err(format!(
            "found {found:?}, noted {noted:?}: {:?}",
            report.findings.first()
        ))
    }
}

fn corrupt_all(good: Vec<u8>, lists: &[&[Corruption]]) {
    let report = check(&good, 10).expect("a good volume");
    assert_eq!(report.findings, [], "before");
    let editor = Editor::new(good);
    let mut failures = Vec::new();
    for (what, expected, corrupt) in lists.iter().flat_map(|list| list.iter()) {
        let mut changed = editor.clone_with(editor.bytes.clone());
        corrupt(&mut changed);
        assert!(changed.bytes != editor.bytes, "{what} changes nothing");
        crate::mutation::read_everything(&changed.bytes);
        if let Err(failure) = judge(&changed, *expected) {
            failures.push(format!("{what}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_corruption_of_a_volume_of_others_is_named() {
    if have(&["mkntfs", "ntfs-3g", "fusermount"]) {
        corrupt_all(sample::theirs(), &[STRUCTURES, CONTENTS, THEIRS]);
    }
}

#[test]
fn each_corruption_of_a_volume_of_ours_is_named() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        corrupt_all(sample::ours(sector), &[STRUCTURES, CONTENTS, OURS]);
    }
}
