//! One structure wrong at a time, on a volume of mkntfs and ntfs-3g and on two of ours: the check names each.

use disk::SectorSize;
use ntfs_image::attribute::kind::{
    ATTRIBUTE_LIST, BITMAP, DATA, FILE_NAME, INDEX_ALLOCATION, INDEX_ROOT, STANDARD_INFORMATION,
    VOLUME_INFORMATION,
};
use ntfs_image::check::FindingKind as Kind;
use ntfs_image::check::check;

use crate::editor::{Editor, attribute, entries, put, size, u16_at, u32_at};
use crate::sample;
use crate::support::have;

/// What must come of a corruption.
#[derive(Clone, Copy)]
enum Expect {
    /// A violation of this rule.
    Found(Kind),
    /// A note under this rule, and no violation.
    Noted(Kind),
    /// The volume cannot even be opened.
    Closed,
}
use Expect::{Closed, Found, Noted};

type Corruption = (&'static str, Expect, fn(&mut Editor));

/// On both volumes.
const BOTH: &[Corruption] = &[
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
    // Names and files.
    (
        "an entry for a free record",
        Found(Kind::DanglingEntry),
        |e| of_large(e, 40, 0, &[20, 0]),
    ),
    ("an entry for no record", Found(Kind::DanglingEntry), |e| {
        of_large(e, 40, 0, &[0, 0, 0xf0])
    }),
    ("an entry for another file", Found(Kind::EntryName), |e| {
        let other = u8::try_from(e.find("\\one")).expect("small");
        of_large(e, 40, 0, &[other, 0]);
    }),
    ("an entry's use", Found(Kind::EntrySequence), |e| {
        of_large(e, 40, 6, &[9])
    }),
    ("an entry's folder", Found(Kind::EntryParent), |e| {
        of_large(e, 40, 16, &[5])
    }),
    ("an entry's folder's use", Found(Kind::EntryParent), |e| {
        of_large(e, 40, 22, &[9])
    }),
    ("a file's name", Found(Kind::Orphan), |e| {
        let file = e.find(&large(40));
        e.attribute(file, FILE_NAME, "", |a| a[24 + 66 + 2] ^= 1);
    }),
    ("an entry's namespace", Found(Kind::EntryName), |e| {
        of_large(e, 40, 16 + 65, &[1])
    }),
    ("an entry's size", Found(Kind::EntrySizes), |e| {
        of_large(e, 40, 16 + 48, &[9])
    }),
    ("an entry's allocated size", Noted(Kind::EntrySizes), |e| {
        of_large(e, 40, 16 + 40, &[0x10])
    }),
    (
        "an entry's folder mark",
        Found(Kind::EntryFolderFlag),
        |e| of_large(e, 40, 16 + 59, &[0x10]),
    ),
    (
        "an entry's time of creation",
        Found(Kind::EntryTimes),
        |e| {
            of_large(e, 40, 16 + 8, &LONG_AGO);
        },
    ),
    ("an entry's time of change", Noted(Kind::EntryTimes), |e| {
        of_large(e, 40, 16 + 16, &LONG_AGO);
    }),
    (
        "a name that is not in its folder",
        Found(Kind::Orphan),
        |e| {
            let record = e.find("\\large");
            e.block(record, 0, |b| {
                let all = entries(b, 24);
                let (first, last) = (all[1].clone(), all[all.len() - 1].clone());
                b.copy_within(first.end..last.end, first.start);
                let used = u32::try_from(last.end - first.len() - 24).expect("small");
                put(b, 28, &used.to_le_bytes());
            });
        },
    ),
    (
        "a name that is there twice",
        Found(Kind::IndexedTwice),
        |e| {
            block(e, |b| {
                let all = entries(b, 24);
                b.copy_within(all[1].clone(), all[2].start);
            });
        },
    ),
    ("a folder in itself", Found(Kind::Unreachable), |e| {
        let (outer, inner) = (e.find("\\outer"), e.find("\\outer\\inner"));
        let inner = u8::try_from(inner).expect("small");
        e.attribute(outer, FILE_NAME, "", |a| a[24] = inner);
    }),
    // Names.
    ("a namespace", Found(Kind::NameLength), |e| {
        name(e, |key| key[65] = 4)
    }),
    ("a slash in a name", Found(Kind::NameCharacter), |e| {
        name(e, |key| key[90] = b'/')
    }),
    ("a colon in a POSIX name", Noted(Kind::NameCharacter), |e| {
        name(e, |key| key[90] = b':');
    }),
    (
        "a colon in a Windows name",
        Found(Kind::NameCharacter),
        |e| {
            name(e, |key| {
                key[65] = 1;
                key[90] = b':';
            });
        },
    ),
    (
        "a blank at a Windows name's end",
        Found(Kind::NameEnding),
        |e| {
            name(e, |key| {
                key[65] = 1;
                let length = usize::from(key[64]);
                put(key, 64 + length * 2, &[b' ', 0]);
            });
        },
    ),
    (
        "a long name in the DOS namespace",
        Found(Kind::ShortName),
        |e| name(e, |key| key[65] = 3),
    ),
    ("a short name alone", Found(Kind::NamePair), |e| {
        name(e, |key| key[65] = 2)
    }),
    ("a long name alone", Noted(Kind::NamePair), |e| {
        name(e, |key| key[65] = 1)
    }),
    ("twins of Windows", Found(Kind::CaseTwins), |e| {
        let record = e.find("\\large");
        for number in [0, 1] {
            let file = e.find(&large(number));
            let change = |key: &mut [u8]| {
                key[65] = 1;
                key[66] = [b'N', b'n'][usize::from(number == 1)];
                key[66 + 16] = b'0';
            };
            e.entry(record, file, |entry| change(&mut entry[16..]));
            e.attribute(file, FILE_NAME, "", |a| change(&mut a[24..]));
        }
    }),
    // Security.
    ("a descriptor's offset", Found(Kind::SecurityOffset), |e| {
        sds(e, 8, 1)
    }),
    ("a descriptor's length", Found(Kind::SecurityOffset), |e| {
        sds(e, 18, 0x80)
    }),
    ("a descriptor's hash", Found(Kind::SecurityHash), |e| {
        sds(e, 0, 1)
    }),
    ("a descriptor", Found(Kind::SecurityDescriptor), |e| {
        sds(e, 20, 2)
    }),
    (
        "the copy of a descriptor",
        Found(Kind::SecurityMirror),
        |e| {
            let at = e.place(9, DATA, "$SDS", 0x40000 + 24);
            e.bytes[at] ^= 1;
        },
    ),
    ("a descriptor's number", Found(Kind::SecurityIndex), |e| {
        sds(e, 5, 0x10)
    }),
    ("$SII", Found(Kind::SecurityIndex), |e| {
        e.value(9, INDEX_ROOT, "$SII", |v| v[32 + 20] ^= 1)
    }),
    ("$SDH", Found(Kind::SecurityIndex), |e| {
        e.value(9, INDEX_ROOT, "$SDH", |v| v[32 + 24] ^= 1)
    }),
    ("$SII's order", Found(Kind::KeyOrder), |e| {
        e.value(9, INDEX_ROOT, "$SII", |v| {
            let all = entries(v, 16);
            v[all[0].start + 16 + 2] = 9;
        });
    }),
    // NTFS's own files.
    ("a resident $Bitmap", Found(Kind::BitmapResident), |e| {
        let length = e.geometry.clusters.div_ceil(64) * 8;
        e.record(6, |r| {
            let range = attribute(r, DATA, "");
            let resident = 24 + size(length).min(96);
            let mut data = vec![0; resident];
            put(&mut data, 0, &r[range.start..][..16]);
            put(
                &mut data,
                4,
                &[u8::try_from(resident).expect("small"), 0, 0, 0, 0],
            );
            put(
                &mut data,
                16,
                &[
                    u8::try_from(resident - 24).expect("small"),
                    0,
                    0,
                    0,
                    24,
                    0,
                    0,
                    0,
                ],
            );
            r[range.start..].fill(0);
            put(r, range.start, &data);
            put(r, range.start + resident, &[0xff; 4]);
            let used = u32::try_from(range.start + resident + 8).expect("small");
            put(r, 0x18, &used.to_le_bytes());
        });
    }),
    (
        "a definition's name",
        Found(Kind::AttributeDefinitions),
        |e| {
            let at = e.place(4, DATA, "", 160 + 2);
            e.bytes[at] ^= 1;
        },
    ),
    ("$ObjId not marked", Found(Kind::Extend), |e| {
        e.record(24, |r| r[0x16] &= !4)
    }),
    ("$Quota renamed", Found(Kind::Extend), |e| {
        for record in 24..27 {
            e.attribute(record, FILE_NAME, "", |a| a[24 + 68] = b'x');
        }
    }),
    ("a letter's upper case", Found(Kind::UpCaseTable), |e| {
        let at = e.place(10, DATA, "", 0x61 * 2);
        e.bytes[at] = b'B';
    }),
    (
        "the upper case of a rare letter",
        Found(Kind::UpCaseChecksum),
        |e| {
            let at = e.place(10, DATA, "", 0x101 * 2);
            e.bytes[at] = 1;
        },
    ),
    ("$UpCase's length", Found(Kind::UpCaseLength), |e| {
        e.attribute(10, DATA, "", |a| {
            put(a, 48, &0x1_0000_u64.to_le_bytes());
            put(a, 56, &0x1_0000_u64.to_le_bytes());
        });
    }),
    ("the version", Found(Kind::VolumeVersion), |e| {
        e.value(3, VOLUME_INFORMATION, "", |v| v[9] = 9)
    }),
    ("the dirty mark", Found(Kind::VolumeFlags), |e| {
        e.value(3, VOLUME_INFORMATION, "", |v| v[10] |= 1)
    }),
    ("an unknown mark", Noted(Kind::VolumeFlags), |e| {
        e.value(3, VOLUME_INFORMATION, "", |v| v[11] |= 2)
    }),
    ("the log's start", Found(Kind::LogFile), |e| {
        let at = e.place(2, DATA, "", 0);
        put(&mut e.bytes, at, b"RCRD");
    }),
    ("the log's middle", Found(Kind::LogFile), |e| {
        let at = e.place(2, DATA, "", 1_000_000);
        e.bytes[at] = 0;
    }),
    ("a restart page of another log", Found(Kind::LogFile), |e| {
        let at = e.place(2, DATA, "", 0);
        let page = restart_page(1 << 20, 0xffff);
        put(&mut e.bytes, at, &page);
    }),
    ("a log that was not closed", Noted(Kind::LogPending), |e| {
        let at = e.place(2, DATA, "", 0);
        let mut bytes = 0;
        e.attribute(2, DATA, "", |a| bytes = u32_at(a, 48));
        let page = restart_page(u64::try_from(bytes).expect("small"), 0);
        put(&mut e.bytes, at, &page);
    }),
];

/// On the volumes that we laid out: ntfs-3g writes no numbers of security descriptors.
const OURS: &[Corruption] = &[("a file's security", Found(Kind::SecurityId), |e| {
    let record = e.find("\\one");
    e.value(record, STANDARD_INFORMATION, "", |v| {
        put(v, 52, &[0xee, 0xee])
    });
})];

/// On the volume that ntfs-3g filled.
const THEIRS: &[Corruption] = &[
    (
        "two streams of one name",
        Found(Kind::AttributeTwice),
        |e| {
            let record = e.find("\\streams");
            e.attribute(record, DATA, "s2", |a| a[24 + 2] = b'1');
        },
    ),
    (
        "an entry of an attribute list",
        Found(Kind::AttributeList),
        |e| list(e, |entry| entry[8] ^= 1),
    ),
    (
        "an attribute list's order",
        Found(Kind::AttributeList),
        |e| list(e, |entry| entry[0] = 0x10),
    ),
    (
        "an attribute list's entry length",
        Found(Kind::AttributeList),
        |e| list(e, |entry| entry[4] = 9),
    ),
    (
        "an attribute list's record",
        Found(Kind::ExtensionRecord),
        |e| list(e, |entry| put(entry, 16, &[64, 0])),
    ),
    (
        "the base of an extension",
        Found(Kind::ExtensionRecord),
        |e| {
            let mut extension = 0;
            list(e, |entry| extension = u32_at(entry, 16));
            e.record(extension, |r| r[0x20] ^= 1);
        },
    ),
    (
        "an extension that is not in use",
        Found(Kind::ExtensionRecord),
        |e| {
            let mut extension = 0;
            list(e, |entry| extension = u32_at(entry, 16));
            e.record(extension, |r| r[0x16] = 0);
        },
    ),
    (
        "the bytes on disk of a sparse file",
        Found(Kind::AllocatedSize),
        |e| {
            let record = e.find("\\sparse");
            let mut extension = record;
            list(e, |entry| extension = u32_at(entry, 16));
            for record in [record, extension] {
                let bytes = e.read(record);
                if has_first_data(&bytes) {
                    e.attribute(record, DATA, "", |a| a[66] ^= 0x10);
                }
            }
        },
    ),
    ("a hard link's size", Noted(Kind::EntrySizes), |e| {
        of_entry(e, "\\outer", "\\small", 16 + 48, &[9])
    }),
];

/// Returns whether a record has the first part of unnamed data.
fn has_first_data(record: &[u8]) -> bool {
    let mut at = u16_at(record, 20);
    while u32_at(record, at) != 0xffff_ffff {
        if u32_at(record, at) == 0x80 && record[at + 8] == 1 && u32_at(record, at + 16) == 0 {
            return true;
        }
        at += u32_at(record, at + 4);
    }
    false
}

fn flip_record_bit(e: &mut Editor, record: usize) {
    let at = e.place(0, BITMAP, "", record / 8);
    e.bytes[at] ^= 1 << (record % 8);
}

fn flip_cluster_bit(e: &mut Editor, cluster: usize) {
    let at = e.place(6, DATA, "", cluster / 8);
    e.bytes[at] ^= 1 << (cluster % 8);
}

/// Changes a record's stored bytes, update sequence and all.
fn raw(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.record_at(e.find(path));
    put(&mut e.bytes, record + at, bytes);
}

fn header(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.find(path);
    e.record(record, |r| put(r, at, bytes));
}

fn retype(e: &mut Editor, path: &str, from: u32, to: u32) {
    let record = e.find(path);
    let bytes = e.read(record);
    let name = if from == INDEX_ROOT { "$I30" } else { "" };
    let at = attribute(&bytes, from, name).start;
    e.record(record, |r| {
        put(r, at, &to.to_le_bytes());
        if from == INDEX_ROOT {
            r[at + 9] = 0;
        }
    });
}

fn of_data(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.find(path);
    e.attribute(record, DATA, "", |a| put(a, at, bytes));
}

fn of_runs(e: &mut Editor, path: &str, runs: &[u8]) {
    let record = e.find(path);
    e.attribute(record, DATA, "", |a| {
        let at = u16_at(a, 32);
        let length = runs.len().min(a.len() - at);
        put(a, at, &runs[..length]);
    });
}

fn root_value(e: &mut Editor, at: usize, bytes: &[u8]) {
    let record = e.find("\\large");
    e.value(record, INDEX_ROOT, "$I30", |v| put(v, at, bytes));
}

fn large_bitmap(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\large");
    e.value(record, BITMAP, "$I30", change);
}

fn block(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\large");
    e.block(record, 1, change);
}

fn raw_block(e: &mut Editor, at: usize, bytes: &[u8]) {
    let record = e.find("\\large");
    let place = e.place(record, INDEX_ALLOCATION, "$I30", 4096);
    put(&mut e.bytes, place + at, bytes);
}

/// Changes a node with sub-nodes and more than an end entry; tells where its index header is.
fn inner_node(e: &mut Editor, change: impl FnOnce(&mut [u8], usize)) {
    let record = e.find("\\large");
    let bytes = e.read(record);
    let range = attribute(&bytes, INDEX_ROOT, "$I30");
    let header = range.start + u16_at(&bytes[range], 20) + 16;
    if entries(&bytes, header).len() > 1 {
        return e.record(record, |r| change(r, header));
    }
    let end = entries(&bytes, header).pop().expect("an end");
    let child = u32_at(&bytes, end.end - 8);
    e.block(record, child, |b| change(b, 24));
}

fn root_end_child(e: &mut Editor, child: u64) {
    let record = e.find("\\large");
    e.value(record, INDEX_ROOT, "$I30", |v| {
        let end = entries(v, 16).pop().expect("an end");
        put(v, end.end - 8, &child.to_le_bytes());
    });
}

fn large(number: u32) -> String {
    format!("\\large\\Name {number:04} in some folder")
}

/// A time that is no file's own: one byte of a time may be what it is to become.
const LONG_AGO: [u8; 8] = 0x01d0_0000_0000_0000_u64.to_le_bytes();

fn of_large(e: &mut Editor, number: u32, at: usize, bytes: &[u8]) {
    of_entry(e, "\\large", &large(number), at, bytes);
}

fn of_entry(e: &mut Editor, folder: &str, file: &str, at: usize, bytes: &[u8]) {
    let folder = if folder == "\\" { 5 } else { e.find(folder) };
    let file = e.find(file);
    e.entry(folder, file, |entry| put(entry, at, bytes));
}

/// Changes a name in the file and in its folder.
fn name(e: &mut Editor, change: impl Fn(&mut [u8])) {
    let (folder, file) = (e.find("\\large"), e.find(&large(299)));
    e.entry(folder, file, |entry| change(&mut entry[16..]));
    e.attribute(file, FILE_NAME, "", |a| change(&mut a[24..]));
}

/// Changes the first security descriptor, and its copy.
fn sds(e: &mut Editor, at: usize, bits: u8) {
    for copy in [0, 0x40000] {
        let place = e.place(9, DATA, "$SDS", copy + at);
        e.bytes[place] ^= bits;
    }
}

/// Changes the last entry of the sparse file's attribute list, which leads to another record.
fn list(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\sparse");
    let bytes = e.read(record);
    let range = attribute(&bytes, ATTRIBUTE_LIST, "");
    let is_resident = bytes[range.start + 8] == 0;
    let last = |list: &[u8]| {
        let mut at = 0;
        while at + u16_at(list, at + 4) < list.len() {
            at += u16_at(list, at + 4);
        }
        at
    };
    if is_resident {
        e.value(record, ATTRIBUTE_LIST, "", |v| {
            let at = last(v);
            change(&mut v[at..]);
        });
    } else {
        let length = u32_at(&bytes[range], 48);
        let place = e.place(record, ATTRIBUTE_LIST, "", 0);
        let list = &mut e.bytes[place..][..length];
        let at = last(list);
        change(&mut list[at..]);
    }
}

/// Returns a restart page that speaks of a log of this many bytes.
fn restart_page(log_bytes: u64, client_in_use: u16) -> Vec<u8> {
    let mut page = vec![0; 4096];
    put(&mut page, 0, b"RSTR");
    put(&mut page, 4, &[0x1e, 0, 9, 0]);
    put(&mut page, 16, &4096_u32.to_le_bytes());
    put(&mut page, 20, &4096_u32.to_le_bytes());
    put(&mut page, 24, &[0x30, 0]);
    put(&mut page, 0x30 + 12, &client_in_use.to_le_bytes());
    put(&mut page, 0x30 + 24, &log_bytes.to_le_bytes());
    ntfs_image::fixup::apply(&mut page, 3);
    page
}

/// Returns what went wrong, if anything.
fn judge(editor: &Editor, expected: Expect) -> Result<(), String> {
    let report = match (check(&editor.bytes, 1000), expected) {
        (Err(_), Closed) => return Ok(()),
        (Err(error), _) => return Err(format!("not opened: {error}")),
        (Ok(_), Closed) => return Err("opened".to_owned()),
        (Ok(report), _) => report,
    };
    let kinds = |findings: &[ntfs_image::check::Finding]| {
        findings.iter().map(|f| f.kind).collect::<Vec<_>>()
    };
    let (found, noted) = (kinds(&report.findings), kinds(&report.notes));
    let is_right = match expected {
        Found(kind) => found.contains(&kind),
        Noted(kind) => noted.contains(&kind) && found.is_empty(),
        Closed => false,
    };
    if is_right {
        Ok(())
    } else {
        Err(format!(
            "found {found:?}, noted {noted:?}: {:?}",
            report.findings.first()
        ))
    }
}

fn corrupt_all(good: Vec<u8>, lists: &[&[Corruption]]) {
    let report = check(&good, 10).expect("a good volume");
    assert_eq!(report.findings, [], "before");
    let editor = Editor::new(good);
    let mut failures = Vec::new();
    for (what, expected, corrupt) in lists.iter().flat_map(|list| list.iter()) {
        let mut changed = editor.clone_with(editor.bytes.clone());
        corrupt(&mut changed);
        assert!(changed.bytes != editor.bytes, "{what} changes nothing");
        crate::mutation::read_everything(&changed.bytes);
        if let Err(failure) = judge(&changed, *expected) {
            failures.push(format!("{what}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_corruption_of_a_volume_of_others_is_named() {
    if have(&["mkntfs", "ntfs-3g", "fusermount"]) {
        corrupt_all(sample::theirs(), &[BOTH, THEIRS]);
    }
}

#[test]
fn each_corruption_of_a_volume_of_ours_is_named() {
    for sector in [SectorSize::B512, SectorSize::B4096] {
        corrupt_all(sample::ours(sector), &[BOTH, OURS]);
    }
}
