//! A volume on which everything has its place.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "clusters and bytes of a volume whose plan was checked to fit"
)]

use std::sync::Arc;

use super::areas::Area;
use super::data::DataSlots;
use super::error::LayoutError;
use super::ground::Ground;
use super::index_tree::IndexTree;
use super::number::narrow;
use super::plan::Plan;
use super::spec::VolumeSpec;
use super::view::View;
use crate::{Node, Tree};

/// A volume on which everything has its place, before a byte of it is written.
///
/// Nothing is rendered ahead: [`NtfsLayout::render`] makes any range when it is asked for, so that a volume of ten
/// million files needs no more memory than their names and about 30 bytes each. A clone shares the plan.
#[derive(Clone, Debug)]
pub struct NtfsLayout {
    pub(super) plan: Arc<Plan>,
    pub(super) view: View,
}

impl NtfsLayout {
    /// Lays out `tree` on the volume that `spec` describes: records in the order of adding, data in the same order,
    /// each file in one piece unless a reserved extent lies in its way.
    ///
    /// # Errors
    /// [`LayoutError`]; `DoesNotFit` says how much is missing.
    pub fn new(spec: VolumeSpec, tree: Tree) -> Result<Self, LayoutError> {
        Ok(Self {
            plan: Arc::new(Plan::new(spec, tree)?),
            view: View::default(),
        })
    }

    /// Lays out `tree` onto the free clusters of a volume that exists: new files and folders of its root, with
    /// records behind all others. Nothing that is in use there has a part in this layout; what has to change of it is
    /// told by [`NtfsLayout::amendment`], once everything else is written.
    ///
    /// `spec` is what the volume is; its reserved files are there already and are not looked at.
    ///
    /// # Errors
    /// [`LayoutError`]; `DoesNotFit` says how much is missing.
    pub fn onto(spec: VolumeSpec, ground: Ground, tree: Tree) -> Result<Self, LayoutError> {
        Ok(Self {
            plan: Arc::new(Plan::onto(spec, ground, tree)?),
            view: View::default(),
        })
    }

    /// Returns what the volume was planned from.
    #[must_use]
    pub fn spec(&self) -> &VolumeSpec {
        &self.plan.spec
    }

    /// Returns the planned files, those that were left out since included.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.plan.tree
    }

    /// Returns the bytes of a cluster.
    #[must_use]
    pub fn cluster_bytes(&self) -> u64 {
        self.plan.shape.cluster_bytes
    }

    /// Returns the bytes of all clusters in use, reserved extents included; on a volume that exists, of those that
    /// this layout takes.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        let plan = &self.plan;
        let fixed = match plan.ground {
            Some(_) => 0,
            None => plan.shape.boot_clusters + plan.spans.reserved_clusters(),
        };
        (fixed + plan.areas.end() - self.view.freed) * plan.shape.cluster_bytes
    }

    /// Returns the bytes of all clusters that may be used and are free.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        let clusters = match self.plan.ground {
            Some(_) => self.plan.spans.slots(),
            None => self.plan.shape.clusters,
        };
        clusters * self.plan.shape.cluster_bytes - self.used_bytes()
    }

    /// Returns whether the file's bytes lie in its record; false for a folder.
    #[must_use]
    pub fn is_resident(&self, file: Node) -> bool {
        self.plan.data.room.is_resident(&self.plan.tree, file)
    }

    /// Returns whether the node was left out.
    #[must_use]
    pub fn is_left_out(&self, node: Node) -> bool {
        self.view.gone.contains(node.0)
    }

    /// Returns the file's bytes on this volume.
    pub(super) fn bytes_of(&self, file: Node) -> u64 {
        match self.view.resized {
            Some((resized, bytes)) if resized == file => bytes,
            _ => self.plan.tree.bytes(file),
        }
    }

    /// Returns how many of its planned slots the node still has.
    pub(super) fn kept_slots(&self, planned: DataSlots) -> u64 {
        if self.view.gone.contains(planned.node.0) {
            return 0;
        }
        match self.view.resized {
            Some((resized, bytes)) if resized == planned.node => {
                // A file with clusters keeps one even when nothing is left of it.
                let clusters = self.plan.shape.clusters_for(bytes).max(1);
                clusters.min(planned.count)
            }
            _ => planned.count,
        }
    }

    /// Returns the first slot of all data.
    pub(super) fn data_start(&self) -> u64 {
        self.plan.areas.start(Area::Data)
    }

    /// Returns the tree of a large folder as it is now; `None` when its entries fit its record.
    pub(super) fn index_tree(&self, large: usize) -> Option<IndexTree<'_>> {
        let plan = &self.plan;
        let length = narrow(plan.children.of(plan.large[large].folder).len());
        let trees = self.view.trees.as_ref().unwrap_or(&plan.trees);
        trees.get(large, length)
    }
}
