//! Reads any NTFS 3.1 volume, ours or a stranger's.
//!
//! ```text
//! disk  ->  DiskCache  ->  FileRecord  ->  Stream (resident | runs)  ->  File      read at any offset
//!                                \->  Index (root + blocks)  ->  Entry, find, walk
//! ```
//!
//! Every byte is taken to be hostile: arithmetic is checked, what is allocated is bounded by what the disk really
//! holds, and nothing is followed twice. What is read is never repaired or guessed: a structure that contradicts itself
//! is a [`VolumeError`] that names the place, what was expected and what was found.
//!
//! Not the `ntfs` crate (0.4.0): it takes index block numbers to be in clusters even where they are in 512-byte units,
//! so it cannot list a large folder on a volume with clusters over 4096 bytes; it reads through one `Seek` position, a
//! few bytes at a time, which is too slow for millions of files; and it gives the raw bytes of compressed and encrypted
//! files without a word. Where it is right it checks us: the tests compare with it.
//!
//! Nothing here shares code with `layout` beyond the stored structures, because this is what verifies it.

pub(crate) mod attribute_list;
pub(crate) mod bit_set;
mod cache;
pub(crate) mod entry;
mod error;
mod file;
mod file_id;
mod file_reader;
pub(crate) mod file_record;
pub(crate) mod gather;
pub(crate) mod index_node;
pub(crate) mod index_tree;
pub(crate) mod mft;
mod opened;
pub(crate) mod stored;
pub(crate) mod stream;
pub(crate) mod up_case;
mod volume;
mod walk;

pub use attribute_list::ListProblem;
pub use entry::{Entry, ReparseTag};
pub use error::{OpenError, VolumeError};
pub use file::{Extent, File, Place, StreamName};
pub use file_id::FileId;
pub use file_reader::FileReader;
pub use file_record::RecordProblem;
pub use index_node::{IndexProblem, Node};
pub use stream::StreamProblem;
pub use volume::Volume;
pub use walk::Walk;
