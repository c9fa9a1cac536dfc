//! Which byte of the file system lies where.
//!
//! ```text
//! [0, header)                     kept at the header's place, decrypted as of there
//! information areas, header copy  zeros
//! [encrypted, end)                as stored
//! everything else                 decrypted where it lies
//! ```
//! Source: bitlocker.md part 1.

use super::error::UnlockError;
use super::facts::VolumeFacts;
use crate::INFORMATION_BYTES;

/// A range of the file system, up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) end: u64,
    pub(super) what: What,
}

/// How a range is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Encrypted; `ahead` bytes further on than it seems.
    Encrypted { ahead: u64 },
    /// BitLocker's own.
    Zeros,
    /// Never encrypted.
    Plain,
}

/// Returns the ranges of a volume, ascending and without gap.
pub(super) fn spans(facts: &VolumeFacts, volume_bytes: u64) -> Result<Vec<Span>, UnlockError> {
    let unsupported = |what, found| UnlockError::Unsupported { what, found };
    let sector = facts.sector.bytes();
    let encrypted_bytes = facts.encrypted_bytes;
    if encrypted_bytes > volume_bytes {
        return Err(UnlockError::Cut {
            volume_bytes,
            encrypted_bytes,
        });
    }
    if !encrypted_bytes.is_multiple_of(sector) {
        return Err(unsupported("the encrypted length", encrypted_bytes));
    }
    let header_bytes = facts.header_bytes;
    if header_bytes == 0 || header_bytes > encrypted_bytes {
        return Err(unsupported("the header's length", header_bytes));
    }
    let [first, second, third] = facts.information;
    let mut areas = [
        ("the place of an information area", first, INFORMATION_BYTES),
        (
            "the place of an information area",
            second,
            INFORMATION_BYTES,
        ),
        ("the place of an information area", third, INFORMATION_BYTES),
        ("the place of the header", facts.header, header_bytes),
    ];
    areas.sort_by_key(|(_, at, _)| *at);
    let mut spans = vec![Span {
        end: header_bytes,
        what: What::Encrypted {
            ahead: facts.header,
        },
    }];
    let mut free = header_bytes;
    for (what, at, bytes) in areas {
        let end = at.checked_add(bytes).filter(|end| *end <= encrypted_bytes);
        let Some(end) = end.filter(|_| at >= free && at.is_multiple_of(sector)) else {
            return Err(unsupported(what, at));
        };
        let what = What::Encrypted { ahead: 0 };
        spans.push(Span { end: at, what });
        let what = What::Zeros;
        spans.push(Span { end, what });
        free = end;
    }
    let what = What::Encrypted { ahead: 0 };
    let end = encrypted_bytes;
    spans.push(Span { end, what });
    let what = What::Plain;
    let end = volume_bytes;
    spans.push(Span { end, what });
    Ok(spans)
}
