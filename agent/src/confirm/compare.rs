//! Compares the content of one file: with what is in the store, or with what a log says.

use std::io::Read;

use futures::{StreamExt as _, TryStreamExt as _};
use lanes::Md5State;
use shared::copy_log::Crc64;
use shared::manifest::ManifestFile;

use crate::blobs::{BlobName, Store, StoreError};
use crate::repair::{Located, Originals};

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// It is the same.
    Same,
    /// It is not: in words.
    Other(String),
}

/// Bytes of one request.
const STEP: u64 = 4 << 20;
/// Requests on their way at once.
const REQUESTS: usize = 8;

/// Reads a blob and compares every block with the drive's manifest. In memory: eight ranges of 4 MiB.
///
/// # Errors
/// [`StoreError`] when it cannot be read.
pub(super) async fn read_back(
    store: &Store,
    name: &BlobName,
    file: &ManifestFile,
) -> Result<Compared, StoreError> {
    let steps = file.parts().flat_map(|part| {
        let steps = part.bytes.div_ceil(STEP);
        (0..steps).map(move |step| {
            let from = step.saturating_mul(STEP);
            let until = from.saturating_add(STEP).min(part.bytes);
            let range = part.at.saturating_add(from)..part.at.saturating_add(until);
            (range, (until == part.bytes).then_some(part.hash))
        })
    });
    let reads = futures::stream::iter(steps.map(|(range, end)| async move {
        let at = range.start;
        let content = store.read(name, None, range, None).await?;
        Ok::<_, StoreError>((at, content, end))
    }));
    let mut reads = std::pin::pin!(reads.buffered(REQUESTS));
    let mut state = Md5State::new();
    while let Some((at, content, end)) = reads.try_next().await? {
        state.update(&content);
        if let Some(hash) = end {
            let found = std::mem::replace(&mut state, Md5State::new()).finish();
            if found != hash {
                return Ok(Compared::Other(format!(
                    "it was read back: the block that ends behind byte {at} is not the one that was prepared"
                )));
            }
        }
    }
    Ok(Compared::Same)
}

/// Compares an original with the drive's manifest, block by block, and with a CRC-64 of the whole that a log says.
///
/// # Errors
/// In words, why nothing can be said of it.
pub(super) fn against_original(
    originals: &Originals,
    file: &ManifestFile,
    crc64: u64,
) -> Result<Compared, String> {
    let Located::Here(path) = originals.locate(&file.path, file.bytes) else {
        return Err(
            "it is there by name and size, and the log has its CRC-64; its original was not found"
                .to_owned(),
        );
    };
    let moved = || {
        format!(
            "it is there by name and size, and the log has its CRC-64; {} is not any more what was prepared",
            path.display()
        )
    };
    let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut source = std::fs::File::open(&path).map_err(unreadable)?;
    if source.metadata().map_err(unreadable)?.len() != file.bytes {
        return Err(moved());
    }
    let mut crc = Crc64::new();
    let mut buffer = vec![0; usize::try_from(STEP).unwrap_or(0)];
    let mut through = 0;
    for part in file.parts() {
        // Gaps between page ranges are zeros, or the file is another: their content is nothing that was hashed.
        if part.at != through {
            return Err(moved());
        }
        let mut state = Md5State::new();
        let mut left = part.bytes;
        while left > 0 {
            let step = usize::try_from(left.min(STEP)).unwrap_or(0);
            let piece = buffer.get_mut(..step).unwrap_or_default();
            source.read_exact(piece).map_err(unreadable)?;
            state.update(piece);
            crc.update(piece);
            left = left.saturating_sub(STEP.min(left));
        }
        if state.finish() != part.hash {
            return Err(moved());
        }
        through = part.at.saturating_add(part.bytes);
    }
    if through != file.bytes {
        return Err(moved());
    }
    Ok(if crc.finish() == crc64 {
        Compared::Same
    } else {
        Compared::Other(
            "the CRC-64 that the log says is not that of the file that was prepared".to_owned(),
        )
    })
}
