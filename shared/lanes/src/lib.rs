//! Many-lane MD5: as many independent messages at once as the processor has lanes. And [`Aes`], many blocks at once.
//!
//! One MD5 is serial: each step waits for the one before, so a processor that could do 16 at once
//! does one. A manifest, though, wants one MD5 for each 4 MiB block, and blocks are independent.
//! [`update_many`] gives each a lane of a SIMD register; a lane whose piece has ended takes the
//! next, longest first, so that lanes stay filled until the end.
//!
//! ```text
//! update_many -> schedule -> avx512 (16 lanes) | avx2 (8 lanes, twice) | scalar (also wasm32)
//! ```
//!
//! `unsafe` is only what `std::arch` asks for: loads and stores through pointers, made from
//! references to arrays of the right size, and calls of functions compiled for a feature that was
//! found at run time. Every backend is compared with the `md-5` crate. MD5 is no protection against
//! forgery; it is what Azure Import/Export's manifest and Content-MD5 are. Source: RFC 1321.
#![deny(unsafe_op_in_unsafe_fn)]

mod aes;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod backend;
mod constants;
mod many;
mod scalar;
mod schedule;
mod state;

pub use aes::Aes;
pub use backend::Backend;
pub use many::{Piece, digest_many, finish_many, lanes, update_many};
pub use state::Md5State;
