//! One lane in plain Rust: the twin that the SIMD backends are measured against, and all there is
//! on wasm32.

use crate::constants::{Block, SHIFTS, SINES, WORDS};

/// Hashes `blocks` into `state`.
pub(crate) fn compress(state: &mut [u32; 4], blocks: &[Block]) {
    for block in blocks {
        let mut message = [0; 16];
        let (words, _) = block.as_chunks::<4>();
        for (word, bytes) in message.iter_mut().zip(words) {
            *word = u32::from_le_bytes(*bytes);
        }
        let sums = round::<0>(*state, &message);
        let sums = round::<1>(sums, &message);
        let sums = round::<2>(sums, &message);
        let sums = round::<3>(sums, &message);
        for (word, sum) in state.iter_mut().zip(sums) {
            *word = word.wrapping_add(sum);
        }
    }
}

#[inline(always)]
fn round<const ROUND: usize>(
    [mut a, mut b, mut c, mut d]: [u32; 4],
    message: &[u32; 16],
) -> [u32; 4] {
    for first in [0, 4, 8, 12] {
        a = step::<ROUND, 0>([a, b, c, d], message, first);
        d = step::<ROUND, 1>([d, a, b, c], message, first);
        c = step::<ROUND, 2>([c, d, a, b], message, first);
        b = step::<ROUND, 3>([b, c, d, a], message, first);
    }
    [a, b, c, d]
}

/// Returns what takes the place of `a`. `b` is the newest word: what needs it comes last, so that
/// the rest is ready before.
#[inline(always)]
fn step<const ROUND: usize, const STEP: usize>(
    [a, b, c, d]: [u32; 4],
    message: &[u32; 16],
    first: usize,
) -> u32 {
    let place = first | STEP;
    let early = a
        .wrapping_add(SINES[ROUND][place])
        .wrapping_add(message[WORDS[ROUND][place]]);
    let mixed = match ROUND {
        0 => early.wrapping_add(d ^ (b & (c ^ d))),
        // The two halves share no bit, so that adding them is the same as `or`.
        1 => early.wrapping_add(c & !d).wrapping_add(b & d),
        2 => early.wrapping_add(b ^ (c ^ d)),
        _ => early.wrapping_add(c ^ (b | !d)),
    };
    b.wrapping_add(mixed.rotate_left(SHIFTS[ROUND][STEP]))
}
