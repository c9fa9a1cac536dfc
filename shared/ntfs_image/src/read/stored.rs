//! Numbers and names as they lie in bytes that may be too short.

/// Returns the length of something in memory as a number of bytes.
pub(crate) fn bytes_of(length: usize) -> u64 {
    // Lossless: no platform has more than 64 bits of address.
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Returns `at` as an index into memory; what memory cannot hold becomes an index that is out of every range.
pub(crate) fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u16::from_le_bytes(*word))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

/// Returns the UTF-16 units that little-endian `bytes` hold; an odd byte at the end is dropped.
pub(crate) fn units(
    bytes: &[u8],
) -> impl DoubleEndedIterator<Item = u16> + ExactSizeIterator + Clone + '_ {
    let (pairs, _) = bytes.as_chunks();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair))
}

/// Returns the name that UTF-16 `bytes` hold, half surrogates replaced by U+FFFD, and whether nothing was replaced.
pub(crate) fn text(bytes: &[u8]) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len());
    let mut lossless = true;
    for decoded in char::decode_utf16(units(bytes)) {
        text.push(decoded.unwrap_or_else(|_| {
            lossless = false;
            char::REPLACEMENT_CHARACTER
        }));
    }
    (text, lossless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none() {
        assert_eq!(u32_at(&[1, 2, 3], 0), None);
        assert_eq!(u16_at(&[1, 2, 3], 1), Some(0x0302));
        assert_eq!(u64_at(&[0; 8], usize::MAX), None);
    }

    #[test]
    fn half_a_surrogate_is_replaced_and_told() {
        assert_eq!(
            text(&[0x3d, 0xd8, 0x61, 0]),
            ("\u{fffd}a".to_owned(), false)
        );
        assert_eq!(
            text(&[0x3e, 0xd8, 0x80, 0xdd]),
            ("\u{1f980}".to_owned(), true)
        );
    }
}
