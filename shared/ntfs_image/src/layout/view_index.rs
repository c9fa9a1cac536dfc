//! Indexes of something else than file names, small enough for their record.

use zerocopy::IntoBytes;

use super::number::{align8, narrow, short};
use crate::index::{ENTRY_END, IndexHeader, IndexRoot};

/// A key and what it leads to.
#[derive(Clone, Debug)]
pub(super) struct ViewEntry {
    pub(super) key: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// Returns the value of `$INDEX_ROOT` for entries that are sorted already.
///
/// An entry is: offset and length of the data, 0, length of the entry and of the key, flags, 0; key; data; padded to 8.
/// Source: reference/ntfs.md 2.1.
pub(super) fn root(collation: u32, clusters_per_block: u8, entries: &[ViewEntry]) -> Vec<u8> {
    let mut list = Vec::new();
    for entry in entries {
        let key_end = ENTRY_HEADER_BYTES.saturating_add(entry.key.len());
        let length = align8(key_end.saturating_add(entry.data.len()));
        let start = list.len();
        for field in [short(key_end), short(entry.data.len()), 0, 0, short(length)] {
            list.extend(field.to_le_bytes());
        }
        for field in [short(entry.key.len()), 0, 0] {
            list.extend(field.to_le_bytes());
        }
        list.extend(&entry.key);
        list.extend(&entry.data);
        list.resize(start.saturating_add(length), 0);
    }
    for field in [0, 0, 0, 0, short(ENTRY_HEADER_BYTES), 0, ENTRY_END, 0] {
        list.extend(field.to_le_bytes());
    }
    let used = narrow(size_of::<IndexHeader>().saturating_add(list.len()));
    let root = IndexRoot {
        kind: 0.into(),
        collation: collation.into(),
        block_bytes: 4096.into(),
        clusters_per_block,
        pad: [0; 3],
    };
    let header = IndexHeader {
        entries_offset: 16.into(),
        used: used.into(),
        allocated: used.into(),
        flags: 0,
        pad: [0; 3],
    };
    [root.as_bytes(), header.as_bytes(), &list].concat()
}

const ENTRY_HEADER_BYTES: usize = 16;
