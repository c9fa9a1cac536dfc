//! Everything random or secret that a new volume is made of.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Cipher, Guid, RecoveryKey};

/// Which protectors a new volume gets besides its recovery password.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Protectors {
    /// Whether a key file (.BEK) opens the volume too.
    pub external_key: bool,
    /// A passphrase that opens the volume too.
    pub passphrase: Option<String>,
}

/// The GUIDs of a new volume. Not secret: they are plain on the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifiers {
    /// The volume ("identification" in `manage-bde`).
    pub volume: Guid,
    /// The recovery password protector: Windows shows it when it asks for the password.
    pub recovery: Guid,
    /// The external key protector; also the name of its key file.
    pub external_key: Guid,
    /// The passphrase protector.
    pub passphrase: Guid,
}

/// The keys, salts and identifiers of one volume, never shared by two.
///
/// A volume master key must seal one volume only: two seals under it with equal times would repeat
/// AES-CCM nonces.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secrets {
    /// Seals the volume key, the metadata hash and the protectors' backups.
    pub volume_master_key: [u8; 32],
    /// Encrypts the sectors ("FVEK"), [`Cipher::key_bytes`] long.
    pub volume_key: Zeroizing<Vec<u8>>,
    /// The recovery password's 16 bytes.
    pub recovery: RecoveryKey,
    /// Salt of the recovery password's key stretch.
    pub recovery_salt: [u8; 16],
    /// The external key, when the volume gets one.
    pub external_key: Option<[u8; 32]>,
    /// The passphrase, when the volume gets one.
    pub passphrase: Option<Zeroizing<String>>,
    /// Salt of the passphrase's key stretch.
    pub passphrase_salt: [u8; 16],
    /// Volume and protector GUIDs.
    #[zeroize(skip)]
    pub identifiers: Identifiers,
}

impl Secrets {
    /// Draws all secrets from `fill`, which must fill its argument with bytes of a cryptographic
    /// generator.
    ///
    /// The order of the draws is fixed: an equal stream of bytes gives equal secrets.
    pub fn from_random(
        cipher: Cipher,
        protectors: &Protectors,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Self {
        fn draw<const N: usize>(fill: &mut dyn FnMut(&mut [u8])) -> [u8; N] {
            let mut bytes = [0; N];
            fill(&mut bytes);
            bytes
        }
        let volume_master_key = draw(fill);
        let mut volume_key = Zeroizing::new(vec![0; cipher.key_bytes()]);
        fill(&mut volume_key);
        Self {
            volume_master_key,
            volume_key,
            recovery: RecoveryKey(draw(fill)),
            recovery_salt: draw(fill),
            external_key: protectors.external_key.then(|| draw(fill)),
            passphrase: protectors.passphrase.clone().map(Zeroizing::new),
            passphrase_salt: draw(fill),
            identifiers: Identifiers {
                volume: Guid::from_random(draw(fill)),
                recovery: Guid::from_random(draw(fill)),
                external_key: Guid::from_random(draw(fill)),
                passphrase: Guid::from_random(draw(fill)),
            },
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("identifiers", &self.identifiers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Protectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protectors")
            .field("external_key", &self.external_key)
            .field("passphrase", &self.passphrase.is_some())
            .finish()
    }
}
