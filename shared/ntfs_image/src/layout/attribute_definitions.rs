//! `$AttrDef`: the attributes that NTFS knows.

use super::number::{index, wide};
use crate::attribute::kind;

/// Bytes of the stored table: 16 entries, the last one empty.
pub(super) const TABLE_BYTES: u64 = 2560;

/// Name, type, flags, fewest and most bytes of the value. Source: reference/ntfs.md 3.3.
const DEFINITIONS: [(&str, u32, u32, u64, u64); 15] = [
    (
        "$STANDARD_INFORMATION",
        kind::STANDARD_INFORMATION,
        RESIDENT,
        48,
        72,
    ),
    ("$ATTRIBUTE_LIST", kind::ATTRIBUTE_LIST, ANYWHERE, 0, ANY),
    ("$FILE_NAME", kind::FILE_NAME, RESIDENT | INDEXABLE, 68, 578),
    ("$OBJECT_ID", kind::OBJECT_ID, RESIDENT, 0, 256),
    (
        "$SECURITY_DESCRIPTOR",
        kind::SECURITY_DESCRIPTOR,
        ANYWHERE,
        0,
        ANY,
    ),
    ("$VOLUME_NAME", kind::VOLUME_NAME, RESIDENT, 2, 256),
    (
        "$VOLUME_INFORMATION",
        kind::VOLUME_INFORMATION,
        RESIDENT,
        12,
        12,
    ),
    ("$DATA", kind::DATA, 0, 0, ANY),
    ("$INDEX_ROOT", kind::INDEX_ROOT, RESIDENT, 0, ANY),
    (
        "$INDEX_ALLOCATION",
        kind::INDEX_ALLOCATION,
        ANYWHERE,
        0,
        ANY,
    ),
    ("$BITMAP", kind::BITMAP, ANYWHERE, 0, ANY),
    ("$REPARSE_POINT", kind::REPARSE_POINT, ANYWHERE, 0, 16_384),
    ("$EA_INFORMATION", kind::EA_INFORMATION, RESIDENT, 8, 8),
    ("$EA", kind::EA, 0, 0, 65_536),
    (
        "$LOGGED_UTILITY_STREAM",
        kind::LOGGED_UTILITY_STREAM,
        ANYWHERE,
        0,
        65_536,
    ),
];

const INDEXABLE: u32 = 0x02;
const RESIDENT: u32 = 0x40;
const ANYWHERE: u32 = 0x80;
const ANY: u64 = u64::MAX;

/// Writes the table's bytes from `offset` on into `into`; zeros past its end.
pub(super) fn render(offset: u64, into: &mut [u8]) {
    let table = table();
    let start = index(offset.min(wide(table.len())));
    for (place, byte) in into.iter_mut().zip(&table[start..]) {
        *place = *byte;
    }
}

fn table() -> Vec<u8> {
    let mut table = Vec::new();
    for (name, kind, flags, least, most) in DEFINITIONS {
        let start = table.len();
        table.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        table.resize(start.saturating_add(NAME_BYTES), 0);
        // Type, display rule 0, collation 0, flags.
        for field in [kind, 0, 0, flags] {
            table.extend(field.to_le_bytes());
        }
        table.extend(least.to_le_bytes());
        table.extend(most.to_le_bytes());
    }
    table.resize(index(TABLE_BYTES), 0);
    table
}

const NAME_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_fifteen_entries_and_an_empty_one() {
        let table = table();
        assert_eq!(wide(table.len()), TABLE_BYTES);
        assert_eq!(table[7 * 160 + 128], 0x80, "$DATA is the eighth");
        assert!(table[15 * 160..].iter().all(|byte| *byte == 0));
        let mut part = [9; 200];
        render(2500, &mut part);
        assert_eq!(part[..60], table[2500..]);
    }
}
