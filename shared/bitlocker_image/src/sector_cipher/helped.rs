//! Decryption whose AES somebody else does: a browser's, which has the processor's instructions where WebAssembly has
//! none, but knows neither XTS nor a lone block.
//!
//! What it knows is CBC, and CBC decrypts block i to `D(C[i]) ^ C[i-1]`. So with 0 as the IV the AES of every block is
//! had by taking the block before off again:
//!
//! ```text
//! XTS   X = C ^ T, O = CBC(X), P[i] = O[i] ^ X[i-1] ^ T[i]
//! CBC   O = CBC(C), P = O, but at the start of a sector  P[i] = O[i] ^ C[i-1] ^ IV
//! ```
//! Whoever does CBC for others insists on padding (PKCS #7): one block more, which decrypts to sixteen times 16.

use std::cell::OnceCell;

use cipher::BlockCipherEncrypt;
use cipher::consts::U16;

use super::blocks::Block;

/// Somebody who does AES-CBC.
pub trait CbcDecryptor: Send + Sync {
    /// Decrypts every piece with `key` and an IV of zeros, side by side with others or after them. Each is begun before the
    /// next is taken, which is prepared then. A piece is whole blocks, the last of them padding.
    ///
    /// Returns what they were, each a block shorter; `None` when it could not.
    fn decrypt(
        &self,
        key: &[u8],
        pieces: &mut dyn Iterator<Item = &[u8]>,
    ) -> Option<Vec<Box<dyn CbcAnswer>>>;
}

/// What a piece was, wherever that lies.
pub trait CbcAnswer {
    /// Copies the bytes at offset `from`.
    fn copy(&self, from: usize, into: &mut [u8]);
}

/// A piece; a whole number of sectors, and enough of them for several helping hands. Chromium's PartitionAlloc keeps memory
/// for another time up to 960 KiB: pieces of a MiB, which it maps anew each time, are not much more than half as fast.
pub(super) const PIECE: usize = 512 << 10;
/// What of an answer is looked at at once: it stays in the cache.
const PART: usize = 32 << 10;

/// Bytes prepared for the helper, behind a block of zeros that stands for the one before the first.
pub(super) struct Prepared(Vec<u8>);

impl Prepared {
    /// Returns nothing yet, with room for `bytes` bytes.
    pub(super) fn with_room_for(bytes: usize) -> Self {
        // And for a block before them and one behind.
        let mut room = Vec::with_capacity(bytes.saturating_add(32));
        room.extend_from_slice(&Block::default());
        Self(room)
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends the block that decrypts to nothing but padding.
    pub(super) fn pad(&mut self, aes: &impl BlockCipherEncrypt<BlockSize = U16>) {
        let mut block = Block::default();
        let last = self.0.last_chunk::<16>().copied().unwrap_or_default();
        for (byte, last) in block.iter_mut().zip(last) {
            *byte = last ^ 16;
        }
        aes.encrypt_block(&mut block);
        self.extend(&block);
    }

    /// Returns the bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.get(size_of::<Block>()..).unwrap_or_default()
    }

    /// Returns the bytes, each where the one of the block behind it is.
    pub(super) fn before(&self) -> &[u8] {
        &self.0
    }
}

/// A part of what the helper decrypted.
pub(super) struct Part<'a> {
    /// The bytes, as they are stored.
    pub bytes: &'a mut [u8],
    /// What they were prepared to.
    pub prepared: &'a [u8],
    /// What stands a block before that.
    pub before: &'a [u8],
    /// What the helper decrypted it to.
    pub answer: &'a [u8],
}

/// Has the helper decrypt `bytes`, each [`PIECE`] of them as `prepare` returns it, and hands over all of them, part by part.
/// Returns whether the helper could.
pub(super) fn by(
    helper: &dyn CbcDecryptor,
    key: &[u8],
    bytes: &mut [u8],
    prepare: impl Fn(usize, &[u8]) -> Prepared,
    mut done: impl FnMut(Part<'_>),
) -> bool {
    let pieces: Vec<OnceCell<Prepared>> = bytes.chunks(PIECE).map(|_| OnceCell::new()).collect();
    let numbered = pieces.iter().zip(bytes.chunks(PIECE)).enumerate();
    let mut prepared = numbered
        .map(|(number, (piece, bytes))| piece.get_or_init(|| prepare(number, bytes)).bytes());
    let answers = helper.decrypt(key, &mut prepared);
    let Some(answers) = answers.filter(|answers| answers.len() == pieces.len()) else {
        return false;
    };
    let pieces = pieces.iter().filter_map(OnceCell::get).zip(answers);
    let mut answer = [0; PART];
    for (bytes, (piece, of_piece)) in bytes.chunks_mut(PIECE).zip(pieces) {
        let parts = piece.bytes().chunks(PART).zip(piece.before().chunks(PART));
        for ((number, bytes), (prepared, before)) in (0..).zip(bytes.chunks_mut(PART)).zip(parts) {
            let answer = answer.split_at_mut(bytes.len()).0;
            of_piece.copy(PART.saturating_mul(number), answer);
            done(Part {
                bytes,
                prepared,
                before,
                answer,
            });
        }
    }
    true
}
