//! A BitLocker volume (FVE version 2) as bytes: made, and opened.
//!
//! ```text
//! made:    Secrets, VolumeSpec --seal--> SealedVolume (information area, recovery password, .BEK)
//!          boot_sector(NTFS boot sector), SectorCipher::encrypt(sectors)
//! opened:  ReadAt, Credential --unlock--> UnlockedVolume (a ReadAt: the decrypted view)
//!
//! sector 0   8 KiB        every sector encrypted in place, but for:           end
//! | boot | junk |  ...  | information x3 (keys sealed) | header copy, encrypted there |  ... |
//! ```
//!
//! Nothing here does I/O, reads a clock or makes a random number: secrets, times and bytes come in
//! as arguments, so that the same arguments always give the same drive. Everything secret is wiped
//! when dropped and never printed by `Debug`. The format is the one that genuine Windows volumes
//! show; given their secrets, [`seal()`]'s own functions give back their 64 KiB information areas
//! byte for byte (the test `genuine`).
//!
//! "bitlocker.md" in comments is the project's reference of the format, which is kept beside the
//! repository together with the genuine volumes that it was read from.
#![forbid(unsafe_code)]

mod boot_sector;
mod cipher;
mod credential;
mod external_key;
#[cfg(test)]
mod genuine;
mod guid;
mod metadata;
mod recovery;
mod regions;
mod seal;
mod sealed;
mod secrets;
mod sector_cipher;
mod stretch;
#[cfg(test)]
mod testing;
mod unlock;

pub use boot_sector::{boot_sector, is_bitlocker};
pub use cipher::{Cipher, UnknownCipher};
pub use credential::{Credential, CredentialError, StretchedPassword, key_text};
pub use external_key::{ExternalKeyFile, ExternalKeyFileError};
pub use guid::Guid;
pub use recovery::{RecoveryKey, RecoveryPassword, RecoveryPasswordError};
pub use regions::{HEADER_BYTES, INFORMATION_BYTES, Regions, RegionsError, SPARE_BYTES};
pub use seal::{SealError, SealedVolume, VolumeSpec, seal};
pub use secrets::{Identifiers, Protectors, Secrets};
pub use sector_cipher::{CbcAnswer, CbcDecryptor, SectorCipher, SectorCipherError};
pub use unlock::{
    CopyFault, CopyState, OpenedArea, ProtectorFacts, ProtectorKind, UnlockError, UnlockedVolume,
    VolumeFacts, open_information_area, stretched,
};
