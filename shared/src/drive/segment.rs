//! What a range of a drive holds.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of our own layout, all below the length of the disk"
)]

use std::ops::Range;

use bitlocker_image::{INFORMATION_BYTES, SPARE_BYTES};
use ntfs_image::{Content, Node, NtfsLayout, Segment};

use crate::plan::Space;

/// A range of the disk that holds one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveSegment {
    /// Byte offset on the disk.
    pub at: u64,
    /// Length in bytes, never 0.
    pub bytes: u64,
    /// What it holds.
    pub what: What,
}

/// What a segment holds, and who writes it when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A partition table. Written in Seal; zeros until then.
    Gpt,
    /// Zeros outside the partition, not encrypted. The Erase phase wrote them.
    Gap,
    /// The first 8192 bytes of the partition. Written in Seal; zeros until then.
    FveBoot,
    /// BitLocker's information area 0, 1 or 2. Written in Seal; zeros until then.
    Information(u8),
    /// The volume's first 8192 bytes, encrypted where they lie here.
    HeaderCopy,
    /// File system structures, encrypted; [`DriveLayout::render`](super::DriveLayout::render) gives
    /// them.
    Metadata,
    /// A file's content, encrypted. What lies beyond the file's length is zeros.
    FileData {
        /// The file.
        file: Node,
        /// Offset in the file of the segment's first byte.
        from: u64,
    },
    /// Zeros, written encrypted.
    Zeros,
    /// Unused clusters: never written.
    Free,
    /// Outside of a volume that is kept, or in use on one that is added to: never written in the pass.
    Outside,
}

pub(super) use bitlocker_image::HEADER_BYTES;

/// What lies outside of the partition: disk ranges, ascending.
pub(super) type Around = Vec<(Range<u64>, What)>;

/// Returns what a new partition table, whose primary is `primary_bytes` long and whose backup lies at
/// `backup`, leaves outside of the partition.
pub(super) fn around_new(space: &Space, primary_bytes: u64, backup: Range<u64>) -> Around {
    let partition = &space.partition;
    vec![
        (0..primary_bytes, What::Gpt),
        (primary_bytes..partition.start, What::Gap),
        (partition.end..backup.start, What::Gap),
        (backup.clone(), What::Gpt),
        (backup.end..space.disk_bytes, What::Gap),
    ]
}

/// Returns what is outside of a partition that is kept.
pub(super) fn around_kept(space: &Space) -> Around {
    let partition = &space.partition;
    vec![
        (0..partition.start, What::Outside),
        (partition.end..space.disk_bytes, What::Outside),
    ]
}

/// Stacks what is `around` the partition, BitLocker's places and the file system.
pub(super) fn stack<'a>(
    space: &Space,
    ntfs: &'a NtfsLayout,
    around: Around,
) -> impl Iterator<Item = DriveSegment> + 'a {
    let segment = |(range, what): (Range<u64>, What)| DriveSegment {
        at: range.start,
        bytes: range.end - range.start,
        what,
    };
    let start = space.partition.start;
    let around = around.into_iter().map(segment);
    let (mut head, tail): (Vec<_>, Vec<_>) = around.partition(|around| around.at < start);
    let boot = start..start + HEADER_BYTES;
    let what = match space.onto {
        Some(_) => What::Outside,
        None => What::FveBoot,
    };
    head.push(segment((boot, what)));
    let volume = ntfs
        .segments()
        .filter_map(behind_header)
        .flat_map(move |segment| stored(start, segment));
    let all = head.into_iter().chain(volume).chain(tail);
    all.filter(|segment| segment.bytes > 0)
}

/// Cuts off what lies in the first 8192 bytes: that is stored elsewhere.
fn behind_header(segment: Segment) -> Option<Segment> {
    let end = segment.at + segment.bytes;
    if segment.at >= HEADER_BYTES {
        return Some(segment);
    }
    assert!(
        matches!(segment.what, Content::Metadata | Content::Kept),
        "a volume begins with its boot file"
    );
    (end > HEADER_BYTES).then(|| Segment {
        at: HEADER_BYTES,
        bytes: end - HEADER_BYTES,
        what: segment.what,
    })
}

/// Returns what a segment of the volume is on the disk. BitLocker's areas may be shorter than the
/// clusters that their control files own; the rest of those is zeros.
fn stored(partition_at: u64, segment: Segment) -> [DriveSegment; 2] {
    let (what, area_bytes) = match segment.what {
        Content::Metadata => (What::Metadata, segment.bytes),
        Content::FileData { file, from } => (What::FileData { file, from }, segment.bytes),
        Content::Free => (What::Free, segment.bytes),
        Content::Kept => (What::Outside, segment.bytes),
        Content::Reserved { index } => reserved(index),
    };
    let at = partition_at + segment.at;
    let own = area_bytes.min(segment.bytes);
    let rest = DriveSegment {
        at: at + own,
        bytes: segment.bytes - own,
        what: What::Zeros,
    };
    [
        DriveSegment {
            at,
            bytes: own,
            what,
        },
        rest,
    ]
}

/// Returns what the reserved file `index` is, in the order of
/// [`bitlocker_image::Regions::control_files`].
fn reserved(index: usize) -> (What, u64) {
    match index {
        0 => (What::Information(0), INFORMATION_BYTES),
        1 => (What::Information(1), INFORMATION_BYTES),
        2 => (What::Information(2), INFORMATION_BYTES),
        3 => (What::HeaderCopy, HEADER_BYTES),
        4 => (What::Zeros, SPARE_BYTES),
        index => unreachable!("five control files are reserved, not {index}"),
    }
}
