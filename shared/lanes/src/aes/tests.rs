//! Every width beside the `aes` and `xts-mode` crates.

use ::aes::{Aes128, Aes256};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use proptest::prelude::*;
use xts_mode::{Xts128, get_tweak_default};

use super::key::{Aes, Width, sectors};

/// Miri is a thousand times slower: it gets every lane and every remainder, and shorter sectors.
const LONG_SECTOR_BLOCKS: usize = if cfg!(miri) { 64 } else { 256 };
const CHAINS_MAX: usize = if cfg!(miri) { 34 } else { 70 };

fn widths() -> Vec<Width> {
    Width::available().collect()
}

fn encrypted_by_others<C>(key: &[u8], blocks: &mut [[u8; 16]])
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = cipher::consts::U16>,
{
    let aes = C::new_from_slice(key).expect("length");
    for block in blocks {
        aes.encrypt_block(block.into());
    }
}

/// CBC by another crate, a sector after the other.
fn cbc_by_others<C>(key: &[u8], ivs: &[[u8; 16]], sector_blocks: usize, blocks: &mut [[u8; 16]])
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = cipher::consts::U16>,
{
    let aes = C::new_from_slice(key).expect("length");
    for (iv, sector) in ivs.iter().zip(blocks.chunks_exact_mut(sector_blocks)) {
        let mut before = *iv;
        for block in sector {
            *block = (u128::from_le_bytes(*block) ^ u128::from_le_bytes(before)).to_le_bytes();
            aes.encrypt_block(block.into());
            before = *block;
        }
    }
}

/// XTS by another crate; returns each sector's first tweak, made with the tweak key that it took.
fn xts_by_others<C>(
    key: &[u8],
    first: u128,
    sector_blocks: usize,
    blocks: &mut [[u8; 16]],
) -> Vec<[u8; 16]>
where
    C: KeyInit
        + BlockCipherEncrypt
        + BlockCipherDecrypt
        + BlockSizeUser<BlockSize = cipher::consts::U16>,
{
    let aes = |key: &[u8]| C::new_from_slice(key).expect("length");
    let tweak_key: Vec<u8> = key.iter().map(|byte| byte ^ 0x5a).collect();
    let sector = sector_blocks.saturating_mul(16);
    Xts128::new(aes(key), aes(&tweak_key)).encrypt_area(
        blocks.as_flattened_mut(),
        sector,
        first,
        get_tweak_default,
    );
    let sectors = (first..).take(blocks.chunks_exact(sector_blocks).len());
    let mut tweaks: Vec<[u8; 16]> = sectors.map(u128::to_le_bytes).collect();
    encrypted_by_others::<C>(&tweak_key, &mut tweaks);
    tweaks
}

fn blocks(count: usize, seed: u64) -> Vec<[u8; 16]> {
    let mut state = seed | 1;
    let mut block = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405);
        u128::from(state)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
            .to_le_bytes()
    };
    (0..count).map(|_| block()).collect()
}

proptest! {
    #[test]
    fn every_width_does_to_any_number_of_blocks_what_the_aes_crate_does(
        key in prop_oneof![prop::collection::vec(any::<u8>(), 16), prop::collection::vec(any::<u8>(), 32)],
        count in 0..140_usize,
        seed: u64,
    ) {
        let plain = blocks(count, seed);
        let mut theirs = plain.clone();
        match key.len() {
            16 => encrypted_by_others::<Aes128>(&key, &mut theirs),
            _ => encrypted_by_others::<Aes256>(&key, &mut theirs),
        }
        for width in widths() {
            let aes = Aes::with(width, &key).expect("length");
            let mut ours = plain.clone();
            aes.encrypt_blocks(&mut ours);
            prop_assert_eq!(&ours, &theirs, "{:?}", width);
            aes.decrypt_blocks(&mut ours);
            prop_assert_eq!(&ours, &plain, "{:?}", width);
        }
    }

    #[test]
    fn every_width_makes_of_sectors_what_xts_mode_makes(
        key in prop_oneof![prop::collection::vec(any::<u8>(), 16), prop::collection::vec(any::<u8>(), 32)],
        first: u64,
        sectors in 0..5_usize,
        sector_blocks in prop_oneof![Just(32_usize), Just(LONG_SECTOR_BLOCKS)],
        seed: u64,
    ) {
        let plain = blocks(sectors.saturating_mul(sector_blocks), seed);
        let mut theirs = plain.clone();
        let first = u128::from(first);
        let tweaks = match key.len() {
            16 => xts_by_others::<Aes128>(&key, first, sector_blocks, &mut theirs),
            _ => xts_by_others::<Aes256>(&key, first, sector_blocks, &mut theirs),
        };
        for width in widths() {
            let aes = Aes::with(width, &key).expect("length");
            let mut ours = plain.clone();
            aes.xts_encrypt(&tweaks, sector_blocks, &mut ours);
            prop_assert!(ours == theirs, "{:?}", width);
            aes.xts_decrypt(&tweaks, sector_blocks, &mut ours);
            prop_assert!(ours == plain, "{:?}", width);
        }
    }

    #[test]
    fn every_width_chains_the_blocks_of_each_sector(
        key in prop_oneof![prop::collection::vec(any::<u8>(), 16), prop::collection::vec(any::<u8>(), 32)],
        sectors in 0..CHAINS_MAX,
        sector_blocks in prop_oneof![Just(32_usize), Just(LONG_SECTOR_BLOCKS)],
        seed: u64,
    ) {
        let plain = blocks(sectors.saturating_mul(sector_blocks), seed);
        let ivs = blocks(sectors, !seed);
        let mut theirs = plain.clone();
        match key.len() {
            16 => cbc_by_others::<Aes128>(&key, &ivs, sector_blocks, &mut theirs),
            _ => cbc_by_others::<Aes256>(&key, &ivs, sector_blocks, &mut theirs),
        }
        for width in widths() {
            let aes = Aes::with(width, &key).expect("length");
            let mut ours = plain.clone();
            aes.cbc_encrypt(&ivs, sector_blocks, &mut ours);
            prop_assert!(ours == theirs, "{:?}", width);
        }
    }
}

#[test]
fn keys_of_other_lengths_are_none() {
    for width in widths() {
        for length in [0, 15, 17, 24, 31, 33, 64] {
            assert!(Aes::with(width, &vec![1; length]).is_none(), "{length}");
        }
    }
}

#[test]
#[should_panic(expected = "are not 2 sectors of 32")]
fn blocks_that_are_no_whole_sectors_are_refused() {
    sectors(&[[0; 16]; 2], 32, &[[0; 16]; 63]);
}
