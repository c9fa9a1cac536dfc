//! Many-lane MD5: as many independent messages at once as the processor has lanes.
#![deny(unsafe_op_in_unsafe_fn)]

mod many;
mod state;

pub use many::{Piece, digest_many, lanes, update_many};
pub use state::Md5State;
