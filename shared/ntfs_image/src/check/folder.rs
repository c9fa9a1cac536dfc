//! What the names in a folder's index must be.

use super::FindingKind as Kind;
use super::expectation::{Facts, hash};
use super::index::IndexPlace;
use super::record_table::RecordTable;
use super::report::Reporter;
use crate::attribute::{FileName, NAMESPACE_POSIX};
use crate::read::FileId;
use crate::read::entry::FileNameKey;
use crate::read::index_node::IndexEntry;
use crate::read::stored::{text, units};
use crate::read::up_case::UpCase;
use crate::record::Reference;

/// Checks the entries of one folder, in order.
pub(super) struct FolderCheck<'a> {
    pub(super) folder: FileId,
    pub(super) records: u64,
    pub(super) up_case: &'a UpCase,
    pub(super) table: &'a mut RecordTable,
    /// Name and namespace of the entry before, UTF-16.
    pub(super) previous: Option<(Vec<u8>, u8)>,
}

impl FolderCheck<'_> {
    pub(super) fn entry(
        &mut self,
        reporter: &mut Reporter,
        place: IndexPlace<'_>,
        entry: &IndexEntry<'_>,
    ) {
        let target = Reference(entry.header.reference.get());
        let Some(key) = FileNameKey::parse(entry.key) else {
            let found = format!("{} bytes", entry.key.len());
            reporter.violation(Kind::KeyLength, place, "a file name", found);
            return;
        };
        let expected = size_of::<FileName>().saturating_add(key.name.len());
        if entry.key.len() != expected {
            let found = entry.key.len();
            reporter.violation(Kind::KeyLength, place, format!("{expected} bytes"), found);
        }
        let parent = FileId::from(Reference(key.stored.parent.get()));
        if parent != self.folder {
            let (expected, found) = (
                format!("a name in {}", self.folder),
                format!("{:?} in {parent}", text(key.name).0),
            );
            reporter.violation(Kind::EntryParent, place, expected, found);
        }
        self.check_twins(reporter, place, &key);
        if target.number() >= self.records {
            let expected = format!("one of {} records", self.records);
            let found = format!("{:?} leads to {}", text(key.name).0, FileId::from(target));
            reporter.violation(Kind::DanglingEntry, place, expected, found);
            return;
        }
        let said = hash(target, &key, &Facts::said(&key));
        let facts = self.table.of(target.number());
        facts.balance.subtract(said);
    }

    /// Twins are neighbours, because keys are ordered regardless of case first.
    fn check_twins(
        &mut self,
        reporter: &mut Reporter,
        place: IndexPlace<'_>,
        key: &FileNameKey<'_>,
    ) {
        let namespace = key.stored.namespace;
        if let Some((before, namespace_before)) = &self.previous {
            let same = self.up_case.compare(units(before), units(key.name)).is_eq();
            if same && before != key.name {
                let is_violation =
                    namespace != NAMESPACE_POSIX && *namespace_before != NAMESPACE_POSIX;
                let (one, two) = (text(before).0, text(key.name).0);
                let expected = "names that differ in more than case";
                reporter.either(
                    is_violation,
                    Kind::CaseTwins,
                    place,
                    expected,
                    format!("{one:?} and {two:?}"),
                );
            }
        }
        let (before, namespace_before) = self.previous.get_or_insert_default();
        before.clear();
        before.extend_from_slice(key.name);
        *namespace_before = namespace;
    }
}
