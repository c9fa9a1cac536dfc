//! Protectors: datums that hold the volume master key, each sealed by another key.

use zerocopy::IntoBytes;
use zeroize::Zeroizing;

use super::datum::{datum, sealed, text};
use super::stored::{ProtectorBody, kind, protection, role};
use crate::sealed::{Nonce, algorithm, seal};
use crate::{Guid, RecoveryKey};

/// A protector, as it is to be stored.
pub(crate) struct Protector {
    pub(crate) id: Guid,
    /// FILETIME.
    pub(crate) changed: u64,
    /// The key that seals the volume master key: stretched, external or clear.
    pub(crate) key: Zeroizing<[u8; 32]>,
    /// Of the sealed volume master key.
    pub(crate) nonce: Nonce,
    pub(crate) lock: Lock,
    /// Two times that Windows adds once the recovery password was saved or printed.
    pub(crate) backed_up: Option<[u64; 2]>,
}

/// How a protector's key is come by. What Windows needs to show a password or to seal again without
/// asking for it is kept as "backups", sealed by the volume master key.
pub(crate) enum Lock {
    RecoveryPassword {
        salt: [u8; 16],
        password: RecoveryKey,
        password_backup: Nonce,
        /// Windows 8 and later; Windows 7 keeps only the password.
        key_backup: Option<Nonce>,
    },
    Passphrase {
        salt: [u8; 16],
        key_backup: Nonce,
    },
    ExternalKey {
        key_backup: Nonce,
    },
    /// Only a suspended volume has one, and no drive of ours is ever suspended.
    #[cfg(test)]
    Clear,
}

impl Protector {
    /// Returns the datum. Source: bitlocker.md part 5.5.
    pub(crate) fn to_datum(&self, master_key: &[u8; 32]) -> Vec<u8> {
        let backup = |role: u16, nonce: Nonce, algorithm: u32, key: &[u8]| {
            sealed(role, &seal(master_key, nonce, algorithm, key))
        };
        let (protection, lock) = match &self.lock {
            Lock::RecoveryPassword {
                salt,
                password,
                password_backup,
                key_backup,
            } => {
                let password_role = match key_backup {
                    Some(_) => role::RECOVERY_BACKUP,
                    None => role::PROPERTY,
                };
                let mut backups = backup(
                    password_role,
                    *password_backup,
                    algorithm::RECOVERY_KEY,
                    &password.0,
                );
                if let Some(nonce) = *key_backup {
                    let algorithm = algorithm::RECOVERY_BACKUP;
                    let role = role::STRETCHED_BACKUP;
                    backups.extend(backup(role, nonce, algorithm, &*self.key));
                }
                let stretch = stretch_key(algorithm::RECOVERY_KEY, salt, &backups);
                (protection::RECOVERY_PASSWORD, stretch)
            }
            Lock::Passphrase { salt, key_backup } => {
                let algorithm = algorithm::PASSPHRASE_BACKUP;
                let backups = backup(role::PROPERTY, *key_backup, algorithm, &*self.key);
                let stretch = stretch_key(algorithm::PASSPHRASE, salt, &backups);
                (protection::PASSPHRASE, stretch)
            }
            Lock::ExternalKey { key_backup } => {
                let external = algorithm::EXTERNAL_KEY;
                let backups = backup(role::PROPERTY, *key_backup, external, &*self.key);
                let parts: [&[u8]; 2] = [&external.to_le_bytes(), &backups];
                let use_key = datum(role::PROPERTY, kind::USE_KEY, 1, &parts);
                let name = text(role::PROPERTY, 1, "ExternalKey");
                (protection::EXTERNAL_KEY, [name, use_key].concat())
            }
            #[cfg(test)]
            Lock::Clear => {
                let key = super::datum::open_key(1, algorithm::CLEAR_KEY, &*self.key);
                (protection::CLEAR, key)
            }
        };
        self.around(protection, &lock, master_key)
    }

    /// Puts head, sealed volume master key and backup times around a lock.
    fn around(&self, protection: u16, lock: &[u8], master_key: &[u8; 32]) -> Vec<u8> {
        let body = ProtectorBody {
            id: self.id.0,
            changed: self.changed.into(),
            unknown: 0.into(),
            protection: protection.into(),
        };
        let master = seal(&self.key, self.nonce, algorithm::MASTER_KEY, master_key);
        let master = sealed(role::PROPERTY, &master);
        let backed_up = self.backed_up.map_or_else(Vec::new, |[first, second]| {
            let parts: [&[u8]; 3] = [
                &first.to_le_bytes(),
                &second.to_le_bytes(),
                &[8, 0, 2, 0], // two numbers that every genuine volume has
            ];
            datum(role::PROPERTY, kind::BACKUP_INFO, 1, &parts)
        });
        let flags = if protection == protection::CLEAR {
            3
        } else {
            1
        };
        let parts: [&[u8]; 4] = [body.as_bytes(), lock, &master, &backed_up];
        datum(role::PROTECTOR, kind::PROTECTOR, flags, &parts)
    }
}

fn stretch_key(algorithm: u32, salt: &[u8; 16], backups: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 3] = [&algorithm.to_le_bytes(), salt, backups];
    datum(role::PROPERTY, kind::STRETCH_KEY, 1, &parts)
}
