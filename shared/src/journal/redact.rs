//! A journal without its key.

use super::replay::Damage;

/// Returns a copy that holds no recovery password and still validates.
///
/// # Errors
/// [`Damage`] when the journal does not validate to begin with.
pub fn redact(_journal: &[u8]) -> Result<Vec<u8>, Damage> {
    todo!()
}
