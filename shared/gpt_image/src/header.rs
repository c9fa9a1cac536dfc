//! One copy of a GPT, checked.

use disk::{Lba, ReadAt, ReadError, SectorSize};
use thiserror::Error;
use zerocopy::{FromBytes, IntoBytes};

use crate::stored::{Entry, GPT_SIGNATURE, Header};

/// Entries of a table take at most this many bytes: 64 times what everybody writes.
const ENTRIES_BYTES_MAX: u64 = 1 << 20;

/// A header that passed every check, and its entries.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) header: Header,
    pub(crate) entries: Vec<Entry>,
}

/// Why a copy cannot be used.
#[derive(Debug, Error)]
pub(crate) enum HeaderError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("sector {lba} does not start with \"EFI PART\"")]
    Signature { lba: u64 },
    #[error("sector {lba}: {what} is {found}, expected {expected}")]
    Field {
        lba: u64,
        what: &'static str,
        found: u64,
        expected: String,
    },
    #[error("sector {lba}: the {what} checksum is {found:#010x}, expected {expected:#010x}")]
    Checksum {
        lba: u64,
        what: &'static str,
        found: u32,
        expected: u32,
    },
}

/// Returns how many whole sectors a disk has.
pub(crate) fn sector_count(disk_bytes: u64, sector: SectorSize) -> u64 {
    disk_bytes.checked_div(sector.bytes()).unwrap_or(0)
}

/// Reads and checks the copy whose header is in sector `lba`.
pub(crate) fn read_table(
    disk: &dyn ReadAt,
    sector: SectorSize,
    lba: u64,
) -> Result<Table, HeaderError> {
    let sectors = sector_count(disk.bytes(), sector);
    let outside = || {
        ReadError::out_of_bounds(
            lba.saturating_mul(sector.bytes()),
            sector.bytes(),
            disk.bytes(),
        )
    };
    let at = Lba(lba).offset(sector).ok_or_else(outside)?;
    let mut bytes = vec![0; usize::try_from(sector.bytes()).unwrap_or(512)];
    disk.read_at(at, &mut bytes)?;
    let (header, _) = Header::read_from_prefix(&bytes).map_err(|_| outside())?;
    check_header(&header, &bytes, lba)?;
    let entries = read_entries(disk, sector, sectors, &header, lba)?;
    Ok(Table { header, entries })
}

fn check_header(header: &Header, sector: &[u8], lba: u64) -> Result<(), HeaderError> {
    if &header.signature != GPT_SIGNATURE {
        return Err(HeaderError::Signature { lba });
    }
    let length = usize::try_from(header.header_bytes.get()).unwrap_or(usize::MAX);
    let covered = sector
        .get(..length)
        .filter(|covered| covered.len() >= size_of::<Header>());
    let Some(covered) = covered else {
        let expected = format!("92 to {}", sector.len());
        return Err(field(
            lba,
            "the header's length",
            header.header_bytes.get().into(),
            expected,
        ));
    };
    let mut zeroed = covered.to_vec();
    if let Some(checksum) = zeroed.get_mut(16..20) {
        checksum.fill(0);
    }
    let (found, expected) = (header.header_crc32.get(), crc32fast::hash(&zeroed));
    if found != expected {
        return Err(HeaderError::Checksum {
            lba,
            what: "header's",
            found,
            expected,
        });
    }
    if header.revision.get() >> 16 != 1 {
        let found = u64::from(header.revision.get());
        return Err(field(lba, "the revision", found, "65536".to_owned()));
    }
    if header.my_lba.get() != lba {
        return Err(field(
            lba,
            "the header's own sector",
            header.my_lba.get(),
            lba.to_string(),
        ));
    }
    Ok(())
}

fn read_entries(
    disk: &dyn ReadAt,
    sector: SectorSize,
    sectors: u64,
    header: &Header,
    lba: u64,
) -> Result<Vec<Entry>, HeaderError> {
    let entry_bytes = u64::from(header.entry_bytes.get());
    if !entry_bytes.is_power_of_two() || !(128..=4096).contains(&entry_bytes) {
        let expected = "128 times a power of two, up to 4096".to_owned();
        return Err(field(lba, "an entry's length", entry_bytes, expected));
    }
    let count = u64::from(header.entry_count.get());
    let length = count.saturating_mul(entry_bytes);
    if length > ENTRIES_BYTES_MAX {
        let expected = format!("at most {ENTRIES_BYTES_MAX} bytes of them");
        return Err(field(lba, "the number of entries", count, expected));
    }
    let first = header.entries_lba.get();
    let on_disk = length
        .div_ceil(sector.bytes())
        .checked_add(first)
        .is_some_and(|end| end <= sectors);
    let at = Lba(first).offset(sector).filter(|_| on_disk && first >= 1);
    let Some(at) = at else {
        let expected = format!("1 to {}", sectors.saturating_sub(1));
        return Err(field(lba, "the entries' first sector", first, expected));
    };
    // At most 1 MiB, as checked.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    disk.read_at(at, &mut bytes)?;
    let (found, expected) = (header.entries_crc32.get(), crc32fast::hash(&bytes));
    if found != expected {
        return Err(HeaderError::Checksum {
            lba,
            what: "entries'",
            found,
            expected,
        });
    }
    let step = usize::try_from(entry_bytes).unwrap_or(usize::MAX);
    let entries = bytes
        .chunks_exact(step)
        .filter_map(|entry| Entry::read_from_prefix(entry).ok());
    Ok(entries.map(|(entry, _)| entry).collect())
}

fn field(lba: u64, what: &'static str, found: u64, expected: String) -> HeaderError {
    HeaderError::Field {
        lba,
        what,
        found,
        expected,
    }
}

impl HeaderError {
    /// Returns whether a table at least begins there.
    pub(crate) const fn is_of_a_table(&self) -> bool {
        !matches!(self, Self::Signature { .. } | Self::Read(_))
    }
}

impl Table {
    /// Returns the first thing in which two copies differ that should say the same.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let (mine, theirs) = (&self.header, &other.header);
        let pairs = [
            ("the disk's GUID", mine.disk_guid != theirs.disk_guid),
            (
                "the usable sectors",
                mine.first_usable_lba != theirs.first_usable_lba,
            ),
            (
                "the usable sectors",
                mine.last_usable_lba != theirs.last_usable_lba,
            ),
            (
                "the partitions",
                self.entries.as_bytes() != other.entries.as_bytes(),
            ),
            (
                "which sector is the other copy",
                mine.alternate_lba != theirs.my_lba,
            ),
            (
                "which sector is the other copy",
                mine.my_lba != theirs.alternate_lba,
            ),
        ];
        pairs
            .into_iter()
            .find(|(_, differ)| *differ)
            .map(|(what, _)| what)
    }
}
