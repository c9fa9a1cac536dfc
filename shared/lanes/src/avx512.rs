//! 16 lanes of 32 bits, one or two registers side by side.
//!
//! A step of MD5 waits for the step before it, and each of its four instructions for the one before. What fills the waiting
//! is the next block, whose words are turned from rows to columns meanwhile, in [`PARTS`] parts between the steps; and a
//! second register, where there are messages for it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "only the numbers of registers are computed"
)]

use std::arch::x86_64::*;
use std::hint::black_box;

use crate::constants::{BLOCK, Block, ROLES, SHIFTS, SINES, WORDS};
use crate::schedule::{Data, States};

/// Word by word, each lane one message's: of a state, or of a block.
type Row = [u32; 16];

/// A block of every lane: row w holds word w of each.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Words([Row; 16]);

/// Parts in which the words of a block are turned: two to a round.
const PARTS: usize = 8;

/// Hashes the first `count` blocks of every lane.
///
/// # Panics
/// When a lane has fewer than `count` blocks.
#[target_feature(enable = "avx512f")]
pub(crate) fn compress<const SETS: usize>(
    states: &mut States<16, SETS>,
    data: &Data<'_, 16, SETS>,
    count: usize,
) {
    let Some(last) = count.checked_sub(1) else {
        return;
    };
    // Were they known, the compiler would add them where it likes, which is behind what each step waits for.
    let sines = black_box(&SINES);
    let mut sums = [[_mm512_setzero_si512(); 4]; SETS];
    for (sums, states) in sums.iter_mut().zip(&*states) {
        for (sum, words) in sums.iter_mut().zip(states) {
            *sum = load_row(words);
        }
    }
    let nothing = [Words([[0; 16]; 16]); SETS];
    let (mut halfway, mut turned) = (nothing, [nothing; 2]);
    let halfway = black_box(&mut halfway);
    macro_rules! turn_first {
        ($($part:literal),*) => {$( turn::<$part, SETS>(data, 0, halfway, &mut turned[0]); )*};
    }
    turn_first!(0, 1, 2, 3, 4, 5, 6, 7);
    for index in 0..count {
        let [even, odd] = &mut turned;
        let (words, next) = if index % 2 == 0 {
            (&*even, odd)
        } else {
            (&*odd, even)
        };
        // One choice: the compiler would make it for every word.
        let (words, next) = (black_box(words), black_box(next));
        // Behind the last there is none: it is turned again, for nothing.
        let ahead = last.min(index + 1);
        let before = sums;
        macro_rules! eighths {
            ($($part:literal: $round:literal $half:literal),*) => {$(
                turn::<$part, SETS>(data, ahead, halfway, next);
                eight_steps::<$round, $half, SETS>(&mut sums, words, sines);
            )*};
        }
        eighths!(0: 0 0, 1: 0 1, 2: 1 0, 3: 1 1, 4: 2 0, 5: 2 1, 6: 3 0, 7: 3 1);
        for (sums, before) in sums.iter_mut().zip(before) {
            for (sum, before) in sums.iter_mut().zip(before) {
                *sum = _mm512_add_epi32(*sum, before);
            }
        }
    }
    for (sums, states) in sums.iter().zip(states) {
        for (sum, words) in sums.iter().zip(states) {
            store_row(words, *sum);
        }
    }
}

/// Half a round, in every set.
#[target_feature(enable = "avx512f")]
#[inline]
fn eight_steps<const ROUND: usize, const HALF: usize, const SETS: usize>(
    sums: &mut [[__m512i; 4]; SETS],
    words: &[Words; SETS],
    sines: &[[u32; 16]; 4],
) {
    for first in [HALF * 8, HALF * 8 + 4] {
        keep_order(sums);
        step::<ROUND, 0, SETS>(sums, words, sines, first);
        step::<ROUND, 1, SETS>(sums, words, sines, first);
        step::<ROUND, 2, SETS>(sums, words, sines, first);
        step::<ROUND, 3, SETS>(sums, words, sines, first);
    }
}

/// Keeps the steps and the turning in the order in which they are written. The compiler would gather what waits for nothing in
/// one place, where the processor finds no steps to do beside, and keep it in memory until it is needed.
#[target_feature(enable = "avx512f")]
#[inline]
fn keep_order<const SETS: usize>(sums: &mut [[__m512i; 4]; SETS]) {
    // Miri knows no assembler.
    for sum in sums.as_flattened_mut().iter_mut().filter(|_| !cfg!(miri)) {
        #[expect(unsafe_code, reason = "nothing else keeps registers in order")]
        // SAFETY: there is no instruction in it.
        unsafe {
            std::arch::asm!(
                "/* {} */",
                inout(zmm_reg) * sum,
                options(nostack, preserves_flags)
            );
        }
    }
}

/// One step in every set. It replaces the word that is `a` in this step; the roles move on by one word with each step.
#[target_feature(enable = "avx512f")]
#[inline]
fn step<const ROUND: usize, const STEP: usize, const SETS: usize>(
    sums: &mut [[__m512i; 4]; SETS],
    words: &[Words; SETS],
    sines: &[[u32; 16]; 4],
    first: usize,
) {
    let place = first | STEP;
    let [a, b, c, d] = ROLES[STEP];
    let sine = _mm512_set1_epi32(sines[ROUND][place].cast_signed());
    let shift = _mm512_set1_epi32(SHIFTS[ROUND][STEP].cast_signed());
    for (sums, words) in sums.iter_mut().zip(words) {
        // What does not need `b`, the newest word, is added first.
        let word = _mm512_add_epi32(load_row(&words.0[WORDS[ROUND][place]]), sine);
        let mixed = mix::<ROUND>(sums[b], sums[c], sums[d]);
        let sum = _mm512_add_epi32(_mm512_add_epi32(sums[a], word), mixed);
        sums[a] = _mm512_add_epi32(sums[b], _mm512_rolv_epi32(sum, shift));
    }
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

/// Does a part of turning block `index` of every lane: the first half of the parts go from `data` to `halfway`, the others
/// from there to `turned`.
#[target_feature(enable = "avx512f")]
#[inline]
fn turn<const PART: usize, const SETS: usize>(
    data: &Data<'_, 16, SETS>,
    index: usize,
    halfway: &mut [Words; SETS],
    turned: &mut [Words; SETS],
) {
    for ((data, Words(halfway)), Words(turned)) in data.iter().zip(halfway).zip(turned) {
        match PART.checked_sub(PARTS / 2) {
            None => {
                let lanes = &data.as_chunks::<4>().0[PART];
                let rows = lanes.map(|blocks| load_block(&blocks[index]));
                store_rows(halfway, [0, 1, 2, 3].map(|k| 4 * PART + k), fours(rows));
            }
            Some(k) => {
                let places = [0, 1, 2, 3].map(|quarter| 4 * quarter + k);
                let rows = places.map(|place| load_row(&halfway[place]));
                store_rows(turned, places, quarters(rows));
            }
        }
    }
}

/// Returns, from the rows of four lanes, registers k that hold in their quarter i word 4i + k of each of them.
#[target_feature(enable = "avx512f")]
#[inline]
fn fours(rows: [__m512i; 4]) -> [__m512i; 4] {
    let low01 = _mm512_unpacklo_epi32(rows[0], rows[1]);
    let high01 = _mm512_unpackhi_epi32(rows[0], rows[1]);
    let low23 = _mm512_unpacklo_epi32(rows[2], rows[3]);
    let high23 = _mm512_unpackhi_epi32(rows[2], rows[3]);
    [
        _mm512_unpacklo_epi64(low01, low23),
        _mm512_unpackhi_epi64(low01, low23),
        _mm512_unpacklo_epi64(high01, high23),
        _mm512_unpackhi_epi64(high01, high23),
    ]
}

/// Quarters change places with registers.
#[target_feature(enable = "avx512f")]
#[inline]
fn quarters(rows: [__m512i; 4]) -> [__m512i; 4] {
    let even01 = _mm512_shuffle_i32x4::<0x88>(rows[0], rows[1]);
    let odd01 = _mm512_shuffle_i32x4::<0xdd>(rows[0], rows[1]);
    let even23 = _mm512_shuffle_i32x4::<0x88>(rows[2], rows[3]);
    let odd23 = _mm512_shuffle_i32x4::<0xdd>(rows[2], rows[3]);
    [
        _mm512_shuffle_i32x4::<0x88>(even01, even23),
        _mm512_shuffle_i32x4::<0x88>(odd01, odd23),
        _mm512_shuffle_i32x4::<0xdd>(even01, even23),
        _mm512_shuffle_i32x4::<0xdd>(odd01, odd23),
    ]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store_rows(into: &mut [Row; 16], places: [usize; 4], rows: [__m512i; 4]) {
    for (place, row) in places.into_iter().zip(rows) {
        store_row(&mut into[place], row);
    }
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
fn load_row(words: &Row) -> __m512i {
    // SAFETY: the reference covers 64 readable bytes, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm512_loadu_si512(words.as_ptr().cast())
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store_row(words: &mut Row, value: __m512i) {
    // SAFETY: the exclusive reference covers 64 writable bytes, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm512_storeu_si512(words.as_mut_ptr().cast(), value);
    }
}
