//! Bytes that somebody else chose: nothing panics, and nothing is read for ever.
//!
//! `ARGOSY_MUTATIONS=20000 cargo test --release ...` looks longer.

use std::cell::Cell;

use disk::{ReadAt, ReadError, SectorSize};
use ntfs_image::check::check;
use ntfs_image::read::Volume;

use crate::editor::{Editor, size};
use crate::sample;
use crate::support::{Dice, have};

/// A disk that stops the test when it is read more often than any honest reader would.
struct Metered<'a> {
    bytes: &'a [u8],
    left: Cell<u64>,
}

impl<'a> Metered<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            left: Cell::new(bytes.bytes() * 40),
        }
    }
}

impl ReadAt for Metered<'_> {
    fn bytes(&self) -> u64 {
        self.bytes.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        // A read costs something even if it is short.
        let cost = u64::try_from(into.len()).expect("small") + 4096;
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.expect("bytes read without end"));
        self.bytes.read_at(at, into)
    }
}

/// Checks a volume and reads all that can be read of it.
pub(crate) fn read_everything(bytes: &[u8]) {
    _ = check(&Metered::new(bytes), 50);
    let Ok(volume) = Volume::open(Metered::new(bytes)) else {
        return;
    };
    _ = volume.label();
    for (path, entry) in volume.walk().flatten().take(5000) {
        _ = volume.find(&path);
        let Ok(file) = volume.open_file(entry.id) else {
            continue;
        };
        let mut piece = [0; 4096];
        for at in [0, file.bytes() / 2, file.bytes().saturating_sub(4096)] {
            let length = size((file.bytes() - at).min(4096));
            volume
                .read(&file, at, &mut piece[..length])
                .expect("in range and readable");
        }
    }
}

/// Bytes that are likely to be too much, too little, or just past the end.
fn interesting(dice: &mut Dice) -> u8 {
    let byte = dice.bytes(1)[0];
    [0, 1, 0x7f, 0x80, 0xff, 8, byte, byte][size(dice.below(8))]
}

/// Changes a record, a block of an index, or any byte of the file table and what else is not file data.
fn mutate(editor: &mut Editor, dice: &mut Dice, blocks: &[(usize, usize)]) {
    for _ in 0..=dice.below(4) {
        let (place, byte) = (size(dice.below(4096)), interesting(dice));
        match dice.below(8) {
            0..=3 => {
                let record = size(dice.below(u64::try_from(editor.record_count()).expect("small")));
                // Headers and first attributes matter most.
                let place = if dice.below(2) == 0 {
                    place % 0x120
                } else {
                    place
                };
                let at = place % size(editor.geometry.record_bytes);
                let start = editor.record_at(record);
                if editor.bytes[start..].starts_with(b"FILE") && at / 2 != 2 && at / 2 != 3 {
                    editor.try_record(record, |bytes| bytes[at] = byte);
                }
            }
            4..=6 => {
                let (folder, block) =
                    blocks[size(dice.below(u64::try_from(blocks.len()).expect("small")))];
                if place / 2 != 2 && place / 2 != 3 {
                    editor.try_block(folder, block, |bytes| bytes[place] = byte);
                }
            }
            _ => {
                let areas = [
                    0,
                    editor.record_at(0),
                    editor.record_at(6),
                    editor.bytes.len() / 2,
                ];
                let area = areas[size(dice.below(4))];
                let length = u64::try_from(editor.bytes.len() - area).expect("small");
                editor.bytes[area + size(dice.below(length.min(1 << 16)))] = byte;
            }
        }
    }
}

fn mutate_all(good: Vec<u8>) {
    let cases = std::env::var("ARGOSY_MUTATIONS")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(150);
    let editor = Editor::new(good);
    let large = editor.find("\\large");
    let blocks: Vec<(usize, usize)> = (0..6).map(|block| (large, block)).collect();
    let mut changed = editor.clone_with(editor.bytes.clone());
    for case in 0..cases {
        let mut dice = Dice(case * 7919);
        mutate(&mut changed, &mut dice, &blocks);
        read_everything(&changed.bytes);
        // Every few cases from the start again: damage adds up until nothing can be opened.
        if case % 3 == 2 {
            changed.bytes.copy_from_slice(&editor.bytes);
        }
    }
}

#[test]
fn random_changes_of_a_volume_of_others_never_panic_or_hang() {
    if have(&["mkntfs", "ntfs-3g", "fusermount"]) {
        mutate_all(sample::theirs());
    }
}

#[test]
fn random_changes_of_a_volume_of_ours_never_panic_or_hang() {
    mutate_all(sample::ours(SectorSize::B512));
}
