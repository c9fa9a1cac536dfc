//! The keys of one drive, and what follows from them.

use bitlocker_image::{Credential, OpenedArea, RecoveryPassword, SectorCipher};
use shared::drive::DriveIds;

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
    /// Returns the keys that a journal holds: `opened` is its sealed area, opened with its password.
    #[must_use]
    pub fn of_journal(
        opened: &OpenedArea,
        information_area: Vec<u8>,
        recovery_password: RecoveryPassword,
        salt: [u8; 16],
    ) -> Self {
        Self {
            ids: DriveIds::derive(opened.volume_master_key()),
            information_area,
            credential: Credential::RecoveryPassword(recovery_password.clone()),
            recovery_password,
            salt,
            cipher: opened.sector_cipher().clone(),
        }
    }
}
