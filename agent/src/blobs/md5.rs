//! MD5 of what is in memory, for one body at a time.

use lanes::digest_many;

/// Returns the MD5 of `bytes`.
#[must_use]
pub fn md5_of(bytes: &[u8]) -> [u8; 16] {
    digest_many(&[bytes]).first().copied().unwrap_or_default()
}
