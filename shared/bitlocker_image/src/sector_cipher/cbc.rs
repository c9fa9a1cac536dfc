//! AES-CBC as BitLocker does it: every sector by itself, its IV the encrypted byte offset.

use cipher::array::Array;
use cipher::consts::U16;
use cipher::{
    BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser,
};

use super::blocks::{
    BATCH, Block, Decrypt, Direction, Encrypt, FastDecrypt, GROUP, Key, as_blocks, xor,
};
use super::helped::{CbcDecryptor, Prepared, by};

/// Blocks of a sector that are fetched together: a cache line. Sectors of 4096 bytes share one set
/// of the first-level cache, so a line fetched for one block only would be gone before its next.
const LINE: usize = 4;

/// The key of CBC, which makes the IVs too.
pub(super) struct Cbc<C>(Key<C>);

impl<C: BlockCipherEncrypt<BlockSize = U16> + BlockCipherDecrypt<BlockSize = U16>> Cbc<C> {
    pub(super) const fn new(key: Key<C>) -> Self {
        Self(key)
    }

    /// Encrypts in lockstep: block n of many sectors at once, as block n + 1 of a sector needs its
    /// block n.
    pub(super) fn encrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        let sector_blocks = sector_bytes / 16;
        for (ivs, blocks) in self.groups(first_sector, sector_bytes, bytes) {
            match &self.0.fast {
                Some(aes) => aes.cbc_encrypt(
                    Array::cast_slice_to_core(&ivs[..blocks.chunks_exact(sector_blocks).len()]),
                    sector_blocks,
                    Array::cast_slice_to_core_mut(blocks),
                ),
                None => self.0.portable.encrypt_with_backend(Lockstep {
                    blocks,
                    ivs,
                    sector_blocks,
                }),
            }
        }
    }

    /// Decrypts; here the blocks of a sector do not wait for each other.
    pub(super) fn decrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        let sector_blocks = sector_bytes / 16;
        for (ivs, blocks) in self.groups(first_sector, sector_bytes, bytes) {
            let chained = Chained {
                blocks,
                ivs,
                sector_blocks,
            };
            match &self.0.fast {
                Some(aes) => chained.run(&FastDecrypt(aes)),
                None => self.0.portable.decrypt_with_backend(chained),
            }
        }
    }

    /// Decrypts with a helper that does the AES and chains all of `bytes` as one: where a sector begins that is taken
    /// off again.
    pub(super) fn decrypt_with(
        &self,
        helper: &dyn CbcDecryptor,
        key: &[u8],
        first_sector: u64,
        sector_bytes: usize,
        bytes: &mut [u8],
    ) -> bool {
        let prepare = |_, bytes: &[u8]| {
            let mut prepared = Prepared::with_room_for(bytes.len());
            prepared.extend(bytes);
            prepared.pad(&self.0.portable);
            prepared
        };
        let could = by(helper, key, bytes, prepare, |part| {
            part.bytes.copy_from_slice(part.answer);
            let sectors = part.bytes.chunks_mut(sector_bytes);
            for (sector, before) in sectors.zip(part.before.chunks(sector_bytes)) {
                for (byte, before) in sector.iter_mut().zip(before).take(16) {
                    *byte ^= before;
                }
            }
        });
        if !could {
            return false;
        }
        for (ivs, blocks) in self.groups(first_sector, sector_bytes, bytes) {
            for (blocks, iv) in blocks.chunks_mut(sector_bytes / 16).zip(ivs) {
                xor(blocks.get_mut(..1).unwrap_or_default(), &[iv]);
            }
        }
        true
    }

    /// Splits sectors into groups of [`GROUP`], each with its IVs.
    fn groups<'a>(
        &'a self,
        first_sector: u64,
        sector_bytes: usize,
        bytes: &'a mut [u8],
    ) -> impl Iterator<Item = ([Block; GROUP], &'a mut [Block])> {
        let firsts = (u128::from(first_sector)..).step_by(GROUP);
        let groups = bytes.chunks_mut(sector_bytes.saturating_mul(GROUP));
        firsts.zip(groups).map(move |(first, bytes)| {
            let mut ivs = [Block::default(); GROUP];
            let count = bytes.chunks_exact(sector_bytes).len();
            let offsets = offsets(first.., sector_bytes);
            self.0.encrypt_numbers(offsets, &mut ivs[..count]);
            (ivs, as_blocks(bytes))
        })
    }
}

/// Returns the byte offsets of sectors.
pub(super) fn offsets(
    sectors: impl Iterator<Item = u128>,
    sector_bytes: usize,
) -> impl Iterator<Item = u128> {
    // 512 or 4096: a shift, and no cast from an architecture-sized integer.
    sectors.map(move |sector| sector.wrapping_shl(sector_bytes.trailing_zeros()))
}

struct Lockstep<'a> {
    blocks: &'a mut [Block],
    ivs: [Block; GROUP],
    sector_blocks: usize,
}

impl BlockSizeUser for Lockstep<'_> {
    type BlockSize = U16;
}

impl Lockstep<'_> {
    #[inline(always)]
    fn run(self, forwards: &impl Direction) {
        let sectors = self
            .blocks
            .chunks_mut(self.sector_blocks.saturating_mul(BATCH));
        for (blocks, ivs) in sectors.zip(self.ivs.as_chunks().0) {
            lockstep(forwards, blocks, *ivs, self.sector_blocks);
        }
    }
}

impl BlockCipherEncClosure for Lockstep<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        self.run(&Encrypt(backend));
    }
}

/// Encrypts up to [`BATCH`] sectors. When they are fewer, the chains of the missing ones run along
/// for nothing.
#[inline(always)]
fn lockstep(
    forwards: &impl Direction,
    blocks: &mut [Block],
    mut chains: [Block; BATCH],
    sector_blocks: usize,
) {
    let mut columns = [[Block::default(); BATCH]; LINE];
    for line in (0..sector_blocks).step_by(LINE) {
        for (place, sector) in blocks.chunks_exact(sector_blocks).enumerate() {
            for (column, block) in columns.iter_mut().zip(&sector[line..]) {
                column[place] = *block;
            }
        }
        for column in &mut columns {
            xor(&mut chains, column);
            forwards.run(&mut chains);
            *column = chains;
        }
        for (place, sector) in blocks.chunks_exact_mut(sector_blocks).enumerate() {
            for (column, block) in columns.iter().zip(&mut sector[line..]) {
                *block = column[place];
            }
        }
    }
}

struct Chained<'a> {
    blocks: &'a mut [Block],
    ivs: [Block; GROUP],
    sector_blocks: usize,
}

impl BlockSizeUser for Chained<'_> {
    type BlockSize = U16;
}

impl BlockCipherDecClosure for Chained<'_> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &B) {
        self.run(&Decrypt(backend));
    }
}

impl Chained<'_> {
    #[inline(always)]
    fn run(self, backwards: &impl Direction) {
        let mut ivs = self.ivs.iter();
        let mut left_in_sector = 0_usize;
        let mut last = Block::default();
        for blocks in self.blocks.chunks_mut(BATCH) {
            let mut before = [Block::default(); BATCH];
            before[0] = last;
            before[1..blocks.len()].copy_from_slice(&blocks[..blocks.len().saturating_sub(1)]);
            last = blocks.last().copied().unwrap_or_default();
            let mut start = left_in_sector;
            while start < blocks.len() {
                before[start] = ivs.next().copied().unwrap_or_default();
                start = start.saturating_add(self.sector_blocks);
            }
            left_in_sector = start.saturating_sub(blocks.len());
            backwards.run(blocks);
            xor(blocks, &before);
        }
    }
}
