//! `$MFT`: the FILE records.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "record numbers below 2^32 and slots of the volume"
)]

use super::record_writer::{RecordFacts, RecordWriter, Sizes, put};
use super::units::each_unit;
use crate::Node;
use crate::attribute::{StandardInformation, file_flags, kind};
use crate::layout::areas::Area;
use crate::layout::data::DataSlots;
use crate::layout::number::{index, narrow};
use crate::layout::records::{self, USERS_FIRST, node_of, record_of, sequence};
use crate::layout::security;
use crate::layout::system_files::{Stream, Value};
use crate::layout::volume::NtfsLayout;
use crate::record::RECORD_DIRECTORY;
use crate::runs::Run;

impl NtfsLayout {
    /// Renders records from byte `offset` of `$MFT` on.
    pub(super) fn render_records(
        &self,
        offset: u64,
        into: &mut [u8],
        resident: &mut dyn FnMut(Node, &mut [u8]),
    ) {
        let plan = &self.plan;
        let record_bytes = index(plan.shape.record_bytes);
        let first = plan.mft_first + narrow(offset / plan.shape.record_bytes);
        // Data places are sums over all nodes before: taken up once, then carried along.
        let first_user = node_of(first.max(USERS_FIRST));
        let mut places = plan.data.starting_at(&plan.tree, first_user);
        each_unit(offset, into, record_bytes, |number, record| {
            let number = plan.mft_first + narrow(number);
            if number < USERS_FIRST {
                return self.render_system_record(number, record);
            }
            match places.next() {
                Some(slots) if !self.view.gone.contains(slots.node.0) => {
                    self.render_user_record(number, slots, record, resident);
                }
                _ => self.render_free_record(number, record),
            }
        });
    }

    fn render_free_record(&self, number: u32, record: &mut [u8]) {
        let writer = RecordWriter::new(record, self.plan.data.room.attributes_at);
        let number = self.plan.actual(number);
        writer.finish(RecordFacts::free(number, sequence(number)));
    }

    fn render_user_record(
        &self,
        number: u32,
        slots: DataSlots,
        record: &mut [u8],
        resident: &mut dyn FnMut(Node, &mut [u8]),
    ) {
        let plan = &self.plan;
        let mut writer = RecordWriter::new(record, plan.data.room.attributes_at);
        let folder = plan.tree.folder_ordinal(slots.node);
        let information = StandardInformation {
            created: plan.spec.created.0.into(),
            modified: plan.tree.modified(slots.node).0.into(),
            changed: plan.spec.created.0.into(),
            accessed: plan.spec.created.0.into(),
            flags: if folder.is_some() {
                0.into()
            } else {
                file_flags::ARCHIVE.into()
            },
            security: security::EVERYONE.into(),
            ..StandardInformation::default()
        };
        self.write_beginning(&mut writer, number, &information);
        let mut flags = 0;
        if let Some(folder) = folder {
            self.write_folder(&mut writer, folder);
            flags = RECORD_DIRECTORY;
        } else if slots.count == 0 {
            let bytes = index(self.bytes_of(slots.node));
            resident(slots.node, writer.resident(kind::DATA, "", bytes));
        } else {
            let count = self.kept_slots(slots);
            let bytes = self.bytes_of(slots.node);
            self.write_slots(
                &mut writer,
                (kind::DATA, ""),
                self.data_start() + slots.first,
                count,
                bytes,
            );
        }
        let number = plan.actual(number);
        writer.finish(RecordFacts::used(number, sequence(number), flags));
    }

    fn render_system_record(&self, number: u32, record: &mut [u8]) {
        let Some(file) = self.system_file(number) else {
            return self.render_free_record(number, record);
        };
        let mut writer = RecordWriter::new(record, self.plan.data.room.attributes_at);
        let created = self.plan.spec.created.0;
        let information = StandardInformation {
            created: created.into(),
            modified: created.into(),
            changed: created.into(),
            accessed: created.into(),
            flags: file.file_flags.into(),
            security: file.security.into(),
            ..StandardInformation::default()
        };
        let named = self.write_beginning(&mut writer, number, &information);
        if file.is_folder() {
            self.write_folder(&mut writer, self.system_folder(number));
        }
        for stream in &file.streams {
            self.write_stream(&mut writer, stream);
        }
        writer.finish(RecordFacts {
            links: u16::from(named),
            ..RecordFacts::used(number, sequence(number), file.record_flags)
        });
    }

    /// Returns which folder a system record is, as the children are counted.
    fn system_folder(&self, record: u32) -> u32 {
        let folders = self.plan.tree.folder_count();
        match record {
            records::ROOT => 0,
            records::EXTEND => folders,
            _ => folders + 1,
        }
    }

    /// Writes times and name; returns whether there is a name.
    fn write_beginning(
        &self,
        writer: &mut RecordWriter<'_>,
        number: u32,
        information: &StandardInformation,
    ) -> bool {
        let place = writer.resident(
            kind::STANDARD_INFORMATION,
            "",
            size_of::<StandardInformation>(),
        );
        put(place, 0, information);
        let name = self.name_facts(number);
        if let Some(name) = &name {
            name.write(writer.resident(kind::FILE_NAME, "", name.bytes()));
        }
        name.is_some()
    }

    fn write_stream(&self, writer: &mut RecordWriter<'_>, stream: &Stream) {
        let shape = &self.plan.shape;
        let (kind, name) = (stream.kind, stream.name);
        match &stream.value {
            Value::Resident(value) => {
                writer
                    .resident(kind, name, value.len())
                    .copy_from_slice(value);
            }
            Value::Slots {
                first,
                count,
                bytes,
            } => self.write_slots(writer, (kind, name), *first, *count, *bytes),
            Value::Clusters {
                first,
                count,
                bytes,
            } => {
                let run = Run {
                    cluster: Some(*first),
                    count: *count,
                };
                let sizes = self.sizes(*count, *bytes);
                writer.non_resident(kind, name, [run], sizes);
            }
            Value::Hole => {
                let hole = Run {
                    cluster: None,
                    count: shape.clusters,
                };
                let sizes = Sizes {
                    initialised: 0,
                    ..self.sizes(shape.clusters, shape.clusters * shape.cluster_bytes)
                };
                writer.non_resident(kind, name, [hole], sizes);
            }
        }
    }

    /// Writes an attribute that lies in `count` slots from `first` on.
    pub(super) fn write_slots(
        &self,
        writer: &mut RecordWriter<'_>,
        (kind, name): (u32, &str),
        first: u64,
        count: u64,
        bytes: u64,
    ) {
        let runs = self.plan.spans.runs(first, count);
        writer.non_resident(kind, name, runs, self.sizes(count, bytes));
    }

    fn sizes(&self, clusters: u64, bytes: u64) -> Sizes {
        Sizes {
            clusters,
            cluster_bytes: self.plan.shape.cluster_bytes,
            data: bytes,
            initialised: bytes,
        }
    }
}

impl NtfsLayout {
    /// Iterates over the files whose bytes lie in records between byte `at` and `at + bytes` of the volume: those that
    /// [`NtfsLayout::render`] asks for when it renders that range. Empty files are among them, left-out ones are not.
    pub fn resident_files(&self, at: u64, bytes: u64) -> impl Iterator<Item = Node> + '_ {
        self.records_between(at, at.saturating_add(bytes))
            .flat_map(|range| range.start.max(USERS_FIRST)..range.end)
            .map(node_of)
            .take_while(|node| node.0 < self.plan.tree.node_count())
            .filter(|node| self.is_resident(*node) && !self.is_left_out(*node))
    }

    /// Iterates over the ranges of records that touch bytes `from..to` of the volume, ascending.
    fn records_between(
        &self,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        let plan = &self.plan;
        let start = plan.areas.start(Area::Mft);
        let count = plan.areas.count(Area::Mft);
        let cluster_bytes = plan.shape.cluster_bytes;
        let record_bytes = plan.shape.record_bytes;
        let mut slot = start;
        plan.spans.runs(start, count).filter_map(move |run| {
            let first_byte = run.cluster.unwrap_or(0) * cluster_bytes;
            let offset = (slot - start) * cluster_bytes;
            slot += run.count;
            let from = from.max(first_byte);
            let to = to.min(first_byte + run.count * cluster_bytes);
            (from < to).then(|| {
                let first = (offset + (from - first_byte)) / record_bytes;
                let end = (offset + (to - first_byte)).div_ceil(record_bytes);
                plan.mft_first + narrow(first)..plan.mft_first + narrow(end)
            })
        })
    }
}

/// Records of nodes follow each other, which [`NtfsLayout::render_records`] relies on.
const _: () = assert!(record_of(Node(1)) == USERS_FIRST);
