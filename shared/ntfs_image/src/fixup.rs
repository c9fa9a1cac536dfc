//! Update sequences: how NTFS notices a record that was torn while it was written.
//!
//! The last two bytes of every 512 bytes of a FILE record or INDX block are replaced by one number; what stood there
//! is kept in an array near the start. The stride is 512 bytes whatever the sector size (reference: MS "NTFS and 4K
//! disks").

use thiserror::Error;

/// Bytes that one word of the update sequence protects.
pub const STRIDE: usize = 512;

/// A record or block whose update sequence does not hold.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixupError {
    /// The length is no multiple of 512, or the array does not lie inside the first 512 bytes or has another length.
    #[error(
        "update sequence array of {count} words at offset {at:#x} cannot belong to a record of {bytes} bytes"
    )]
    Shape {
        /// Offset of the array as stored.
        at: u16,
        /// Words in the array as stored: 1 + one for each 512 bytes.
        count: u16,
        /// Bytes of the record.
        bytes: usize,
    },
    /// A protected word is not the number that it should be: the record was torn.
    #[error(
        "bytes {at:#x}..+2 of the record hold {found:#06x}; the update sequence number is {expected:#06x}"
    )]
    Torn {
        /// Offset of the word in the record.
        at: usize,
        /// The update sequence number.
        expected: u16,
        /// What stands there.
        found: u16,
    },
}

/// Protects `block`: moves the last word of each 512 bytes to the array that the header at offsets 4 and 6 describes.
///
/// # Panics
/// When the header describes no array that fits: it is our own header.
pub fn apply(block: &mut [u8], number: u16) {
    let (at, strides) = array(block).expect("our own header describes its own update sequence");
    let mut slot = at;
    write_word(block, slot, number);
    for stride in 0..strides {
        let end = last_word(stride);
        slot = slot.saturating_add(2);
        let kept = read_word(block, end);
        write_word(block, slot, kept);
        write_word(block, end, number);
    }
}

/// Checks and undoes the protection of `block` in place.
///
/// # Errors
/// [`FixupError`]; the block may then be half undone.
pub fn undo(block: &mut [u8]) -> Result<(), FixupError> {
    let (at, strides) = array(block)?;
    let expected = read_word(block, at);
    let mut slot = at;
    for stride in 0..strides {
        let end = last_word(stride);
        slot = slot.saturating_add(2);
        let found = read_word(block, end);
        if found != expected {
            return Err(FixupError::Torn {
                at: end,
                expected,
                found,
            });
        }
        let kept = read_word(block, slot);
        write_word(block, end, kept);
    }
    Ok(())
}

/// Returns the array's offset and the number of strides, both proven to lie inside `block`.
fn array(block: &[u8]) -> Result<(usize, usize), FixupError> {
    let bytes = block.len();
    let (at, count) = match block.get(4..8) {
        Some(&[a, b, c, d]) => (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
        _ => (0, 0),
    };
    let shape = FixupError::Shape { at, count, bytes };
    let strides = bytes / STRIDE;
    let start = usize::from(at);
    let end = start.saturating_add(usize::from(count).saturating_mul(2));
    let fits = bytes.is_multiple_of(STRIDE)
        && start >= 8
        && start.is_multiple_of(2)
        && end <= last_word(0);
    if fits && strides > 0 && usize::from(count) == strides.saturating_add(1) {
        Ok((start, strides))
    } else {
        Err(shape)
    }
}

const fn last_word(stride: usize) -> usize {
    stride.saturating_mul(STRIDE).saturating_add(STRIDE - 2)
}

fn read_word(block: &[u8], at: usize) -> u16 {
    match block.get(at..at.saturating_add(2)) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

fn write_word(block: &mut [u8], at: usize, word: u16) {
    if let Some(place) = block.get_mut(at..at.saturating_add(2)) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Vec<u8> {
        let mut record: Vec<u8> = (0..1024_u32)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        record[4..8].copy_from_slice(&[0x30, 0, 3, 0]);
        record[0x30..0x36].fill(0);
        record
    }

    #[test]
    fn undo_gives_back_what_apply_took() {
        let before = record();
        let mut block = before.clone();
        apply(&mut block, 7);
        assert_eq!(block[510..512], [7, 0]);
        assert_eq!(block[1022..1024], [7, 0]);
        undo(&mut block).unwrap();
        assert_eq!(block[0x36..], before[0x36..]);
    }

    #[test]
    fn a_torn_record_is_found() {
        let mut block = record();
        apply(&mut block, 7);
        block[1022] = 8;
        assert_eq!(
            undo(&mut block),
            Err(FixupError::Torn {
                at: 1022,
                expected: 7,
                found: 8
            })
        );
    }

    #[test]
    fn an_array_outside_the_record_is_refused() {
        let mut block = record();
        block[4..8].copy_from_slice(&[0xff, 0xff, 3, 0]);
        assert!(matches!(undo(&mut block), Err(FixupError::Shape { .. })));
        assert!(undo(&mut []).is_err());
    }
}
