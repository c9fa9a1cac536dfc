//! Many messages at once.

use crate::Md5State;

/// Bytes to be hashed into a state.
pub struct Piece<'a> {
    /// The message's state.
    pub state: &'a mut Md5State,
    /// Its next bytes.
    pub bytes: &'a [u8],
}

/// Hashes every piece into its state; any lengths, any number.
pub fn update_many(_pieces: &mut [Piece<'_>]) {
    todo!()
}

/// Returns the MD5 of each message.
#[must_use]
pub fn digest_many(_messages: &[&[u8]]) -> Vec<[u8; 16]> {
    todo!()
}

/// Returns how many pieces at once run at full speed on this processor: 16, 8 or 1.
#[must_use]
pub fn lanes() -> usize {
    todo!()
}
