//! How an entry of the listing is called on the drive and in Blob storage.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Listing;
use crate::blob_name::Destination;
use crate::manifest::BlobKind;

/// What turns listing paths into drive paths and blob names, for one session.
///
/// ```text
/// --source DIR   "a/b"   ->  \<session>\a\b      CONTAINER/PREFIX/a/b
/// --dataset CSV  "2/a/b" ->  \<session>\2\a\b    destination of row 2, then a/b (a row that is a file: its destination alone)
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The session id: the folder in the drive's root that holds everything.
    pub session: String,
    /// Where the files go. One target, or one per row of the data set.
    pub targets: Vec<Target>,
    /// True for a data set: the first part of each path is the number of its target, from 1.
    pub numbered: bool,
    /// True when each blob gets a Content-MD5: a properties file of fixed length per file is planned.
    pub content_md5: bool,
    /// Accepted new names: path in the listing (file or folder) to its new last part.
    pub renames: BTreeMap<String, String>,
}

/// Length of the properties file that each blob with a Content-MD5 has on the drive. Longer than anything an MFT record
/// can hold, so that it lies behind its file's data and can be written when that has been hashed.
pub const PROPERTIES_BYTES: u64 = 4096;

/// Where the files of one source go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Container and prefix; for a row that is a file, the whole blob name.
    pub destination: Destination,
    /// True when the row is one file and `destination` names its blob.
    pub is_file: bool,
    /// Block or page blobs; `None` decides by the file's name and length.
    pub kind: Option<BlobKind>,
    /// Length of the row's metadata file, which goes onto the drive with it.
    pub metadata_bytes: Option<u64>,
    /// Length of the row's properties file, which goes onto the drive with it.
    pub properties_bytes: Option<u64>,
}

impl Mapping {
    /// Returns where an entry's file is on the drive: `\session\a\b`, new names applied.
    #[must_use]
    pub fn drive_path(&self, listing: &Listing, entry: u32) -> String {
        todo!("{listing:?} {entry}")
    }

    /// Returns the blob that an entry's file becomes: `container/prefix/a/b`, new names applied.
    #[must_use]
    pub fn blob_path(&self, listing: &Listing, entry: u32) -> String {
        todo!("{listing:?} {entry}")
    }

    /// Returns whether an entry's file goes as a block or a page blob.
    #[must_use]
    pub fn kind(&self, listing: &Listing, entry: u32) -> BlobKind {
        todo!("{listing:?} {entry}")
    }
}
