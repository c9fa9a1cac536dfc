//! Names of the records that are not the tree's.

use super::number::index;
use super::records::{
    OBJECT_IDS, QUOTA, REPARSE, RESERVED_FIRST, SYSTEM_VOLUME_INFORMATION, USERS_FIRST, node_of,
};
use super::spec::ReservedFile;
use crate::Tree;

/// Records in the root folder's index on every volume, "." itself among them.
pub(super) const ROOT_CHILDREN: [u32; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/// Records in the index of `$Extend`.
pub(super) const EXTEND_CHILDREN: [u32; 3] = [OBJECT_IDS, QUOTA, REPARSE];

/// Names by record number; empty where a record has none.
#[derive(Clone, Debug)]
pub(super) struct SystemNames {
    names: Vec<Vec<u16>>,
}

impl SystemNames {
    pub(super) fn new(reserved: &[ReservedFile]) -> Self {
        let mut names = vec![Vec::new(); index(USERS_FIRST)];
        let mut set = |record: u32, name: &str| {
            names[index(record)] = name.encode_utf16().collect();
        };
        for (record, name) in (0..).zip(ROOT_NAMES) {
            set(record, name);
        }
        set(OBJECT_IDS, "$ObjId");
        set(QUOTA, "$Quota");
        set(REPARSE, "$Reparse");
        if !reserved.is_empty() {
            set(SYSTEM_VOLUME_INFORMATION, "System Volume Information");
        }
        for (record, file) in (RESERVED_FIRST..).zip(reserved) {
            set(record, &file.name);
        }
        Self { names }
    }

    /// Returns the name of any record in use, the tree's included.
    pub(super) fn units<'a>(&'a self, tree: &'a Tree, record: u32) -> &'a [u16] {
        match self.names.get(index(record)) {
            Some(name) => name,
            None => tree.units(node_of(record)),
        }
    }
}

const ROOT_NAMES: [&str; 12] = [
    "$MFT", "$MFTMirr", "$LogFile", "$Volume", "$AttrDef", ".", "$Bitmap", "$Boot", "$BadClus",
    "$Secure", "$UpCase", "$Extend",
];
