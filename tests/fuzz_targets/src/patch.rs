//! Changes to something sound, as few bytes that a fuzzer can cut, copy and alter.
//!
//! ```text
//! kind u8 | place u16 | offset u16 | length u8 (0..=15: one less than the bytes) | bytes
//! ```
//! Integers are little-endian. What `kind`, `place` and `offset` mean, the target says. Bytes that are too few for a
//! change end the list.

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch<'a> {
    /// What is changed.
    pub kind: u8,
    /// Which of them.
    pub place: u16,
    /// Where in it.
    pub offset: u16,
    /// What is written there, 1 to 16 bytes.
    pub bytes: &'a [u8],
}

impl Patch<'_> {
    /// Returns the patch as a target reads it.
    ///
    /// # Panics
    /// When it has no bytes, or more than 16.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self
            .bytes
            .len()
            .checked_sub(1)
            .filter(|less| *less < LENGTHS);
        let length = length.and_then(|less| u8::try_from(less).ok());
        let mut bytes = vec![self.kind];
        bytes.extend_from_slice(&self.place.to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.push(length.expect("a patch has 1 to 16 bytes"));
        bytes.extend_from_slice(self.bytes);
        bytes
    }
}

/// Returns the patches that `bytes` hold.
pub fn patches(bytes: &[u8]) -> impl Iterator<Item = Patch<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&[kind, place0, place1, offset0, offset1, length], after) =
            rest.split_first_chunk()?;
        let length = (usize::from(length) % LENGTHS).checked_add(1)?;
        let (bytes, after) = after.split_at_checked(length)?;
        rest = after;
        Some(Patch {
            kind,
            place: u16::from_le_bytes([place0, place1]),
            offset: u16::from_le_bytes([offset0, offset1]),
            bytes,
        })
    })
    .take(PATCHES_MAX)
}

/// Writes `bytes` at `at`, as far as there is room.
pub fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    for (into, byte) in into.iter_mut().skip(at).zip(bytes) {
        *into = *byte;
    }
}

/// Returns the little-endian number at `at`; 0 where there is none.
pub(crate) fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    let mut wide = [0; 8];
    for (wide, byte) in wide.iter_mut().zip(field.into_iter().flatten()) {
        *wide = *byte;
    }
    u64::from_le_bytes(wide)
}

const LENGTHS: usize = 16;
/// More say nothing that fewer do not.
const PATCHES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_comes_back_and_a_cut_one_is_none() {
        let patch = Patch {
            kind: 3,
            place: 500,
            offset: 65_535,
            bytes: &[1, 2, 3],
        };
        let bytes = [patch.to_bytes(), patch.to_bytes()].concat();
        assert_eq!(patches(&bytes).collect::<Vec<_>>(), [patch, patch]);
        assert_eq!(patches(&bytes[..bytes.len().saturating_sub(1)]).count(), 1);
    }
}
