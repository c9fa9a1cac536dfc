//! The key file (.BEK) of an external key protector.
//!
//! Source: bitlocker.md part 5.6. Golden: the genuine file beside the Windows volumes, which the
//! test `genuine` makes again.

use std::fmt;

use thiserror::Error;
use zerocopy::{FromBytes, IntoBytes};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Guid;
use crate::metadata::{DatasetHeader, Datum, datum, kind, open_key, role, text};
use crate::sealed::algorithm;

/// The longest file that is looked at. Windows 10 writes 156 bytes, Windows 11 180.
const FILE_MAX: usize = 4096;

/// A key file: which protector it is of, and the key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ExternalKeyFile {
    /// The protector it opens.
    #[zeroize(skip)]
    pub protector: Guid,
    /// When the file was made: FILETIME.
    pub created: u64,
    /// When the protector was last changed: FILETIME.
    pub changed: u64,
    /// The key.
    pub key: [u8; 32],
}

/// Why bytes are no key file.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a BitLocker key file: {what}")]
pub struct ExternalKeyFileError {
    /// What is wrong.
    pub what: &'static str,
}

impl ExternalKeyFile {
    /// Returns `{GUID}.BEK`, as Windows names it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.BEK", self.protector)
    }

    /// Returns the 156 bytes of the file in the form of Windows 10, which every reader takes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let key = Zeroizing::new(open_key(1, algorithm::EXTERNAL_KEY, &self.key));
        let name = text(role::PROPERTY, 1, "ExternalKey");
        let changed = self.changed.to_le_bytes();
        let parts: [&[u8]; 4] = [&self.protector.0, &changed, &name, &key];
        let entry = datum(role::STARTUP_KEY, kind::EXTERNAL_KEY, 1, &parts);
        let entry = Zeroizing::new(entry);
        let header = DatasetHeader {
            size: 156.into(),
            version: 1.into(),
            start: 48.into(),
            end: 156.into(),
            volume: self.protector.0,
            next_counter: 1.into(),
            method: 0.into(),
            method_again: 0.into(),
            created: self.created.into(),
        };
        let file = Zeroizing::new([header.as_bytes(), &entry].concat());
        assert_eq!(file.len(), 156, "a key file of Windows 10 has 156 bytes");
        file
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`ExternalKeyFileError`] when it is none.
    pub fn parse(file: &[u8]) -> Result<Self, ExternalKeyFileError> {
        let not = |what| ExternalKeyFileError { what };
        let (header, list) = DatasetHeader::ref_from_prefix(file)
            .map_err(|_| not("shorter than its header of 48 bytes"))?;
        if file.len() > FILE_MAX {
            return Err(not("longer than 4096 bytes"));
        }
        let length = u32::try_from(file.len()).unwrap_or(u32::MAX);
        if header.size.get() != length || header.end.get() != length {
            return Err(not("its header has another length than the file"));
        }
        if header.version.get() != 1 || header.start.get() != 48 {
            return Err(not("its header is of no known version"));
        }
        let entry = Datum::list(list)
            .map_while(Result::ok)
            .find(|datum| datum.role == role::STARTUP_KEY && datum.kind == kind::EXTERNAL_KEY)
            .ok_or(not("it has no startup key"))?;
        let (protector, rest) = entry
            .body
            .split_first_chunk()
            .ok_or(not("its startup key is cut short"))?;
        let changed = rest
            .first_chunk()
            .ok_or(not("its startup key is cut short"))?;
        let key = entry
            .nested(24)
            .filter(|datum| datum.kind == kind::KEY)
            .find_map(|datum| match datum.algorithm() {
                Some((algorithm::EXTERNAL_KEY, key)) => key.try_into().ok(),
                _ => None,
            })
            .ok_or(not("its startup key has no external key of 32 bytes"))?;
        Ok(Self {
            protector: Guid(*protector),
            created: header.created.get(),
            changed: u64::from_le_bytes(*changed),
            key,
        })
    }
}

impl fmt::Debug for ExternalKeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalKeyFile")
            .field("protector", &self.protector)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file() -> ExternalKeyFile {
        ExternalKeyFile {
            protector: Guid([0x11; 16]),
            created: 1,
            changed: 2,
            key: [0x77; 32],
        }
    }

    #[test]
    fn a_file_reads_back() {
        assert_eq!(ExternalKeyFile::parse(&file().to_bytes()), Ok(file()));
    }

    #[test]
    fn a_file_of_windows_11_with_the_volume_guid_in_it_reads_too() {
        let mut bytes = file().to_bytes().to_vec();
        let volume = datum(0x19, 0x17, 1, &[&[0x55; 16]]);
        bytes.splice(48 + 8 + 24 + 32..48 + 8 + 24 + 32, volume);
        for place in [0, 12] {
            bytes[place] = 180;
        }
        bytes[48] += 24;
        assert_eq!(bytes.len(), 180);
        assert_eq!(ExternalKeyFile::parse(&bytes), Ok(file()));
    }

    #[test]
    fn a_cut_or_lengthened_file_is_refused() {
        let bytes = file().to_bytes();
        for length in 0..bytes.len() {
            assert!(ExternalKeyFile::parse(&bytes[..length]).is_err());
        }
        assert!(ExternalKeyFile::parse(&[&bytes[..], &[0]].concat()).is_err());
        assert!(ExternalKeyFile::parse(&[0; 5000]).is_err());
    }

    proptest! {
        #[test]
        fn a_file_with_changed_bytes_is_read_without_a_panic(place in 0..156_usize, byte: u8) {
            let mut bytes = file().to_bytes();
            bytes[place] = byte;
            drop(ExternalKeyFile::parse(&bytes));
        }
    }
}
