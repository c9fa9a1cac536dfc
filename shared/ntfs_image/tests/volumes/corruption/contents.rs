//! What is wrong with what the frame holds: names, files, security, NTFS's own files.

use super::edits::*;
use super::*;

/// On all volumes.
pub(super) const CONTENTS: &[Corruption] = &[
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
pub(super) const OURS: &[Corruption] = &[("a file's security", Found(Kind::SecurityId), |e| {
    let record = e.find("\\one");
    e.value(record, STANDARD_INFORMATION, "", |v| {
        put(v, 52, &[0xee, 0xee])
    });
})];

/// On the volume that ntfs-3g filled.
pub(super) const THEIRS: &[Corruption] = &[
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
