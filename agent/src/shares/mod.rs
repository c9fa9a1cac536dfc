//! A file share: where the files of an import into Azure Files go to, or any server that speaks SMB 3.1.1.
//!
//! ```text
//! ShareAddress, Login -> Share --Link (one connection, a tree for each share)--> SMB 3.1.1, encrypted
//!                          '- Patience: a line that breaks is waited for, and the question put again
//! ```
//!
//! Older dialects are refused, and so is a server elsewhere that does not encrypt, both before the password is used.
//! Nothing here decides what goes where; that is [`crate::ingest`].

mod address;
mod error;
mod handshake;
mod link;
mod login;
mod place;
mod share;
mod writing;

pub use address::{AddressError, ShareAddress};
pub use error::{ShareError, ShareFault};
pub use login::Login;
pub use place::SharePath;
pub use share::{ItemFacts, Share};
pub use writing::{ItemTimes, Writing};
