//! Which FILE record holds what.
//!
//! ```text
//! 0 - 11    system files          12 - 15   in use, nameless (as every volume has them)
//! 16 - 23   free: kept for parts of $MFT's own record
//! 24 - 26   $ObjId, $Quota, $Reparse
//! 27        System Volume Information, 28 - 43 the reserved files, both only when there are any
//! 44 - 63   free: Windows makes its own on first use
//! 64 ...    the tree's nodes in order, then at least 64 free ones
//! ```

#![expect(
    clippy::arithmetic_side_effects,
    reason = "record numbers; a tree keeps its node numbers 4096 below 2^32"
)]

use crate::record::Reference;
use crate::{Node, Tree};

/// The root folder's record.
pub(super) const ROOT: u32 = 5;
/// `$Extend`.
pub(super) const EXTEND: u32 = 11;
/// `$ObjId`, `$Quota`, `$Reparse`.
pub(super) const OBJECT_IDS: u32 = 24;
/// `$Quota`.
pub(super) const QUOTA: u32 = 25;
/// `$Reparse`.
pub(super) const REPARSE: u32 = 26;
/// The folder of the reserved files.
pub(super) const SYSTEM_VOLUME_INFORMATION: u32 = 27;
/// The first reserved file.
pub(super) const RESERVED_FIRST: u32 = 28;
/// The record of node 1.
pub(super) const USERS_FIRST: u32 = 64;
/// Free records after the last node.
const SPARE: u64 = 64;

/// Returns the node's record number.
pub(super) const fn record_of(node: Node) -> u32 {
    if node.0 == Tree::ROOT.0 {
        ROOT
    } else {
        USERS_FIRST - 1 + node.0
    }
}

/// Returns the node of a record; the root for every record of the system.
pub(super) const fn node_of(record: u32) -> Node {
    Node(record.saturating_sub(USERS_FIRST - 1))
}

/// Returns how many records `$MFT` has for a tree of `nodes`: whole clusters of them.
pub(super) fn record_count(nodes: u32, record_bytes: u64, cluster_bytes: u64) -> u64 {
    let wanted = u64::from(USERS_FIRST - 1) + u64::from(nodes) + SPARE;
    (wanted * record_bytes).next_multiple_of(cluster_bytes) / record_bytes
}

/// Returns how many records a tree adds to an `$MFT` that exists: whole clusters of them.
pub(super) fn records_behind(tree: &Tree, record_bytes: u64, cluster_bytes: u64) -> u64 {
    let wanted = u64::from(tree.node_count()) - 1 + SPARE;
    (wanted * record_bytes).next_multiple_of(cluster_bytes) / record_bytes
}

/// Returns the sequence number of a record: its own number up to 23, else 1 (reference/ntfs.md 2).
pub(super) fn sequence(record: u32) -> u16 {
    match u16::try_from(record) {
        Ok(number) if (1..24).contains(&number) => number,
        _ => 1,
    }
}

/// Returns what other records and indexes call a record by.
pub(super) fn reference(record: u32) -> Reference {
    Reference::new(u64::from(record), sequence(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_start_at_record_64() {
        assert_eq!(record_of(Tree::ROOT), 5);
        assert_eq!(record_of(Node(1)), 64);
        assert_eq!(node_of(64), Node(1));
        assert_eq!(node_of(27), Tree::ROOT);
    }
}
