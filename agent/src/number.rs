//! Lengths in memory and on a drive: one is a `usize`, the other a `u64`.

/// Returns a length in memory as 64 bits, which it has at most.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Returns a length that was made from one in memory.
pub(crate) fn narrow(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
