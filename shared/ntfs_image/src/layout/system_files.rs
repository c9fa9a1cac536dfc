//! The records that every volume has, and those of the reserved files.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sizes of areas that were checked to fit the volume"
)]

use super::areas::Area;
use super::attribute_definitions;
use super::number::{align8, wide};
use super::plan::Plan;
use super::records::{self, EXTEND, OBJECT_IDS, QUOTA, REPARSE};
use super::security::{self, ADMINISTRATORS};
use super::spec::BOOT_BYTES;
use super::view_index::{self, ViewEntry};
use crate::FileTime;
use crate::attribute::{NAMESPACE_BOTH, NAMESPACE_POSIX, file_flags, kind};
use crate::index::collation;
use crate::record::{RECORD_DIRECTORY, RECORD_EXTEND, RECORD_VIEW_INDEX};
use crate::upcase;

/// A record that is not a node's.
#[derive(Clone, Debug)]
pub(super) struct SystemFile {
    pub(super) record: u32,
    /// Record of the folder; `None` without a name.
    pub(super) parent: Option<u32>,
    pub(super) namespace: u8,
    /// Flags of the record besides "in use".
    pub(super) record_flags: u16,
    pub(super) file_flags: u32,
    pub(super) security: u32,
    /// Attributes besides times, name and a folder's index, in their order.
    pub(super) streams: Vec<Stream>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) kind: u32,
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// Where an attribute's value lies.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// In the record.
    Resident(Vec<u8>),
    /// In slots.
    Slots { first: u64, count: u64, bytes: u64 },
    /// In given clusters.
    Clusters { first: u64, count: u64, bytes: u64 },
    /// Nowhere: as many clusters as the volume has, all of them a hole.
    Hole,
}

impl SystemFile {
    /// Returns the bytes allocated and used by the nameless data stream, as the file's name tells them.
    pub(super) fn sizes(&self, cluster_bytes: u64) -> (u64, u64) {
        let data = self
            .streams
            .iter()
            .find(|stream| stream.kind == kind::DATA && stream.name.is_empty());
        match data.map(|stream| &stream.value) {
            Some(Value::Resident(value)) => (wide(align8(value.len())), wide(value.len())),
            Some(Value::Slots { count, bytes, .. } | Value::Clusters { count, bytes, .. }) => {
                (count * cluster_bytes, *bytes)
            }
            Some(Value::Hole) | None => (0, 0),
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.record_flags & RECORD_DIRECTORY != 0
    }
}

impl Plan {
    /// Returns all system files, ascending by record.
    pub(super) fn make_system_files(&self) -> Vec<SystemFile> {
        let mut files = self.first_records();
        files.extend(self.records_from_bad_clusters());
        files.extend((12..16).map(|record| SystemFile {
            parent: None,
            security: security::SYSTEM,
            ..file(record, vec![data(Value::Resident(Vec::new()))])
        }));
        files.extend(self.extend_children());
        files.extend(self.reserved_files());
        files
    }

    fn first_records(&self) -> Vec<SystemFile> {
        let record_map = Stream {
            kind: kind::BITMAP,
            name: "",
            value: self.area_value(Area::MftBitmap, self.mft_bitmap_bytes()),
        };
        let mft = data(self.area_value(Area::Mft, self.record_count * self.shape.record_bytes));
        let whole = |area| data(self.area_value(area, self.area_bytes(area)));
        let value = |kind, value| Stream {
            kind,
            name: "",
            value: Value::Resident(value),
        };
        let label: Vec<u8> = self
            .spec
            .label
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        // Eight zeros, version 3.1, no flags.
        let information = vec![0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0];
        let volume = vec![
            value(kind::VOLUME_NAME, label),
            value(kind::VOLUME_INFORMATION, information),
            data(Value::Resident(Vec::new())),
        ];
        let definitions = self.area_value(
            Area::AttributeDefinitions,
            attribute_definitions::TABLE_BYTES,
        );
        let boot = Value::Clusters {
            first: 0,
            count: self.shape.boot_clusters,
            bytes: BOOT_BYTES,
        };
        vec![
            file(0, vec![mft, record_map]),
            file(1, vec![whole(Area::Mirror)]),
            file(2, vec![whole(Area::LogFile)]),
            with_security(security::SYSTEM, file(3, volume)),
            with_security(security::SYSTEM, file(4, vec![data(definitions)])),
            with_security(security::EVERYONE, folder(records::ROOT, records::ROOT)),
            file(
                6,
                vec![data(
                    self.area_value(Area::Bitmap, self.cluster_bitmap_bytes()),
                )],
            ),
            with_security(security::SYSTEM, file(7, vec![data(boot)])),
        ]
    }

    fn records_from_bad_clusters(&self) -> Vec<SystemFile> {
        let bad = Stream {
            kind: kind::DATA,
            name: "$Bad",
            value: Value::Hole,
        };
        // Length of the value, CRC-64 of the table, zeros.
        let mut info = vec![0; 32];
        info[0] = 0x20;
        info[8..16].copy_from_slice(&upcase::TABLE_CRC64.to_le_bytes());
        let info = Stream {
            kind: kind::DATA,
            name: "$Info",
            value: Value::Resident(info),
        };
        let table = self.area_value(Area::UpCase, upcase::TABLE_BYTES);
        vec![
            file(8, vec![data(Value::Resident(Vec::new())), bad]),
            self.secure(),
            file(10, vec![data(table), info]),
            with_security(security::SYSTEM, folder(EXTEND, records::ROOT)),
        ]
    }

    fn secure(&self) -> SystemFile {
        let security = &self.security;
        let stream = Stream {
            kind: kind::DATA,
            name: "$SDS",
            value: self.area_value(Area::Security, security.stream_bytes()),
        };
        let by_hash = self.view("$SDH", collation::SECURITY_HASH, &security.by_hash);
        let by_id = self.view("$SII", collation::U32, &security.by_id);
        SystemFile {
            record_flags: RECORD_VIEW_INDEX,
            file_flags: HIDDEN_SYSTEM | file_flags::VIEW_INDEX,
            security: security::SYSTEM,
            ..file(9, vec![stream, by_hash, by_id])
        }
    }

    fn extend_children(&self) -> Vec<SystemFile> {
        let view_file = |record, streams| SystemFile {
            parent: Some(EXTEND),
            record_flags: RECORD_EXTEND | RECORD_VIEW_INDEX,
            file_flags: HIDDEN_SYSTEM | file_flags::ARCHIVE | file_flags::VIEW_INDEX,
            security: security::SYSTEM,
            ..file(record, streams)
        };
        let owners = [ViewEntry {
            key: ADMINISTRATORS.to_vec(),
            data: QUOTA_OWNER.to_le_bytes().to_vec(),
        }];
        let quotas = [
            quota(1, &[], self.spec.created),
            quota(QUOTA_OWNER, &ADMINISTRATORS, self.spec.created),
        ];
        vec![
            view_file(OBJECT_IDS, vec![self.view("$O", collation::U32S, &[])]),
            view_file(
                QUOTA,
                vec![
                    self.view("$O", collation::SID, &owners),
                    self.view("$Q", collation::U32, &quotas),
                ],
            ),
            view_file(REPARSE, vec![self.view("$R", collation::U32S, &[])]),
        ]
    }

    fn reserved_files(&self) -> Vec<SystemFile> {
        let reserved = &self.spec.reserved;
        if reserved.is_empty() {
            return Vec::new();
        }
        let information = folder(records::SYSTEM_VOLUME_INFORMATION, records::ROOT);
        let information = SystemFile {
            namespace: NAMESPACE_POSIX,
            security: security::SYSTEM,
            ..information
        };
        let files = (records::RESERVED_FIRST..)
            .zip(reserved)
            .map(|(record, extent)| {
                let value = Value::Clusters {
                    first: extent.at / self.shape.cluster_bytes,
                    count: self.shape.clusters_for(extent.bytes),
                    bytes: extent.bytes,
                };
                SystemFile {
                    parent: Some(records::SYSTEM_VOLUME_INFORMATION),
                    namespace: NAMESPACE_POSIX,
                    security: security::SYSTEM,
                    ..file(record, vec![data(value)])
                }
            });
        [information].into_iter().chain(files).collect()
    }

    fn area_value(&self, area: Area, bytes: u64) -> Value {
        Value::Slots {
            first: self.areas.start(area),
            count: self.areas.count(area),
            bytes,
        }
    }

    fn view(&self, name: &'static str, order: u32, entries: &[ViewEntry]) -> Stream {
        Stream {
            kind: kind::INDEX_ROOT,
            name,
            value: Value::Resident(view_index::root(
                order,
                self.shape.clusters_per_block(),
                entries,
            )),
        }
    }
}

fn file(record: u32, streams: Vec<Stream>) -> SystemFile {
    SystemFile {
        record,
        parent: Some(records::ROOT),
        namespace: NAMESPACE_BOTH,
        record_flags: 0,
        file_flags: HIDDEN_SYSTEM,
        security: security::READ_ONLY,
        streams,
    }
}

fn folder(record: u32, parent: u32) -> SystemFile {
    SystemFile {
        parent: Some(parent),
        record_flags: RECORD_DIRECTORY,
        ..file(record, Vec::new())
    }
}

fn with_security(security: u32, file: SystemFile) -> SystemFile {
    SystemFile { security, ..file }
}

const fn data(value: Value) -> Stream {
    Stream {
        kind: kind::DATA,
        name: "",
        value,
    }
}

/// Returns an entry of `$Q`: version 2, default limits, nothing used, no limit, never exceeded, whose.
fn quota(owner: u32, sid: &[u8], changed: FileTime) -> ViewEntry {
    const VERSION: u32 = 2;
    const DEFAULT_LIMITS: u32 = 1;
    const NO_LIMIT: u64 = u64::MAX;
    let mut data = Vec::new();
    data.extend(VERSION.to_le_bytes());
    data.extend(DEFAULT_LIMITS.to_le_bytes());
    for field in [0, changed.0, NO_LIMIT, NO_LIMIT, 0] {
        data.extend(field.to_le_bytes());
    }
    data.extend(sid);
    ViewEntry {
        key: owner.to_le_bytes().to_vec(),
        data,
    }
}

/// Id by which `$Quota` knows the administrators.
const QUOTA_OWNER: u32 = 0x100;
const HIDDEN_SYSTEM: u32 = file_flags::HIDDEN | file_flags::SYSTEM;
