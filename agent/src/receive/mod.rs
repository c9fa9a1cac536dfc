//! Drives that come back: many at once, their keys from what the service tells.
//!
//! ```text
//! keys file -> KeyRing --.
//! drive -> ReadAhead -> open_with -> Unpacking::begin -> Gate (is there room for all of them?) -> copy    a thread a drive
//! ```

mod gate;
mod keys;
mod open;

pub use gate::Gate;
pub use keys::{Key, KeyRing, KeyRingError};
pub use open::{Opening, open_with};
