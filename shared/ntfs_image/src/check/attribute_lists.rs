//! Attribute lists: that they name every attribute of a file, where it is.

use std::fmt;

use disk::ReadAt;

use super::FindingKind as Kind;
use super::checker::Checker;
use super::place::RecordPlace;
use super::records::extension_hash;
use crate::attribute::kind;
use crate::read::VolumeError;
use crate::read::attribute_list;
use crate::read::file_record::FileRecord;
use crate::read::gather::{self, Gathered};
use crate::read::stored::units;
use crate::read::up_case::UpCase;
use crate::record::Reference;

/// What identifies an attribute of a file; ordered as the entries of a list are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    kind: u32,
    /// In upper case.
    name: Vec<u16>,
    lowest_vcn: u64,
    record: u64,
    id: u16,
}

impl fmt::Display for Named {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            lowest_vcn,
            record,
            id,
        } = self;
        let name = String::from_utf16_lossy(name);
        write!(
            to,
            "attribute {kind:#x} {name:?} from cluster {lowest_vcn:#x} on, number {id} of record {record}"
        )
    }
}

/// Reads all records of the file whose base record this is; `None` when that cannot be done, which is reported.
pub(super) fn gather(checker: &mut Checker<'_>, base: FileRecord) -> Option<Gathered> {
    let record = base.number;
    let disk: &dyn ReadAt = checker.disk;
    let list = match gather::attribute_list(disk, checker.volume.mft(), &base) {
        Ok(None) => return Some(Gathered::alone(base)),
        Ok(Some(list)) => list,
        Err(error) => return reported(checker, record, &error),
    };
    let id = Reference::new(record, base.header.sequence.get());
    let mut gathered = Gathered::alone(base);
    let extensions = match gather::extension_records(record, &list, None) {
        Ok(extensions) => extensions,
        Err(error) => return reported(checker, record, &error),
    };
    for extension in extensions {
        if extension.number() == record {
            continue;
        }
        if let Err(error) = gathered.add(disk, checker.volume.mft(), extension) {
            // One is enough: a crafted list may name thousands.
            return reported(checker, record, &error);
        }
        let facts = checker.table.of(extension.number());
        facts.balance.subtract(extension_hash(id, extension));
    }
    compare(checker, &gathered, &list);
    Some(gathered)
}

fn reported(checker: &mut Checker<'_>, record: u64, error: &VolumeError) -> Option<Gathered> {
    checker.volume_error(record, error);
    None
}

/// Compares a list with the attributes that are there.
fn compare(checker: &mut Checker<'_>, gathered: &Gathered, list: &[u8]) {
    let place = RecordPlace::named(gathered.base().number, kind::ATTRIBUTE_LIST, "");
    let mut listed = listed(list, &checker.up_case);
    let mut present = present(gathered, &checker.up_case);
    let reporter = &mut checker.reporter;
    let key = |named: &Named| (named.kind, named.name.clone(), named.lowest_vcn);
    if !listed.is_sorted_by_key(key) {
        let expected = "entries sorted by type, name and first cluster";
        reporter.violation(Kind::AttributeList, &place, expected, "others");
    }
    listed.sort_unstable();
    present.sort_unstable();
    for missing in present
        .iter()
        .filter(|named| listed.binary_search(named).is_err())
    {
        reporter.violation(Kind::AttributeList, &place, missing, "no entry for it");
    }
    for wrong in listed
        .iter()
        .filter(|named| present.binary_search(named).is_err())
    {
        let found = format!("an entry for {wrong}");
        let expected = "entries for what is there";
        reporter.violation(Kind::AttributeList, &place, expected, found);
    }
    if listed
        .windows(2)
        .any(|pair| matches!(pair, [one, two] if one == two))
    {
        reporter.violation(
            Kind::AttributeList,
            &place,
            "each attribute once",
            "one twice",
        );
    }
}

/// Returns what a list names.
fn listed(list: &[u8], up_case: &UpCase) -> Vec<Named> {
    let entries = attribute_list::entries(list).flatten();
    let named = entries.map(|entry| Named {
        kind: entry.header.kind.get(),
        name: folded(entry.name, up_case),
        lowest_vcn: entry.header.lowest_vcn.get(),
        record: entry.reference().number(),
        id: entry.header.id.get(),
    });
    named.collect()
}

/// Returns what a list must name: all attributes but the list itself.
fn present(gathered: &Gathered, up_case: &UpCase) -> Vec<Named> {
    let attributes = gathered.attributes().flatten();
    let others = attributes.filter(|(_, attribute)| attribute.kind() != kind::ATTRIBUTE_LIST);
    let named = others.map(|(record, attribute)| Named {
        kind: attribute.kind(),
        name: folded(attribute.name, up_case),
        lowest_vcn: attribute.lowest_vcn(),
        record,
        id: attribute.header.id.get(),
    });
    named.collect()
}

fn folded(name: &[u8], up_case: &UpCase) -> Vec<u16> {
    units(name).map(|unit| up_case.upcase(unit)).collect()
}
