//! Datums: the packed, nested records that metadata is made of.

use thiserror::Error;
use zerocopy::{FromBytes, IntoBytes};

use super::stored::{DatumHeader, kind, role};

/// Bytes of a datum's header.
const HEADER: usize = size_of::<DatumHeader>();

/// A datum, read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datum<'a> {
    pub(crate) role: u16,
    pub(crate) kind: u16,
    pub(crate) body: &'a [u8],
}

/// A datum whose size cannot be.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a datum of {size} bytes at byte {at} of {bytes}")]
pub(crate) struct BadDatum {
    pub(crate) at: usize,
    pub(crate) size: usize,
    pub(crate) bytes: usize,
}

impl<'a> Datum<'a> {
    /// Reads a list of datums. It ends with the bytes, at a datum of size 0, or where no header
    /// fits any more. After an error comes nothing.
    pub(crate) fn list(bytes: &'a [u8]) -> impl Iterator<Item = Result<Self, BadDatum>> {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            let (header, _) = DatumHeader::ref_from_prefix(rest).ok()?;
            let size = usize::from(header.size.get());
            if size == 0 {
                return None;
            }
            let at = bytes.len().saturating_sub(rest.len());
            let Some(body) = rest.get(HEADER..size) else {
                rest = &[];
                let bytes = bytes.len();
                return Some(Err(BadDatum { at, size, bytes }));
            };
            rest = rest.get(size..).unwrap_or_default();
            Some(Ok(Self {
                role: header.role.get(),
                kind: header.kind.get(),
                body,
            }))
        })
    }

    /// Returns the datums nested in this one, behind a fixed part of `fixed` bytes, as far as they
    /// can be read.
    pub(crate) fn nested(&self, fixed: usize) -> impl Iterator<Item = Self> + use<'a> {
        Self::list(self.body.get(fixed..).unwrap_or_default()).map_while(Result::ok)
    }

    /// Returns the algorithm and what follows it, for kinds that begin with one.
    pub(crate) fn algorithm(&self) -> Option<(u32, &'a [u8])> {
        let (algorithm, rest) = self.body.split_first_chunk()?;
        Some((u32::from_le_bytes(*algorithm), rest))
    }

    /// Returns the text of a unicode datum, up to its NUL; what is no UTF-16 becomes U+FFFD.
    pub(crate) fn text(&self) -> String {
        let units: Vec<u16> = self
            .body
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .take_while(|unit| *unit != 0)
            .collect();
        String::from_utf16_lossy(&units)
    }
}

/// Returns a datum of these parts.
pub(crate) fn datum(role: u16, kind: u16, flags: u16, parts: &[&[u8]]) -> Vec<u8> {
    let body: usize = parts.iter().map(|part| part.len()).sum();
    let size = u16::try_from(body.saturating_add(HEADER))
        .expect("datums are made of keys and of texts that seal() has limited");
    let header = DatumHeader {
        size: size.into(),
        role: role.into(),
        kind: kind.into(),
        flags: flags.into(),
    };
    let mut bytes = Vec::with_capacity(usize::from(size));
    bytes.extend_from_slice(header.as_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Returns a datum that holds a text, NUL at its end.
pub(crate) fn text(role: u16, flags: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    datum(role, kind::UNICODE, flags, &[&units])
}

/// Returns a datum that holds a sealed key.
pub(crate) fn sealed(role: u16, sealed: &[u8]) -> Vec<u8> {
    datum(role, kind::SEALED, 1, &[sealed])
}

/// Returns a datum that holds a key openly. Its bytes are as secret as the key.
pub(crate) fn open_key(flags: u16, algorithm: u32, key: &[u8]) -> Vec<u8> {
    let algorithm = algorithm.to_le_bytes();
    datum(role::PROPERTY, kind::KEY, flags, &[&algorithm, key])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sizes(bytes: &[u8]) -> Vec<Result<usize, BadDatum>> {
        Datum::list(bytes)
            .map(|datum| datum.map(|datum| datum.body.len()))
            .collect()
    }

    #[test]
    fn a_list_reads_back_as_it_was_made() {
        let list = [text(7, 1, "ab"), datum(3, 5, 1, &[&[1], &[2, 3]])].concat();
        assert_eq!(sizes(&list), [Ok(6), Ok(3)]);
        let first = Datum::list(&list).next().expect("one").expect("good");
        assert_eq!(
            (first.role, first.kind, first.text().as_str()),
            (7, 2, "ab")
        );
    }

    #[test]
    fn sizes_that_cannot_be_end_the_list() {
        let good = datum(1, 1, 1, &[]);
        for size in [1_u16, 7, 9, 0xffff] {
            let mut bytes = [good.clone(), good.clone()].concat();
            bytes[8..10].copy_from_slice(&size.to_le_bytes());
            let bad = BadDatum {
                at: 8,
                size: usize::from(size),
                bytes: 16,
            };
            assert_eq!(sizes(&bytes), [Ok(0), Err(bad)]);
        }
        let mut bytes = [good.clone(), good].concat();
        bytes[8] = 0;
        assert_eq!(sizes(&bytes), [Ok(0)]);
    }

    #[test]
    fn a_text_without_end_or_with_half_a_character_is_read_as_far_as_it_goes() {
        let body = [b'a', 0, 0x00, 0xd8, b'c', 0, 9];
        let datum = Datum {
            role: 7,
            kind: 2,
            body: &body,
        };
        assert_eq!(datum.text(), "a\u{fffd}c");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes: Vec<u8>) {
            prop_assert!(sizes(&bytes).len() <= (bytes.len() / 8).saturating_add(1));
        }
    }
}
