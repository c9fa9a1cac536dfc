//! Which hash of the pass is whose.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "block counts of our own layout; release builds stop at an overflow"
)]

use ntfs_image::Node;
use shared::drive::What;

use super::batch::index;
use super::work::Work;

/// The pass hashes blocks in drive order, and the side file keeps the hashes in that order, 16
/// bytes each. This says where those of a file begin. 8 bytes a node.
#[derive(Debug)]
pub struct HashIndex {
    first: Vec<u64>,
    total: u64,
}

impl HashIndex {
    /// Walks the layout once.
    #[must_use]
    pub fn new(work: &Work<'_>) -> Self {
        let tree = work.layout.ntfs().tree();
        let mut first = vec![u64::MAX; index(u64::from(tree.node_count()) + 1)];
        let mut total = 0;
        let mut place = |node: Node, blocks: u64| {
            first[index(u64::from(node.0))] = total;
            total += blocks;
        };
        for segment in work.layout.segments() {
            match segment.what {
                What::Metadata => {
                    for node in work.layout.resident_files(segment.at, segment.bytes) {
                        if is_hashed(work, node) {
                            place(node, 1);
                        }
                    }
                }
                What::FileData { file, from: 0 } if is_hashed(work, file) => {
                    place(file, blocks(work, file));
                }
                _ => {}
            }
        }
        Self { first, total }
    }

    /// Returns the number of a file's first hash; `None` for an empty file, a folder and what is
    /// written last.
    #[must_use]
    pub fn first(&self, file: Node) -> Option<u64> {
        self.first
            .get(index(u64::from(file.0)))
            .copied()
            .filter(|first| *first != u64::MAX)
    }

    /// Returns how many hashes there are in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Returns how many blocks a file has.
pub(super) fn blocks(work: &Work<'_>, file: Node) -> u64 {
    work.layout
        .ntfs()
        .tree()
        .bytes(file)
        .div_ceil(work.block_bytes(file))
}

/// Returns whether the pass hashes a file: all but empty ones and what is written last.
pub(super) fn is_hashed(work: &Work<'_>, file: Node) -> bool {
    !work.layout.is_written_last(file) && work.layout.ntfs().tree().bytes(file) > 0
}
