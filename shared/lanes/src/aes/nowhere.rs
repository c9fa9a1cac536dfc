//! Processors whose instructions for AES are not known here.

use std::convert::Infallible;

/// What there is none of.
pub struct Aes(Infallible);

impl Aes {
    /// Returns `None`.
    #[must_use]
    pub const fn new(_: &[u8]) -> Option<Self> {
        None
    }

    /// Is never called.
    pub const fn encrypt_blocks(&self, _: &mut [[u8; 16]]) {
        match self.0 {}
    }

    /// Is never called.
    pub const fn decrypt_blocks(&self, _: &mut [[u8; 16]]) {
        match self.0 {}
    }

    /// Is never called.
    pub const fn xts_encrypt(&self, _: &[[u8; 16]], _: usize, _: &mut [[u8; 16]]) {
        match self.0 {}
    }

    /// Is never called.
    pub const fn xts_decrypt(&self, _: &[[u8; 16]], _: usize, _: &mut [[u8; 16]]) {
        match self.0 {}
    }

    /// Is never called.
    pub const fn cbc_encrypt(&self, _: &[[u8; 16]], _: usize, _: &mut [[u8; 16]]) {
        match self.0 {}
    }
}
