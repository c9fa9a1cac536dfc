//! The key schedule.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "places in a schedule of 60 words"
)]

use std::arch::x86_64::*;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::key::Width;

/// The most there are: those of AES-256.
pub(super) const KEYS_MAX: usize = 15;

/// The keys of all rounds, of both directions.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct RoundKeys {
    encrypt: [[u8; 16]; KEYS_MAX],
    /// As the equivalent inverse cipher takes them (FIPS 197, 5.3.5).
    decrypt: [[u8; 16]; KEYS_MAX],
    /// How many: 11 for AES-128, 15 for AES-256.
    count: usize,
}

impl RoundKeys {
    /// Returns those of a key; `None` when it is not 16 or 32 bytes long.
    ///
    /// `_proof`: that a width was found means that AES-NI is there.
    pub(super) fn new(_proof: Width, key: &[u8]) -> Option<Self> {
        let count = match key.len() {
            16 => 11,
            32 => 15,
            _ => return None,
        };
        let mut keys = Self {
            encrypt: [[0; 16]; KEYS_MAX],
            decrypt: [[0; 16]; KEYS_MAX],
            count,
        };
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: every `Width` is only made where AES-NI was found.
        unsafe {
            expand(key, &mut keys.encrypt[..count]);
            invert(&keys.encrypt[..count], &mut keys.decrypt[..count]);
        }
        Some(keys)
    }

    pub(super) fn encrypt(&self) -> &[[u8; 16]] {
        &self.encrypt[..self.count]
    }

    pub(super) fn decrypt(&self) -> &[[u8; 16]] {
        &self.decrypt[..self.count]
    }
}

/// Makes the round keys of a key. Source: FIPS 197, 5.2.
#[target_feature(enable = "aes")]
fn expand(key: &[u8], keys: &mut [[u8; 16]]) {
    let (words, _) = keys.as_flattened_mut().as_chunks_mut::<4>();
    let (given, _) = key.as_chunks::<4>();
    let mut constant = 1_u8;
    for place in 0..words.len() {
        if let Some(word) = given.get(place) {
            words[place] = *word;
            continue;
        }
        let before = u32::from_le_bytes(words[place - 1]);
        let mixed = match place % given.len() {
            0 => {
                let turned = substituted(before).rotate_right(8) ^ u32::from(constant);
                // Doubled in GF(2^8).
                constant = (constant << 1) ^ if constant < 0x80 { 0 } else { 0x1b };
                turned
            }
            4 if given.len() > 6 => substituted(before),
            _ => before,
        };
        let earlier = u32::from_le_bytes(words[place - given.len()]);
        words[place] = (earlier ^ mixed).to_le_bytes();
    }
}

/// Puts every byte of a word through the S-box, which is no table here: a table's cache lines tell what was looked up. It is
/// what a last round does to four equal columns, whose rows may turn as they like.
#[target_feature(enable = "aes")]
fn substituted(word: u32) -> u32 {
    let words = _mm_set1_epi32(word.cast_signed());
    let done = _mm_aesenclast_si128(words, _mm_setzero_si128());
    _mm_cvtsi128_si32(done).cast_unsigned()
}

/// Makes the keys for decryption: backwards, those between through the inverse of `MixColumns`.
#[target_feature(enable = "aes")]
fn invert(keys: &[[u8; 16]], inverse: &mut [[u8; 16]]) {
    for (place, (inverse, key)) in inverse.iter_mut().zip(keys.iter().rev()).enumerate() {
        *inverse = *key;
        if place > 0 && place + 1 < keys.len() {
            let (halves, _) = inverse.as_chunks_mut::<8>();
            let [low, high] = [halves[0], halves[1]].map(i64::from_le_bytes);
            let mixed = _mm_aesimc_si128(_mm_set_epi64x(high, low));
            halves[0] = _mm_cvtsi128_si64(mixed).to_le_bytes();
            halves[1] = _mm_cvtsi128_si64(_mm_unpackhi_epi64(mixed, mixed)).to_le_bytes();
        }
    }
}
