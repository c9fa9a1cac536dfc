//! A file as a whole: what its attributes, from all its records, must be together.

use super::FindingKind as Kind;
use super::checker::Checker;
use super::expectation::{FIRST_USER_RECORD, Facts, hash};
use super::folder::FolderCheck;
use super::index::IndexCheck;
use super::place::RecordPlace;
use super::record_table::{Balance, FOLDER, NAMED};
use super::{attribute_lists, names, streams, system};
use crate::attribute::{NAMESPACE_DOS, StandardInformation, kind};
use crate::read::entry::FileNameKey;
use crate::read::file_record::{Attribute, FileRecord};
use crate::read::gather::Gathered;
use crate::read::index_tree::IndexTree;
use crate::read::stored::{text, u32_at};
use crate::record::{RECORD_DIRECTORY, RECORD_VIEW_INDEX, Reference, number};

/// Checks the file whose base record this is.
pub(super) fn check(checker: &mut Checker<'_>, base: FileRecord) {
    let Some(gathered) = attribute_lists::gather(checker, base) else {
        return;
    };
    let file = CheckedFile::new(&gathered);
    file.check_standard_information(checker);
    file.check_streams(checker);
    file.check_indexes(checker);
    file.check_data(checker);
    file.check_names(checker);
}

/// A file's attributes, sorted.
struct CheckedFile<'a> {
    gathered: &'a Gathered,
    record: u64,
    id: Reference,
    flags: u16,
    /// Sorted by type, name, first cluster.
    attributes: Vec<Attribute<'a>>,
}

impl<'a> CheckedFile<'a> {
    fn new(gathered: &'a Gathered) -> Self {
        // What cannot be parsed was reported with its record.
        let attributes = gathered
            .attributes()
            .flatten()
            .map(|(_, attribute)| attribute);
        let mut attributes: Vec<Attribute<'a>> = attributes.collect();
        attributes.sort_by_key(|a| (a.kind(), a.name, a.lowest_vcn()));
        let header = &gathered.base().header;
        let record = gathered.base().number;
        Self {
            gathered,
            record,
            id: Reference::new(record, header.sequence.get()),
            flags: header.flags.get(),
            attributes,
        }
    }

    const fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn place(&self) -> RecordPlace {
        RecordPlace::record(self.record)
    }

    fn of_kind(&self, kind: u32) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.kind() == kind)
    }

    fn names(&self) -> Vec<FileNameKey<'a>> {
        let values = self
            .of_kind(kind::FILE_NAME)
            .filter_map(Attribute::resident);
        values.filter_map(FileNameKey::parse).collect()
    }

    fn check_standard_information(&self, checker: &mut Checker<'_>) {
        let values: Vec<&[u8]> = self
            .of_kind(kind::STANDARD_INFORMATION)
            .filter_map(Attribute::resident)
            .collect();
        let expected = "one $STANDARD_INFORMATION of 48 or 72 bytes";
        let security_at = std::mem::offset_of!(StandardInformation, security);
        match values.as_slice() {
            [value] if value.len() == size_of::<StandardInformation>() => {
                if let Some(id) = u32_at(value, security_at).filter(|id| *id != 0) {
                    checker.security_ids.insert(id);
                }
            }
            [value] if value.len() == SHORT_BYTES => {}
            [value] => {
                let found = format!("one of {} bytes", value.len());
                checker.reporter.violation(
                    Kind::StandardInformation,
                    self.place(),
                    expected,
                    found,
                );
            }
            values => {
                let found = format!("{} of them", values.len());
                checker.reporter.violation(
                    Kind::StandardInformation,
                    self.place(),
                    expected,
                    found,
                );
            }
        }
    }

    fn check_streams(&self, checker: &mut Checker<'_>) {
        let geometry = *checker.geometry();
        let same = |a: &Attribute<'_>, b: &Attribute<'_>| a.kind() == b.kind() && a.name == b.name;
        for parts in self.attributes.chunk_by(same) {
            let is_stream = parts.iter().any(|part| part.resident().is_none());
            if is_stream {
                streams::check(self.record, parts, &geometry, &mut checker.reporter);
            }
        }
    }

    /// Checks the marks of the record against its indexes, and each index.
    fn check_indexes(&self, checker: &mut Checker<'_>) {
        let names: Vec<String> = self
            .of_kind(kind::INDEX_ROOT)
            .map(|root| text(root.name).0)
            .collect();
        let has_names = names.iter().any(|name| name == FOLDER_INDEX);
        let has_other = names.iter().any(|name| name != FOLDER_INDEX);
        let words = |is: bool| if is { "marked" } else { "not marked" };
        for (rule, flag, has, what) in [
            (Kind::FolderFlag, RECORD_DIRECTORY, has_names, "a folder"),
            (
                Kind::ViewIndexFlag,
                RECORD_VIEW_INDEX,
                has_other,
                "a view index",
            ),
        ] {
            if self.is(flag) != has {
                let expected = format!("{} as {what}", words(has));
                checker
                    .reporter
                    .violation(rule, self.place(), expected, words(self.is(flag)));
            }
        }
        for name in names {
            self.check_index(checker, &name);
        }
        if has_names {
            checker.table.of(self.record).state |= FOLDER;
        }
    }

    fn check_index(&self, checker: &mut Checker<'_>, name: &str) {
        let tree = match IndexTree::open(checker.volume.mft(), self.gathered, name) {
            Ok(tree) => tree,
            Err(error) => {
                checker.volume_error(self.record, &error);
                return;
            }
        };
        // What is wrong with its clusters was reported with the streams.
        let bitmap = self.gathered.stream(checker.geometry(), kind::BITMAP, name);
        let bitmap = bitmap.ok().flatten();
        let mut folder = FolderCheck {
            folder: tree.owner,
            records: checker.volume.mft().records(),
            up_case: &checker.up_case,
            table: &mut checker.table,
            previous: None,
        };
        let mut check = IndexCheck {
            disk: checker.disk,
            mft: checker.volume.mft(),
            up_case: &checker.up_case,
            tree: &tree,
            name,
            blocks_left: &mut checker.blocks_left,
            reporter: &mut checker.reporter,
        };
        let is_folder = name == FOLDER_INDEX;
        check.run(bitmap.as_ref(), &mut |reporter, place, entry| {
            if is_folder {
                folder.entry(reporter, place, entry);
            }
        });
    }

    fn check_data(&self, checker: &mut Checker<'_>) {
        let mut streams = self.of_kind(kind::DATA).peekable();
        let has_any = streams.peek().is_some();
        let has_unnamed = streams.any(|data| data.name.is_empty());
        let is_folder = self.is(RECORD_DIRECTORY);
        let of_extend = self
            .names()
            .iter()
            .any(|name| Reference(name.stored.parent.get()).number() == number::EXTEND);
        if is_folder && has_unnamed {
            checker.reporter.violation(
                Kind::UnnamedData,
                self.place(),
                "a folder without data",
                "data",
            );
        }
        // $Secure and $UsnJrnl have named streams only, view indexes none.
        let may_lack = is_folder || self.is(RECORD_VIEW_INDEX) || (of_extend && has_any);
        if !has_unnamed && !may_lack {
            checker.reporter.violation(
                Kind::UnnamedData,
                self.place(),
                "an unnamed data stream",
                "none",
            );
        }
    }

    /// Checks the names and notes what the folders that hold them must say.
    fn check_names(&self, checker: &mut Checker<'_>) {
        let names = self.names();
        let links = self.gathered.base().header.links.get();
        let count = self.of_kind(kind::FILE_NAME).count();
        if usize::from(links) != count {
            let expected = format!("{count} links, one for each name");
            checker
                .reporter
                .violation(Kind::LinkCount, self.place(), expected, links);
        }
        if names.len() != count {
            let found = "one that is cut off";
            checker
                .reporter
                .violation(Kind::NameLength, self.place(), "whole names", found);
        }
        let is_user = self.record >= FIRST_USER_RECORD;
        if names.is_empty() && is_user {
            checker
                .reporter
                .violation(Kind::Orphan, self.place(), "a name", "none");
        }
        let facts = Facts::of(self.gathered);
        let mut balance = Balance::default();
        for name in &names {
            if is_user {
                let at = RecordPlace::named(self.record, kind::FILE_NAME, "");
                names::check(name, &at, &mut checker.reporter);
            }
            balance.add(hash(self.id, name, &facts));
        }
        names::check_pairs(&names, &self.place(), &mut checker.reporter);
        system::check_extend_child(checker, self.record, self.flags, &names);
        let long = names
            .iter()
            .find(|name| name.stored.namespace != NAMESPACE_DOS);
        let known = checker.table.of(self.record);
        known.balance.add(balance);
        if let Some(name) = long.or(names.first()) {
            known.state |= NAMED;
            let parent = Reference(name.stored.parent.get()).number();
            known.parent = u32::try_from(parent).unwrap_or(u32::MAX);
        }
    }
}

/// Name of a folder's index.
const FOLDER_INDEX: &str = "$I30";
/// Bytes of $STANDARD_INFORMATION before NTFS 3.0.
const SHORT_BYTES: usize = 48;
