//! From a credential to the volume master key.

use zerocopy::FromBytes;
use zeroize::Zeroizing;

use super::copy::CheckedCopy;
use super::error::UnlockError;
use super::facts::{ProtectorFacts, ProtectorKind};
use crate::credential::StretchedPassword;
use crate::metadata::{Datum, ProtectorBody, kind, role};
use crate::sealed::{algorithm, open};
use crate::stretch::Initial;
use crate::{Credential, ExternalKeyFile, Guid, RecoveryKey, RecoveryPassword};

/// Protectors of one kind that are tried on all three copies together: a genuine volume has one or
/// two, and each try of a password costs 2^20 hashes.
const TRIES_MAX: usize = 48;

type Key = Zeroizing<[u8; 32]>;

/// A protector in an information area.
pub(super) struct Protector<'a> {
    pub(super) facts: ProtectorFacts,
    datum: Datum<'a>,
}

impl<'a> Protector<'a> {
    /// Returns the protectors of an area.
    pub(super) fn list(copy: &CheckedCopy<'a>) -> Vec<Self> {
        let protectors = copy
            .datums()
            .filter(|datum| datum.role == role::PROTECTOR && datum.kind == kind::PROTECTOR);
        protectors.filter_map(Self::of).collect()
    }

    fn of(datum: Datum<'a>) -> Option<Self> {
        let (body, _) = ProtectorBody::ref_from_prefix(datum.body).ok()?;
        let facts = ProtectorFacts {
            id: Guid(body.id),
            kind: ProtectorKind::of(body.protection.get()),
            changed: body.changed.get(),
        };
        Some(Self { facts, datum })
    }

    fn nested(&self) -> impl Iterator<Item = Datum<'a>> + use<'a> {
        self.datum.nested(size_of::<ProtectorBody>())
    }

    /// Returns the salt of the password that opens it.
    fn salt(&self, wanted: u32) -> Option<&'a [u8; 16]> {
        self.nested()
            .filter(|datum| datum.kind == kind::STRETCH_KEY)
            .find_map(|datum| match datum.algorithm()? {
                (algorithm, rest) if algorithm == wanted => rest.first_chunk(),
                _ => None,
            })
    }

    /// Returns the clear key.
    fn clear_key(&self) -> Option<Key> {
        self.nested()
            .filter(|datum| datum.kind == kind::KEY)
            .find_map(|datum| match datum.algorithm()? {
                (algorithm::CLEAR_KEY, key) => Some(Zeroizing::new(key.try_into().ok()?)),
                _ => None,
            })
    }

    /// Opens the volume master key with the protector's key.
    fn open(&self, key: &[u8; 32]) -> Option<Key> {
        self.nested()
            .filter(|datum| datum.kind == kind::SEALED)
            .find_map(|datum| open(key, datum.body)?.exactly(algorithm::MASTER_KEY))
    }

    /// Returns the recovery password that Windows keeps under the volume master key.
    fn recovery_password(&self, master_key: &[u8; 32]) -> Option<RecoveryPassword> {
        let stretch = self
            .nested()
            .find(|datum| datum.kind == kind::STRETCH_KEY)?;
        // Behind algorithm and salt.
        stretch
            .nested(20)
            .filter(|datum| datum.kind == kind::SEALED)
            .find_map(|datum| open(master_key, datum.body)?.exactly(algorithm::RECOVERY_KEY))
            .map(|key| RecoveryPassword::new(RecoveryKey(*key)))
    }
}

/// Returns the recovery password that the area keeps, if it has one.
pub(super) fn recovery_password(
    copy: &CheckedCopy<'_>,
    master_key: &[u8; 32],
) -> Option<RecoveryPassword> {
    Protector::list(copy)
        .iter()
        .filter(|protector| protector.facts.kind == ProtectorKind::RecoveryPassword)
        .find_map(|protector| protector.recovery_password(master_key))
}

/// A credential, ready to be tried on one area after another.
pub(super) struct Opener {
    kind: ProtectorKind,
    secret: Secret,
    /// Salts and the keys they gave, so that equal copies cost one stretch.
    stretched: Vec<([u8; 16], Key)>,
    tries_left: usize,
}

enum Secret {
    Password {
        initial: Initial,
        stretch: u32,
    },
    /// Nothing but what is stretched already.
    Stretched,
    External {
        key: Key,
        of: Option<Guid>,
    },
    Clear,
}

impl Opener {
    pub(super) fn new(credential: &Credential) -> Result<Self, UnlockError> {
        let external = |key: &[u8; 32], of| Secret::External {
            key: Zeroizing::new(*key),
            of,
        };
        let (kind, secret) = match credential {
            Credential::RecoveryPassword(password) => {
                let initial = Initial::of_recovery(password.key());
                let stretch = algorithm::RECOVERY_KEY;
                let secret = Secret::Password { initial, stretch };
                (ProtectorKind::RecoveryPassword, secret)
            }
            Credential::Passphrase(passphrase) => {
                let initial = Initial::of_passphrase(passphrase);
                let stretch = algorithm::PASSPHRASE;
                let secret = Secret::Password { initial, stretch };
                (ProtectorKind::Passphrase, secret)
            }
            Credential::ExternalKey(key) => (ProtectorKind::ExternalKey, external(key, None)),
            Credential::BekFile(file) => {
                let file = ExternalKeyFile::parse(file)?;
                let secret = external(&file.key, Some(file.protector));
                (ProtectorKind::ExternalKey, secret)
            }
            Credential::Clear => (ProtectorKind::Clear, Secret::Clear),
            Credential::Stretched(_) => (ProtectorKind::RecoveryPassword, Secret::Stretched),
        };
        let stretched = match credential {
            Credential::Stretched(password) => {
                let known = password.keys.iter();
                known
                    .map(|(salt, key)| (*salt, Zeroizing::new(*key)))
                    .collect()
            }
            _ => Vec::new(),
        };
        Ok(Self {
            kind,
            secret,
            stretched,
            tries_left: TRIES_MAX,
        })
    }

    /// Returns the volume master key of an area.
    pub(super) fn open(&mut self, copy: &CheckedCopy<'_>) -> Result<Key, UnlockError> {
        let protectors = Protector::list(copy);
        let mut tried = 0_usize;
        for protector in &protectors {
            if protector.facts.kind != self.kind {
                continue;
            }
            tried = tried.saturating_add(1);
            let key = self.key_of(protector);
            if let Some(master_key) = key.and_then(|key| protector.open(&key)) {
                return Ok(master_key);
            }
        }
        let kind = self.kind;
        if tried == 0 {
            return Err(UnlockError::NoSuchProtector {
                wanted: kind,
                present: protectors.iter().map(|one| one.facts.kind).collect(),
            });
        }
        match self.secret {
            Secret::External {
                of: Some(found), ..
            } if protectors.iter().all(|one| one.facts.id != found) => {
                Err(UnlockError::KeyFileOfOther { found })
            }
            _ => Err(UnlockError::WrongCredential { kind, tried }),
        }
    }

    /// Returns everything that was stretched.
    pub(super) fn into_stretched(self) -> StretchedPassword {
        let keys = self.stretched.iter().map(|(salt, key)| (*salt, **key));
        StretchedPassword {
            keys: keys.collect(),
        }
    }

    /// Returns the key that should open a protector.
    fn key_of(&mut self, protector: &Protector<'_>) -> Option<Key> {
        match &self.secret {
            Secret::Clear => protector.clear_key(),
            Secret::Stretched => {
                let salt = protector.salt(algorithm::RECOVERY_KEY)?;
                let known = self.stretched.iter().find(|(known, _)| known == salt);
                known.map(|(_, key)| key.clone())
            }
            Secret::External { key, .. } => Some(key.clone()),
            Secret::Password { initial, stretch } => {
                let salt = protector.salt(*stretch)?;
                if let Some((_, key)) = self.stretched.iter().find(|(known, _)| known == salt) {
                    return Some(key.clone());
                }
                self.tries_left = self.tries_left.checked_sub(1)?;
                let key = initial.stretch(salt);
                self.stretched.push((*salt, key.clone()));
                Some(key)
            }
        }
    }
}
