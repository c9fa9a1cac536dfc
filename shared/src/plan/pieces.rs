//! Long loops in pieces.

use std::ops::Range;

use super::listing::index;

/// Rounds of a loop that are one piece.
const ROUNDS: u32 = 4096;

/// Calls `work` with `0..rounds`, a piece at a time, in order.
///
/// A browser compiles WebAssembly twice: at once and badly, then well what is called often. What runs is never replaced, so a
/// loop of ten million rounds in a function that is called once stays bad to its end. The loop over a piece is in `work`,
/// and that is called often.
#[inline(never)]
pub fn in_pieces(rounds: u32, work: &mut dyn FnMut(Range<u32>)) {
    let mut from = 0;
    while from < rounds {
        let to = rounds.min(from.saturating_add(ROUNDS));
        work(from..to);
        from = to;
    }
}

/// Calls `work` with all numbers, a piece at a time, in order: see [`in_pieces`].
#[inline(never)]
pub fn pieces_of(all: &[u32], work: &mut dyn FnMut(&[u32])) {
    all.chunks(index(ROUNDS)).for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_in_one_piece_and_they_are_in_order() {
        for rounds in [0, 1, ROUNDS - 1, ROUNDS, ROUNDS + 1, 3 * ROUNDS + 5] {
            let mut seen = Vec::new();
            in_pieces(rounds, &mut |piece| {
                assert!(!piece.is_empty() && piece.len() <= index(ROUNDS));
                seen.extend(piece);
            });
            assert!(seen.into_iter().eq(0..rounds), "{rounds}");
        }
    }
}
