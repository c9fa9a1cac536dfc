//! $Secure: the security descriptors, and the two indexes that lead to them.

use std::collections::{BTreeMap, BTreeSet};

use super::FindingKind as Kind;
use super::checker::Checker;
use super::index::IndexCheck;
use super::place::RecordPlace;
use super::reader::Sequential;
use super::report::Reporter;
use super::security_descriptor;
use crate::attribute::kind;
use crate::read::gather::Gathered;
use crate::read::index_node::IndexEntry;
use crate::read::index_tree::IndexTree;
use crate::read::stored::{bytes_of, place, u16_at, u32_at, u64_at};
use crate::read::stream::Stream;
use crate::record::number;

/// Checks $SDS, $SII, $SDH, and that files refer to what is there.
pub(super) fn check(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::SECURE) else {
        return;
    };
    let Some(stream) = checker.stream(&file, kind::DATA, "$SDS") else {
        return;
    };
    let stored = read_descriptors(checker, &stream);
    for name in ["$SII", "$SDH"] {
        compare_index(checker, &file, name, &stored);
    }
    let ids: BTreeSet<u32> = stored.keys().copied().collect();
    let at = || RecordPlace::named(number::SECURE, kind::DATA, "$SDS");
    for id in checker.security_ids.difference(&ids) {
        let found = format!("a file with number {id:#x}");
        checker.reporter.violation(
            Kind::SecurityId,
            at(),
            "security descriptors that exist",
            found,
        );
    }
    for id in ids.difference(&checker.security_ids) {
        let found = format!("{id:#x} without one");
        checker.reporter.note(
            Kind::SecurityUnused,
            at(),
            "files for each security descriptor",
            found,
        );
    }
}

/// Header of an entry of $SDS; the data of $SII and $SDH is a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Descriptor {
    hash: u32,
    id: u32,
    offset: u64,
    /// Bytes, with this header.
    length: u32,
}

impl Descriptor {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            hash: u32_at(bytes, 0)?,
            id: u32_at(bytes, 4)?,
            offset: u64_at(bytes, 8)?,
            length: u32_at(bytes, 16)?,
        })
    }
}

/// Reads $SDS: blocks of 256 KiB, each followed by its copy.
fn read_descriptors(checker: &mut Checker<'_>, stream: &Stream) -> BTreeMap<u32, Descriptor> {
    let mut found = BTreeMap::new();
    let disk = checker.disk;
    let mut reader = Sequential::new(disk, stream);
    let end = stream.bytes.min(disk.bytes());
    let mut block = 0;
    while block < end {
        let read = read_block(&mut checker.reporter, &mut reader, block, &mut found);
        if let Err(error) = read {
            let place = RecordPlace::named(number::SECURE, kind::DATA, "$SDS");
            checker
                .reporter
                .violation(Kind::Unreadable, place, "security descriptors", error);
        }
        block = block.saturating_add(2 * BLOCK_BYTES);
    }
    found
}

/// Reads one block, and compares what is used of it with the copy.
fn read_block(
    reporter: &mut Reporter,
    reader: &mut Sequential<'_>,
    block: u64,
    found: &mut BTreeMap<u32, Descriptor>,
) -> Result<(), disk::ReadError> {
    let stream_bytes = reader.stream.bytes;
    let length = BLOCK_BYTES.min(stream_bytes.saturating_sub(block));
    let bytes = reader.get(block, place(length))?.to_vec();
    let mut used = 0;
    let mut at = 0_u64;
    let place_of = |at: u64| format!("MFT record 9, $SDS at {:#x}", block.saturating_add(at));
    while at.saturating_add(HEADER_BYTES) <= length {
        let entry = bytes.get(place(at)..).unwrap_or_default();
        let Some(header) = Descriptor::parse(entry).filter(|header| header.length != 0) else {
            // What chkdsk removed is zeros.
            at = at.saturating_add(16);
            continue;
        };
        let offset = block.saturating_add(at);
        let whole = entry.get(..place(u64::from(header.length)));
        let Some(whole) = whole.filter(|_| u64::from(header.length) > HEADER_BYTES) else {
            let expected = "an entry inside its block of 256 KiB";
            let length = format!("one of {} bytes", header.length);
            reporter.violation(Kind::SecurityOffset, place_of(at), expected, length);
            break;
        };
        check_descriptor(reporter, offset, header, whole);
        if found.insert(header.id, header).is_some() {
            let stored = format!("{:#x} again", header.id);
            reporter.violation(
                Kind::SecurityIndex,
                place_of(at),
                "a number of its own",
                stored,
            );
        }
        used = at.saturating_add(u64::from(header.length));
        at = used.next_multiple_of(16);
    }
    let copy = reader.get(block.saturating_add(BLOCK_BYTES), place(used))?;
    let original = bytes.get(..place(used)).unwrap_or_default();
    if let Some(differs) = original.iter().zip(copy).position(|(a, b)| a != b) {
        let expected = format!("a copy {BLOCK_BYTES:#x} further on");
        let at = place_of(bytes_of(differs));
        reporter.violation(Kind::SecurityMirror, at, expected, "something else");
    }
    Ok(())
}

/// Checks one entry, which begins at `offset` of $SDS.
fn check_descriptor(reporter: &mut Reporter, offset: u64, header: Descriptor, whole: &[u8]) {
    let at = format!("MFT record 9, $SDS at {offset:#x}");
    if header.offset != offset {
        let stored = format!("{:#x}", header.offset);
        reporter.violation(Kind::SecurityOffset, &at, format!("{offset:#x}"), stored);
    }
    let descriptor = whole.get(place(HEADER_BYTES)..).unwrap_or_default();
    let expected = hash(descriptor);
    if header.hash != expected {
        let stored = format!("{:#x}", header.hash);
        let expected = format!("{expected:#x}");
        reporter.violation(Kind::SecurityHash, &at, expected, stored);
    }
    if let Err(problem) = security_descriptor::check(descriptor) {
        let expected = "a sound security descriptor";
        reporter.violation(Kind::SecurityDescriptor, &at, expected, problem);
    }
}

/// Returns the hash that $Secure keeps of a security descriptor.
fn hash(descriptor: &[u8]) -> u32 {
    let (words, rest) = descriptor.as_chunks();
    let mut last = [0; 4];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    let words = words.iter().chain((!rest.is_empty()).then_some(&last));
    words.fold(0, |hash: u32, word| {
        u32::from_le_bytes(*word).wrapping_add(hash.rotate_left(3))
    })
}

/// Checks that an index leads to all of $SDS and to nothing else.
fn compare_index(
    checker: &mut Checker<'_>,
    file: &Gathered,
    name: &str,
    stored: &BTreeMap<u32, Descriptor>,
) {
    let Ok(tree) = IndexTree::open(checker.volume.mft(), file, name) else {
        let place = RecordPlace::named(number::SECURE, kind::INDEX_ROOT, name);
        checker.reporter.violation(
            Kind::SecurityIndex,
            place,
            "an index",
            "none that can be read",
        );
        return;
    };
    // The tree itself was checked, and its bitmap compared, with the other indexes.
    let mut silent = Reporter::new(0);
    let mut blocks_left = checker.disk.bytes() / 512;
    let mut check = IndexCheck {
        disk: checker.disk,
        mft: checker.volume.mft(),
        up_case: &checker.up_case,
        tree: &tree,
        name,
        blocks_left: &mut blocks_left,
        reporter: &mut silent,
    };
    let mut missing: BTreeSet<u32> = stored.keys().copied().collect();
    let reporter = &mut checker.reporter;
    check.run(None, &mut |_, place, entry| {
        let (id, hash) = match name {
            "$SII" => (u32_at(entry.key, 0), None),
            _ => (u32_at(entry.key, 4), u32_at(entry.key, 0)),
        };
        let data = data(entry).and_then(Descriptor::parse);
        let expected = id.and_then(|id| stored.get(&id)).copied();
        let agrees = data.is_some() && data == expected;
        let hash_agrees = hash.is_none() || hash == expected.map(|expected| expected.hash);
        if !agrees || !hash_agrees {
            let expected = format!("{expected:x?}, as in $SDS");
            reporter.violation(Kind::SecurityIndex, place, expected, format!("{data:x?}"));
        }
        if let Some(id) = id {
            missing.remove(&id);
        }
    });
    for id in missing {
        let place = RecordPlace::named(number::SECURE, kind::INDEX_ROOT, name);
        let expected = format!("security descriptor {id:#x}");
        checker
            .reporter
            .violation(Kind::SecurityIndex, place, expected, "no entry");
    }
}

/// Returns the data of an entry of a view index.
fn data<'a>(entry: &IndexEntry<'a>) -> Option<&'a [u8]> {
    let header = entry.header.reference.get().to_le_bytes();
    let (offset, length) = (u16_at(&header, 0)?, u16_at(&header, 2)?);
    // Offsets count from the entry's start; its body begins behind the header.
    let from = usize::from(offset).checked_sub(16)?;
    entry
        .body
        .get(from..from.saturating_add(usize::from(length)))
}

const BLOCK_BYTES: u64 = 0x4_0000;
const HEADER_BYTES: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// The descriptor of 20 bytes without anything in it: control 0x8004.
    #[test]
    fn the_hash_adds_words_and_turns_by_three() {
        let descriptor = [1_u32, 0x8000_0000, 3].map(u32::to_le_bytes).concat();
        // ((1 <<< 3) + 0x80000000) <<< 3 = 0x44, + 3.
        assert_eq!(hash(&descriptor), 0x47);
    }
}
