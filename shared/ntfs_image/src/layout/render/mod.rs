//! The volume's bytes, made when they are asked for.
//!
//! ```text
//! range -> dispatch -> boot | mft (record_writer, index_root) | index_blocks | bitmaps | fixed tables | zeros
//! ```
//!
//! Every function here gets a buffer of zeros and an offset in what it renders, and writes what is not zero.

mod bitmaps;
mod boot;
mod dispatch;
pub(super) mod file_name;
pub(super) mod index_blocks;
pub(super) mod index_root;
mod mft;
pub(super) mod record_writer;
mod units;
