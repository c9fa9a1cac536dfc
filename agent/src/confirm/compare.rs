//! Compares the content of one file: with what is in the store, or with what a log says.

use std::io::Read;

use futures::{StreamExt as _, TryStreamExt as _};
use lanes::Md5State;
use shared::copy_log::Crc64;
use shared::manifest::ManifestFile;

use crate::blobs::{BlobName, Store, StoreError};
use crate::pipeline::Cancel;
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
/// In words, why nothing can be said of it; also when `cancel` ends it in the middle.
pub(super) fn against_original(
    originals: &Originals,
    file: &ManifestFile,
    crc64: u64,
    cancel: &Cancel,
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
            // A file may take hours.
            if cancel.is_cancelled() {
                return Err("its original was not read to the end".to_owned());
            }
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use shared::manifest::{BlobKind, Ranges};

    use super::*;

    #[test]
    fn an_original_is_not_read_to_the_end_for_somebody_who_left() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("clip"), "content").expect("room");
        let originals = Originals::new(vec![folder.path().to_owned()], HashMap::new());
        let (mut md5, mut crc) = (Md5State::new(), Crc64::new());
        md5.update(b"content");
        crc.update(b"content");
        let file = ManifestFile {
            path: r"\reel-1\clip".to_owned(),
            blob: "film/clip".to_owned(),
            bytes: 7,
            kind: BlobKind::Block,
            hashes: vec![md5.finish()],
            ranges: Ranges::Rule,
            disposition: None,
            snapshot: None,
            metadata: None,
            properties: None,
        };
        let cancel = Cancel::default();
        let crc = crc.finish();
        let compared = against_original(&originals, &file, crc, &cancel);
        assert_eq!(compared, Ok(Compared::Same));
        cancel.cancel();
        let compared = against_original(&originals, &file, crc, &cancel);
        assert!(compared.is_err(), "{compared:?}");
    }
}
