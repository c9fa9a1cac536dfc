//! One information area, read and checked as far as that goes without a key.

use sha2::{Digest, Sha256};
use zerocopy::FromBytes;
use zeroize::Zeroizing;

use super::error::CopyFault;
use crate::metadata::{
    AREA, DatasetHeader, Datum, HEADERS, InformationHeader, SIGNATURE, UNIT, VALIDATION,
    Validation, kind,
};
use crate::sealed::{algorithm, open};

/// Where [`DatasetHeader`] lies.
const DATASET: usize = 64;

/// An information area whose structure and CRC-32 are right. Its fields are not to be believed
/// before [`is_authentic`](Self::is_authentic): a CRC is no secret.
#[derive(Clone, Copy)]
pub(super) struct CheckedCopy<'a> {
    pub(super) header: &'a InformationHeader,
    pub(super) dataset: &'a DatasetHeader,
    /// What CRC and hash cover.
    pub(super) block: &'a [u8],
    datums: &'a [u8],
    sealed_hash: &'a [u8],
}

impl<'a> CheckedCopy<'a> {
    /// Checks an area; `place` is where it was read, when that is known.
    pub(super) fn check(area: &'a [u8], place: Option<u64>) -> Result<Self, CopyFault> {
        let area = area.get(..AREA).ok_or(CopyFault::Field {
            what: "length",
            at: 0,
            found: u64::try_from(area.len()).unwrap_or(u64::MAX),
        })?;
        let field = |what, at, found| CopyFault::Field { what, at, found };
        let short = || field("length", 0, 0);
        let (header, _) = InformationHeader::ref_from_prefix(area).map_err(|_| short())?;
        if header.signature != SIGNATURE {
            let found = u64::from_be_bytes(header.signature);
            return Err(field("signature", 0, found));
        }
        if header.version.get() != 2 {
            return Err(field("version", 10, header.version.get().into()));
        }
        let size = usize::from(header.size.get()).saturating_mul(UNIT);
        let block = area
            .get(..size)
            .filter(|block| block.len() >= HEADERS)
            .ok_or(field("size", 8, header.size.get().into()))?;
        let sealed_hash = validated(area, block)?;
        let (dataset, _) = block
            .get(DATASET..)
            .and_then(|bytes| DatasetHeader::ref_from_prefix(bytes).ok())
            .ok_or_else(short)?;
        let datums = datums(dataset, block)?;
        if place.is_some_and(|place| header.information.iter().all(|at| at.get() != place)) {
            return Err(field("own place", 32, header.information[0].get()));
        }
        Ok(Self {
            header,
            dataset,
            block,
            datums,
            sealed_hash,
        })
    }

    /// Returns the datums, as far as they can be read.
    pub(super) fn datums(&self) -> impl Iterator<Item = Datum<'a>> + use<'a> {
        Datum::list(self.datums).map_while(Result::ok)
    }

    /// Returns whether the volume master key vouches for every byte of the block.
    pub(super) fn is_authentic(&self, master_key: &[u8; 32]) -> bool {
        let hash: Option<Zeroizing<[u8; 32]>> = open(master_key, self.sealed_hash)
            .and_then(|sealed| sealed.exactly(algorithm::METADATA_HASH));
        hash.is_some_and(|hash| hash.as_slice() == Sha256::digest(self.block).as_slice())
    }
}

/// Checks the validation that follows the block; returns the sealed hash.
fn validated<'a>(area: &'a [u8], block: &[u8]) -> Result<&'a [u8], CopyFault> {
    let at = block.len();
    let field = |what, byte: usize, found| CopyFault::Field {
        what,
        at: at.saturating_add(byte),
        found,
    };
    let (validation, rest) = area
        .get(at..)
        .and_then(|bytes| Validation::ref_from_prefix(bytes).ok())
        .ok_or(field("end without validation", 0, 0))?;
    // 1 has a CRC only: there is nothing that vouches for such metadata.
    if validation.version.get() != 2 {
        return Err(field(
            "validation version",
            2,
            validation.version.get().into(),
        ));
    }
    let size = usize::from(validation.size.get());
    if size < VALIDATION || at.saturating_add(size) > AREA {
        return Err(field("validation size", 0, validation.size.get().into()));
    }
    let (found, computed) = (validation.crc32.get(), crc32fast::hash(block));
    if found != computed {
        return Err(CopyFault::Checksum { found, computed });
    }
    match Datum::list(rest).next() {
        Some(Ok(datum)) if datum.kind == kind::SEALED => Ok(datum.body),
        _ => Err(field("validation without sealed hash", 8, 0)),
    }
}

fn datums<'a>(dataset: &DatasetHeader, block: &'a [u8]) -> Result<&'a [u8], CopyFault> {
    let field = |what, byte: usize, found: u32| CopyFault::Field {
        what,
        at: DATASET.saturating_add(byte),
        found: found.into(),
    };
    if dataset.version.get() != 1 {
        return Err(field("dataset version", 4, dataset.version.get()));
    }
    let place = |bytes: u32| usize::try_from(bytes).ok()?.checked_add(DATASET);
    let end = place(dataset.size.get()).filter(|end| *end <= block.len());
    let Some(end) = end else {
        return Err(field("dataset size", 0, dataset.size.get()));
    };
    if dataset.end.get() != dataset.size.get() {
        return Err(field("dataset end", 12, dataset.end.get()));
    }
    let start = place(dataset.start.get()).filter(|start| *start >= HEADERS);
    start.and_then(|start| block.get(start..end)).ok_or(field(
        "dataset start",
        8,
        dataset.start.get(),
    ))
}
