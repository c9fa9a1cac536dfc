//! The hash stage: MD5 of every block, many blocks at once.

use lanes::{Md5State, Piece, update_many};

use super::batch::{Batch, PieceBytes};

/// Hashes batch after batch; a block that a batch ends in the middle of is carried to the next.
#[derive(Default)]
pub(super) struct Hasher {
    carried: Option<Md5State>,
}

impl Hasher {
    /// Hashes all pieces of `batch` and appends the hashes of the blocks that end in it.
    pub(super) fn hash(&mut self, batch: &mut Batch) {
        let mut states: Vec<Md5State> = Vec::with_capacity(batch.pieces.len());
        for piece in &batch.pieces {
            let carried = if piece.starts {
                None
            } else {
                self.carried.take()
            };
            states.push(carried.unwrap_or_else(Md5State::new));
        }
        let mut work: Vec<Piece<'_>> = Vec::with_capacity(states.len());
        for (state, piece) in states.iter_mut().zip(&batch.pieces) {
            let bytes = match &piece.bytes {
                PieceBytes::Buffer(range) => &batch.buffer[range.clone()],
                PieceBytes::Resident(number) => batch.residents[*number].as_slice(),
            };
            work.push(Piece { state, bytes });
        }
        update_many(&mut work);
        for (state, piece) in states.into_iter().zip(&batch.pieces) {
            if piece.ends {
                batch.hashes.push(state.finish());
            } else {
                self.carried = Some(state);
            }
        }
    }
}
