//! What is wrong with the frame: boot sector, file table, attributes, runs, clusters, indexes.

use super::edits::*;
use super::*;

/// On all volumes.
pub(super) const STRUCTURES: &[Corruption] = &[
    ("the signature", Closed, |e| e.bytes[3] = b'X'),
    ("the sector size", Closed, |e| e.bytes[0xb] = 1),
    ("the record size", Closed, |e| e.bytes[0x40] = 0x7f),
    ("the volume's length", Closed, |e| {
        put(&mut e.bytes, 0x28, &(1_u64 << 40).to_le_bytes())
    }),
    ("a file table outside", Closed, |e| {
        put(&mut e.bytes, 0x30, &(1_u64 << 40).to_le_bytes())
    }),
    ("a file table elsewhere", Closed, |e| {
        put(&mut e.bytes, 0x30, &600_u64.to_le_bytes())
    }),
    (
        "the backup boot sector",
        Found(Kind::BackupBootSector),
        |e| {
            let at = e.bytes.len() - size(e.geometry.sector_bytes);
            e.bytes[at + 0x48] ^= 1;
        },
    ),
    (
        "a volume one sector shorter",
        Found(Kind::BackupBootSector),
        |e| {
            let sectors = e.geometry.total_sectors - 1;
            put(&mut e.bytes, 0x28, &sectors.to_le_bytes());
        },
    ),
    ("$Boot elsewhere", Found(Kind::BootFile), |e| {
        e.attribute(7, DATA, "", |a| {
            let runs = u16_at(a, 32);
            let used = usize::from(a[runs] & 15);
            a[runs + 1 + used] ^= 8;
        });
    }),
    // The file table.
    ("a used record marked free", Found(Kind::RecordUse), |e| {
        flip_record_bit(e, e.find("\\one"))
    }),
    ("a free record marked used", Found(Kind::RecordUse), |e| {
        flip_record_bit(e, 20)
    }),
    (
        "a bit past the last record",
        Found(Kind::MftBitmapTail),
        |e| flip_record_bit(e, e.record_count() + 1),
    ),
    (
        "a short bitmap of records",
        Found(Kind::MftBitmapLength),
        |e| {
            e.attribute(0, BITMAP, "", |a| {
                put(a, 48, &[8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0])
            });
        },
    ),
    ("the mirror", Found(Kind::Mirror), |e| {
        let at = size(e.geometry.mirror_cluster * e.geometry.cluster_bytes);
        e.bytes[at + 0x80] ^= 1;
    }),
    ("the mirror's place", Found(Kind::Mirror), |e| {
        put(&mut e.bytes, 0x38, &700_u64.to_le_bytes())
    }),
    ("a record's magic", Found(Kind::RecordMagic), |e| {
        raw(e, "\\one", 0, b"BAAD")
    }),
    (
        "an update sequence count",
        Found(Kind::UpdateSequence),
        |e| raw(e, "\\one", 6, &[2, 0]),
    ),
    ("a torn record", Found(Kind::RecordTorn), |e| {
        raw(e, "\\one", 510, &[9, 9])
    }),
    ("a record's length", Found(Kind::RecordAllocated), |e| {
        header(e, "\\one", 0x1c, &[0, 2])
    }),
    ("use 0", Found(Kind::RecordSequence), |e| {
        header(e, "\\one", 0x10, &[0, 0])
    }),
    ("a record's number", Found(Kind::RecordNumber), |e| {
        header(e, "\\one", 0x2c, &[0xfe])
    }),
    (
        "the attributes' offset inside the header",
        Found(Kind::AttributesOffset),
        |e| header(e, "\\one", 0x14, &[0x20, 0]),
    ),
    (
        "the attributes' offset in the array",
        Found(Kind::AttributesOffset),
        |e| header(e, "\\one", 0x14, &[0x30, 0]),
    ),
    ("the bytes in use", Found(Kind::RecordUsed), |e| {
        let record = e.find("\\one");
        e.record(record, |r| r[0x18] ^= 8);
    }),
    (
        "a short $STANDARD_INFORMATION",
        Found(Kind::StandardInformation),
        |e| {
            let record = e.find("\\one");
            e.attribute(record, STANDARD_INFORMATION, "", |a| a[16] = 40);
        },
    ),
    (
        "no $STANDARD_INFORMATION",
        Found(Kind::StandardInformation),
        |e| retype(e, "\\one", STANDARD_INFORMATION, 0x50),
    ),
    ("a folder not marked", Found(Kind::FolderFlag), |e| {
        header(e, "\\large", 0x16, &[1])
    }),
    ("a file marked as a folder", Found(Kind::FolderFlag), |e| {
        header(e, "\\one", 0x16, &[3])
    }),
    ("$Secure not marked", Found(Kind::ViewIndexFlag), |e| {
        e.record(9, |r| r[0x16] &= !8)
    }),
    ("a file without data", Found(Kind::UnnamedData), |e| {
        retype(e, "\\one", DATA, 0x100)
    }),
    ("a folder with data", Found(Kind::UnnamedData), |e| {
        retype(e, "\\outer", INDEX_ROOT, 0x80)
    }),
    ("a link count", Found(Kind::LinkCount), |e| {
        header(e, "\\one", 0x12, &[2, 0])
    }),
    ("a base that is none", Found(Kind::ExtensionRecord), |e| {
        header(e, "\\one", 0x20, &[0x18])
    }),
    // Attributes.
    ("an attribute's length", Found(Kind::AttributeLength), |e| {
        of_data(e, "\\one", 4, &[0x4c])
    }),
    (
        "an attribute past the record",
        Found(Kind::AttributeLength),
        |e| of_data(e, "\\one", 4, &[0, 0xf0]),
    ),
    (
        "a value past its attribute",
        Found(Kind::AttributeLength),
        |e| of_data(e, "\\small", 16, &[0xff, 0xff]),
    ),
    (
        "a name past its attribute",
        Found(Kind::AttributeLength),
        |e| of_data(e, "\\small", 9, &[0xff]),
    ),
    ("no end marker", Found(Kind::AttributeLength), |e| {
        let record = e.find("\\one");
        e.record(record, |r| {
            let end = attribute(r, DATA, "").end;
            put(r, end, &[0x80, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        });
    }),
    ("an unknown type", Found(Kind::AttributeType), |e| {
        retype(e, "\\one", DATA, 0x88)
    }),
    (
        "attributes out of order",
        Found(Kind::AttributeOrder),
        |e| retype(e, "\\one", STANDARD_INFORMATION, 0x40),
    ),
    ("an id twice", Found(Kind::AttributeId), |e| {
        let record = e.find("\\one");
        let mut id = [0; 2];
        e.attribute(record, STANDARD_INFORMATION, "", |a| {
            id.copy_from_slice(&a[14..16])
        });
        e.attribute(record, DATA, "", |a| put(a, 14, &id));
    }),
    ("the next id", Found(Kind::AttributeIdNext), |e| {
        header(e, "\\one", 0x28, &[0, 0])
    }),
    ("a value's offset", Found(Kind::AttributeOffset), |e| {
        of_data(e, "\\small", 16, &[4]);
        of_data(e, "\\small", 20, &[0x1c]);
    }),
    (
        "a run list in the header",
        Found(Kind::AttributeOffset),
        |e| of_data(e, "\\one", 32, &[0x38]),
    ),
    ("an indexed mark too many", Found(Kind::IndexedFlag), |e| {
        of_data(e, "\\small", 22, &[1])
    }),
    ("an indexed mark too few", Found(Kind::IndexedFlag), |e| {
        let record = e.find("\\one");
        e.attribute(record, FILE_NAME, "", |a| a[22] = 0);
    }),
    ("a name in clusters", Found(Kind::Resident), |e| {
        let record = e.find("\\one");
        e.attribute(record, FILE_NAME, "", |a| {
            a[8] = 1;
            put(a, 16, &[0; 16]);
            put(a, 24, &[0xff; 8]);
            put(a, 32, &[0x40, 0]);
            put(a, 34, &[0; 30]);
            a[64] = 0;
        });
    }),
    // Runs.
    ("a run's header", Found(Kind::RunList), |e| {
        of_runs(e, "\\one", &[0xff])
    }),
    ("a run of no clusters", Found(Kind::RunList), |e| {
        of_runs(e, "\\one", &[0x11, 0])
    }),
    ("a run list without end", Found(Kind::RunList), |e| {
        let record = e.find("\\one");
        e.attribute(record, DATA, "", |a| {
            let runs = u16_at(a, 32);
            a[runs..].fill(0x11);
        });
    }),
    ("a highest cluster", Found(Kind::RunLength), |e| {
        of_data(e, "\\one", 24, &[9])
    }),
    ("a lowest cluster", Found(Kind::RunLength), |e| {
        of_data(e, "\\one", 16, &[1])
    }),
    ("an allocated size", Found(Kind::AllocatedSize), |e| {
        of_data(e, "\\one", 42, &[0x20])
    }),
    ("an initialised size", Found(Kind::SizeOrder), |e| {
        of_data(e, "\\one", 58, &[9])
    }),
    ("data past the clusters", Found(Kind::SizeOrder), |e| {
        of_data(e, "\\one", 50, &[9])
    }),
    (
        "less data than clusters",
        Noted(Kind::OverAllocation),
        |e| {
            of_data(e, "\\one", 48, &[16, 0]);
            of_data(e, "\\one", 56, &[16, 0]);
            of_entry(e, "\\", "\\one", 16 + 48, &[16, 0]);
        },
    ),
    ("a hole", Found(Kind::Hole), |e| {
        of_runs(e, "\\one", &[1, 5, 0])
    }),
    ("a run past the volume", Found(Kind::RunOutside), |e| {
        of_runs(e, "\\one", &[0x31, 5, 0xff, 0xff, 0x7f, 0])
    }),
    // Clusters.
    ("clusters twice", Found(Kind::DoubleAllocation), |e| {
        let record = e.find("\\two");
        let source = e.read(record);
        let source = &source[attribute(&source, DATA, "")];
        let runs = source[u16_at(source, 32)..].to_vec();
        of_runs(e, "\\one", &runs);
    }),
    (
        "used clusters marked free",
        Found(Kind::ClusterUnmarked),
        |e| flip_cluster_bit(e, 0),
    ),
    ("free clusters marked used", Found(Kind::ClusterLost), |e| {
        let free = e.geometry.clusters - 5;
        flip_cluster_bit(e, size(free));
    }),
    (
        "a bit past the last cluster",
        Found(Kind::BitmapTail),
        |e| {
            let past = e.geometry.clusters;
            flip_cluster_bit(e, size(past));
        },
    ),
    (
        "a short bitmap of clusters",
        Found(Kind::BitmapLength),
        |e| {
            e.attribute(6, DATA, "", |a| {
                put(a, 48, &[8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0])
            });
        },
    ),
    ("$BadClus's length", Found(Kind::BadClusters), |e| {
        e.attribute(8, DATA, "$Bad", |a| a[49] ^= 0x10);
    }),
    // Indexes.
    ("an index's block size", Found(Kind::IndexBlockSize), |e| {
        root_value(e, 8, &[0, 0x20])
    }),
    (
        "an impossible block size",
        Found(Kind::IndexBlockSize),
        |e| root_value(e, 8, &[1, 0x20]),
    ),
    ("an index's units", Found(Kind::IndexBlockSize), |e| {
        root_value(e, 12, &[7])
    }),
    ("an index's order", Found(Kind::IndexCollation), |e| {
        root_value(e, 4, &[0x10])
    }),
    ("a block's bit", Found(Kind::IndexBitmap), |e| {
        large_bitmap(e, |value| value[0] ^= 2)
    }),
    ("a bit past the last block", Found(Kind::IndexBitmap), |e| {
        large_bitmap(e, |value| value[7] |= 0x80)
    }),
    ("an entry's length", Found(Kind::IndexEntry), |e| {
        of_large(e, 40, 8, &[0x11])
    }),
    ("an entry past its node", Found(Kind::IndexEntry), |e| {
        of_large(e, 40, 8, &[0xf8, 0xff])
    }),
    ("entries past their node", Found(Kind::IndexEntry), |e| {
        block(e, |b| put(b, 28, &[0, 0x20]))
    }),
    ("a node's inner mark", Found(Kind::SubNodeFlag), |e| {
        block(e, |b| b[36] ^= 1)
    }),
    ("a sub-node outside", Found(Kind::IndexChild), |e| {
        root_end_child(e, 4000)
    }),
    ("a sub-node twice", Found(Kind::IndexChildTwice), |e| {
        inner_node(e, |node, header| {
            let all = entries(node, header);
            node.copy_within(all[0].end - 8..all[0].end, all[1].end - 8);
        });
    }),
    ("a block's magic", Found(Kind::IndexBlockMagic), |e| {
        raw_block(e, 0, b"BAAD")
    }),
    ("a torn block", Found(Kind::IndexBlockTorn), |e| {
        raw_block(e, 1022, &[9, 9])
    }),
    ("a block's number", Found(Kind::IndexBlockNumber), |e| {
        block(e, |b| b[16] ^= 1)
    }),
    ("a node's space", Found(Kind::IndexAllocated), |e| {
        block(e, |b| b[32] ^= 8)
    }),
    ("the root's space", Found(Kind::IndexAllocated), |e| {
        let record = e.find("\\large");
        e.value(record, INDEX_ROOT, "$I30", |v| v[24] ^= 0x80);
    }),
    ("a node's used bytes", Found(Kind::IndexEnd), |e| {
        block(e, |b| b[28] = b[28].wrapping_add(8))
    }),
    ("a node without end", Found(Kind::IndexEnd), |e| {
        block(e, |b| {
            let last = entries(b, 24).pop().expect("an end");
            let used = u32::try_from(last.start - 24).expect("small");
            put(b, 28, &used.to_le_bytes());
        });
    }),
    ("a key's length", Found(Kind::KeyLength), |e| {
        of_large(e, 40, 10, &[0x74]);
    }),
    ("a key without a name", Found(Kind::KeyLength), |e| {
        of_large(e, 40, 10, &[0x10])
    }),
    ("a leaf too high", Found(Kind::IndexBalance), |e| {
        inner_node(e, |node, header| {
            let first = entries(node, header)[0].start;
            node[first + 12] &= !1;
        });
    }),
    ("keys in the wrong order", Found(Kind::KeyOrder), |e| {
        let record = e.find("\\large");
        let name = large(40);
        let file = e.find(&name);
        e.entry(record, file, |entry| entry[16 + 66] = b'Z');
        e.attribute(file, FILE_NAME, "", |a| a[24 + 66] = b'Z');
    }),
];
