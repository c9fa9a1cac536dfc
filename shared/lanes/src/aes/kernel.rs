//! The one body of all widths.

/// Registers of data at work at once: the instruction of a round waits for the one before, and others fill the waiting.
pub(super) const REGISTERS: usize = 8;

/// Blocks of a sector that are fetched together: a cache line. Sectors of 4096 bytes share one set of the first-level cache,
/// so a line fetched for one block only would be gone before its next.
pub(super) const LINE: usize = 4;

/// How far on memory is asked for, in bytes: what processors fetch ahead by themselves ends with the page that they are in.
pub(super) const AHEAD: usize = 4096;

/// x^7 + x^2 + x + 1.
pub(super) const REDUCTION: [u8; 16] = [0x87, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// The same without the 1.
pub(super) const REDUCTION_BUT_ONE: [u8; 16] = [0x86, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Returns, for each half of each block of eight registers, how far a sector's first tweak is shifted to the left for the
/// block's own: by the number of the block; or, `behind`, to the right for the bits that leave at the top.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "numbers of blocks, below 32, at compile time"
)]
pub(super) const fn shifts<const BLOCKS: usize>(behind: bool) -> [[[u8; 16]; BLOCKS]; REGISTERS] {
    let mut shifts = [[[0; 16]; BLOCKS]; REGISTERS];
    let mut number = 0;
    while number < BLOCKS * REGISTERS {
        let shift = if behind { 64 - number } else { number };
        let block = &mut shifts[number / BLOCKS][number % BLOCKS];
        block[0] = shift as u8;
        block[8] = shift as u8;
        number += 1;
    }
    shifts
}

/// Writes `run` for one width.
///
/// The tweaks of XTS are a sector's first one times powers of x in GF(2^128), modulo x^128 + x^7 + x^2 + x + 1. Those of the
/// first eight registers are shifts of the first tweak, so that none waits for another; those of the next eight are these
/// times x^8 for each block of a register, which is a shift by whole bytes. What is shifted out at the top comes back below
/// times x^7 + x^2 + x + 1: 0x87.
macro_rules! kernels {
    (
        $feature:literal, $register:ty, blocks: $blocks:literal, load: $load:ident, store: $store:ident, xor: $xor:ident,
        shift each its own left: $left_each:ident, right: $right_each:ident,
        by bytes left: $left_bytes:ident, right: $right_bytes:ident, swap halves: $shuffle:ident,
        multiply: $multiply:ident,
        encrypt: $encrypt:ident, $encrypt_last:ident, decrypt: $decrypt:ident, $decrypt_last:ident,
        rows of blocks to columns: $turned:ident,
    ) => {
        use std::arch::x86_64::*;
        use std::array::from_fn;
        use std::mem::swap;

        use super::kernel::{AHEAD, LINE, REDUCTION, REDUCTION_BUT_ONE, REGISTERS, shifts};
        use super::key::{Act, Sectors};
        use super::round_keys::KEYS_MAX;

        /// Blocks of a register.
        const BLOCKS: usize = $blocks;
        type Register = $register;
        /// What a register holds, in memory.
        type Memory = [[u8; 16]; BLOCKS];
        type Line = [[u8; 16]; LINE];
        /// A block of each of many sectors.
        type Column = [Register; REGISTERS];
        /// The lines of those sectors.
        type Rows<'a> = [[&'a mut [Line]; BLOCKS]; REGISTERS];

        const POWERS: [Memory; REGISTERS] = shifts::<BLOCKS>(false);
        const BEHIND: [Memory; REGISTERS] = shifts::<BLOCKS>(true);

        /// The keys of the first round, of those between, and of the last.
        #[derive(Clone, Copy)]
        struct Keys<'a> {
            first: Register,
            between: &'a [Register],
            last: Register,
        }

        /// Does `act` to blocks, with the keys of all rounds.
        #[target_feature(enable = $feature)]
        pub(super) fn run(keys: &[[u8; 16]], act: Act<'_>, blocks: &mut [[u8; 16]]) {
            let mut all = [splat(&[0; 16]); KEYS_MAX];
            for (to, key) in all.iter_mut().zip(keys) {
                *to = splat(key);
            }
            let [first, between @ .., last] = &all[..keys.len()] else {
                return;
            };
            let keys = Keys {
                first: *first,
                between,
                last: *last,
            };
            match act {
                Act::Encrypt => each::<true>(keys, blocks),
                Act::Decrypt => each::<false>(keys, blocks),
                Act::XtsEncrypt(sectors) => xts::<true>(keys, sectors, blocks),
                Act::XtsDecrypt(sectors) => xts::<false>(keys, sectors, blocks),
                Act::CbcEncrypt(sectors) => cbc(keys, sectors, blocks),
            }
        }

        #[target_feature(enable = $feature)]
        #[inline]
        fn each<const FORWARDS: bool>(keys: Keys<'_>, blocks: &mut [[u8; 16]]) {
            let none = || [splat(&[0; 16]); REGISTERS];
            for blocks in blocks.chunks_mut(BLOCKS * REGISTERS) {
                if let ([group], []) = blocks.as_chunks_mut::<BLOCKS>().0.as_chunks_mut() {
                    rounds::<FORWARDS>(keys, &none(), &mut [], Next::Group, group);
                    continue;
                }
                // The last ones, too few: others go along for nothing.
                let mut padded = [[[0; 16]; BLOCKS]; REGISTERS];
                padded.as_flattened_mut()[..blocks.len()].copy_from_slice(blocks);
                rounds::<FORWARDS>(keys, &none(), &mut [], Next::Group, &mut padded);
                blocks.copy_from_slice(&padded.as_flattened()[..blocks.len()]);
            }
        }

        #[target_feature(enable = $feature)]
        #[inline]
        fn xts<const FORWARDS: bool>(
            keys: Keys<'_>,
            sectors: Sectors<'_>,
            blocks: &mut [[u8; 16]],
        ) {
            let [first, others @ ..] = sectors.firsts else {
                return;
            };
            let (mut tweaks, mut spare) =
                ([splat(&[0; 16]); REGISTERS], [splat(&[0; 16]); REGISTERS]);
            for (place, tweak) in tweaks.iter_mut().enumerate() {
                *tweak = first_tweak(splat(first), place);
            }
            // By turns, as copying them would cost more than making them.
            let (mut now, mut next) = (&mut tweaks, &mut spare);
            // Behind the last sector there is none: any will do.
            let following = others.iter().chain([first]);
            let of_sectors = blocks.chunks_exact_mut(sectors.blocks);
            for (following, blocks) in following.zip(of_sectors) {
                let groups = blocks.as_chunks_mut::<BLOCKS>().0.as_chunks_mut().0;
                let Some((last, groups)) = groups.split_last_mut() else {
                    continue;
                };
                for group in groups {
                    fetch_ahead(group);
                    rounds::<FORWARDS>(keys, now, next, Next::Group, group);
                    swap(&mut now, &mut next);
                }
                fetch_ahead(last);
                rounds::<FORWARDS>(keys, now, next, Next::Sector(splat(following)), last);
                swap(&mut now, &mut next);
            }
        }

        /// Takes a sector for each block of eight registers, and of each a line at a time. Where sectors are fewer, others go
        /// along for nothing.
        #[target_feature(enable = $feature)]
        #[inline]
        fn cbc(keys: Keys<'_>, sectors: Sectors<'_>, blocks: &mut [[u8; 16]]) {
            const SECTORS: usize = BLOCKS * REGISTERS;
            let groups = blocks.chunks_mut(sectors.blocks.saturating_mul(SECTORS));
            for (ivs, group) in sectors.firsts.chunks(SECTORS).zip(groups) {
                let mut padded: [Memory; REGISTERS] = [[[0; 16]; BLOCKS]; REGISTERS];
                padded.as_flattened_mut()[..ivs.len()].copy_from_slice(ivs);
                let mut chains = [keys.first; REGISTERS];
                for (chain, iv) in chains.iter_mut().zip(&padded) {
                    *chain = load(iv);
                }
                let missing = SECTORS.saturating_sub(ivs.len());
                let mut others = vec![[0; 16]; missing.saturating_mul(sectors.blocks)];
                let both = [group, &mut others];
                let mut rows = both
                    .into_iter()
                    .flat_map(|blocks| blocks.chunks_exact_mut(sectors.blocks));
                let mut rows: Rows<'_> =
                    from_fn(|_| from_fn(|_| rows.next().unwrap_or_default().as_chunks_mut().0));
                for line in 0..sectors.blocks / LINE {
                    let mut columns = columns(&rows, line);
                    for column in &mut columns {
                        chained(keys, &mut chains, column);
                    }
                    put_back(&columns, &mut rows, line);
                }
            }
        }

        /// Returns a line of every sector, the blocks of one number side by side.
        #[target_feature(enable = $feature)]
        #[inline]
        fn columns(rows: &Rows<'_>, line: usize) -> [Column; LINE] {
            let mut columns = [[splat(&[0; 16]); REGISTERS]; LINE];
            for place in 0..REGISTERS {
                for (part, columns) in columns.as_chunks_mut::<BLOCKS>().0.iter_mut().enumerate() {
                    let mut square = [splat(&[0; 16]); BLOCKS];
                    for (row, sector) in square.iter_mut().zip(&rows[place]) {
                        *row = load(&sector[line].as_chunks().0[part]);
                    }
                    let square = $turned(square);
                    for number in 0..BLOCKS {
                        columns[number][place] = square[number];
                    }
                }
            }
            columns
        }

        /// The way back; the last first, whose lines are in the cache still.
        #[target_feature(enable = $feature)]
        #[inline]
        fn put_back(columns: &[Column; LINE], rows: &mut Rows<'_>, line: usize) {
            for place in (0..REGISTERS).rev() {
                for (part, columns) in columns.as_chunks::<BLOCKS>().0.iter().enumerate() {
                    let mut square = [splat(&[0; 16]); BLOCKS];
                    for number in 0..BLOCKS {
                        square[number] = columns[number][place];
                    }
                    let square = $turned(square);
                    for (row, sector) in square.iter().zip(&mut rows[place]) {
                        store(&mut sector[line].as_chunks_mut().0[part], *row);
                    }
                }
            }
        }

        /// Encrypts a block of each sector; `chains` is what came before.
        #[target_feature(enable = $feature)]
        #[inline]
        fn chained(keys: Keys<'_>, chains: &mut Column, column: &mut Column) {
            for place in 0..REGISTERS {
                let plain = $xor(column[place], chains[place]);
                chains[place] = $xor(plain, keys.first);
            }
            for key in keys.between {
                for chain in &mut *chains {
                    *chain = $encrypt(*chain, *key);
                }
            }
            for place in 0..REGISTERS {
                chains[place] = $encrypt_last(chains[place], keys.last);
            }
            *column = *chains;
        }

        /// What comes behind eight registers.
        enum Next {
            /// Eight more of the sector.
            Group,
            /// Another sector, whose first tweak this is.
            Sector(Register),
        }

        /// All rounds of eight registers, with the tweaks before the first and behind the last. In between `next` becomes
        /// those of what comes behind: the processor does that while it waits for AES.
        #[target_feature(enable = $feature)]
        #[inline]
        fn rounds<const FORWARDS: bool>(
            keys: Keys<'_>,
            tweaks: &[Register; REGISTERS],
            next: &mut [Register],
            behind: Next,
            group: &mut [Memory; REGISTERS],
        ) {
            let mut data = [keys.first; REGISTERS];
            // By numbers: what zips an array that is moved is not unrolled.
            for place in 0..REGISTERS {
                let plain = $xor(load(&group[place]), tweaks[place]);
                data[place] = $xor(plain, keys.first);
            }
            // How many rounds there are is not known here on purpose: the compiler would unroll them and take one register
            // after the other through all, which leaves the processor waiting.
            let mut next = next.iter_mut().zip(tweaks).enumerate();
            for key in keys.between {
                for data in &mut data {
                    *data = if FORWARDS {
                        $encrypt(*data, *key)
                    } else {
                        $decrypt(*data, *key)
                    };
                }
                if let Some((place, (next, tweak))) = next.next() {
                    *next = match behind {
                        Next::Group => next_tweak(*tweak),
                        Next::Sector(first) => first_tweak(first, place),
                    };
                }
            }
            for place in 0..REGISTERS {
                // The last round ends with its key XORed in; the tweak goes with it.
                let last = $xor(keys.last, tweaks[place]);
                let done = if FORWARDS {
                    $encrypt_last(data[place], last)
                } else {
                    $decrypt_last(data[place], last)
                };
                store(&mut group[place], done);
            }
        }

        /// Asks for the memory that comes a page behind a group. Where there is none, nothing happens.
        #[target_feature(enable = $feature)]
        #[inline]
        fn fetch_ahead(group: &[Memory; REGISTERS]) {
            for line in group.as_flattened().as_chunks::<LINE>().0 {
                let at = line.as_ptr().cast::<i8>();
                _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(AHEAD));
            }
        }

        /// Returns the tweak of a sector's first registers, of the one at `place`.
        #[target_feature(enable = $feature)]
        #[inline]
        fn first_tweak(first: Register, place: usize) -> Register {
            let left = $left_each(first, load(&POWERS[place]));
            // What leaves the low half goes into the high one. What leaves the high one is in the low one now, and is there
            // once already.
            let out = $shuffle::<0b01_00_11_10>($right_each(first, load(&BEHIND[place])));
            $xor(
                $xor(left, out),
                $multiply::<0>(out, splat(&REDUCTION_BUT_ONE)),
            )
        }

        /// Returns the tweak of the same place, eight registers on.
        #[target_feature(enable = $feature)]
        #[inline]
        fn next_tweak(tweak: Register) -> Register {
            let out = $right_bytes::<{ 16 - $blocks }>(tweak);
            $xor(
                $left_bytes::<$blocks>(tweak),
                $multiply::<0>(out, splat(&REDUCTION)),
            )
        }

        /// Returns a register with the same block in every place.
        #[target_feature(enable = $feature)]
        #[inline]
        fn splat(block: &[u8; 16]) -> Register {
            load(&[*block; BLOCKS])
        }

        #[target_feature(enable = $feature)]
        #[inline]
        fn load(memory: &Memory) -> Register {
            const { assert!(size_of::<Memory>() == size_of::<Register>()) };
            // SAFETY: the reference covers as many readable bytes as a register has, and this load asks for no alignment.
            #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
            unsafe {
                $load(memory.as_ptr().cast())
            }
        }

        #[target_feature(enable = $feature)]
        #[inline]
        fn store(memory: &mut Memory, value: Register) {
            // SAFETY: the exclusive reference covers as many writable bytes as a register has, and this store asks for no
            // alignment.
            #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
            unsafe {
                $store(memory.as_mut_ptr().cast(), value);
            }
        }
    };
}

pub(super) use kernels;
