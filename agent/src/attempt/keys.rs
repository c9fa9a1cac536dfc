//! The keys of one drive, and what follows from them.

use bitlocker_image::{
    Credential, RecoveryPassword, SectorCipher, UnlockError, open_information_area,
};
use shared::drive::DriveIds;
use shared::journal::Replay;
use thiserror::Error;

/// A journal whose keys do not serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NoKeys {
    /// It has none.
    #[error("the journal has no key")]
    None,
    /// The password does not open the sealed area.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
}

/// The keys of one drive, and what follows from them.
#[derive(Debug)]
pub struct DriveKeys {
    /// Everything on the drive that looks random and is no key.
    pub ids: DriveIds,
    /// The sealed information area, whole.
    pub information_area: Vec<u8>,
    /// Opens it; the journal gets it.
    pub recovery_password: RecoveryPassword,
    /// Salt for the hash by which the journal's chain counts the password.
    pub salt: [u8; 16],
    /// Encrypts the drive's sectors.
    pub cipher: SectorCipher,
    /// Opens the finished drive, to read it back.
    pub credential: Credential,
}

impl DriveKeys {
    /// Returns the keys that a journal holds: its sealed area is opened with `credential`, its
    /// password or what was stretched of it before.
    ///
    /// # Errors
    /// [`NoKeys`].
    pub fn of_journal(replay: &Replay, credential: Credential) -> Result<Self, NoKeys> {
        let (Some(recovery_password), Some(salt)) =
            (replay.recovery_password.clone(), replay.salt())
        else {
            return Err(NoKeys::None);
        };
        Self::of_area(replay.sealed.clone(), recovery_password, salt, credential)
    }

    /// Returns the keys that an information area holds, opened with `credential`.
    ///
    /// # Errors
    /// [`NoKeys`].
    pub fn of_area(
        information_area: Vec<u8>,
        recovery_password: RecoveryPassword,
        salt: [u8; 16],
        credential: Credential,
    ) -> Result<Self, NoKeys> {
        let opened = open_information_area(&information_area, &credential)?;
        Ok(Self {
            ids: DriveIds::derive(opened.volume_master_key()),
            information_area,
            credential,
            recovery_password,
            salt,
            cipher: opened.sector_cipher().clone(),
        })
    }
}
