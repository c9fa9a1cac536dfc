//! The hash stage: MD5 of every block, many blocks at once.

use lanes::{Md5State, Piece, update_many};

use super::batch::{Batch, PieceBytes, Role};
use super::properties::WholeFiles;

/// Hashes batch after batch; a block that a batch ends in the middle of is carried to the next.
#[derive(Default)]
pub(super) struct Hasher {
    carried: Option<Md5State>,
    whole: WholeFiles,
}

impl Hasher {
    /// Returns a hasher in the middle of a block, `carried`, and of whole files.
    pub(super) const fn begun(carried: Option<Md5State>, whole: WholeFiles) -> Self {
        Self { carried, whole }
    }

    /// Hashes all pieces of `batch` and appends the hashes of the blocks that end in it. Properties
    /// files get their text here, for it holds the hash of the file that came before.
    pub(super) fn hash(&mut self, batch: &mut Batch) {
        let mut ended = vec![None; batch.pieces.len()];
        let is_properties = |role: Role| matches!(role, Role::Properties { .. });
        self.hash_pieces(batch, &mut ended, &|role| !is_properties(role));
        if batch.pieces.iter().any(|piece| piece.role != Role::Plain) {
            self.whole.take(batch, &ended);
            self.whole.fill_in(batch);
            self.hash_pieces(batch, &mut ended, &is_properties);
        }
        batch.hashes.extend(ended.into_iter().flatten());
    }

    /// Hashes the pieces that `chosen` chooses; a block that ends gives its hash.
    fn hash_pieces(
        &mut self,
        batch: &Batch,
        ended: &mut [Option<[u8; 16]>],
        chosen: &dyn Fn(Role) -> bool,
    ) {
        let numbered = batch.pieces.iter().enumerate();
        let pieces: Vec<_> = numbered.filter(|(_, piece)| chosen(piece.role)).collect();
        let mut states: Vec<Md5State> = Vec::with_capacity(pieces.len());
        for (_, piece) in &pieces {
            let carried = if piece.starts {
                None
            } else {
                self.carried.take()
            };
            states.push(carried.unwrap_or_else(Md5State::new));
        }
        let mut work: Vec<Piece<'_>> = Vec::with_capacity(states.len());
        for (state, (_, piece)) in states.iter_mut().zip(&pieces) {
            let bytes = batch.bytes_of(&piece.bytes);
            work.push(Piece { state, bytes });
        }
        update_many(&mut work);
        for (state, (number, piece)) in states.into_iter().zip(pieces) {
            if piece.ends {
                ended[number] = Some(state.finish());
            } else {
                self.carried = Some(state);
            }
        }
    }
}

impl Batch {
    /// Returns the bytes of a piece.
    pub(super) fn bytes_of(&self, place: &PieceBytes) -> &[u8] {
        match place {
            PieceBytes::Buffer(range) => &self.buffer[range.clone()],
            PieceBytes::Resident(number) => &self.residents[*number],
        }
    }
}
