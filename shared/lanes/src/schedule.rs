//! Keeping the lanes filled.
//!
//! Messages are taken longest first. All lanes advance by as many blocks as the shortest of them
//! has left; then the ones that ended are replaced. When fewer messages are left than a narrower
//! kernel has lanes, that one takes over.

use std::collections::VecDeque;

use crate::backend::{Backend, Kind};
use crate::constants::Block;
use crate::scalar;
#[cfg(target_arch = "x86_64")]
use crate::{avx2, avx512};

/// A state and the whole blocks to be hashed into it.
pub(crate) struct Work<'a> {
    pub(crate) state: &'a mut [u32; 4],
    pub(crate) blocks: &'a [Block],
    /// What follows them, elsewhere.
    pub(crate) then: VecDeque<&'a [Block]>,
}

impl Work<'_> {
    fn length(&self) -> usize {
        let then = self.then.iter().map(|blocks| blocks.len());
        self.blocks.len().saturating_add(then.sum())
    }
}

/// `SETS` registers of `WIDTH` lanes: word by word, each lane one message's state.
#[cfg(target_arch = "x86_64")]
pub(crate) type States<const WIDTH: usize, const SETS: usize> = [[[u32; WIDTH]; 4]; SETS];

/// The blocks of each lane.
#[cfg(target_arch = "x86_64")]
pub(crate) type Data<'a, const WIDTH: usize, const SETS: usize> = [[&'a [Block]; WIDTH]; SETS];

/// Hashes all of `work` with `backend`.
pub(crate) fn run(backend: Backend, mut work: Vec<Work<'_>>) {
    // Longest last: they are taken from the end.
    work.sort_by_cached_key(Work::length);
    let rest = match backend.0 {
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => with_avx512(work),
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => with_avx2(work),
        Kind::Scalar => work,
    };
    for work in rest {
        for blocks in std::iter::once(work.blocks).chain(work.then) {
            scalar::compress(work.state, blocks);
        }
    }
}

/// Hashes with AVX-512, which a [`Backend`] of that kind found; returns what is left for one lane.
#[cfg(target_arch = "x86_64")]
fn with_avx512(work: Vec<Work<'_>>) -> Vec<Work<'_>> {
    let rest = fill_lanes::<16, 2>(work, 16, |states, data, count| {
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: a `Backend` of this kind is only made where AVX-512F was found.
        let () = unsafe { avx512::compress(states, data, count) };
    });
    fill_lanes::<16, 1>(rest, SERIAL_IS_FASTER, |states, data, count| {
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: as above.
        let () = unsafe { avx512::compress(states, data, count) };
    })
}

/// Hashes with AVX2, which a [`Backend`] of that kind found; returns what is left for one lane.
#[cfg(target_arch = "x86_64")]
fn with_avx2(work: Vec<Work<'_>>) -> Vec<Work<'_>> {
    let rest = fill_lanes::<8, 2>(work, 8, |states, data, count| {
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: a `Backend` of this kind is only made where AVX2 was found.
        let () = unsafe { avx2::compress(states, data, count) };
    });
    fill_lanes::<8, 1>(rest, SERIAL_IS_FASTER, |states, data, count| {
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: as above.
        let () = unsafe { avx2::compress(states, data, count) };
    })
}

/// One message alone is faster in one lane than in a register that is nearly empty.
#[cfg(target_arch = "x86_64")]
const SERIAL_IS_FASTER: usize = 1;

/// Hashes `work` until at most `leave` messages are unfinished; returns those.
#[cfg(target_arch = "x86_64")]
fn fill_lanes<'a, const WIDTH: usize, const SETS: usize>(
    mut work: Vec<Work<'a>>,
    leave: usize,
    mut compress: impl FnMut(&mut States<WIDTH, SETS>, &Data<'a, WIDTH, SETS>, usize),
) -> Vec<Work<'a>> {
    let mut lanes: [[Option<Work<'a>>; WIDTH]; SETS] = [const { [const { None }; WIDTH] }; SETS];
    let mut states: States<WIDTH, SETS> = [[[0; WIDTH]; 4]; SETS];
    let mut data: Data<'a, WIDTH, SETS> = [[&[]; WIDTH]; SETS];
    let mut unfinished = work.len();
    if unfinished <= leave {
        return work;
    }
    loop {
        for ((lanes, states), data) in lanes.iter_mut().zip(&mut states).zip(&mut data) {
            for (lane, (slot, data)) in lanes.iter_mut().zip(data.iter_mut()).enumerate() {
                while data.is_empty() {
                    if let Some(more) = slot.as_mut().and_then(|work| work.then.pop_front()) {
                        *data = more;
                        continue;
                    }
                    if let Some(done) = slot.take() {
                        take_out(states, lane, done.state);
                        unfinished = unfinished.saturating_sub(1);
                    }
                    let Some(next) = work.pop() else { break };
                    put_in(states, lane, next.state);
                    *data = next.blocks;
                    *slot = Some(next);
                }
            }
        }
        if unfinished <= leave {
            break;
        }
        advance(&mut states, &mut data, &lanes, &mut compress);
    }
    for ((lanes, states), data) in lanes.iter_mut().zip(&states).zip(&data) {
        for (lane, (slot, data)) in lanes.iter_mut().zip(data).enumerate() {
            if let Some(mut left) = slot.take() {
                take_out(states, lane, left.state);
                left.blocks = data;
                work.push(left);
            }
        }
    }
    work
}

/// Hashes as many blocks of every lane as the shortest has left. A lane without a message hashes
/// another's, for nothing.
#[cfg(target_arch = "x86_64")]
fn advance<'a, const WIDTH: usize, const SETS: usize>(
    states: &mut States<WIDTH, SETS>,
    data: &mut Data<'a, WIDTH, SETS>,
    lanes: &[[Option<Work<'a>>; WIDTH]; SETS],
    compress: &mut impl FnMut(&mut States<WIDTH, SETS>, &Data<'a, WIDTH, SETS>, usize),
) {
    let filled = || {
        lanes
            .as_flattened()
            .iter()
            .zip(data.as_flattened())
            .filter(|(slot, _)| slot.is_some())
    };
    let Some(shortest) = filled()
        .map(|(_, data)| *data)
        .min_by_key(|data| data.len())
    else {
        return;
    };
    let mut input = *data;
    for (slot, input) in lanes.as_flattened().iter().zip(input.as_flattened_mut()) {
        if slot.is_none() {
            *input = shortest;
        }
    }
    compress(states, &input, shortest.len());
    for data in data.as_flattened_mut() {
        *data = data.get(shortest.len()..).unwrap_or(&[]);
    }
}

#[cfg(target_arch = "x86_64")]
fn put_in<const WIDTH: usize>(states: &mut [[u32; WIDTH]; 4], lane: usize, state: &[u32; 4]) {
    for (words, word) in states.iter_mut().zip(state) {
        words[lane] = *word;
    }
}

#[cfg(target_arch = "x86_64")]
fn take_out<const WIDTH: usize>(states: &[[u32; WIDTH]; 4], lane: usize, state: &mut [u32; 4]) {
    for (words, word) in states.iter().zip(state) {
        *word = words[lane];
    }
}
