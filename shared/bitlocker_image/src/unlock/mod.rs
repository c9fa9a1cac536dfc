//! Opens a volume.
//!
//! ```text
//! first sector > three information areas > structure, CRC-32 > credential > volume master key
//!   > SHA-256 sealed by it    only from here on is a field of the metadata believed
//!   > volume key, cipher, places > the decrypted view
//! ```
//! The copies are tried in order; the first that passes all of this is used.

mod copy;
mod error;
mod facts;
mod master_key;
mod opened;
#[cfg(test)]
mod tests;
mod view;
mod volume;

pub use error::{CopyFault, CopyState, UnlockError};
pub use facts::{ProtectorFacts, ProtectorKind, VolumeFacts};
pub use opened::{OpenedArea, open_information_area, stretched};
pub use volume::UnlockedVolume;
