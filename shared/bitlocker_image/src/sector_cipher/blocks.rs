//! Runs of AES blocks, as wide as the processor takes them.

use cipher::array::Array;
use cipher::consts::U16;
use cipher::{
    BlockCipherDecBackend, BlockCipherEncBackend, BlockCipherEncrypt, KeyInit, ParBlocks,
};
use lanes::Aes;

/// One AES block.
pub(super) type Block = Array<u8, U16>;

/// Blocks that are handled at once: the widest backend of the `aes` crate (VAES with AVX-512) takes
/// 64.
pub(super) const BATCH: usize = 64;

/// Sectors whose tweaks or IVs are made at once.
pub(super) const GROUP: usize = 256;

/// Returns `bytes`, a whole number of blocks, as blocks.
pub(super) fn as_blocks(bytes: &mut [u8]) -> &mut [Block] {
    let (blocks, rest) = Array::slice_as_chunks_mut(bytes);
    assert!(rest.is_empty(), "a sector is a whole number of blocks");
    blocks
}

/// AES in one of its directions. (A closure would do, but for `inline(always)`: what is not inlined
/// into the backend is compiled without the backend's instructions.)
pub(super) trait Direction {
    /// Replaces every block.
    fn run(&self, blocks: &mut [Block]);
}

/// AES forwards.
pub(super) struct Encrypt<'a, B>(pub(super) &'a B);

impl<B: BlockCipherEncBackend<BlockSize = U16>> Direction for Encrypt<'_, B> {
    #[inline(always)]
    fn run(&self, blocks: &mut [Block]) {
        let (wide, rest) = ParBlocks::<B>::slice_as_chunks_mut(blocks);
        for blocks in wide {
            self.0.encrypt_par_blocks_inplace(blocks);
        }
        self.0.encrypt_tail_blocks_inplace(rest);
    }
}

/// AES backwards.
pub(super) struct Decrypt<'a, B>(pub(super) &'a B);

impl<B: BlockCipherDecBackend<BlockSize = U16>> Direction for Decrypt<'_, B> {
    #[inline(always)]
    fn run(&self, blocks: &mut [Block]) {
        let (wide, rest) = ParBlocks::<B>::slice_as_chunks_mut(blocks);
        for blocks in wide {
            self.0.decrypt_par_blocks_inplace(blocks);
        }
        self.0.decrypt_tail_blocks_inplace(rest);
    }
}

/// XORs `with` into `blocks`, as far as both reach.
#[inline(always)]
pub(super) fn xor(blocks: &mut [Block], with: &[Block]) {
    let with = Array::slice_as_flattened(with);
    for (byte, with) in Array::slice_as_flattened_mut(blocks).iter_mut().zip(with) {
        *byte ^= with;
    }
}

/// A key of AES.
pub(super) struct Key<C> {
    /// By the processor's own instructions, where it has them.
    pub(super) fast: Option<Aes>,
    /// By the `aes` crate, everywhere.
    pub(super) portable: C,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit> Key<C> {
    /// Returns a key; `None` when its length is wrong. Without `fast` the `aes` crate does it all.
    pub(super) fn new(key: &[u8], fast: bool) -> Option<Self> {
        Some(Self {
            fast: if fast { Aes::new(key) } else { None },
            portable: C::new_from_slice(key).ok()?,
        })
    }
}

impl<C: BlockCipherEncrypt<BlockSize = U16>> Key<C> {
    /// Encrypts every block by itself.
    pub(super) fn encrypt_blocks(&self, blocks: &mut [Block]) {
        match &self.fast {
            Some(aes) => aes.encrypt_blocks(Array::cast_slice_to_core_mut(blocks)),
            None => self.portable.encrypt_blocks(blocks),
        }
    }

    /// Fills `blocks` with `numbers`, little-endian, encrypted.
    pub(super) fn encrypt_numbers(
        &self,
        numbers: impl Iterator<Item = u128>,
        blocks: &mut [Block],
    ) {
        for (block, number) in blocks.iter_mut().zip(numbers) {
            *block = Array(number.to_le_bytes());
        }
        self.encrypt_blocks(blocks);
    }
}

/// AES backwards by the processor's own instructions.
pub(super) struct FastDecrypt<'a>(pub(super) &'a Aes);

impl Direction for FastDecrypt<'_> {
    fn run(&self, blocks: &mut [Block]) {
        self.0.decrypt_blocks(Array::cast_slice_to_core_mut(blocks));
    }
}
