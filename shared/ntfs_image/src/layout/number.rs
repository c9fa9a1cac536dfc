//! Lossless steps between the integer widths of memory and of the volume.
//!
//! Everything here is a number that the layout itself made: one that does not fit is a mistake of ours and stops the
//! program.

/// Returns a count or offset as an index into memory.
pub(super) fn index(number: impl TryInto<usize>) -> usize {
    number
        .try_into()
        .unwrap_or_else(|_| panic!("a number beyond this machine's memory"))
}

/// Returns a length in memory as a 64-bit count.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).expect("memory has fewer than 2^64 bytes")
}

/// Returns a number that the layout keeps below 2^32.
pub(super) fn narrow(number: impl TryInto<u32>) -> u32 {
    number
        .try_into()
        .unwrap_or_else(|_| panic!("a count beyond 32 bits"))
}

/// Returns a number that a 16-bit field of ours holds.
pub(super) fn short(number: impl TryInto<u16>) -> u16 {
    number
        .try_into()
        .unwrap_or_else(|_| panic!("a length beyond 16 bits"))
}

/// Rounds up to the 8 bytes on which everything inside a record is aligned.
pub(super) const fn align8(length: usize) -> usize {
    length.next_multiple_of(8)
}
