//! What volumes and members of arrays are recognised by.
//!
//! Sources: util-linux `libblkid` documentation of magic strings and their places; checked in tests
//! against what mkfs, cryptsetup and mdadm write.

use disk::ReadAt;

/// A structure found in a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What it is, in words.
    pub(super) what: &'static str,
    /// The volume's label; empty when it has none or it is not read.
    pub(super) name: String,
}

/// A magic string at a fixed place.
struct Magic {
    what: &'static str,
    at: Place,
    bytes: &'static [u8],
    /// Where the label is, from the start of the volume, and its bytes.
    label: Option<(u64, usize)>,
}

/// Where a magic string is.
enum Place {
    /// Bytes from the start of the volume.
    Start(u64),
    /// Linux RAID 1.0: 8 KiB before the end, rounded down to 4 KiB.
    RaidEnd,
    /// Linux RAID 0.90: the last whole 64 KiB but one border.
    RaidOldEnd,
}

const fn magic(what: &'static str, at: u64, bytes: &'static [u8]) -> Magic {
    Magic {
        what,
        at: Place::Start(at),
        bytes,
        label: None,
    }
}

const fn labelled(what: &'static str, at: u64, bytes: &'static [u8], label: (u64, usize)) -> Magic {
    Magic {
        what,
        at: Place::Start(at),
        bytes,
        label: Some(label),
    }
}

const RAID: &[u8] = &0xa92b_4efc_u32.to_le_bytes();
const BITLOCKER: [u8; 16] = [
    0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01,
];

const MAGICS: &[Magic] = &[
    magic("BitLocker", 3, b"-FVE-FS-"),
    magic("BitLocker To Go", 0x1a8, &BITLOCKER),
    magic("NTFS", 3, b"NTFS    "),
    magic("ReFS", 3, b"ReFS"),
    magic("exFAT", 3, b"EXFAT   "),
    labelled("FAT", 82, b"FAT32   ", (71, 11)),
    labelled("FAT", 54, b"FAT1", (43, 11)),
    labelled("XFS", 0, b"XFSB", (0x6c, 12)),
    labelled("btrfs", 0x1_0040, b"_BHRfS_M", (0x1_012b, 256)),
    labelled("LUKS", 0, b"LUKS\xba\xbe\0\x02", (24, 48)),
    magic("LUKS", 0, b"LUKS\xba\xbe\0\x01"),
    labelled("Linux RAID", 0, RAID, (32, 32)),
    labelled("Linux RAID", 4096, RAID, (4128, 32)),
    Magic {
        what: "Linux RAID",
        at: Place::RaidEnd,
        bytes: RAID,
        label: None,
    },
    Magic {
        what: "Linux RAID",
        at: Place::RaidOldEnd,
        bytes: RAID,
        label: None,
    },
    magic("LVM", 24, b"LVM2 001"),
    magic("LVM", 512 + 24, b"LVM2 001"),
    magic("LVM", 1024 + 24, b"LVM2 001"),
    magic("LVM", 1536 + 24, b"LVM2 001"),
    magic(
        "bcache",
        4096 + 24,
        b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81",
    ),
    magic("Ceph", 0, b"bluestore block device"),
    magic("swap", 4086, b"SWAPSPACE2"),
    magic("APFS", 32, b"NXSB"),
    magic("HFS+", 1024, b"H+"),
    magic("HFS+", 1024, b"HX"),
    magic("ISO 9660", 0x8001, b"CD001"),
];

/// What Windows reserves for itself on a disk with GPT.
pub(super) const RESERVED: &str = "Microsoft reserved";

/// Returns the word of ours that equals `word`; `None` for one that we never say.
pub(super) fn known(word: &str) -> Option<&'static str> {
    let others = [
        "ext4",
        "ext3",
        "ext2",
        "ZFS",
        "GPT",
        "damaged GPT",
        "MBR",
        "partition",
        RESERVED,
    ];
    let words = MAGICS.iter().map(|magic| magic.what).chain(others);
    words.into_iter().find(|known| *known == word)
}

/// Returns everything recognised in `volume`, each kind once; what cannot be read is not there.
pub(super) fn signatures(volume: &dyn ReadAt) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut add = |new: Found| {
        if !found.iter().any(|old| old.what == new.what) {
            found.push(new);
        }
    };
    for magic in MAGICS {
        if let Some(new) = magic.find(volume) {
            add(new);
        }
    }
    ext(volume).map(&mut add);
    zfs(volume).map(&mut add);
    // The boot sector of a BitLocker volume has FAT32's name where FAT has it, whatever is inside.
    let is_bitlocker = |found: &Found| found.what.starts_with("BitLocker");
    if found.iter().any(is_bitlocker) {
        found.retain(|found| found.what != "FAT");
    }
    found
}

impl Magic {
    fn find(&self, volume: &dyn ReadAt) -> Option<Found> {
        let at = match self.at {
            Place::Start(at) => at,
            Place::RaidEnd => volume.bytes().checked_sub(8192)? & !4095,
            Place::RaidOldEnd => (volume.bytes() & !65_535).checked_sub(65_536)?,
        };
        if read(volume, at, self.bytes.len())? != self.bytes {
            return None;
        }
        let name = self
            .label
            .and_then(|(at, length)| text(volume, at, length))
            .unwrap_or_default();
        Some(Found {
            what: self.what,
            name,
        })
    }
}

/// The second, third and fourth generation of the extended file system share a magic number; their
/// features tell them apart.
fn ext(volume: &dyn ReadAt) -> Option<Found> {
    const EXTENTS: u8 = 0x40;
    const JOURNAL: u8 = 0x04;
    let block = read(volume, 1024, 136)?;
    if block.get(56..58)? != [0x53, 0xef] {
        return None;
    }
    let (compatible, incompatible) = (block.get(92)?, block.get(96)?);
    let what = match (incompatible & EXTENTS != 0, compatible & JOURNAL != 0) {
        (true, _) => "ext4",
        (false, true) => "ext3",
        (false, false) => "ext2",
    };
    Some(Found {
        what,
        name: text(volume, 1024 + 120, 16)?,
    })
}

/// A ZFS label keeps its uberblocks in a ring of 128 KiB behind its first 128 KiB; four labels, two
/// at either end.
fn zfs(volume: &dyn ReadAt) -> Option<Found> {
    const MAGIC: u64 = 0x00ba_b10c;
    const LABEL: u64 = 262_144;
    let end = volume.bytes() & !LABEL.saturating_sub(1);
    let labels = [
        Some(0),
        Some(LABEL),
        end.checked_sub(2 * LABEL),
        end.checked_sub(LABEL),
    ];
    let is_here = labels.into_iter().flatten().any(|label| {
        let ring = read(volume, label.saturating_add(LABEL / 2), 131_072).unwrap_or_default();
        let mut starts = ring
            .chunks_exact(1024)
            .filter_map(|slot| slot.first_chunk::<8>());
        starts
            .any(|start| u64::from_le_bytes(*start) == MAGIC || u64::from_be_bytes(*start) == MAGIC)
    });
    is_here.then(|| Found {
        what: "ZFS",
        name: String::new(),
    })
}

fn read(volume: &dyn ReadAt, at: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    volume.read_at(at, &mut bytes).ok()?;
    Some(bytes)
}

/// Returns the text that lies there, up to the first NUL, without blanks at its end.
fn text(volume: &dyn ReadAt, at: u64, length: usize) -> Option<String> {
    let bytes = read(volume, at, length)?;
    let text = bytes.split(|byte| *byte == 0).next()?;
    let printable = String::from_utf8_lossy(text).replace(char::is_control, "");
    Some(printable.trim().to_owned())
}
