//! A journal without its key.

use super::chain;
use super::replay::{Damage, Walk, holds_key, replay};

/// Returns a copy that holds no recovery password and still validates: where the password stood,
/// its salted hash stands, which is what the chain was over from the beginning. A torn record at
/// the end is left off.
///
/// # Errors
/// [`Damage`] when the journal does not validate to begin with.
pub fn redact(journal: &[u8]) -> Result<Vec<u8>, Damage> {
    let salt = replay(journal)?.salt;
    let mut copy = Vec::with_capacity(journal.len());
    let mut walk = Walk {
        journal,
        at: 0,
        line: 1,
    };
    while let Some(frame) = walk.next()? {
        let salt = if holds_key(&frame.body) {
            salt.as_ref()
        } else {
            None
        };
        copy.extend_from_slice(&chain::redacted(frame.bytes, salt));
    }
    Ok(copy)
}
