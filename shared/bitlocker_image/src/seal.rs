//! Makes the metadata of a new volume.

use std::fmt;

use disk::SectorSize;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::metadata::{Area, Entry, Extended, Lock, Protector};
use crate::sealed::Nonce;
use crate::stretch::Initial;
use crate::{
    Cipher, ExternalKeyFile, Guid, HEADER_BYTES, INFORMATION_BYTES, Identifiers, RecoveryPassword,
    Regions, SPARE_BYTES, Secrets,
};

/// What a new volume is to be, besides its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Length of the partition, a multiple of the sector.
    pub volume_bytes: u64,
    /// The drive's logical sector, which is also the unit of encryption.
    pub sector: SectorSize,
    /// How the sectors are encrypted; [`Cipher::can_create`] must hold.
    pub cipher: Cipher,
    /// Where BitLocker's own areas lie.
    pub regions: Regions,
    /// The time of creation: FILETIME, 100 ns since 1601.
    pub created: u64,
    /// A text that anyone can read on the locked drive; Windows writes computer name, label and
    /// date here.
    pub description: String,
}

/// A volume's metadata, ready to be written.
#[derive(Clone)]
pub struct SealedVolume {
    /// The 65,536 bytes that go to each of the three places of [`Regions::information`].
    pub information_area: Vec<u8>,
    /// Opens the volume.
    pub recovery_password: RecoveryPassword,
    /// Name (`{GUID}.BEK`) and bytes of the key file, when the volume has an external key.
    pub external_key_file: Option<(String, Zeroizing<Vec<u8>>)>,
    /// Volume and protector GUIDs.
    pub identifiers: Identifiers,
}

impl fmt::Debug for SealedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedVolume")
            .field("identifiers", &self.identifiers)
            .finish_non_exhaustive()
    }
}

/// Why a volume cannot be sealed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The Elephant diffuser is only read.
    #[error("{cipher} volumes can be read, not created")]
    Cipher {
        /// The cipher asked for.
        cipher: Cipher,
    },
    /// The volume key does not fit the cipher.
    #[error("a key of {found} bytes for {cipher}, which takes {}", cipher.key_bytes())]
    KeyLength {
        /// The cipher.
        cipher: Cipher,
        /// Length of the key given.
        found: usize,
    },
    /// Length or region is not a multiple of the sector, or the regions leave the volume or
    /// overlap.
    #[error(
        "{what} at {at:#x} does not fit a volume of {volume_bytes} bytes with sectors of {sector_bytes}"
    )]
    Place {
        /// What is misplaced.
        what: &'static str,
        /// Its offset.
        at: u64,
        /// Length of the volume.
        volume_bytes: u64,
        /// Bytes of a sector.
        sector_bytes: u64,
    },
    /// The description is longer than the information area can hold.
    #[error("a description of {found} UTF-16 units; at most {max} fit")]
    Description {
        /// Its length.
        found: usize,
        /// The most.
        max: usize,
    },
    /// A passphrase that Windows would not take.
    #[error("a passphrase of {found} UTF-16 units; Windows takes {min} to {max}")]
    Passphrase {
        /// Its length.
        found: usize,
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
}

/// Makes the metadata of a new volume. Runs the key stretch (2^20 SHA-256, about 0.1 s) once per
/// password.
///
/// Protectors are stored in the order passphrase, recovery password, external key; nonces count
/// from 2 in stored order, all with the time of creation, as in the genuine volumes.
///
/// # Errors
/// [`SealError`] when specification and secrets contradict each other.
pub fn seal(spec: &VolumeSpec, secrets: &Secrets) -> Result<SealedVolume, SealError> {
    check(spec, secrets)?;
    let mut nonces = Nonces::new(spec.created);
    let mut entries = vec![Entry::Description(spec.description.clone())];
    if let Some(passphrase) = &secrets.passphrase {
        let key = Initial::of_passphrase(passphrase).stretch(&secrets.passphrase_salt);
        let lock = Lock::Passphrase {
            salt: secrets.passphrase_salt,
            key_backup: nonces.next(),
        };
        let id = secrets.identifiers.passphrase;
        entries.push(nonces.protector(id, key, lock));
    }
    let lock = Lock::RecoveryPassword {
        salt: secrets.recovery_salt,
        password: secrets.recovery.clone(),
        password_backup: nonces.next(),
        key_backup: Some(nonces.next()),
    };
    let key = Initial::of_recovery(&secrets.recovery).stretch(&secrets.recovery_salt);
    entries.push(nonces.protector(secrets.identifiers.recovery, key, lock));
    if let Some(key) = secrets.external_key {
        let lock = Lock::ExternalKey {
            key_backup: nonces.next(),
        };
        let id = secrets.identifiers.external_key;
        entries.push(nonces.protector(id, Zeroizing::new(key), lock));
    }
    entries.push(Entry::VolumeKey(nonces.next()));
    entries.push(Entry::Virtualization(Some(Extended {
        flags: FLAGS,
        os_build: OS_BUILD,
        spare: spec.regions.spare.unwrap_or(NO_SPARE),
    })));
    let area = Area {
        volume_bytes: spec.volume_bytes,
        sector_bytes: match spec.sector {
            SectorSize::B512 => 512,
            SectorSize::B4096 => 4096,
        },
        information: spec.regions.information,
        header: spec.regions.header,
        volume: secrets.identifiers.volume,
        cipher: spec.cipher,
        method_again: false,
        created: spec.created,
        entries,
        validation: nonces.next(),
    };
    let external_key_file = secrets.external_key.map(|key| {
        let file = ExternalKeyFile {
            protector: secrets.identifiers.external_key,
            created: spec.created,
            changed: spec.created,
            key,
        };
        (file.name(), file.to_bytes())
    });
    Ok(SealedVolume {
        information_area: area.to_bytes(&secrets.volume_master_key, &secrets.volume_key),
        recovery_password: RecoveryPassword::new(secrets.recovery.clone()),
        external_key_file,
        identifiers: secrets.identifiers,
    })
}

/// Hands out nonces that never repeat.
struct Nonces {
    created: u64,
    counter: u32,
}

impl Nonces {
    const fn new(created: u64) -> Self {
        let counter = FIRST_COUNTER;
        Self { created, counter }
    }

    const fn next(&mut self) -> Nonce {
        let nonce = Nonce {
            time: self.created.saturating_sub(self.created % MILLISECOND),
            counter: self.counter,
        };
        self.counter = self.counter.saturating_add(1);
        nonce
    }

    fn protector(&mut self, id: Guid, key: Zeroizing<[u8; 32]>, lock: Lock) -> Entry {
        Entry::Protector(Box::new(Protector {
            id,
            changed: self.created,
            key,
            nonce: self.next(),
            lock,
            backed_up: None,
        }))
    }
}

fn check(spec: &VolumeSpec, secrets: &Secrets) -> Result<(), SealError> {
    let cipher = spec.cipher;
    if !cipher.can_create() {
        return Err(SealError::Cipher { cipher });
    }
    let found = secrets.volume_key.len();
    if found != cipher.key_bytes() {
        return Err(SealError::KeyLength { cipher, found });
    }
    let found = spec.description.encode_utf16().count();
    let max = DESCRIPTION_UNITS_MAX;
    if found > max {
        return Err(SealError::Description { found, max });
    }
    if let Some(passphrase) = &secrets.passphrase {
        let found = passphrase.encode_utf16().count();
        let (min, max) = PASSPHRASE_UNITS;
        if !(min..=max).contains(&found) {
            return Err(SealError::Passphrase { found, min, max });
        }
    }
    check_places(spec)
}

/// The areas are whole sectors behind the header, apart from each other, and end before the volume
/// does: cryptsetup never ends on a volume whose last bytes are an area (bitlocker.md part 15, trap
/// 6).
fn check_places(spec: &VolumeSpec) -> Result<(), SealError> {
    let sector_bytes = spec.sector.bytes();
    let volume_bytes = spec.volume_bytes;
    let misplaced = |what, at| SealError::Place {
        what,
        at,
        volume_bytes,
        sector_bytes,
    };
    if !volume_bytes.is_multiple_of(sector_bytes) {
        return Err(misplaced("the end", volume_bytes));
    }
    let [first, second, third] = spec.regions.information;
    let spare = spec.regions.spare;
    let spare = spare.map(|at| ("the spare area", at, SPARE_BYTES));
    let mut areas = vec![
        ("information area 1", first, INFORMATION_BYTES),
        ("information area 2", second, INFORMATION_BYTES),
        ("information area 3", third, INFORMATION_BYTES),
        ("the header's copy", spec.regions.header, HEADER_BYTES),
    ];
    areas.extend(spare);
    areas.sort_by_key(|(_, at, _)| *at);
    let mut free = HEADER_BYTES;
    for (what, at, bytes) in areas {
        let end = at.saturating_add(bytes);
        if !at.is_multiple_of(sector_bytes) || at < free || end >= volume_bytes {
            return Err(misplaced(what, at));
        }
        free = end;
    }
    Ok(())
}

/// The first counter of a nonce: Windows takes 1 for itself.
const FIRST_COUNTER: u32 = 2;
/// In units of FILETIME. The times of Windows' nonces are whole milliseconds.
const MILLISECOND: u64 = 10_000;
/// The place of a spare area that is not there.
const NO_SPARE: u64 = 0;
/// The flags of most finished volumes (bitlocker.md part 9).
const FLAGS: u64 = 0x0a;
/// The Windows that the volume says it was made by: 10 version 1809. Modest, as an older Windows
/// may refuse a newer one's volume.
const OS_BUILD: u32 = 17_763;
/// Far more than anyone reads, far less than an information area holds.
const DESCRIPTION_UNITS_MAX: usize = 1024;
/// Windows takes passphrases of 8 units at least, by default policy, and cuts those of more than
/// 100.
const PASSPHRASE_UNITS: (usize, usize) = (8, 100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::secrets;

    fn spec(cipher: Cipher) -> VolumeSpec {
        VolumeSpec {
            volume_bytes: 64 << 20,
            sector: SectorSize::B512,
            cipher,
            regions: Regions::new(64 << 20, 4096).expect("large enough"),
            created: 0x01d5_3236_6fba_4123,
            description: "Argosy".to_owned(),
        }
    }

    fn refused(change: impl FnOnce(&mut VolumeSpec)) -> SealError {
        let mut spec = spec(Cipher::XtsAes128);
        change(&mut spec);
        seal(&spec, &secrets(Cipher::XtsAes128, None)).expect_err("contradiction")
    }

    #[test]
    fn equal_arguments_give_equal_bytes() {
        let make = || seal(&spec(Cipher::CbcAes256), &secrets(Cipher::CbcAes256, None));
        let (one, two) = (make().expect("made"), make().expect("made"));
        assert!(one.information_area == two.information_area);
        assert_eq!(one.information_area.len(), 65_536);
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(matches!(
            refused(|spec| spec.cipher = Cipher::CbcElephant128),
            SealError::Cipher { .. }
        ));
        assert!(matches!(
            refused(|spec| spec.cipher = Cipher::XtsAes256),
            SealError::KeyLength { found: 32, .. }
        ));
        assert!(matches!(
            refused(|spec| spec.description = "x".repeat(1025)),
            SealError::Description { found: 1025, .. }
        ));
        let short = secrets(Cipher::XtsAes128, Some("seven77"));
        let error = seal(&spec(Cipher::XtsAes128), &short).expect_err("too short");
        assert!(matches!(error, SealError::Passphrase { found: 7, .. }));
    }

    #[test]
    fn misplaced_areas_are_refused() {
        let place = |change: fn(&mut VolumeSpec)| match refused(change) {
            SealError::Place { what, .. } => what,
            error => panic!("{error}"),
        };
        assert_eq!(place(|spec| spec.volume_bytes += 1), "the end");
        assert_eq!(
            place(|spec| spec.regions.spare = Some(spec.regions.header)),
            "the spare area"
        );
        assert_eq!(
            place(|spec| spec.regions.header = 4096),
            "the header's copy"
        );
        assert_eq!(
            place(|spec| spec.regions.information[2] = spec.volume_bytes - 65_536),
            "information area 3"
        );
        assert_eq!(
            place(|spec| spec.regions.information[1] += 1),
            "information area 2"
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let secrets = secrets(Cipher::XtsAes128, Some("correct horse"));
        let sealed = seal(&spec(Cipher::XtsAes128), &secrets).expect("made");
        let shown = format!("{secrets:?} {sealed:?}");
        let of = |key: &[u8]| format!("{key:?}").trim_matches(['[', ']']).to_owned();
        let digits = sealed.recovery_password.reveal();
        for secret in [
            of(&secrets.volume_master_key),
            of(&secrets.volume_key),
            of(&secrets.recovery.0),
            of(&secrets.external_key.expect("asked for")),
            "correct horse".to_owned(),
            digits[..6].to_owned(),
        ] {
            assert!(!shown.contains(&secret), "{secret} in {shown}");
        }
    }

    #[test]
    fn the_key_file_is_named_by_its_protector() {
        let secrets = secrets(Cipher::XtsAes128, None);
        let sealed = seal(&spec(Cipher::XtsAes128), &secrets).expect("made");
        let (name, file) = sealed.external_key_file.expect("asked for");
        assert_eq!(name, format!("{}.BEK", secrets.identifiers.external_key));
        let file = ExternalKeyFile::parse(&file).expect("a key file");
        assert_eq!(Some(file.key), secrets.external_key);
    }
}
