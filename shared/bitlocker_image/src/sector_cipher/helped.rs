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

use cipher::BlockCipherEncrypt;
use cipher::consts::U16;

use super::blocks::Block;

/// Somebody who does AES-CBC.
pub trait CbcDecryptor: Send + Sync {
    /// Decrypts every piece with `key` and an IV of zeros, each begun before the next is taken, which is prepared then.
    /// Returns them with what they were; `None` when it could not, and every `into` is as it was.
    fn decrypt<'a>(
        &self,
        key: &[u8],
        pieces: &mut dyn Iterator<Item = CbcPiece<'a>>,
    ) -> Option<Vec<CbcPiece<'a>>>;
}

/// Bytes that are decrypted by themselves: side by side with others, or after them.
pub struct CbcPiece<'a> {
    /// What is decrypted: whole blocks, the last of them padding.
    pub padded: Vec<u8>,
    /// Where the rest goes: a block shorter.
    pub into: &'a mut [u8],
}

/// A piece; a whole number of sectors, and enough of them for several helping hands.
pub(super) const PIECE: usize = 1 << 20;

/// Has the helper decrypt `bytes`, each [`PIECE`] of them as `prepared`. Returns what each was prepared to, padding
/// included; `None` when the helper could not.
pub(super) fn by(
    helper: &dyn CbcDecryptor,
    key: &[u8],
    bytes: &mut [u8],
    prepared: impl Fn(usize, &[u8]) -> Vec<u8>,
) -> Option<Vec<Vec<u8>>> {
    let numbered = (0..).zip(bytes.chunks_mut(PIECE));
    let mut pieces = numbered.map(|(number, into)| CbcPiece {
        padded: prepared(number, into),
        into,
    });
    let pieces = helper.decrypt(key, &mut pieces)?;
    Some(pieces.into_iter().map(|piece| piece.padded).collect())
}

/// Returns `bytes` with room for one block more.
pub(super) fn roomy(bytes: &[u8]) -> Vec<u8> {
    let mut padded = Vec::with_capacity(bytes.len().saturating_add(16));
    padded.extend_from_slice(bytes);
    padded
}

/// Appends the block that decrypts to nothing but padding.
pub(super) fn pad(aes: &impl BlockCipherEncrypt<BlockSize = U16>, bytes: &mut Vec<u8>) {
    let mut block = Block::default();
    let last = bytes.last_chunk::<16>().copied().unwrap_or_default();
    for (byte, last) in block.iter_mut().zip(last) {
        *byte = last ^ 16;
    }
    aes.encrypt_block(&mut block);
    bytes.extend_from_slice(&block);
}
