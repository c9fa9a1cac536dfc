//! The hash stage: MD5 of every block, many blocks at once.

use lanes::{Md5State, Piece, finish_many, update_many};

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

    /// Hashes all pieces of batches that follow one another and appends to each the hashes of the
    /// blocks that end in it. Properties files get their text here, for it holds the hash of the
    /// file that came before.
    pub(super) fn hash(&mut self, batches: &mut [Batch]) {
        let mut ended = batches
            .iter()
            .map(|batch| vec![None; batch.pieces.len()])
            .collect::<Vec<_>>();
        let is_properties = |role: Role| matches!(role, Role::Properties { .. });
        self.hash_pieces(batches, &mut ended, &|role| !is_properties(role));
        let mut pieces = batches.iter().flat_map(|batch| &batch.pieces);
        if pieces.any(|piece| piece.role != Role::Plain) {
            self.whole.take(batches, &ended);
            for batch in &mut *batches {
                self.whole.fill_in(batch);
            }
            self.hash_pieces(batches, &mut ended, &is_properties);
        }
        for (batch, ended) in batches.iter_mut().zip(ended) {
            batch.hashes.extend(ended.into_iter().flatten());
        }
    }

    /// Hashes the pieces that `chosen` chooses, all blocks side by side; a block that ends gives its
    /// hash to the piece that ends it.
    fn hash_pieces(
        &mut self,
        batches: &[Batch],
        ended: &mut [Vec<Option<[u8; 16]>>],
        chosen: &dyn Fn(Role) -> bool,
    ) {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let of_all = batches.iter().zip(ended).flat_map(|(batch, ended)| {
            let pieces = batch.pieces.iter().zip(ended);
            pieces.map(move |(piece, hash)| (batch, piece, hash))
        });
        for (batch, piece, hash) in of_all.filter(|(_, piece, _)| chosen(piece.role)) {
            let bytes = batch.bytes_of(&piece.bytes);
            let end = piece.ends.then_some(hash);
            if let Some(block) = blocks.last_mut().filter(|_| !piece.starts) {
                block.more.push(bytes);
                block.end = end;
                continue;
            }
            let carried = self.carried.take_if(|_| !piece.starts);
            blocks.push(Block {
                state: carried.unwrap_or_default(),
                bytes,
                more: Vec::new(),
                end,
            });
        }
        let pieces = blocks.iter_mut().map(|block| Piece {
            state: &mut block.state,
            bytes: block.bytes,
            more: std::mem::take(&mut block.more),
        });
        update_many(&mut pieces.collect::<Vec<_>>());
        let (mut ends, mut states) = (Vec::new(), Vec::new());
        for block in blocks {
            match block.end {
                Some(hash) => {
                    ends.push(hash);
                    states.push(block.state);
                }
                None => self.carried = Some(block.state),
            }
        }
        for (hash, digest) in ends.into_iter().zip(finish_many(states)) {
            *hash = Some(digest);
        }
    }
}

/// A block of a file, or what of it lies in the batches.
struct Block<'b> {
    state: Md5State,
    bytes: &'b [u8],
    more: Vec<&'b [u8]>,
    /// Where its hash goes when it ends here.
    end: Option<&'b mut Option<[u8; 16]>>,
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
