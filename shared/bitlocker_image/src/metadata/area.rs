//! A whole information area, as it is to be stored.

use sha2::{Digest, Sha256};
use zerocopy::IntoBytes;

use super::datum::{datum, sealed, text};
use super::protector::Protector;
use super::stored::{
    AREA, DatasetHeader, ENCRYPTED, ExtendedInfo, HEADERS, InformationHeader, SIGNATURE, UNIT,
    VALIDATION, Validation, VirtualizationBody, kind, role,
};
use crate::sealed::{Nonce, algorithm, seal};
use crate::{Cipher, Guid, HEADER_BYTES};

/// What an information area says. [`seal`](crate::seal()) makes one; the test `genuine` reads them
/// out of Windows' own areas.
pub(crate) struct Area {
    pub(crate) volume_bytes: u64,
    pub(crate) sector_bytes: u32,
    pub(crate) information: [u64; 3],
    pub(crate) header: u64,
    pub(crate) volume: Guid,
    pub(crate) cipher: Cipher,
    /// Whether the method is stored twice, as Windows does when it was chosen explicitly.
    pub(crate) method_again: bool,
    /// FILETIME.
    pub(crate) created: u64,
    /// In stored order; Windows 8 and later: description, protectors, volume key, virtualization.
    pub(crate) entries: Vec<Entry>,
    /// Of the sealed hash: the last, so the next counter of the dataset is the one after it.
    pub(crate) validation: Nonce,
}

/// A datum of the area's list.
pub(crate) enum Entry {
    Description(String),
    Protector(Box<Protector>),
    VolumeKey(Nonce),
    Virtualization(Option<Extended>),
}

/// What Windows 8 and later say more about the virtualized header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extended {
    /// 0x0a on most finished volumes.
    pub(crate) flags: u64,
    /// Build number of the Windows 10 that made the volume.
    pub(crate) os_build: u32,
    /// Where the spare area lies.
    pub(crate) spare: u64,
}

impl Area {
    /// Returns the 65,536 bytes.
    ///
    /// # Panics
    /// When the entries do not fit, which [`seal`](crate::seal()) makes sure of.
    pub(crate) fn to_bytes(&self, master_key: &[u8; 32], volume_key: &[u8]) -> Vec<u8> {
        let entries: Vec<u8> = self
            .entries
            .iter()
            .flat_map(|entry| self.entry(entry, master_key, volume_key))
            .collect();
        let block_bytes = HEADERS.saturating_add(entries.len());
        let block_bytes = block_bytes.next_multiple_of(UNIT);
        assert!(
            block_bytes.saturating_add(VALIDATION) <= AREA,
            "an information block of {block_bytes} bytes leaves no room for its validation"
        );
        let mut area = Vec::with_capacity(AREA);
        area.extend_from_slice(self.information_header(block_bytes).as_bytes());
        area.extend_from_slice(self.dataset_header(entries.len()).as_bytes());
        area.extend_from_slice(&entries);
        area.resize(block_bytes, 0);
        let crc32 = crc32fast::hash(&area);
        let hash = Sha256::digest(&area);
        let validation = Validation {
            size: small(AREA.saturating_sub(block_bytes)).into(),
            version: 2.into(),
            crc32: crc32.into(),
        };
        let hash = seal(master_key, self.validation, algorithm::METADATA_HASH, &hash);
        area.extend_from_slice(validation.as_bytes());
        area.extend_from_slice(&sealed(role::PROPERTY, &hash));
        area.resize(AREA, 0);
        area
    }

    fn information_header(&self, block_bytes: usize) -> InformationHeader {
        InformationHeader {
            signature: SIGNATURE,
            size: small(block_bytes / UNIT).into(),
            version: 2.into(),
            current_state: ENCRYPTED.into(),
            next_state: ENCRYPTED.into(),
            encrypted_bytes: self.volume_bytes.into(),
            conversion_bytes: 0.into(),
            virtualized_sectors: match self.sector_bytes {
                4096 => 2.into(),
                _ => 16.into(),
            },
            information: self.information.map(Into::into),
            header: self.header.into(),
        }
    }

    fn dataset_header(&self, entries_bytes: usize) -> DatasetHeader {
        let header = size_of::<DatasetHeader>();
        let size = u32::from(small(header.saturating_add(entries_bytes)));
        let method = self.cipher.method();
        DatasetHeader {
            size: size.into(),
            version: 1.into(),
            start: u32::from(small(header)).into(),
            end: size.into(),
            volume: self.volume.0,
            next_counter: self.validation.counter.saturating_add(1).into(),
            method: method.into(),
            method_again: if self.method_again { method } else { 0 }.into(),
            created: self.created.into(),
        }
    }

    fn entry(&self, entry: &Entry, master_key: &[u8; 32], volume_key: &[u8]) -> Vec<u8> {
        match entry {
            Entry::Description(description) => text(role::DESCRIPTION, 1, description),
            Entry::Protector(protector) => protector.to_datum(master_key),
            Entry::VolumeKey(nonce) => {
                let method = u32::from(self.cipher.method());
                let key = seal(master_key, *nonce, method, volume_key);
                sealed(role::VOLUME_KEY, &key)
            }
            Entry::Virtualization(extended) => self.virtualization(*extended),
        }
    }

    fn virtualization(&self, extended: Option<Extended>) -> Vec<u8> {
        let body = VirtualizationBody {
            header: self.header.into(),
            header_bytes: HEADER_BYTES.into(),
        };
        let extended = extended.map(|extended| ExtendedInfo {
            five: 5.into(),
            size: 76.into(),
            zero: 0.into(),
            flags: extended.flags.into(),
            log: 0.into(),
            log_bytes: 0.into(),
            sector_bytes: [self.sector_bytes.into(); 2],
            os_major: 10.into(),
            os_minor: 0.into(),
            os_build: extended.os_build.into(),
            os_platform: 2.into(),
            os_service_pack: [0.into(); 2],
            os_suite: 0x0110.into(),
            os_product: 1,
            two: 2,
            spare: extended.spare.into(),
            spare_bytes: 0x1_0000.into(),
            last: 0.into(),
        });
        let extended = extended.as_ref().map_or(&[][..], IntoBytes::as_bytes);
        let parts = [body.as_bytes(), extended];
        datum(role::VIRTUALIZATION, kind::VIRTUALIZATION, 1, &parts)
    }
}

/// Numbers below the area's 65,536 bytes.
fn small(number: usize) -> u16 {
    u16::try_from(number).expect("everything in an information area is smaller than it")
}
