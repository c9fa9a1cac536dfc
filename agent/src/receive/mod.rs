//! Drives that come back: many at once, their keys from what the service tells.
//!
//! ```text
//! keys file -> KeyRing --.
//! drive -> Returned -> ReadAhead -> open_with -> Unpacking::begin -> Gate (is there room for all of them?) -> copy -> Received
//!                                                                                                a thread and a Lane a drive
//! ```
//!
//! The command line waits for [`copy_all`]; a page has it done by [`Homecoming`], on a thread of the agent.

mod copy;
mod gate;
mod homecoming;
mod keys;
mod lane;
mod open;
mod received;
mod returned;
mod told;

pub use copy::{Order, copy_all};
pub use gate::Gate;
pub use homecoming::{Homecoming, Terms};
pub use keys::{Key, KeyRing, KeyRingError};
pub use lane::{Lane, LaneEnd};
pub use open::{Opening, open_with};
pub use received::Received;
pub use returned::{Returned, ReturnedError, Wanted, open_all};
