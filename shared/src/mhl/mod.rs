//! ASC MHL (media hash list, version 2.0) of a drive: what people of film check footage with.
//!
//! ```text
//! \ascmhl\0001_<serial>_<date>_<time>Z.mhl    every file below \<session>, its length and MD5: text of a length known beforehand
//!                                             (of an export every blob, as its file is called on the drive)
//! \ascmhl\ascmhl_chain.xml                    the C4 of that list
//! ```
//! Only one generation is ever written. The manifest does not name the two, so no store takes them in.
//!
//! Source: ASC MHL specification 2.0 and its schema, github.com/ascmitc/mhl (`xsd/ASCMHL.xsd`,
//! `xsd/ASCMHLDirectory.xsd`).

mod c4;
mod check;
mod list;

pub use c4::C4;
pub use check::{ChainFault, check_chain};
pub use list::{
    CHAIN_BYTES, CHAIN_NAME, Creator, FOLDER, MIDDLE, TAIL, chain, hash_lines, head, is_hash_list,
    is_listed, is_own_folder, kept_line, list_name,
};
