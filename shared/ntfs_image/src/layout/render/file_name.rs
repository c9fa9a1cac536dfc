//! `$FILE_NAME`, the same bytes in a record and in its folder's index.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of files that fit the volume"
)]

use super::record_writer::put;
use crate::attribute::{FileName, NAMESPACE_POSIX, file_flags};
use crate::layout::number::{align8, index, wide};
use crate::layout::records::{self, USERS_FIRST, node_of, record_of};
use crate::layout::system_files::SystemFile;
use crate::layout::volume::NtfsLayout;

/// A name and what an index says about its file.
pub(in crate::layout) struct NameFacts<'a> {
    header: FileName,
    units: &'a [u16],
}

impl NameFacts<'_> {
    /// Returns the bytes of the attribute's value.
    pub(in crate::layout) fn bytes(&self) -> usize {
        size_of::<FileName>() + 2 * self.units.len()
    }

    pub(in crate::layout) fn write(&self, into: &mut [u8]) {
        put(into, 0, &self.header);
        let places = into[size_of::<FileName>()..].chunks_exact_mut(2);
        for (place, unit) in places.zip(self.units) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }
}

impl NtfsLayout {
    /// Returns the name of a record in use; `None` for a record without one.
    pub(in crate::layout) fn name_facts(&self, record: u32) -> Option<NameFacts<'_>> {
        let plan = &self.plan;
        let units = plan.names.units(&plan.tree, record);
        let header = if record < USERS_FIRST {
            self.system_name(self.system_file(record)?)?
        } else {
            self.user_name(record)
        };
        let header = FileName {
            name_length: u8::try_from(units.len()).expect("names have 255 units at most"),
            ..header
        };
        Some(NameFacts { header, units })
    }

    fn system_name(&self, file: &SystemFile) -> Option<FileName> {
        let created = self.plan.spec.created.0;
        let (allocated, data) = file.sizes(self.plan.shape.cluster_bytes);
        let folder = if file.is_folder() {
            file_flags::DIRECTORY
        } else {
            0
        };
        Some(FileName {
            parent: records::reference(file.parent?).0.into(),
            created: created.into(),
            modified: created.into(),
            changed: created.into(),
            accessed: created.into(),
            allocated: allocated.into(),
            data: data.into(),
            flags: (file.file_flags | folder).into(),
            namespace: file.namespace,
            ..FileName::default()
        })
    }

    fn user_name(&self, record: u32) -> FileName {
        let tree = &self.plan.tree;
        let node = node_of(record);
        let created = self.plan.spec.created.0;
        let (flags, allocated, data) = if tree.is_folder(node) {
            (file_flags::DIRECTORY, 0, 0)
        } else {
            let bytes = self.bytes_of(node);
            (file_flags::ARCHIVE, self.allocated(node, bytes), bytes)
        };
        FileName {
            parent: self.plan.reference(record_of(tree.parent(node))).0.into(),
            created: created.into(),
            modified: tree.modified(node).0.into(),
            changed: created.into(),
            accessed: created.into(),
            allocated: allocated.into(),
            data: data.into(),
            flags: flags.into(),
            namespace: NAMESPACE_POSIX,
            ..FileName::default()
        }
    }

    /// Returns the bytes allocated for a file's data: whole clusters, or 8-aligned in its record.
    fn allocated(&self, node: crate::Node, bytes: u64) -> u64 {
        if self.is_resident(node) {
            wide(align8(index(bytes)))
        } else {
            let shape = &self.plan.shape;
            shape.clusters_for(bytes).max(1) * shape.cluster_bytes
        }
    }

    /// Returns the system file of a record, if it is one.
    pub(super) fn system_file(&self, record: u32) -> Option<&SystemFile> {
        let files = &self.plan.system_files;
        let found = files.binary_search_by_key(&record, |file| file.record);
        found.ok().map(|place| &files[place])
    }
}
