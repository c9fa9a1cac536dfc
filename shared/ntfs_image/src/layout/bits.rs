//! A set of small numbers.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a bit's place in memory, of numbers that are in range by construction"
)]

use super::number::index;

/// A bit for each number below a bound; one that was never given a number takes no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(super) fn insert(&mut self, number: u32, bound: u32) {
        if self.words.is_empty() {
            self.words = vec![0; index(bound.div_ceil(64))];
        }
        self.words[index(number / 64)] |= 1 << (number % 64);
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.word(number / 64) >> (number % 64) & 1 != 0
    }

    /// Returns the bits of numbers `64 * word` to `64 * word + 63`.
    pub(super) fn word(&self, word: u32) -> u64 {
        self.words.get(index(word)).copied().unwrap_or(0)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the smallest member that is not below `from`.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let mut word = index(from / 64);
        let mut bits = self.words.get(word)? >> (from % 64) << (from % 64);
        while bits == 0 {
            word += 1;
            bits = *self.words.get(word)?;
        }
        Some(super::number::narrow(word) * 64 + bits.trailing_zeros())
    }
}

/// Sets bits `from..to` of a bitmap as NTFS stores it: the lowest bit of each byte first.
pub(super) fn set(map: &mut [u8], from: u64, to: u64) {
    change(map, from, to, |byte, mask| *byte |= mask);
}

/// Clears bits `from..to`.
pub(super) fn clear(map: &mut [u8], from: u64, to: u64) {
    change(map, from, to, |byte, mask| *byte &= !mask);
}

fn change(map: &mut [u8], from: u64, to: u64, change: impl Fn(&mut u8, u8)) {
    if from >= to {
        return;
    }
    let (first, last) = (index(from / 8), index((to - 1) / 8));
    let head = 0xff_u8 << (from % 8);
    let tail = 0xff_u8 >> (7 - (to - 1) % 8);
    if first == last {
        return change(&mut map[first], head & tail);
    }
    change(&mut map[first], head);
    for byte in &mut map[first + 1..last] {
        change(byte, 0xff);
    }
    change(&mut map[last], tail);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_order() {
        let mut bits = Bits::default();
        assert_eq!(bits.next(0), None);
        for number in [0, 63, 64, 199] {
            bits.insert(number, 200);
        }
        assert!(bits.contains(64) && !bits.contains(65));
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(member) = bits.next(from) {
            found.push(member);
            from = member + 1;
        }
        assert_eq!(found, [0, 63, 64, 199]);
    }

    #[test]
    fn a_bitmap_s_bits_are_set_and_cleared_one_by_one() {
        for from in 0..40 {
            for to in from..40 {
                let mut map = [0; 5];
                set(&mut map, from, to);
                for bit in 0..40_u64 {
                    let byte = map[index(bit / 8)];
                    assert_eq!(byte >> (bit % 8) & 1 == 1, (from..to).contains(&bit));
                }
                clear(&mut map, from, to);
                assert_eq!(map, [0; 5]);
            }
        }
    }
}
