//! One MD5 under way.

/// An MD5 under way: what was hashed so far.
#[derive(Clone, Debug)]
pub struct Md5State {
    _private: (),
}

impl Default for Md5State {
    fn default() -> Self {
        Self::new()
    }
}

impl Md5State {
    /// Returns the state before the first byte.
    #[must_use]
    pub fn new() -> Self {
        todo!()
    }

    /// Hashes `bytes` after what was hashed before.
    pub fn update(&mut self, _bytes: &[u8]) {
        todo!()
    }

    /// Returns the digest of everything hashed.
    #[must_use]
    pub fn finish(self) -> [u8; 16] {
        todo!()
    }
}
