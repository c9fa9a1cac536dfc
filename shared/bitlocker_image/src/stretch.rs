//! Passwords to keys: a salted chain of 2^20 SHA-256.
//!
//! Source: bitlocker.md parts 5.1 to 5.3.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::RecoveryKey;

/// Links of the chain.
const TURNS: u64 = 0x10_0000;

/// The first state of SHA-256. Source: FIPS 180-4, 5.3.3.
const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The hash of a password from which the chain starts. Wiped when dropped.
pub(crate) struct Initial(Zeroizing<[u8; 32]>);

impl Initial {
    pub(crate) fn of_recovery(key: &RecoveryKey) -> Self {
        Self(Zeroizing::new(Sha256::digest(key.0).into()))
    }

    pub(crate) fn of_passphrase(passphrase: &str) -> Self {
        let mut hash = Sha256::new();
        for unit in passphrase.encode_utf16() {
            hash.update(unit.to_le_bytes());
        }
        let mut once: [u8; 32] = hash.finalize().into();
        let twice = Sha256::digest(once).into();
        once.zeroize();
        Self(Zeroizing::new(twice))
    }

    /// Returns the key that opens a protector with this salt: 2^20 times SHA-256 over `last (32) ||
    /// initial (32) || salt (16) || count (u64)`, `last` beginning as zeros. About 0.1 s.
    ///
    /// Those 88 bytes and their padding are two blocks of SHA-256, of which only `last` and `count`
    /// ever change.
    pub(crate) fn stretch(&self, salt: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let mut blocks = Zeroizing::new([[0_u8; 64]; 2]);
        let [first, second] = &mut *blocks;
        first[32..].copy_from_slice(&*self.0);
        second[..16].copy_from_slice(salt);
        second[24] = 0x80;
        second[56..].copy_from_slice(&(88_u64 * 8).to_be_bytes());
        let mut state = Zeroizing::new(SHA256_START);
        for count in 0..TURNS {
            blocks[1][16..24].copy_from_slice(&count.to_le_bytes());
            *state = SHA256_START;
            compress256(&mut state, &*blocks);
            for (bytes, word) in blocks[0].chunks_exact_mut(4).zip(*state) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
        }
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&blocks[0][..32]);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn stretched(initial: &Initial, salt: &str) -> Vec<u8> {
        let salt: [u8; 16] = hex(salt).try_into().expect("16 bytes");
        initial.stretch(&salt).to_vec()
    }

    #[test]
    fn the_genuine_recovery_password_gives_the_key_of_its_windows_volume() {
        let key = hex("be531d7f315abf04a0553557c67932d2")
            .try_into()
            .expect("16");
        let initial = Initial::of_recovery(&RecoveryKey(key));
        assert_eq!(
            stretched(&initial, "2ba080989af9b50c203aaebd0b40d498"),
            hex("1a39f926dab83e947fa85125b91e556e9ecc2bc5968924e03de234878d1fd4bd")
        );
    }

    #[test]
    fn the_genuine_passphrase_gives_the_key_of_its_windows_volume() {
        let initial = Initial::of_passphrase("anaconda");
        assert_eq!(
            initial.0[..],
            hex("0d6cbf9e5d75af220d7ac3e9f35d05f56952608dd1dacb31774452c489eadc51")
        );
        assert_eq!(
            stretched(&initial, "8d7637cc5d885d5ff4f748dbc8440d2e"),
            hex("37554410c6e0df5b4fe096259f4a21b847338d3e8d8d8d8c30012d1447cca957")
        );
    }

    #[test]
    fn a_passphrase_outside_ascii_is_hashed_as_utf_16() {
        let initial = Initial::of_passphrase("p\u{e4}ssword \u{2603}");
        assert_eq!(
            initial.0[..],
            hex("3e4c7e34aaace0da7f8ecc5a10050799daa7791085b61c8ddb049fb0b3a74c71")
        );
    }
}
