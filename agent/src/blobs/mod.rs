//! The store: where an import goes to and an export comes from. One account of Azure Blob storage, or an emulator of it
//! on this computer.
//!
//! ```text
//! Store --official client--> Transport --HTTPS, or HTTP to this computer--> the account
//!   |                          |- signs: the shared access signature or token is added here and nowhere else
//!   |                          '- Patience: waits and asks again, one request at a time
//!   '- StoreError: what, which blob, what the service said, is my data safe, what now
//! ```
//!
//! What the official client is given, and so whatever it may say or log, has no secret in it: addresses are signed in the
//! last moment. Nothing here decides what goes where; that is [`crate::ingest`] and its like.

mod authorization;
mod block_id;
mod endpoint;
mod error;
mod facts;
mod list;
mod md5;
mod name;
mod patience;
mod read;
mod store;
mod transport;
mod write;

pub use authorization::{Authorization, AuthorizationError};
pub use block_id::BlockId;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{StoreError, StoreFault};
pub use facts::{BlobFacts, BlobHeaders, Metadata, StoredKind, http_date};
pub use list::{BlobPage, Include, ListedBlob};
pub use md5::md5_of;
pub use name::{BlobName, NameError};
pub use patience::Patience;
pub use store::{Made, Store};
pub use write::Condition;
