//! Keys sealed by keys: AES-256-CCM over a small container.
//!
//! ```text
//! stored:     nonce (12) | MAC (16) | encrypted container          the MAC first, unlike in most libraries
//! container:  size u16 | role u16 | type u16 = 1 | flags u16 | algorithm u32 | key
//! ```
//! Source: bitlocker.md part 4.

use aes::Aes256;
use ccm::Ccm;
use ccm::aead::AeadInOut;
use ccm::consts::{U12, U16};
use cipher::KeyInit;
use zeroize::Zeroizing;

type Aes256Ccm = Ccm<Aes256, U16, U12>;

const NONCE: usize = 12;
const CONTAINER_HEADER: usize = 12;
/// The longest key that any method has.
const KEY_MAX: usize = 64;

/// What a container's key is for.
pub(crate) mod algorithm {
    /// The 16 bytes of a recovery password; also the stretch that it goes through.
    pub(crate) const RECOVERY_KEY: u32 = 0x1000;
    /// The stretch of a passphrase.
    pub(crate) const PASSPHRASE: u32 = 0x1001;
    /// A clear key.
    pub(crate) const CLEAR_KEY: u32 = 0x2000;
    /// An external key.
    pub(crate) const EXTERNAL_KEY: u32 = 0x2002;
    /// The volume master key.
    pub(crate) const MASTER_KEY: u32 = 0x2003;
    /// The SHA-256 of the information block.
    pub(crate) const METADATA_HASH: u32 = 0x2005;
    /// The stretched key of a passphrase, kept for re-sealing.
    pub(crate) const PASSPHRASE_BACKUP: u32 = 0x2007;
    /// The stretched key of a recovery password, kept for re-sealing.
    pub(crate) const RECOVERY_BACKUP: u32 = 0x2008;
}

/// A nonce, which no two seals under one key may share: Windows takes one time for a batch of seals
/// and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonce {
    /// FILETIME; the kernel driver sets its highest bit.
    pub(crate) time: u64,
    /// Counts the seals.
    pub(crate) counter: u32,
}

impl Nonce {
    fn to_bytes(self) -> [u8; NONCE] {
        let mut bytes = [0; NONCE];
        bytes[..8].copy_from_slice(&self.time.to_le_bytes());
        bytes[8..].copy_from_slice(&self.counter.to_le_bytes());
        bytes
    }
}

/// A key out of a container.
pub(crate) struct SealedKey {
    pub(crate) algorithm: u32,
    pub(crate) key: Zeroizing<Vec<u8>>,
}

impl SealedKey {
    /// Returns the key when it is of this kind and length.
    pub(crate) fn exactly<const N: usize>(&self, algorithm: u32) -> Option<Zeroizing<[u8; N]>> {
        let key = self.key.as_slice().try_into().ok()?;
        (self.algorithm == algorithm).then(|| Zeroizing::new(key))
    }
}

/// Returns nonce, MAC and encrypted container of `key`.
pub(crate) fn seal(by: &[u8; 32], nonce: Nonce, algorithm: u32, key: &[u8]) -> Vec<u8> {
    assert!(key.len() <= KEY_MAX, "no BitLocker key is longer");
    let mut container = Zeroizing::new(Vec::with_capacity(CONTAINER_HEADER + KEY_MAX));
    let size = u16::try_from(CONTAINER_HEADER.saturating_add(key.len())).unwrap_or(u16::MAX);
    for field in [size, 0, 1, 0] {
        container.extend_from_slice(&field.to_le_bytes());
    }
    container.extend_from_slice(&algorithm.to_le_bytes());
    container.extend_from_slice(key);
    let nonce = nonce.to_bytes();
    let mac = Aes256Ccm::new(by.into())
        .encrypt_inout_detached(&nonce.into(), b"", container.as_mut_slice().into())
        .expect("a container is far shorter than CCM's limit of 2^24 bytes");
    [&nonce[..], &mac, &container].concat()
}

/// Opens what [`seal`] or Windows sealed; `None` when `by` does not open it or no container is
/// inside.
pub(crate) fn open(by: &[u8; 32], sealed: &[u8]) -> Option<SealedKey> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
    let (mac, encrypted) = rest.split_first_chunk::<16>()?;
    if encrypted.len() > CONTAINER_HEADER + KEY_MAX {
        return None;
    }
    let mut container = Zeroizing::new(encrypted.to_vec());
    Aes256Ccm::new(by.into())
        .decrypt_inout_detached(
            nonce.into(),
            b"",
            container.as_mut_slice().into(),
            mac.into(),
        )
        .ok()?;
    let size = u16::from_le_bytes(*container.first_chunk()?);
    let kind = u16::from_le_bytes(*container.get(4..)?.first_chunk()?);
    let algorithm = u32::from_le_bytes(*container.get(8..)?.first_chunk()?);
    if usize::from(size) != container.len() || kind != 1 {
        return None;
    }
    let key = Zeroizing::new(container.get(CONTAINER_HEADER..)?.to_vec());
    Some(SealedKey { algorithm, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// The volume master key of the genuine volume bitlk-aes-xts-128, sealed by its recovery
    /// password.
    fn genuine() -> ([u8; 32], Nonce, Vec<u8>, Vec<u8>) {
        let by = hex("1a39f926dab83e947fa85125b91e556e9ecc2bc5968924e03de234878d1fd4bd");
        let nonce = Nonce {
            time: 0x01d5_3236_6fba_49c0,
            counter: 6,
        };
        let sealed = hex(concat!(
            "c049ba6f3632d50106000000",
            "0cf85869dd1a2a024c48d0f6aa00b997",
            "005e2014c039b7de88e6906efdbe83055dcb5c097dbe3fe86860ef7bae367a13178587cd8cd11af5713d0bb7"
        ));
        let master = hex("e5862465920b1190605ae29547623fb9c0dbafab073c85634bfb0f8a4b8cf46b");
        (by.try_into().expect("32"), nonce, sealed, master)
    }

    #[test]
    fn a_genuine_seal_opens_and_is_made_again_byte_for_byte() {
        let (by, nonce, sealed, master) = genuine();
        let opened = open(&by, &sealed).expect("genuine");
        assert_eq!(opened.algorithm, algorithm::MASTER_KEY);
        assert_eq!(*opened.key, master);
        assert_eq!(seal(&by, nonce, algorithm::MASTER_KEY, &master), sealed);
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let (by, _, sealed, _) = genuine();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 0x10;
            assert!(open(&by, &changed).is_none(), "byte {place}");
        }
    }

    #[test]
    fn a_seal_of_any_length_is_read_without_a_panic() {
        let (by, _, sealed, _) = genuine();
        for length in 0..sealed.len() {
            assert!(open(&by, &sealed[..length]).is_none());
        }
        assert!(open(&by, &vec![0; 70_000]).is_none());
        assert!(
            open(
                &by,
                &seal(
                    &by,
                    Nonce {
                        time: 1,
                        counter: 1
                    },
                    7,
                    &[]
                )
            )
            .is_some()
        );
    }
}
