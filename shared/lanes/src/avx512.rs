//! 16 lanes of 32 bits.
//!
//! A second register beside the first, which helps AVX2, gained nothing here: 16 lanes fill the
//! processor.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "only the numbers of registers are computed"
)]

use std::arch::x86_64::*;

use crate::constants::{BLOCK, Block, ROLES, SHIFTS, SINES, WORDS};

/// Hashes the first `count` blocks of every lane.
///
/// # Panics
/// When a lane has fewer than `count` blocks.
#[target_feature(enable = "avx512f")]
pub(crate) fn compress(states: &mut [[u32; 16]; 4], data: &[&[Block]; 16], count: usize) {
    let mut sums = [_mm512_setzero_si512(); 4];
    for (sum, words) in sums.iter_mut().zip(&*states) {
        *sum = load_words(words);
    }
    for index in 0..count {
        let message = transposed(data, index);
        let before = sums;
        round::<0>(&mut sums, &message);
        round::<1>(&mut sums, &message);
        round::<2>(&mut sums, &message);
        round::<3>(&mut sums, &message);
        for (sum, before) in sums.iter_mut().zip(before) {
            *sum = _mm512_add_epi32(*sum, before);
        }
    }
    for (sum, words) in sums.iter().zip(states) {
        store_words(words, *sum);
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn round<const ROUND: usize>(sums: &mut [__m512i; 4], message: &[__m512i; 16]) {
    for first in [0, 4, 8, 12] {
        step::<ROUND, 0>(sums, message, first);
        step::<ROUND, 1>(sums, message, first);
        step::<ROUND, 2>(sums, message, first);
        step::<ROUND, 3>(sums, message, first);
    }
}

/// Replaces the word that is `a` in this step; the roles move on by one word with each step.
#[target_feature(enable = "avx512f")]
#[inline]
fn step<const ROUND: usize, const STEP: usize>(
    sums: &mut [__m512i; 4],
    message: &[__m512i; 16],
    first: usize,
) {
    let place = first | STEP;
    let [a, b, c, d] = ROLES[STEP];
    let sine = _mm512_set1_epi32(SINES[ROUND][place].cast_signed());
    let shift = _mm512_set1_epi32(SHIFTS[ROUND][STEP].cast_signed());
    // What does not need `b`, the newest word, is added first.
    let word = _mm512_add_epi32(message[WORDS[ROUND][place]], sine);
    let mixed = mix::<ROUND>(sums[b], sums[c], sums[d]);
    let sum = _mm512_add_epi32(_mm512_add_epi32(sums[a], word), mixed);
    sums[a] = _mm512_add_epi32(sums[b], _mm512_rolv_epi32(sum, shift));
}

#[target_feature(enable = "avx512f")]
#[inline]
fn mix<const ROUND: usize>(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    match ROUND {
        0 => _mm512_ternarylogic_epi32::<0xca>(b, c, d), // (b & c) | (!b & d)
        1 => _mm512_ternarylogic_epi32::<0xe4>(b, c, d), // (b & d) | (c & !d)
        2 => _mm512_ternarylogic_epi32::<0x96>(b, c, d), // b ^ c ^ d
        _ => _mm512_ternarylogic_epi32::<0x39>(b, c, d), // c ^ (b | !d)
    }
}

/// Returns the 16 words of each lane's block `index`: register w holds word w of every lane.
#[target_feature(enable = "avx512f")]
#[inline]
fn transposed(data: &[&[Block]; 16], index: usize) -> [__m512i; 16] {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, blocks) in rows.iter_mut().zip(data) {
        *row = load_block(&blocks[index]);
    }
    // Register 4q + k now gets, in its quarter i, word 4i + k of lanes 4q to 4q + 3.
    let mut fours = [_mm512_setzero_si512(); 16];
    for first in [0, 4, 8, 12] {
        let low01 = _mm512_unpacklo_epi32(rows[first], rows[first + 1]);
        let high01 = _mm512_unpackhi_epi32(rows[first], rows[first + 1]);
        let low23 = _mm512_unpacklo_epi32(rows[first + 2], rows[first + 3]);
        let high23 = _mm512_unpackhi_epi32(rows[first + 2], rows[first + 3]);
        fours[first] = _mm512_unpacklo_epi64(low01, low23);
        fours[first + 1] = _mm512_unpackhi_epi64(low01, low23);
        fours[first + 2] = _mm512_unpacklo_epi64(high01, high23);
        fours[first + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    // Quarters change places with registers.
    let mut words = [_mm512_setzero_si512(); 16];
    for k in 0..4 {
        let even01 = _mm512_shuffle_i32x4::<0x88>(fours[k], fours[k + 4]);
        let odd01 = _mm512_shuffle_i32x4::<0xdd>(fours[k], fours[k + 4]);
        let even23 = _mm512_shuffle_i32x4::<0x88>(fours[k + 8], fours[k + 12]);
        let odd23 = _mm512_shuffle_i32x4::<0xdd>(fours[k + 8], fours[k + 12]);
        words[k] = _mm512_shuffle_i32x4::<0x88>(even01, even23);
        words[k + 4] = _mm512_shuffle_i32x4::<0x88>(odd01, odd23);
        words[k + 8] = _mm512_shuffle_i32x4::<0xdd>(even01, even23);
        words[k + 12] = _mm512_shuffle_i32x4::<0xdd>(odd01, odd23);
    }
    words
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_block(block: &Block) -> __m512i {
    const { assert!(size_of::<__m512i>() == BLOCK) };
    // SAFETY: the reference covers 64 readable bytes, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm512_loadu_si512(block.as_ptr().cast())
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_words(words: &[u32; 16]) -> __m512i {
    // SAFETY: the reference covers 64 readable bytes, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm512_loadu_si512(words.as_ptr().cast())
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store_words(words: &mut [u32; 16], value: __m512i) {
    // SAFETY: the exclusive reference covers 64 writable bytes, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm512_storeu_si512(words.as_mut_ptr().cast(), value);
    }
}
