//! How long a manifest will be, before any file is opened.

use std::io::{self, Write};

use super::blocks::{self, BLOCK_BYTES, BlobKind};
use super::escape::{digits, write_escaped};
use super::file::{Attached, PlannedFile};
use super::tags::{entry_end, list_tag};
use super::writer::{FOOT, METADATA, PROPERTIES, write_attached, write_file_head, write_head};

/// Returns the exact length of a manifest without files.
#[must_use]
pub fn planned_frame_bytes(drive_id: &str, session: &str) -> u64 {
    let head = counted(|count| write_head(count, drive_id, session));
    head.saturating_add(length(FOOT))
}

/// Returns the exact length of a file's lines: what [`ManifestWriter::file`](super::ManifestWriter::file) will write for it,
/// whatever its hashes.
#[must_use]
pub fn planned_file_bytes(file: &PlannedFile<'_>) -> u64 {
    let head = counted(|count| write_file_head(count, file));
    let attached = |name: &str, path: Option<&str>| {
        path.map_or(0, |path| {
            let attached = Attached {
                path: path.to_owned(),
                hash: [0; 16],
            };
            counted(|count| write_attached(count, name, Some(&attached)))
        })
    };
    head.saturating_add(parts_bytes(file.bytes, file.kind))
        .saturating_add(length(list_tag(file.kind, true)))
        .saturating_add(attached(METADATA, file.metadata))
        .saturating_add(attached(PROPERTIES, file.properties))
        .saturating_add(length(entry_end(file.kind)))
}

/// Returns the exact length of the manifest of `files`.
pub fn planned_bytes<'a>(
    drive_id: &str,
    session: &str,
    files: impl IntoIterator<Item = PlannedFile<'a>>,
) -> u64 {
    let frame = planned_frame_bytes(drive_id, session);
    files.into_iter().fold(frame, |sum, file| {
        sum.saturating_add(planned_file_bytes(&file))
    })
}

/// Lengths of the lines of many files that differ in their names, lengths and kinds only.
#[derive(Clone, Debug)]
pub(crate) struct PlannedLines {
    /// The lines of an empty file without any name: of a block blob, a page blob, a file of a share.
    nameless: [u64; 3],
    /// The lines of all blocks, without the digits of the last one's length: by their number, where they are few.
    blocks: Vec<u64>,
}

/// Files of up to 256 MiB are nearly all of any ten million.
const FEW_BLOCKS: u64 = 64;

impl PlannedLines {
    /// Takes from `like` what is the same for all of them.
    pub(crate) fn new(like: &PlannedFile<'_>) -> Self {
        let nameless = |kind| {
            planned_file_bytes(&PlannedFile {
                path: "",
                blob: "",
                bytes: 0,
                kind,
                ..*like
            })
        };
        let whole = |count: u64| {
            let bytes = count.saturating_mul(BLOCK_BYTES);
            let all = parts_bytes(bytes, BlobKind::Block);
            all.saturating_sub(if count == 0 { 0 } else { digits(BLOCK_BYTES) })
        };
        Self {
            nameless: [BlobKind::Block, BlobKind::Page, BlobKind::File].map(nameless),
            blocks: (0..=FEW_BLOCKS).map(whole).collect(),
        }
    }

    /// Returns what [`planned_file_bytes`] would, for a file whose path and blob take `names` bytes
    /// together, as [`escaped_bytes`] counts them.
    pub(crate) fn of_file(&self, kind: BlobKind, bytes: u64, names: u64) -> u64 {
        let [block, page, file] = self.nameless;
        let nameless = match kind {
            BlobKind::Block => block,
            BlobKind::Page => page,
            BlobKind::File => file,
        };
        nameless
            .saturating_sub(digits(0))
            .saturating_add(digits(bytes))
            .saturating_add(names)
            .saturating_add(self.parts(bytes, kind))
    }

    /// Returns what [`parts_bytes`] would.
    fn parts(&self, bytes: u64, kind: BlobKind) -> u64 {
        let count = bytes.div_ceil(BLOCK_BYTES);
        let blocks = usize::try_from(count).ok();
        let blocks = blocks.and_then(|count| self.blocks.get(count));
        match blocks.filter(|_| kind == BlobKind::Block && count > 0) {
            Some(blocks) => {
                let before = count.saturating_sub(1).saturating_mul(BLOCK_BYTES);
                blocks.saturating_add(digits(bytes.saturating_sub(before)))
            }
            None => parts_bytes(bytes, kind),
        }
    }
}

/// Returns how many bytes a text takes in a manifest.
pub(crate) fn escaped_bytes(text: &str) -> u64 {
    counted(|count| write_escaped(count, text))
}

/// The length of all block or page range lines. Only the digits of offset and length vary, so it
/// needs no loop over blocks: a plan adds up millions of files while the person types.
fn parts_bytes(file_bytes: u64, kind: BlobKind) -> u64 {
    let count = blocks::part_count(file_bytes, kind);
    let Some(whole) = count.checked_sub(1) else {
        return 0;
    };
    let step = blocks::part_bytes(file_bytes, kind);
    let tail = file_bytes.saturating_sub(whole.saturating_mul(step));
    let fixed = match kind {
        BlobKind::Block => {
            length("          <Block Offset=\"\" Length=\"\" Id=\"AAAAAA==\" Hash=\"\"/>\r\n")
        }
        // `PageRange` and `FileRange` are equally long.
        BlobKind::Page | BlobKind::File => {
            length("          <PageRange Offset=\"\" Length=\"\" Hash=\"\"/>\r\n")
        }
    };
    count
        .saturating_mul(fixed.saturating_add(32))
        .saturating_add(whole.saturating_mul(digits(step)))
        .saturating_add(digits(tail))
        .saturating_add(offset_digits(count, step))
}

/// The digits of 0, step, 2 x step, ... , (count - 1) x step together: one each, and one more for
/// every power of ten that an offset reaches.
fn offset_digits(count: u64, step: u64) -> u64 {
    let behind = count.saturating_mul(step);
    let powers = (1..=19).map(|power| 10_u64.saturating_pow(power));
    powers
        .take_while(|power| *power < behind)
        .fold(count, |sum, power| {
            // A division by what is known beforehand is a shift, and nearly all files have this step.
            let below = if step == BLOCK_BYTES {
                power.div_ceil(BLOCK_BYTES)
            } else {
                power.div_ceil(step)
            };
            sum.saturating_add(count.saturating_sub(below))
        })
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts what `write` writes. A text that XML cannot hold counts up to there: it fails when it is
/// written.
fn counted(write: impl FnOnce(&mut Count) -> io::Result<()>) -> u64 {
    let mut count = Count(0);
    let _names_are_judged_when_written = write(&mut count);
    count.0
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_few_blocks_is_what_is_counted() {
        let lines = PlannedLines::new(&PlannedFile {
            path: "",
            blob: "",
            bytes: 0,
            kind: BlobKind::Block,
            disposition: None,
            snapshot: None,
            metadata: None,
            properties: None,
        });
        for kind in [BlobKind::Block, BlobKind::Page, BlobKind::File] {
            for count in [0, 1, 2, 3, 63, 64, 65, 50_001] {
                for bytes in [0, 512, 9_999_872].map(|more| count * BLOCK_BYTES + more) {
                    assert_eq!(
                        lines.parts(bytes, kind),
                        parts_bytes(bytes, kind),
                        "{kind:?} {bytes}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_digits_of_offsets_are_counted_without_a_loop() {
        for step in [512, 1000, BLOCK_BYTES, 3 * BLOCK_BYTES] {
            for count in [0, 1, 2, 3, 10, 11, 999, 1000, 1001, 50_000] {
                let looped: u64 = (0..count).map(|index| digits(index * step)).sum();
                assert_eq!(offset_digits(count, step), looped, "{count} x {step}");
            }
        }
    }
}
