//! The Elephant diffuser, in which Windows Vista and 7 wrap AES-CBC.
//!
//! Source: Niels Ferguson, "AES-CBC + Elephant diffuser: A Disk Encryption Algorithm for Windows
//! Vista", Microsoft, 2006.

use cipher::array::Array;
use cipher::consts::U16;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt};

use super::blocks::{Block, Key};
use super::cbc::Cbc;

/// Rotations and turns of the two diffusers.
const ROTATE_A: [u32; 4] = [9, 0, 13, 0];
const TURNS_A: usize = 5;
const ROTATE_B: [u32; 4] = [0, 10, 0, 25];
const TURNS_B: usize = 3;

/// Words of the largest sector.
const WORDS_MAX: usize = 1024;

/// CBC with the diffuser: the CBC key, and the key that makes the sector keys.
pub(super) struct Elephant<C> {
    cbc: Cbc<C>,
    tweak: C,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + BlockCipherDecrypt<BlockSize = U16>> Elephant<C> {
    pub(super) const fn new(data: Key<C>, tweak: C) -> Self {
        let cbc = Cbc::new(data);
        Self { cbc, tweak }
    }

    pub(super) fn encrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        self.each_sector(first_sector, sector_bytes, bytes, |sector, key| {
            xor_repeated(sector, key);
            with_words(sector, |words| {
                diffuse_a(words, u32::wrapping_sub, true);
                diffuse_b(words, u32::wrapping_sub, true);
            });
        });
        self.cbc.encrypt(first_sector, sector_bytes, bytes);
    }

    pub(super) fn decrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        self.cbc.decrypt(first_sector, sector_bytes, bytes);
        self.each_sector(first_sector, sector_bytes, bytes, |sector, key| {
            with_words(sector, |words| {
                diffuse_b(words, u32::wrapping_add, false);
                diffuse_a(words, u32::wrapping_add, false);
            });
            xor_repeated(sector, key);
        });
    }

    fn each_sector(
        &self,
        first_sector: u64,
        sector_bytes: usize,
        bytes: &mut [u8],
        mut sector_with_key: impl FnMut(&mut [u8], &[u8]),
    ) {
        let offsets = super::cbc::offsets(u128::from(first_sector).., sector_bytes);
        for (offset, sector) in offsets.zip(bytes.chunks_exact_mut(sector_bytes)) {
            let mut key: [Block; 2] = [Array(offset.to_le_bytes()); 2];
            key[1][15] |= 0x80;
            self.tweak.encrypt_blocks(&mut key);
            sector_with_key(sector, Array::slice_as_flattened(&key));
        }
    }
}

fn xor_repeated(sector: &mut [u8], key: &[u8]) {
    for (byte, key) in sector.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

fn with_words(sector: &mut [u8], change: impl FnOnce(&mut [u32])) {
    let mut words = [0; WORDS_MAX];
    let words = &mut words[..sector.len() / 4];
    for (word, bytes) in words.iter_mut().zip(sector.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    change(words);
    for (word, bytes) in words.iter().zip(sector.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// Changes every word by the words 2 and 5 before it. Sectors are a power of two of words.
fn diffuse_a(words: &mut [u32], change: fn(u32, u32) -> u32, backwards: bool) {
    for step in 0..TURNS_A.wrapping_mul(words.len()) {
        let (place, last) = place_of(step, words.len(), backwards);
        let before = |by: usize| place.wrapping_sub(by) & last;
        let rotated = words[before(5)].rotate_left(ROTATE_A[place % 4]);
        words[place] = change(words[place], words[before(2)] ^ rotated);
    }
}

/// Changes every word by the words 2 and 5 after it.
fn diffuse_b(words: &mut [u32], change: fn(u32, u32) -> u32, backwards: bool) {
    for step in 0..TURNS_B.wrapping_mul(words.len()) {
        let (place, last) = place_of(step, words.len(), backwards);
        let after = |by: usize| place.wrapping_add(by) & last;
        let rotated = words[after(5)].rotate_left(ROTATE_B[place % 4]);
        words[place] = change(words[place], words[after(2)] ^ rotated);
    }
}

/// Returns the word that a step changes, and the last word's place, which masks places.
const fn place_of(step: usize, count: usize, backwards: bool) -> (usize, usize) {
    let last = count.wrapping_sub(1);
    let place = step & last;
    (
        if backwards {
            last.wrapping_sub(place)
        } else {
            place
        },
        last,
    )
}
