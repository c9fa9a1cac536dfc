//! How a file is cut into blocks, page ranges and ranges of a file share.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a file becomes: a blob of one kind, or a file of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobKind {
    /// A block blob: a list of blocks, contiguous over the whole file.
    Block,
    /// A page blob: ranges of whole 512-byte pages.
    Page,
    /// A file of Azure Files: ranges, contiguous over the whole file. How many it may have is not publicly known.
    File,
}

/// The blocks of usual files, and the most that a page range may hold.
pub const BLOCK_BYTES: u64 = 4 * 1024 * 1024;
/// The most blocks that a block blob may have.
pub const BLOCKS_MAX: u64 = 50_000;
/// The unit of page blobs.
pub const PAGE_BYTES: u64 = 512;

/// Returns the block length of a block blob: 4 MiB, or the smallest multiple of it that gives at
/// most 50,000 blocks.
///
/// The public grammar says blocks of at most 4 MiB, and the service's limit of about 4.77 TB for a
/// blob says longer ones; from 50,000 x 4 MiB = 195 GiB on nothing else is possible
/// (azure-import-export.md, 2.5).
#[must_use]
pub fn block_bytes(file_bytes: u64) -> u64 {
    let blocks = file_bytes.div_ceil(BLOCK_BYTES);
    BLOCK_BYTES.saturating_mul(blocks.div_ceil(BLOCKS_MAX).max(1))
}

/// Returns the length of all blocks or page ranges of a file but the last.
#[must_use]
pub(super) fn part_bytes(file_bytes: u64, kind: BlobKind) -> u64 {
    match kind {
        BlobKind::Block => block_bytes(file_bytes),
        BlobKind::Page | BlobKind::File => BLOCK_BYTES,
    }
}

/// Returns how many blocks or page ranges a file has; 0 for an empty file.
#[must_use]
pub fn part_count(file_bytes: u64, kind: BlobKind) -> u64 {
    file_bytes.div_ceil(part_bytes(file_bytes, kind))
}

/// Returns offset and length of every block or page range of a file, in order, covering it once.
pub fn parts(file_bytes: u64, kind: BlobKind) -> impl Iterator<Item = (u64, u64)> {
    let step = part_bytes(file_bytes, kind);
    (0..part_count(file_bytes, kind)).map(move |index| {
        let at = index.saturating_mul(step);
        (at, step.min(file_bytes.saturating_sub(at)))
    })
}

/// The kind chosen for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindChoice {
    /// The kind.
    pub kind: BlobKind,
    /// Whether it is a disk image that would be a page blob, were its length a multiple of 512: to
    /// be warned of.
    pub odd_disk_image: bool,
}

/// A page blob was asked for by name, and the file cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{bytes} bytes are no multiple of 512, so the file cannot be a page blob")]
pub struct PageBlobRefused {
    /// The file's length.
    pub bytes: u64,
}

/// Chooses the kind of a file: what was asked for, else page for `.vhd` and `.vhdx` whose length
/// allows it, else block.
///
/// # Errors
/// [`PageBlobRefused`] when a page blob was asked for and the length is no multiple of 512.
pub fn choose_kind(
    name: &str,
    bytes: u64,
    asked: Option<BlobKind>,
) -> Result<KindChoice, PageBlobRefused> {
    choose_kind_of(is_disk_image(name), bytes, asked)
}

/// Returns whether a file of this name is a disk image: `.vhd` or `.vhdx`.
#[must_use]
pub fn is_disk_image(name: &str) -> bool {
    let ends_in = |ending: &[u8]| {
        let from = name.len().checked_sub(ending.len());
        let end = from.and_then(|from| name.as_bytes().get(from..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    ends_in(b".vhd") || ends_in(b".vhdx")
}

/// Chooses as [`choose_kind`] does, for a file of which it is known whether its name is a disk image's.
///
/// # Errors
/// As [`choose_kind`].
pub(crate) fn choose_kind_of(
    disk_image: bool,
    bytes: u64,
    asked: Option<BlobKind>,
) -> Result<KindChoice, PageBlobRefused> {
    let whole_pages = bytes.is_multiple_of(PAGE_BYTES);
    match asked {
        Some(BlobKind::Page) if !whole_pages => Err(PageBlobRefused { bytes }),
        Some(kind) => Ok(KindChoice {
            kind,
            odd_disk_image: false,
        }),
        None if disk_image && whole_pages => Ok(KindChoice {
            kind: BlobKind::Page,
            odd_disk_image: false,
        }),
        None => Ok(KindChoice {
            kind: BlobKind::Block,
            odd_disk_image: disk_image,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_4_mib_until_50_000_of_them_are_not_enough() {
        let limit = BLOCK_BYTES * BLOCKS_MAX;
        for (bytes, block) in [
            (0, BLOCK_BYTES),
            (1, BLOCK_BYTES),
            (limit, BLOCK_BYTES),
            (limit + 1, 2 * BLOCK_BYTES),
            (2 * limit, 2 * BLOCK_BYTES),
            (2 * limit + 1, 3 * BLOCK_BYTES),
        ] {
            assert_eq!(block_bytes(bytes), block, "{bytes}");
            assert!(part_count(bytes, BlobKind::Block) <= BLOCKS_MAX);
        }
    }

    #[test]
    fn parts_cover_a_file_once() {
        for kind in [BlobKind::Block, BlobKind::Page, BlobKind::File] {
            for bytes in [
                0,
                512,
                BLOCK_BYTES - 512,
                BLOCK_BYTES,
                BLOCK_BYTES + 512,
                7 * BLOCK_BYTES + 1024,
            ] {
                let mut next = 0;
                for (at, length) in parts(bytes, kind) {
                    assert_eq!(at, next);
                    assert!(length > 0 && length <= BLOCK_BYTES);
                    next += length;
                }
                assert_eq!(next, bytes);
            }
        }
    }

    #[test]
    fn disk_images_are_page_blobs_when_their_length_allows_it() {
        let kind = |name, bytes, asked| {
            choose_kind(name, bytes, asked).map(|choice| (choice.kind, choice.odd_disk_image))
        };
        assert_eq!(kind("a.VHDx", 1024, None), Ok((BlobKind::Page, false)));
        assert_eq!(kind("a.vhd", 1000, None), Ok((BlobKind::Block, true)));
        assert_eq!(
            kind("a.vhd", 1024, Some(BlobKind::Block)),
            Ok((BlobKind::Block, false))
        );
        assert_eq!(kind("vhd", 1024, None), Ok((BlobKind::Block, false)));
        assert_eq!(
            kind("a.bin", 1024, Some(BlobKind::Page)),
            Ok((BlobKind::Page, false))
        );
        assert_eq!(
            kind("a.bin", 1000, Some(BlobKind::Page)),
            Err(PageBlobRefused { bytes: 1000 })
        );
    }
}
