//! A buffer that unbuffered I/O accepts.

use std::ops::{Deref, DerefMut};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a page: the strictest alignment that any drive or file system of ours asks for.
const PAGE: usize = 4096;

/// Memory whose first byte lies on a 4096-byte border.
#[derive(Clone, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// Bytes on a 4096-byte border, for reading and writing past the page cache; made once, used many
/// times.
///
/// It dereferences to its bytes in use.
pub struct AlignedBuffer {
    pages: Vec<Page>,
    length: usize,
}

impl AlignedBuffer {
    /// Returns `length` zero bytes; the room behind them is rounded up to 4096 bytes.
    #[must_use]
    pub fn zeroed(length: usize) -> Self {
        let pages = vec![Page([0; PAGE]); length.div_ceil(PAGE)];
        Self { pages, length }
    }

    /// Returns how many bytes it can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.pages.len().saturating_mul(PAGE)
    }

    /// Makes it `length` bytes long; what the bytes hold is what they held before (zeros at first).
    ///
    /// # Panics
    /// When `length` is more than [`AlignedBuffer::capacity`]: it never grows.
    pub fn set_length(&mut self, length: usize) {
        assert!(
            length <= self.capacity(),
            "{length} bytes in a buffer of {}",
            self.capacity()
        );
        self.length = length;
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // `length` is at most the capacity: both ways of setting it see to that.
        self.pages.as_bytes().split_at(self.length).0
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.pages.as_mut_bytes().split_at_mut(self.length).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_lies_on_a_page_border_and_the_length_is_as_asked() {
        for length in [0, 1, 512, 4096, 4097, 1 << 20] {
            let buffer = AlignedBuffer::zeroed(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr().addr() % PAGE, 0);
            assert!(buffer.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn a_buffer_can_shrink_and_grow_back_within_its_room() {
        let mut buffer = AlignedBuffer::zeroed(5000);
        buffer.set_length(10);
        assert_eq!(buffer.len(), 10);
        buffer.set_length(8192);
        assert_eq!(buffer.len(), 8192);
    }
}
