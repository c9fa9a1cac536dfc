//! A range of bytes as whole records or blocks.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets inside one buffer and one area"
)]

use crate::layout::number::{index, wide};

/// Calls `render` for each unit of `unit` bytes that `[offset, offset + into.len())` touches, with its number and its
/// bytes.
///
/// A unit that lies in the range whole is rendered in place, one that does not is rendered apart and its part copied.
pub(super) fn each_unit(
    offset: u64,
    into: &mut [u8],
    unit: usize,
    mut render: impl FnMut(u64, &mut [u8]),
) {
    let unit_bytes = wide(unit);
    let mut number = offset / unit_bytes;
    let mut skip = index(offset % unit_bytes);
    let mut rest = into;
    while !rest.is_empty() {
        let count = (unit - skip).min(rest.len());
        let (part, after) = rest.split_at_mut(count);
        if count == unit {
            render(number, part);
        } else {
            let mut whole = vec![0; unit];
            render(number, &mut whole);
            part.copy_from_slice(&whole[skip..skip + count]);
        }
        (number, skip, rest) = (number + 1, 0, after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_range_shows_the_same_bytes() {
        let render = |offset: u64, into: &mut [u8]| {
            each_unit(offset, into, 4, |number, unit| {
                for (place, byte) in unit.iter_mut().enumerate() {
                    *byte = u8::try_from(number * 4 + wide(place)).unwrap();
                }
            });
        };
        for from in 0..20_u8 {
            for to in from..20 {
                let mut bytes = vec![0; usize::from(to - from)];
                render(u64::from(from), &mut bytes);
                assert_eq!(bytes, (from..to).collect::<Vec<_>>());
            }
        }
    }
}
