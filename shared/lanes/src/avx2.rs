//! 8 lanes of 32 bits, one or more registers side by side.
//!
//! A step of MD5 waits for the step before it, and each of its four instructions for the one
//! before; a second register fills the waiting.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "only the numbers of registers are computed"
)]

use std::arch::x86_64::*;

use crate::constants::{BLOCK, Block, ROLES, SHIFTS, SINES, WORDS};
use crate::schedule::{Data, States};

/// Hashes the first `count` blocks of every lane.
///
/// # Panics
/// When a lane has fewer than `count` blocks.
#[target_feature(enable = "avx2")]
pub(crate) fn compress<const SETS: usize>(
    states: &mut States<8, SETS>,
    data: &Data<'_, 8, SETS>,
    count: usize,
) {
    let mut sums = [[_mm256_setzero_si256(); 4]; SETS];
    for (sums, states) in sums.iter_mut().zip(&*states) {
        for (sum, words) in sums.iter_mut().zip(states) {
            *sum = load_words(words);
        }
    }
    for index in 0..count {
        let mut message = [[_mm256_setzero_si256(); 16]; SETS];
        for (words, data) in message.iter_mut().zip(data) {
            *words = transposed(data, index);
        }
        let before = sums;
        round::<0, SETS>(&mut sums, &message);
        round::<1, SETS>(&mut sums, &message);
        round::<2, SETS>(&mut sums, &message);
        round::<3, SETS>(&mut sums, &message);
        for (sums, before) in sums.iter_mut().zip(before) {
            for (sum, before) in sums.iter_mut().zip(before) {
                *sum = _mm256_add_epi32(*sum, before);
            }
        }
    }
    for (sums, states) in sums.iter().zip(states) {
        for (sum, words) in sums.iter().zip(states) {
            store_words(words, *sum);
        }
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn round<const ROUND: usize, const SETS: usize>(
    sums: &mut [[__m256i; 4]; SETS],
    message: &[[__m256i; 16]; SETS],
) {
    for first in [0, 4, 8, 12] {
        step::<ROUND, 0, SETS>(sums, message, first);
        step::<ROUND, 1, SETS>(sums, message, first);
        step::<ROUND, 2, SETS>(sums, message, first);
        step::<ROUND, 3, SETS>(sums, message, first);
    }
}

/// One step in every set. It replaces the word that is `a` in this step; the roles move on by one
/// word with each step.
#[target_feature(enable = "avx2")]
#[inline]
fn step<const ROUND: usize, const STEP: usize, const SETS: usize>(
    sums: &mut [[__m256i; 4]; SETS],
    message: &[[__m256i; 16]; SETS],
    first: usize,
) {
    let place = first | STEP;
    let [a, b, c, d] = ROLES[STEP];
    let sine = _mm256_set1_epi32(SINES[ROUND][place].cast_signed());
    let left = _mm256_set1_epi32(SHIFTS[ROUND][STEP].cast_signed());
    let right = _mm256_set1_epi32(32i32.wrapping_sub_unsigned(SHIFTS[ROUND][STEP]));
    for (sums, message) in sums.iter_mut().zip(message) {
        let word = _mm256_add_epi32(message[WORDS[ROUND][place]], sine);
        let early = _mm256_add_epi32(sums[a], word);
        let sum = mixed::<ROUND>(early, sums[b], sums[c], sums[d]);
        let turned = _mm256_or_si256(_mm256_sllv_epi32(sum, left), _mm256_srlv_epi32(sum, right));
        sums[a] = _mm256_add_epi32(sums[b], turned);
    }
}

/// Adds the round's function of `b`, `c` and `d` to `early`. `b` is the newest word, so what needs
/// it comes last.
#[target_feature(enable = "avx2")]
#[inline]
fn mixed<const ROUND: usize>(early: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    match ROUND {
        0 => {
            let picked = _mm256_and_si256(b, _mm256_xor_si256(c, d));
            _mm256_add_epi32(early, _mm256_xor_si256(d, picked))
        }
        // (b & d) | (c & !d): the halves share no bit, so that adding them is the same as `or`.
        1 => {
            let early = _mm256_add_epi32(early, _mm256_andnot_si256(d, c));
            _mm256_add_epi32(early, _mm256_and_si256(b, d))
        }
        2 => _mm256_add_epi32(early, _mm256_xor_si256(b, _mm256_xor_si256(c, d))),
        _ => {
            let not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
            _mm256_add_epi32(early, _mm256_xor_si256(c, _mm256_or_si256(b, not_d)))
        }
    }
}

/// Returns the 16 words of each lane's block `index`: register w holds word w of every lane.
#[target_feature(enable = "avx2")]
#[inline]
fn transposed(data: &[&[Block]; 8], index: usize) -> [__m256i; 16] {
    let mut words = [_mm256_setzero_si256(); 16];
    for half in [0, 1] {
        let mut rows = [_mm256_setzero_si256(); 8];
        for (row, blocks) in rows.iter_mut().zip(data) {
            *row = load_half(&blocks[index], half);
        }
        let [low, high] = [fours(&rows, 0), fours(&rows, 4)];
        for k in 0..4 {
            words[half * 8 + k] = _mm256_permute2x128_si256::<0x20>(low[k], high[k]);
            words[half * 8 + k + 4] = _mm256_permute2x128_si256::<0x31>(low[k], high[k]);
        }
    }
    words
}

/// Returns, from four rows, registers k that hold words k and k + 4 of each of them, one in each
/// half.
#[target_feature(enable = "avx2")]
#[inline]
fn fours(rows: &[__m256i; 8], first: usize) -> [__m256i; 4] {
    let low01 = _mm256_unpacklo_epi32(rows[first], rows[first + 1]);
    let high01 = _mm256_unpackhi_epi32(rows[first], rows[first + 1]);
    let low23 = _mm256_unpacklo_epi32(rows[first + 2], rows[first + 3]);
    let high23 = _mm256_unpackhi_epi32(rows[first + 2], rows[first + 3]);
    [
        _mm256_unpacklo_epi64(low01, low23),
        _mm256_unpackhi_epi64(low01, low23),
        _mm256_unpacklo_epi64(high01, high23),
        _mm256_unpackhi_epi64(high01, high23),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_half(block: &Block, half: usize) -> __m256i {
    const { assert!(2 * size_of::<__m256i>() == BLOCK) };
    let (halves, _) = block.as_chunks::<32>();
    // SAFETY: the reference covers 32 readable bytes, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm256_loadu_si256(halves[half].as_ptr().cast())
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_words(words: &[u32; 8]) -> __m256i {
    // SAFETY: the reference covers 32 readable bytes, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm256_loadu_si256(words.as_ptr().cast())
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store_words(words: &mut [u32; 8], value: __m256i) {
    // SAFETY: the exclusive reference covers 32 writable bytes, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm256_storeu_si256(words.as_mut_ptr().cast(), value);
    }
}
