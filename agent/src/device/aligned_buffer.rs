//! A buffer that unbuffered I/O accepts.

use std::ops::{Deref, DerefMut};

/// Bytes of a page: the strictest alignment that any drive or file system of ours asks for.
const PAGE: usize = 4096;
/// Bytes of a huge page of most processors.
const HUGE_PAGE: usize = 2 << 20;

/// Bytes on a 4096-byte border, for reading and writing past the page cache; made once, used many
/// times. Where there is room for huge pages it consists of them: what it is written from and read to is then looked up once
/// for each, not five hundred times.
///
/// It dereferences to its bytes in use.
pub struct AlignedBuffer {
    /// Longer than its room by a page, of either size, and never moved. What has an alignment of its own would be written over
    /// with zeros when it is made; these bytes are pages that the kernel gives when they are first used.
    bytes: Vec<u8>,
    /// Where the first border lies.
    start: usize,
    room: usize,
    length: usize,
}

impl AlignedBuffer {
    /// Returns `length` zero bytes; the room behind them is rounded up to 4096 bytes.
    #[must_use]
    pub fn zeroed(length: usize) -> Self {
        let room = length.next_multiple_of(PAGE);
        let page = if room < HUGE_PAGE { PAGE } else { HUGE_PAGE };
        let mut bytes = vec![0; room.saturating_add(page)];
        let start = bytes.as_ptr().align_offset(page);
        if page == HUGE_PAGE {
            ask_for_huge_pages(bytes.split_at_mut(start).1.split_at_mut(room).0);
        }
        Self {
            bytes,
            start,
            room,
            length,
        }
    }

    /// Returns how many bytes it can hold.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.room
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
        self.bytes.split_at(self.start).1.split_at(self.length).0
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        let (_, bytes) = self.bytes.split_at_mut(self.start);
        bytes.split_at_mut(self.length).0
    }
}

/// Asks the kernel to back whole pages that were not used yet by huge ones. It may have none.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(pages: &mut [u8]) {
    use rustix::mm::{Advice, madvise};
    let start = pages.as_mut_ptr().cast();
    #[expect(unsafe_code, reason = "no safe wrapper has this call")]
    // SAFETY: the pages are borrowed alone, and the advice changes nothing of what they hold.
    let _ = unsafe { madvise(start, pages.len(), Advice::LinuxHugepage) };
}

/// Here the kernel decides.
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_pages: &mut [u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_lies_on_a_page_border_and_the_length_is_as_asked() {
        for length in [0, 1, 512, 4096, 4097, 1 << 20, (2 << 20) - 1, 3 << 20] {
            let buffer = AlignedBuffer::zeroed(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr().addr() % PAGE, 0);
            assert!(buffer.iter().all(|byte| *byte == 0));
            assert_eq!(buffer.capacity(), length.next_multiple_of(PAGE));
        }
    }

    #[test]
    fn one_that_holds_huge_pages_begins_with_one() {
        let buffer = AlignedBuffer::zeroed(HUGE_PAGE);
        assert_eq!(buffer.as_ptr().addr() % HUGE_PAGE, 0);
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
