//! XTS-AES (IEEE 1619): one data unit a sector, its tweak the sector's number.

use cipher::array::Array;
use cipher::consts::U16;
use cipher::{
    BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser,
};

use super::blocks::{BATCH, Block, Decrypt, Direction, Encrypt, GROUP, Key, as_blocks, xor};
use super::helped::{CbcDecryptor, PIECE, Prepared, by};

/// Blocks whose tweaks are made from one: a sector of 512 bytes.
const RUN: usize = 32;
/// Tweaks that are stepped at once, and their halves.
const STEP: usize = 8;
const LANES: usize = 16;

/// The two keys of XTS.
pub(super) struct Xts<C> {
    data: Key<C>,
    tweak: Key<C>,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + BlockCipherDecrypt<BlockSize = U16>> Xts<C> {
    pub(super) const fn new(data: Key<C>, tweak: Key<C>) -> Self {
        Self { data, tweak }
    }

    pub(super) fn encrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        self.in_groups(
            first_sector,
            sector_bytes,
            bytes,
            |tweaks, blocks| match &self.data.fast {
                Some(aes) => aes.xts_encrypt(
                    Array::cast_slice_to_core(tweaks),
                    sector_bytes / 16,
                    Array::cast_slice_to_core_mut(blocks),
                ),
                None => in_batches(blocks, tweaks, sector_bytes, |batches| {
                    self.data.portable.encrypt_with_backend(batches);
                }),
            },
        );
    }

    pub(super) fn decrypt(&self, first_sector: u64, sector_bytes: usize, bytes: &mut [u8]) {
        self.in_groups(
            first_sector,
            sector_bytes,
            bytes,
            |tweaks, blocks| match &self.data.fast {
                Some(aes) => aes.xts_decrypt(
                    Array::cast_slice_to_core(tweaks),
                    sector_bytes / 16,
                    Array::cast_slice_to_core_mut(blocks),
                ),
                None => in_batches(blocks, tweaks, sector_bytes, |batches| {
                    self.data.portable.decrypt_with_backend(batches);
                }),
            },
        );
    }

    /// Decrypts with a helper that does the AES.
    pub(super) fn decrypt_with(
        &self,
        helper: &dyn CbcDecryptor,
        data_key: &[u8],
        first_sector: u64,
        sector_bytes: usize,
        bytes: &mut [u8],
    ) -> bool {
        let piece_sectors = PIECE.checked_div(sector_bytes).unwrap_or(PIECE);
        let mut tweaks = vec![Block::default(); bytes.chunks_exact(sector_bytes).len()];
        self.tweak
            .encrypt_numbers(u128::from(first_sector).., &mut tweaks);
        let tweaks_of = |piece: usize| {
            let firsts = tweaks.get(piece.saturating_mul(piece_sectors)..);
            Tweaks::new(firsts.unwrap_or_default(), sector_bytes)
        };
        let prepare = |number: usize, bytes: &[u8]| {
            let mut prepared = Prepared::with_room_for(bytes.len());
            let mut tweaks = tweaks_of(number);
            let mut run = [Block::default(); RUN];
            for bytes in bytes.chunks(RUN * 16) {
                tweaks.next(&mut run);
                let run = Array::slice_as_flattened_mut(&mut run);
                for (byte, stored) in run.iter_mut().zip(bytes) {
                    *byte ^= stored;
                }
                prepared.extend(run);
            }
            prepared.pad(&self.data.portable);
            prepared
        };
        by(helper, data_key, bytes, prepare, |part| {
            // The tweak is what it was prepared with.
            let known = part.prepared.iter().zip(part.before).zip(part.answer);
            for (byte, ((prepared, before), answer)) in part.bytes.iter_mut().zip(known) {
                *byte ^= prepared ^ before ^ answer;
            }
        })
    }

    /// Hands over [`GROUP`] sectors after the others, with the first tweak of each.
    fn in_groups(
        &self,
        first_sector: u64,
        sector_bytes: usize,
        bytes: &mut [u8],
        mut act: impl FnMut(&[Block], &mut [Block]),
    ) {
        let mut tweaks = [Block::default(); GROUP];
        let firsts = (u128::from(first_sector)..).step_by(GROUP);
        let groups = bytes.chunks_mut(sector_bytes.saturating_mul(GROUP));
        for (first, bytes) in firsts.zip(groups) {
            let tweaks = &mut tweaks[..bytes.chunks_exact(sector_bytes).len()];
            self.tweak.encrypt_numbers(first.., tweaks);
            act(tweaks, as_blocks(bytes));
        }
    }
}

/// Hands the blocks of some sectors over in whole batches; a last sector that fills only half of
/// one goes in a padded batch.
fn in_batches(
    blocks: &mut [Block],
    tweaks: &[Block],
    sector_bytes: usize,
    mut run: impl FnMut(Batches<'_>),
) {
    let sectors = blocks.chunks_exact(sector_bytes / 16).len();
    let (batches, rest) = blocks.as_chunks_mut();
    run(Batches {
        batches,
        tweaks: Tweaks::new(tweaks, sector_bytes),
    });
    if !rest.is_empty() {
        let mut padded = [[Block::default(); BATCH]];
        padded[0][..rest.len()].copy_from_slice(rest);
        run(Batches {
            batches: &mut padded,
            tweaks: Tweaks::new(&tweaks[sectors.saturating_sub(1)..], sector_bytes),
        });
        rest.copy_from_slice(&padded[0][..rest.len()]);
    }
}

/// The tweaks of a group of sectors, run by run.
struct Tweaks<'a> {
    sectors: std::slice::Iter<'a, Block>,
    runs_of_sector: usize,
    left_in_sector: usize,
    tweak: u128,
}

impl<'a> Tweaks<'a> {
    fn new(tweaks: &'a [Block], sector_bytes: usize) -> Self {
        Self {
            sectors: tweaks.iter(),
            runs_of_sector: sector_bytes / 16 / RUN,
            left_in_sector: 0,
            tweak: 0,
        }
    }

    /// Fills `run` with the next tweaks; past the last sector they mean nothing.
    #[inline(always)]
    fn next(&mut self, run: &mut [Block; RUN]) {
        if self.left_in_sector == 0 {
            let first = self.sectors.next().copied().unwrap_or_default();
            self.tweak = u128::from_le_bytes(first.0);
            self.left_in_sector = self.runs_of_sector;
        } else {
            self.tweak = times_x_to_the_32(self.tweak);
        }
        self.left_in_sector = self.left_in_sector.saturating_sub(1);
        fill(self.tweak, run);
    }
}

/// Multiplies by x^32 in GF(2^128) modulo x^128 + x^7 + x^2 + x + 1: the bits that leave at the top
/// come back times x^7 + x^2 + x + 1. They are 32, so that product has at most 39 bits and needs no
/// second reduction.
const fn times_x_to_the_32(tweak: u128) -> u128 {
    let out = tweak >> 96;
    (tweak << 32) ^ out ^ (out << 1) ^ (out << 2) ^ (out << 7)
}

/// Fills `run` with tweak, tweak x, tweak x^2 and so on.
///
/// The first [`STEP`] powers are shifts of the one tweak, with no chain of doublings between them,
/// and each later STEP are the ones before times x^8. Both are the same few operations on every
/// half of every tweak ("lane": low half, high half, low, high, ...), so that the compiler puts
/// eight lanes in one wide register.
#[inline(always)]
fn fill(tweak: u128, run: &mut [Block; RUN]) {
    let [low, high] = halves(tweak);
    let mut lanes = [0_u64; LANES];
    for (place, lane) in (0_u32..).zip(lanes.iter_mut()) {
        // Two shifts, as one by 64 - power would be too long for power 0.
        let power = place / 2;
        let left = 63_u32.wrapping_sub(power);
        let even = low.wrapping_shl(power) ^ reduced((high >> 1).wrapping_shr(left));
        let odd = high.wrapping_shl(power) ^ (low >> 1).wrapping_shr(left);
        *lane = if place % 2 == 0 { even } else { odd };
    }
    for blocks in run.as_chunks_mut::<STEP>().0 {
        let bytes = Array::slice_as_flattened_mut(blocks);
        for (bytes, lane) in bytes.chunks_exact_mut(8).zip(lanes) {
            bytes.copy_from_slice(&lane.to_le_bytes());
        }
        let mut out = [0_u64; LANES];
        for (place, out) in out.iter_mut().enumerate() {
            *out = lanes[place ^ 1] >> 56;
        }
        for (place, (lane, out)) in lanes.iter_mut().zip(out).enumerate() {
            let back = if place % 2 == 0 { reduced(out) } else { out };
            *lane = (*lane << 8) ^ back;
        }
    }
}

/// Returns bits that left at the top times x^7 + x^2 + x + 1.
#[inline(always)]
const fn reduced(out: u64) -> u64 {
    out ^ (out << 1) ^ (out << 2) ^ (out << 7)
}

/// Returns the low and the high half.
#[inline(always)]
const fn halves(tweak: u128) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = tweak.to_le_bytes();
    [
        u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        u64::from_le_bytes([i, j, k, l, m, n, o, p]),
    ]
}

/// On a cache line's border, which wide loads and stores like.
#[repr(align(64))]
struct Aligned([[Block; RUN]; BATCH / RUN]);

/// Whole batches, and the tweaks of their sectors.
struct Batches<'a> {
    batches: &'a mut [[Block; BATCH]],
    tweaks: Tweaks<'a>,
}

impl BlockSizeUser for Batches<'_> {
    type BlockSize = U16;
}

impl Batches<'_> {
    #[inline(always)]
    fn run(mut self, direction: &impl Direction) {
        let mut tweaks = Aligned([[Block::default(); RUN]; BATCH / RUN]);
        // A loop in a loop: only then does the compiler find the inner one hot enough to put the
        // whole backend into it.
        for batches in self.batches.chunks_mut(GROUP) {
            for batch in batches {
                for run in &mut tweaks.0 {
                    self.tweaks.next(run);
                }
                xor(batch, tweaks.0.as_flattened());
                direction.run(batch);
                xor(batch, tweaks.0.as_flattened());
            }
        }
    }
}

impl BlockCipherEncClosure for Batches<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        self.run(&Encrypt(backend));
    }
}

impl BlockCipherDecClosure for Batches<'_> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &B) {
        self.run(&Decrypt(backend));
    }
}
