//! A scan as bytes: the answer to `POST /api/scan`, and the file that `argosy scan --out` saves for
//! the page.
//!
//! ```text
//! "ARGSCAN1", bytes of the JSON u32 little-endian, ScanReply as JSON, the listing's columns (plan::Columns)
//! ```

use disk::{ReadAt, ReadError};
use thiserror::Error;

use super::ScanReply;
use crate::plan::{ColumnsError, Listing, read_columns};

/// What a scan begins with.
pub const SCAN_MAGIC: [u8; 8] = *b"ARGSCAN1";

/// Longest JSON: a thousand names of each kind.
const REPLY_BYTES_MAX: u32 = 64 << 20;
/// Where it begins.
const JSON_AT: u64 = 12;

/// Bytes that are no scan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanFileError {
    /// The source of the bytes failed, or ends too early.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It begins with something else.
    #[error("it is no scan of Argosy's")]
    NoScan,
    /// The first part is not what a scan says of itself.
    #[error("what the scan says of itself cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The listing is damaged.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
}

/// Returns what stands before the listing.
///
/// # Errors
/// What `serde_json` says.
pub fn scan_head(reply: &ScanReply) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_vec(reply)?;
    let bytes = u32::try_from(json.len()).unwrap_or(u32::MAX);
    Ok([&SCAN_MAGIC[..], &bytes.to_le_bytes(), &json].concat())
}

/// Reads a scan, a piece at a time: what it says of itself, and its listing when it has one.
///
/// # Errors
/// [`ScanFileError`].
pub fn read_scan_file(source: &dyn ReadAt) -> Result<(ScanReply, Option<Listing>), ScanFileError> {
    let mut head = [0; 12];
    source.read_at(0, &mut head)?;
    let (magic, length) = head.split_at(SCAN_MAGIC.len());
    let length = length.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let length = length.filter(|length| magic == SCAN_MAGIC && *length <= REPLY_BYTES_MAX);
    let length = length.ok_or(ScanFileError::NoScan)?;
    let mut json = vec![0; usize::try_from(length).unwrap_or(0)];
    source.read_at(JSON_AT, &mut json)?;
    let reply: ScanReply = serde_json::from_slice(&json)?;
    let columns_at = u64::from(length).saturating_add(JSON_AT);
    let listing = if reply.has_listing {
        Some(read_columns(source, columns_at)?)
    } else {
        None
    };
    Ok((reply, listing))
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;

    use super::*;
    use crate::plan::{Columns, Kind};

    #[test]
    fn a_scan_comes_back_with_its_words_and_its_listing() {
        let mut listing = Listing::new();
        listing
            .push("a/b", 7, FileTime(1), Kind::File)
            .expect("few");
        let reply = ScanReply {
            path: "/srv".to_owned(),
            has_listing: true,
            ..ScanReply::default()
        };
        let mut bytes = scan_head(&reply).expect("plain data");
        bytes.extend(Columns::new(&listing).flatten());
        let (said, found) = read_scan_file(&bytes).expect("just written");
        assert_eq!(said, reply);
        assert_eq!(found.expect("follows").entry(1).path, "a/b");
        assert!(read_scan_file(&bytes[..bytes.len() - 1].to_vec()).is_err());
        assert!(matches!(
            read_scan_file(&b"path,bytes\na/b,7\n".to_vec()),
            Err(ScanFileError::NoScan)
        ));
    }
}
