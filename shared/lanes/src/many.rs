//! Many messages at once.

use std::collections::VecDeque;

use crate::Md5State;
use crate::backend::Backend;
use crate::scalar;
use crate::schedule::{Work, run};

/// Bytes to be hashed into a state.
pub struct Piece<'a> {
    /// The message's state.
    pub state: &'a mut Md5State,
    /// Its next bytes.
    pub bytes: &'a [u8],
    /// What follows them, in order, where the message lies in several places of memory.
    pub more: Vec<&'a [u8]>,
}

impl<'a> Piece<'a> {
    /// Returns bytes that lie in one place.
    #[must_use]
    pub const fn new(state: &'a mut Md5State, bytes: &'a [u8]) -> Self {
        Self {
            state,
            bytes,
            more: Vec::new(),
        }
    }
}

/// Hashes every piece into its state; any lengths, any number.
///
/// Fastest when at least [`lanes`] pieces of like length, or many more of any length, come at once.
/// A state that waits for the rest of a 64-byte block is first brought to its border by scalar
/// code; of a piece in several places, all that lies before such a rest goes by scalar code too.
pub fn update_many(pieces: &mut [Piece<'_>]) {
    Backend::best().update_many(pieces);
}

/// Returns the digest of each state, in their order.
#[must_use]
pub fn finish_many(states: Vec<Md5State>) -> Vec<[u8; 16]> {
    Backend::best().finish_many(states)
}

/// Returns the MD5 of each message, in their order.
#[must_use]
pub fn digest_many(messages: &[&[u8]]) -> Vec<[u8; 16]> {
    Backend::best().digest_many(messages)
}

/// Returns how many pieces at once fill the lanes of this processor: 16 (AVX-512) or 8 (AVX2), both of which are faster
/// with twice as many, or 1.
#[must_use]
pub fn lanes() -> usize {
    Backend::best().lanes()
}

impl Backend {
    /// Does what [`update_many`] does with this backend.
    pub fn update_many(self, pieces: &mut [Piece<'_>]) {
        let work = pieces.iter_mut().map(|piece| {
            let mut blocks = piece.state.take_borders(piece.bytes);
            let mut then = VecDeque::with_capacity(piece.more.len());
            for bytes in &piece.more {
                if piece.state.is_within_a_block() {
                    // The block that is completed here comes after all of those.
                    for before in std::iter::once(blocks).chain(then.drain(..)) {
                        scalar::compress(&mut piece.state.words, before);
                    }
                    blocks = piece.state.take_borders(bytes);
                } else {
                    then.push_back(piece.state.take_borders(bytes));
                }
            }
            Work {
                state: &mut piece.state.words,
                blocks,
                then,
            }
        });
        run(self, work.collect());
    }

    /// Does what [`finish_many`] does with this backend.
    #[must_use]
    pub fn finish_many(self, mut states: Vec<Md5State>) -> Vec<[u8; 16]> {
        let last: Vec<_> = states.iter().map(Md5State::last_blocks).collect();
        let work = states
            .iter_mut()
            .zip(&last)
            .map(|(state, (blocks, count))| Work {
                state: &mut state.words,
                blocks: blocks.split_at(*count).0,
                then: VecDeque::new(),
            });
        run(self, work.collect());
        states.iter().map(Md5State::digest).collect()
    }

    /// Does what [`digest_many`] does with this backend.
    #[must_use]
    pub fn digest_many(self, messages: &[&[u8]]) -> Vec<[u8; 16]> {
        let mut states = vec![Md5State::new(); messages.len()];
        let pieces = states.iter_mut().zip(messages);
        let mut pieces: Vec<_> = pieces
            .map(|(state, bytes)| Piece::new(state, bytes))
            .collect();
        self.update_many(&mut pieces);
        self.finish_many(states)
    }
}

#[cfg(test)]
mod tests {
    use md5::{Digest as _, Md5};

    use super::*;

    /// Miri is a thousand times slower: it gets every lane and every remainder, and less of each.
    const MESSAGES: u64 = if cfg!(miri) { 18 } else { 70 };
    const LENGTH: usize = if cfg!(miri) { 150 } else { 300 };
    const MANY_LENGTH: usize = if cfg!(miri) { 100 } else { 1000 };
    const BATCHES: u64 = if cfg!(miri) { 1 } else { 40 };
    const BATCH_MESSAGES: usize = if cfg!(miri) { 18 } else { 100 };
    const SPREADS: [usize; 4] = if cfg!(miri) {
        [1, 2, 3, 1]
    } else {
        [1, 7, 64, 333]
    };
    const CUT_MESSAGES: usize = if cfg!(miri) { 18 } else { 37 };
    const CUT_STEP: usize = if cfg!(miri) { 40 } else { 211 };
    const TURNS: usize = if cfg!(miri) { 30 } else { 300 };

    /// Bytes that look random and are the same each time.
    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            word.to_le_bytes()[3]
        };
        (0..length).map(|_| next()).collect()
    }

    fn expected(message: &[u8]) -> [u8; 16] {
        Md5::digest(message).into()
    }

    fn assert_all_agree(messages: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let expected: Vec<_> = slices.iter().map(|message| expected(message)).collect();
        for backend in Backend::available() {
            assert!(
                backend.digest_many(&slices) == expected,
                "{backend}, {} messages",
                slices.len()
            );
        }
    }

    #[test]
    fn every_length_up_to_300_agrees_alone_and_beside_the_others() {
        let messages: Vec<_> = (0u64..)
            .zip(0..=LENGTH)
            .map(|(seed, length)| noise(length, seed))
            .collect();
        assert_all_agree(&messages);
        for message in &messages {
            assert_all_agree(std::slice::from_ref(message));
        }
    }

    #[test]
    fn every_number_of_messages_up_to_70_agrees() {
        for count in 0..MESSAGES {
            let messages: Vec<_> = (0..count).map(|seed| noise(MANY_LENGTH, seed)).collect();
            assert_all_agree(&messages);
        }
    }

    #[test]
    fn batches_of_unequal_lengths_agree() {
        for batch in 0..BATCHES {
            let lengths = noise(BATCH_MESSAGES, batch);
            let messages = lengths.iter().enumerate().map(|(index, byte)| {
                let spread = SPREADS[index % 4];
                noise(usize::from(*byte) * spread, batch ^ u64::from(*byte))
            });
            assert_all_agree(&messages.collect::<Vec<_>>());
        }
    }

    #[test]
    fn pieces_cut_anywhere_give_the_digest_of_the_whole() {
        let messages: Vec<_> = (0u64..)
            .zip(0..CUT_MESSAGES)
            .map(|(seed, index)| noise(index * CUT_STEP, seed))
            .collect();
        for backend in Backend::available() {
            let mut states = vec![Md5State::new(); messages.len()];
            let mut rest: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            for turn in 0..TURNS {
                let cut =
                    rest.iter_mut()
                        .zip(&mut states)
                        .enumerate()
                        .map(|(index, (rest, state))| {
                            let length = (turn * 31 + index * 17) % 150;
                            let (bytes, behind) = rest.split_at(length.min(rest.len()));
                            *rest = behind;
                            Piece::new(state, bytes)
                        });
                backend.update_many(&mut cut.collect::<Vec<_>>());
            }
            assert!(rest.iter().all(|rest| rest.is_empty()));
            let expected: Vec<_> = messages.iter().map(|message| expected(message)).collect();
            assert!(backend.finish_many(states) == expected, "{backend}");
        }
    }

    #[test]
    fn pieces_that_lie_in_several_places_give_the_digest_of_the_whole() {
        // On borders of 64 bytes, as files lie in memory, and anywhere.
        for step in [64, 448, 1, 37, 100] {
            let messages: Vec<_> = (0u64..)
                .zip(0..CUT_MESSAGES)
                .map(|(seed, index)| noise(index * CUT_STEP, seed))
                .collect();
            let expected: Vec<_> = messages.iter().map(|message| expected(message)).collect();
            for backend in Backend::available() {
                let mut states = vec![Md5State::new(); messages.len()];
                let whole = messages.iter().zip(&mut states).enumerate();
                let pieces = whole.map(|(index, (message, state))| {
                    let mut places = message.chunks(step * (1 + index % 5));
                    Piece {
                        state,
                        bytes: places.next().unwrap_or_default(),
                        more: places.collect(),
                    }
                });
                backend.update_many(&mut pieces.collect::<Vec<_>>());
                assert!(backend.finish_many(states) == expected, "{backend}, {step}");
            }
        }
    }

    #[test]
    fn one_state_fed_in_two_parts_agrees_for_every_cut() {
        let message = noise(200, 5);
        for cut in 0..=200 {
            let mut state = Md5State::new();
            state.update(&message[..cut]);
            state.update(&message[cut..]);
            assert_eq!(state.finish(), expected(&message), "cut at {cut}");
        }
    }

    #[test]
    fn the_test_suite_of_rfc_1321_holds() {
        let hex = |digest: [u8; 16]| digest.map(|byte| format!("{byte:02x}")).concat();
        let digests = digest_many(&[b"", b"abc", b"message digest"])
            .into_iter()
            .map(hex);
        let expected = [
            "d41d8cd98f00b204e9800998ecf8427e",
            "900150983cd24fb0d6963f7d28e17f72",
            "f96b697d7cb7938d525a2f31aaf161d0",
        ];
        assert!(digests.eq(expected));
    }
}
