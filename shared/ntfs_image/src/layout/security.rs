//! Who may do what: the volume's three security descriptors and the stream that holds them.
//!
//! Every record names a descriptor by its id. `$Secure:$SDS` holds them, each 16-aligned after a header, all of it
//! twice: at 0 and at 256 KiB. `$SDH` finds them by hash, `$SII` by id. Source: reference/ntfs.md 3.1.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets in a stream of a few hundred bytes"
)]

use super::number::{narrow, wide};
use super::view_index::ViewEntry;

/// SYSTEM and administrators may read: the volume's inner files.
pub(super) const READ_ONLY: u32 = 0x100;
/// SYSTEM and administrators may read and write: files of the system.
pub(super) const SYSTEM: u32 = 0x101;
/// Everyone may do everything, and so in all folders below: the root folder and what is the person's.
pub(super) const EVERYONE: u32 = 0x102;

/// S-1-5-32-544, administrators, as stored.
pub(super) const ADMINISTRATORS: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
/// S-1-5-18, SYSTEM.
const LOCAL_SYSTEM: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
/// S-1-1-0, everyone.
const WORLD: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

const FILE_READ: u32 = 0x0012_0089;
const FILE_READ_WRITE: u32 = 0x0012_019f;
const FILE_ALL: u32 = 0x001f_01ff;
/// Files and folders inside inherit the entry.
const INHERITED: u8 = 3;

/// Distance of the stream's copy from the first.
const COPY_AT: u64 = 0x4_0000;
const ENTRY_HEADER_BYTES: usize = 20;

/// The stream and what its two indexes say.
#[derive(Clone, Debug)]
pub(super) struct Security {
    /// The entries, as they stand at 0 and again at 256 KiB.
    entries: Vec<u8>,
    /// Entries of `$SDH`, sorted by hash and id.
    pub(super) by_hash: Vec<ViewEntry>,
    /// Entries of `$SII`, sorted by id.
    pub(super) by_id: Vec<ViewEntry>,
}

impl Security {
    pub(super) fn new() -> Self {
        let mut entries = Vec::new();
        let mut by_hash = Vec::new();
        let mut by_id = Vec::new();
        for (id, descriptor) in descriptors() {
            entries.resize(entries.len().next_multiple_of(16), 0);
            let hash = hash(&descriptor);
            let mut header = Vec::new();
            header.extend(hash.to_le_bytes());
            header.extend(id.to_le_bytes());
            header.extend(wide(entries.len()).to_le_bytes());
            header.extend(narrow(ENTRY_HEADER_BYTES + descriptor.len()).to_le_bytes());
            entries.extend(&header);
            entries.extend(&descriptor);
            let hash_key = [hash.to_le_bytes(), id.to_le_bytes()].concat();
            // Windows pads the entry with the letters "II".
            let data = [header.as_slice(), b"I\0I\0"].concat();
            by_hash.push((
                (hash, id),
                ViewEntry {
                    key: hash_key,
                    data,
                },
            ));
            by_id.push(ViewEntry {
                key: id.to_le_bytes().to_vec(),
                data: header,
            });
        }
        by_hash.sort_by_key(|(order, _)| *order);
        Self {
            entries,
            by_hash: by_hash.into_iter().map(|(_, entry)| entry).collect(),
            by_id,
        }
    }

    /// Returns the bytes of the stream.
    pub(super) fn stream_bytes(&self) -> u64 {
        COPY_AT + wide(self.entries.len())
    }

    /// Writes what the stream holds from `offset` on into `into`, which holds zeros.
    pub(super) fn render(&self, offset: u64, into: &mut [u8]) {
        let end = offset + wide(into.len());
        for copy in [0, COPY_AT] {
            for (at, byte) in (copy..end).zip(&self.entries) {
                if let Some(place) = at
                    .checked_sub(offset)
                    .and_then(|at| into.get_mut(super::number::index(at)))
                {
                    *place = *byte;
                }
            }
        }
    }
}

fn descriptors() -> [(u32, Vec<u8>); 3] {
    let system = |mask| {
        let entries = [
            access(0, mask, &LOCAL_SYSTEM),
            access(0, mask, &ADMINISTRATORS),
        ];
        descriptor(&entries)
    };
    [
        (READ_ONLY, system(FILE_READ)),
        (SYSTEM, system(FILE_READ_WRITE)),
        (EVERYONE, descriptor(&[access(INHERITED, FILE_ALL, &WORLD)])),
    ]
}

/// Returns an access-allowed entry. Source: MS-DTYP 2.4.4.2.
fn access(flags: u8, mask: u32, sid: &[u8]) -> Vec<u8> {
    let bytes = super::number::short(8 + sid.len());
    let [low, high] = bytes.to_le_bytes();
    [&[0, flags, low, high], &mask.to_le_bytes()[..], sid].concat()
}

/// Returns a self-relative descriptor owned by the administrators. Source: MS-DTYP 2.4.6.
fn descriptor(entries: &[Vec<u8>]) -> Vec<u8> {
    const HEADER_BYTES: usize = 20;
    const SELF_RELATIVE_WITH_DACL: u16 = 0x8004;
    let entries_bytes: usize = entries.iter().map(Vec::len).sum();
    let list_bytes = 8 + entries_bytes;
    let owner_at = HEADER_BYTES + list_bytes;
    let group_at = owner_at + ADMINISTRATORS.len();
    let mut bytes = vec![1, 0];
    bytes.extend(SELF_RELATIVE_WITH_DACL.to_le_bytes());
    for offset in [owner_at, group_at, 0, HEADER_BYTES] {
        bytes.extend(narrow(offset).to_le_bytes());
    }
    bytes.extend([2, 0]);
    bytes.extend(super::number::short(list_bytes).to_le_bytes());
    bytes.extend(narrow(entries.len()).to_le_bytes());
    bytes.extend(entries.concat());
    bytes.extend(ADMINISTRATORS);
    bytes.extend(ADMINISTRATORS);
    bytes
}

/// Returns the hash by which `$SDH` finds a descriptor: rotate left by 3 and add, for each 32 bits.
fn hash(descriptor: &[u8]) -> u32 {
    descriptor.chunks_exact(4).fold(0, |hash: u32, word| {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        word.wrapping_add(hash.rotate_left(3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: the hashes stored on volumes made by mkntfs, and for 0x101 by a formatter that chkdsk accepts.
    #[test]
    fn the_system_s_descriptors_have_the_known_hashes() {
        let [read_only, system, _] = descriptors();
        assert_eq!(hash(&read_only.1), 0xf803_12f0);
        assert_eq!(hash(&system.1), 0x00b3_2451);
    }

    #[test]
    fn the_stream_holds_everything_twice() {
        let security = Security::new();
        let mut stream = vec![0; super::super::number::index(security.stream_bytes())];
        security.render(0, &mut stream);
        let used = security.entries.len();
        assert_eq!(stream[..used], stream[0x4_0000..]);
        assert!(stream[used..0x4_0000].iter().all(|byte| *byte == 0));
        let mut part = vec![0; 100];
        security.render(0x4_0000 - 50, &mut part);
        assert_eq!(part, stream[0x4_0000 - 50..][..100]);
    }
}
