//! Attribute lists: that they name every attribute of a file, where it is.

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
use crate::read::stored::{text, units};
use crate::record::Reference;

/// What identifies an attribute of a file: type, name, first cluster, record, id.
type Named = (u32, Vec<u16>, u64, u64, u16);

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
        facts.balance = facts.balance.wrapping_sub(extension_hash(id, extension));
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
    let record = gathered.base().number;
    let place = || RecordPlace::named(record, kind::ATTRIBUTE_LIST, "");
    let up_case = checker.up_case.clone();
    let folded =
        |name: &[u8]| -> Vec<u16> { units(name).map(|unit| up_case.upcase(unit)).collect() };
    let listed: Vec<Named> = attribute_list::entries(list)
        .flatten()
        .map(|entry| {
            let header = entry.header;
            let reference = entry.reference().number();
            (
                header.kind.get(),
                folded(entry.name),
                header.lowest_vcn.get(),
                reference,
                header.id.get(),
            )
        })
        .collect();
    let in_order = |pair: &[Named]| match pair {
        [one, two] => (one.0, &one.1, one.2) <= (two.0, &two.1, two.2),
        _ => true,
    };
    if !listed.windows(2).all(in_order) {
        let expected = "entries sorted by type, name and first cluster";
        checker
            .reporter
            .violation(Kind::AttributeList, place(), expected, "others");
    }
    let mut present: Vec<Named> = gathered
        .attributes()
        .flatten()
        .filter(|(_, attribute)| attribute.kind() != kind::ATTRIBUTE_LIST)
        .map(|(record, attribute)| {
            let (name, id) = (folded(attribute.name), attribute.header.id.get());
            (attribute.kind(), name, attribute.lowest_vcn(), record, id)
        })
        .collect();
    let mut listed = listed;
    listed.sort_unstable();
    present.sort_unstable();
    let words = |(kind, name, vcn, record, id): &Named| {
        let name = text(
            &name
                .iter()
                .flat_map(|unit| unit.to_le_bytes())
                .collect::<Vec<u8>>(),
        )
        .0;
        format!(
            "attribute {kind:#x} {name:?} from cluster {vcn:#x} on, number {id} of record {record}"
        )
    };
    for missing in present
        .iter()
        .filter(|named| listed.binary_search(named).is_err())
    {
        checker.reporter.violation(
            Kind::AttributeList,
            place(),
            words(missing),
            "no entry for it",
        );
    }
    for wrong in listed
        .iter()
        .filter(|named| present.binary_search(named).is_err())
    {
        let found = format!("an entry for {}", words(wrong));
        checker.reporter.violation(
            Kind::AttributeList,
            place(),
            "entries for what is there",
            found,
        );
    }
    if listed
        .windows(2)
        .any(|pair| matches!(pair, [one, two] if one == two))
    {
        checker.reporter.violation(
            Kind::AttributeList,
            place(),
            "each attribute once",
            "one twice",
        );
    }
}
