//! An information area that its own key vouches for.

use std::fmt;

use disk::SectorSize;
use zerocopy::FromBytes;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::copy::CheckedCopy;
use super::error::{CopyFault, UnlockError};
use super::facts::VolumeFacts;
use super::master_key::{Opener, Protector, recovery_password};
use crate::metadata::{ENCRYPTED, ExtendedInfo, VirtualizationBody, kind, role};
use crate::sealed::open;
use crate::{Cipher, Credential, Guid, RecoveryPassword, SectorCipher};

/// What opening an information area gives. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct OpenedArea {
    volume_master_key: [u8; 32],
    volume_key: Vec<u8>,
    recovery_password: Option<RecoveryPassword>,
    #[zeroize(skip)]
    sector_cipher: SectorCipher,
    #[zeroize(skip)]
    facts: VolumeFacts,
}

impl OpenedArea {
    /// Returns the volume master key. What is derived from it is as secret as it is.
    #[must_use]
    pub const fn volume_master_key(&self) -> &[u8; 32] {
        &self.volume_master_key
    }

    /// Returns the key of the sectors ("FVEK").
    #[must_use]
    pub fn volume_key(&self) -> &[u8] {
        &self.volume_key
    }

    /// Returns the cipher of the sectors.
    #[must_use]
    pub const fn sector_cipher(&self) -> &SectorCipher {
        &self.sector_cipher
    }

    /// Returns what the metadata says.
    #[must_use]
    pub const fn facts(&self) -> &VolumeFacts {
        &self.facts
    }

    /// Returns the recovery password that the metadata keeps under the volume master key, as
    /// `manage-bde -protectors -get` shows it, whatever the credential was.
    #[must_use]
    pub const fn recovery_password(&self) -> Option<&RecoveryPassword> {
        self.recovery_password.as_ref()
    }

    /// Opens a copy: key, then authenticity, and only then the fields.
    pub(super) fn open(copy: &CheckedCopy<'_>, opener: &mut Opener) -> Result<Self, UnlockError> {
        let master_key = opener.open(copy)?;
        if !copy.is_authentic(&master_key) {
            return Err(UnlockError::Area(CopyFault::SealedHash));
        }
        let (cipher, volume_key) = volume_key(copy, &master_key)?;
        let facts = facts(copy, cipher)?;
        let sector_cipher = SectorCipher::new(cipher, &volume_key, facts.sector)
            .map_err(|error| unsupported("the length of the volume key", error.found))?;
        Ok(Self {
            volume_master_key: *master_key,
            volume_key: volume_key.to_vec(),
            recovery_password: recovery_password(copy, &master_key),
            sector_cipher,
            facts,
        })
    }
}

impl fmt::Debug for OpenedArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedArea")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// Opens one 65,536-byte information area by itself: proves that the credential opens it and that
/// nobody altered it.
///
/// # Errors
/// [`UnlockError`]: [`UnlockError::Area`] when the area is damaged or altered.
pub fn open_information_area(
    area: &[u8],
    credential: &Credential,
) -> Result<OpenedArea, UnlockError> {
    let copy = CheckedCopy::check(area, None).map_err(UnlockError::Area)?;
    OpenedArea::open(&copy, &mut Opener::new(credential)?)
}

/// Opens an information area with a recovery password, and returns a credential that opens this
/// area, and the volume it is of, without the stretch.
///
/// # Errors
/// [`UnlockError`] as for [`open_information_area`].
pub fn stretched(area: &[u8], password: &RecoveryPassword) -> Result<Credential, UnlockError> {
    let copy = CheckedCopy::check(area, None).map_err(UnlockError::Area)?;
    let mut opener = Opener::new(&Credential::RecoveryPassword(password.clone()))?;
    OpenedArea::open(&copy, &mut opener)?;
    Ok(Credential::Stretched(opener.into_stretched()))
}

fn unsupported(what: &'static str, found: impl TryInto<u64>) -> UnlockError {
    let found = found.try_into().unwrap_or(u64::MAX);
    UnlockError::Unsupported { what, found }
}

/// Returns the volume key and the method that it is for, which the dataset must agree with.
fn volume_key(
    copy: &CheckedCopy<'_>,
    master_key: &[u8; 32],
) -> Result<(Cipher, Zeroizing<Vec<u8>>), UnlockError> {
    let sealed = copy
        .datums()
        .filter(|datum| datum.role == role::VOLUME_KEY && datum.kind == kind::SEALED)
        .find_map(|datum| open(master_key, datum.body))
        .ok_or(unsupported("the number of volume keys", 0))?;
    let method = copy.dataset.method.get();
    if sealed.algorithm != u32::from(method) {
        return Err(unsupported(
            "the method of the volume key",
            sealed.algorithm,
        ));
    }
    let cipher = Cipher::from_method(method).ok_or(unsupported("the encryption method", method))?;
    Ok((cipher, sealed.key))
}

/// Reads what the metadata says about the volume; to be called on authentic metadata only.
fn facts(copy: &CheckedCopy<'_>, cipher: Cipher) -> Result<VolumeFacts, UnlockError> {
    let header = copy.header;
    let states = [header.current_state.get(), header.next_state.get()];
    if states != [ENCRYPTED; 2] || header.conversion_bytes.get() != 0 {
        return Err(UnlockError::Converting);
    }
    let virtualization = copy
        .datums()
        .find(|datum| datum.role == role::VIRTUALIZATION && datum.kind == kind::VIRTUALIZATION)
        .ok_or(unsupported("the number of virtualization records", 0))?;
    let (body, rest) = VirtualizationBody::ref_from_prefix(virtualization.body).map_err(|_| {
        unsupported(
            "the virtualization record's length",
            virtualization.body.len(),
        )
    })?;
    let extended = ExtendedInfo::ref_from_prefix(rest)
        .ok()
        .map(|(info, _)| info);
    let header_bytes = body.header_bytes.get();
    if body.header != header.header {
        return Err(unsupported(
            "the second place of the header",
            body.header.get(),
        ));
    }
    let sectors = u64::from(header.virtualized_sectors.get());
    let sector = header_bytes
        .checked_div(sectors)
        .filter(|bytes| bytes.checked_mul(sectors) == Some(header_bytes))
        .and_then(|bytes| SectorSize::try_from(bytes).ok())
        .ok_or(unsupported("the number of virtualized sectors", sectors))?;
    let description = copy
        .datums()
        .find(|datum| datum.role == role::DESCRIPTION && datum.kind == kind::UNICODE);
    Ok(VolumeFacts {
        id: Guid(copy.dataset.volume),
        cipher,
        sector,
        encrypted_bytes: header.encrypted_bytes.get(),
        information: header.information.map(zerocopy::little_endian::U64::get),
        header: header.header.get(),
        header_bytes,
        spare: extended.map(|info| info.spare.get()).filter(|at| *at != 0),
        os_build: extended.map(|info| info.os_build.get()),
        created: copy.dataset.created.get(),
        description: description.map(|datum| datum.text()).unwrap_or_default(),
        protectors: Protector::list(copy)
            .into_iter()
            .map(|protector| protector.facts)
            .collect(),
    })
}
