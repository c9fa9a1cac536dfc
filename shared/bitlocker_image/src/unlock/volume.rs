//! An opened volume.

use std::fmt;
use std::sync::Arc;

use disk::{ReadAt, ReadError, SectorSize};

use super::copy::CheckedCopy;
use super::error::{CopyFault, CopyState, UnlockError};
use super::facts::VolumeFacts;
use super::master_key::Opener;
use super::opened::OpenedArea;
use super::view::{Span, What, spans};
use crate::boot_sector::Boot;
use crate::metadata::AREA;
use crate::{CbcDecryptor, Cipher, Credential, HEADER_BYTES, Regions, SectorCipher};

/// Bytes that are read and then decrypted in one go.
const CHUNK: usize = 1 << 20;
/// The same where somebody else does the AES, who may take such a piece apart.
const HELPED_CHUNK: usize = 8 << 20;
/// Less than this is decrypted sooner than a helper is asked.
const HELPED_MIN: usize = 64 << 10;

/// An opened volume: as [`ReadAt`], the file system inside.
///
/// Any range can be read; large ranges on sector borders are read and decrypted in the caller's own
/// buffer.
pub struct UnlockedVolume<R> {
    volume: R,
    opened: OpenedArea,
    copies: [CopyState; 3],
    spans: Vec<Span>,
    helper: Option<Arc<dyn CbcDecryptor>>,
}

impl<R: ReadAt> UnlockedVolume<R> {
    /// Opens a volume. No field of the metadata decides on data before the hash sealed by the
    /// volume's own key is checked.
    ///
    /// # Errors
    /// [`UnlockError`].
    pub fn unlock(volume: R, credential: &Credential) -> Result<Self, UnlockError> {
        let mut first = [0; 512];
        if volume.bytes() < 512 {
            return Err(UnlockError::NotBitLocker);
        }
        volume.read_at(0, &mut first)?;
        let (information, sector) = match Boot::parse(&first) {
            Boot::Other => return Err(UnlockError::NotBitLocker),
            Boot::Vista => return Err(UnlockError::Vista),
            Boot::Converting => return Err(UnlockError::Converting),
            Boot::Volume {
                information,
                sector,
            } => (information, sector),
        };
        let areas = information.map(|place| read_area(&volume, place));
        let (opened, copies) = open_first(&areas, &information, credential)?;
        let facts = opened.facts();
        if sector != Some(facts.sector) {
            let what = "the unit of encryption, unlike the boot sector's,";
            let found = facts.sector.bytes();
            return Err(UnlockError::Unsupported { what, found });
        }
        let spans = spans(facts, volume.bytes())?;
        Ok(Self {
            volume,
            opened,
            copies,
            spans,
            helper: None,
        })
    }

    /// Has `helper` do the AES of long reads from here on.
    pub fn decrypt_by(&mut self, helper: Arc<dyn CbcDecryptor>) {
        self.helper = Some(helper);
    }

    /// Decrypts whole sectors in place.
    fn decrypt(&self, number: u64, piece: &mut [u8]) {
        let helper = self.helper.as_ref().filter(|_| piece.len() >= HELPED_MIN);
        let key = self.opened.volume_key();
        let helped = helper.is_some_and(|helper| {
            let cipher = self.sector_cipher();
            cipher.decrypt_with(helper.as_ref(), key, number, piece)
        });
        if !helped {
            self.sector_cipher().decrypt(number, piece);
        }
    }

    /// Fills `into` from encrypted sectors; `place` is where they lie.
    fn read_encrypted(&self, place: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let chunk = self.helper.as_ref().map_or(CHUNK, |_| HELPED_CHUNK);
        let (mut place, mut rest) = (place, into);
        while !rest.is_empty() {
            let (number, within) = self.sector_of(place);
            let whole = self.whole_sectors(rest.len().min(chunk));
            let count = if within == 0 && whole > 0 {
                let (piece, _) = rest.split_at_mut(whole);
                self.volume.read_at(place, piece)?;
                self.decrypt(number, piece);
                whole
            } else {
                self.read_part(place, rest)?
            };
            place = place.saturating_add(long(count));
            rest = rest.get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Fills the start of `into` from the one sector that `place` is in; returns how many bytes
    /// that were.
    fn read_part(&self, place: u64, into: &mut [u8]) -> Result<usize, ReadError> {
        let mut scratch = [0; 4096];
        let scratch = match self.sector() {
            SectorSize::B512 => &mut scratch[..512],
            SectorSize::B4096 => &mut scratch[..],
        };
        let (number, within) = self.sector_of(place);
        self.volume
            .read_at(place.saturating_sub(long(within)), scratch)?;
        self.sector_cipher().decrypt(number, scratch);
        let found = scratch.get(within..).unwrap_or_default();
        let count = found.len().min(into.len());
        for (into, found) in into.iter_mut().zip(found) {
            *into = *found;
        }
        Ok(count)
    }

    /// Returns which sector a byte is in, and where in it.
    fn sector_of(&self, place: u64) -> (u64, usize) {
        let (number, within) = match self.sector() {
            SectorSize::B512 => (place / 512, place % 512),
            SectorSize::B4096 => (place / 4096, place % 4096),
        };
        (number, usize::try_from(within).unwrap_or(0))
    }

    /// Returns how many of `bytes` are whole sectors.
    const fn whole_sectors(&self, bytes: usize) -> usize {
        match self.sector() {
            SectorSize::B512 => bytes & !511,
            SectorSize::B4096 => bytes & !4095,
        }
    }
}

impl<R> UnlockedVolume<R> {
    /// Returns how the sectors are encrypted.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        self.opened.facts().cipher
    }

    /// Returns the unit of encryption.
    #[must_use]
    pub const fn sector(&self) -> SectorSize {
        self.opened.facts().sector
    }

    /// Returns what the metadata says.
    #[must_use]
    pub const fn facts(&self) -> &VolumeFacts {
        self.opened.facts()
    }

    /// Returns the places of BitLocker's areas; `None` for a FAT To Go volume, whose header is longer
    /// than an NTFS volume's.
    #[must_use]
    pub fn regions(&self) -> Option<Regions> {
        let facts = self.facts();
        (facts.header_bytes == HEADER_BYTES).then_some(Regions {
            information: facts.information,
            header: facts.header,
            spare: facts.spare,
        })
    }

    /// Returns the state of the three copies of the metadata.
    #[must_use]
    pub const fn copies(&self) -> &[CopyState; 3] {
        &self.copies
    }

    /// Returns keys and facts.
    #[must_use]
    pub const fn opened(&self) -> &OpenedArea {
        &self.opened
    }

    /// Returns the cipher of the sectors.
    #[must_use]
    pub const fn sector_cipher(&self) -> &SectorCipher {
        self.opened.sector_cipher()
    }

    /// Returns the volume as it is stored.
    #[must_use]
    pub const fn locked(&self) -> &R {
        &self.volume
    }

    /// Returns the locked volume.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.volume
    }
}

impl<R: ReadAt> ReadAt for UnlockedVolume<R> {
    fn bytes(&self) -> u64 {
        self.volume.bytes()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let outside = ReadError::out_of_bounds(at, long(into.len()), self.bytes());
        let end = at.checked_add(long(into.len())).ok_or(outside.clone())?;
        if end > self.bytes() {
            return Err(outside);
        }
        let (mut at, mut rest) = (at, into);
        for span in &self.spans {
            let count = span.end.saturating_sub(at).min(long(rest.len()));
            let (piece, after) = rest.split_at_mut(usize::try_from(count).unwrap_or(rest.len()));
            rest = after;
            if piece.is_empty() {
                continue;
            }
            match span.what {
                What::Zeros => piece.fill(0),
                What::Plain => self.volume.read_at(at, piece)?,
                What::Encrypted { ahead } => {
                    self.read_encrypted(at.saturating_add(ahead), piece)?;
                }
            }
            at = at.saturating_add(count);
        }
        Ok(())
    }
}

impl<R> fmt::Debug for UnlockedVolume<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockedVolume")
            .field("opened", &self.opened)
            .field("copies", &self.copies)
            .finish_non_exhaustive()
    }
}

type AreaBytes = Result<Vec<u8>, CopyFault>;

fn read_area(volume: &impl ReadAt, place: u64) -> AreaBytes {
    let mut area = vec![0; AREA];
    volume.read_at(place, &mut area)?;
    Ok(area)
}

/// Opens the first area that is whole, opens with the credential, and is authentic.
fn open_first(
    areas: &[AreaBytes; 3],
    places: &[u64; 3],
    credential: &Credential,
) -> Result<(OpenedArea, [CopyState; 3]), UnlockError> {
    let mut opener = Opener::new(credential)?;
    let mut faults: [Option<CopyFault>; 3] = [const { None }; 3];
    let mut refused = None;
    for ((area, place), fault) in areas.iter().zip(places).zip(&mut faults) {
        let checked = area
            .as_ref()
            .map_err(CopyFault::clone)
            .and_then(|area| CheckedCopy::check(area, Some(*place)));
        let copy = match checked {
            Ok(copy) => copy,
            Err(found) => {
                *fault = Some(found);
                continue;
            }
        };
        match OpenedArea::open(&copy, &mut opener) {
            Ok(opened) => {
                let states = states(areas, places, &copy, &faults);
                return Ok((opened, states));
            }
            Err(UnlockError::Area(found)) => *fault = Some(found),
            Err(error @ (UnlockError::Converting | UnlockError::Unsupported { .. })) => {
                return Err(error);
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| UnlockError::NoGoodCopy {
        faults: faults.into_iter().flatten().collect(),
    }))
}

/// Compares every copy with the one that was opened.
fn states(
    areas: &[AreaBytes; 3],
    places: &[u64; 3],
    used: &CheckedCopy<'_>,
    faults: &[Option<CopyFault>; 3],
) -> [CopyState; 3] {
    let mut states = [CopyState::Good, CopyState::Good, CopyState::Good];
    for (index, state) in states.iter_mut().enumerate() {
        if let Some(fault) = &faults[index] {
            *state = CopyState::Fault(fault.clone());
            continue;
        }
        let checked = areas[index]
            .as_ref()
            .map_err(CopyFault::clone)
            .and_then(|area| CheckedCopy::check(area, Some(places[index])));
        *state = match checked {
            Err(fault) => CopyState::Fault(fault),
            Ok(copy) if copy.block == used.block => CopyState::Good,
            Ok(_) => CopyState::Differs,
        };
    }
    states
}

fn long(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
