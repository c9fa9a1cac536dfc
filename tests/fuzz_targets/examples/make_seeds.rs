//! Makes the seeds of the targets whose input is no text: `fuzz/corpus/NAME/made-*`. Those of texts are written by hand
//! (`seed-*`); what the fuzzer adds has a hash for a name.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::path::{Path, PathBuf};

use bitlocker_image::{ExternalKeyFile, Guid};
use fuzz_targets::patch::Patch;
use fuzz_targets::{chained, clear_key_protector};
use shared::journal::redact;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    areas()?;
    volumes()?;
    tables()?;
    ntfs()?;
    drives()?;
    journals()?;
    key_files()
}

/// Every field of an area with the values of bitlocker.md part 16, altered by a stranger and by the owner.
fn areas() -> Outcome {
    let folder = Folder::new("bitlocker_area")?;
    let appended = appended(&clear_key_protector());
    for how in [0, 1, 2] {
        folder.save(&format!("whole-{how}"), &[how])?;
        folder.save(
            &format!("clear-key-{how}"),
            &[&[how][..], &appended].concat(),
        )?;
    }
    for (name, offset, values) in FIELDS {
        for (number, value) in values.iter().enumerate() {
            let input = [&[2][..], &patch(0, 0, offset, value)].concat();
            folder.save(&format!("{name}-{number}"), &input)?;
        }
    }
    // Datums that no writer makes: sizes below a header, past the end, nested deeper and larger than their parent.
    let odd: [&[u8]; 7] = [
        &[0, 0, 2, 0, 8, 0, 1, 0],
        &[7, 0, 2, 0, 8, 0, 1, 0],
        &[0xff, 0xff, 2, 0, 8, 0, 1, 0],
        &[8, 0, 3, 0, 5, 0, 1, 0, 8, 0, 3, 0, 5, 0, 1, 0],
        &[12, 0, 0x0f, 0, 0x0f, 0, 1, 0, 0, 0, 0, 0],
        &[11, 0, 7, 0, 2, 0, 1, 0, 0, 0xd8, 0],
        &[20, 0, 2, 0, 3, 0, 1, 0, 12, 0, 0, 0, 3, 0, 1, 0],
    ];
    for (number, datum) in odd.iter().enumerate() {
        let input = [&[2][..], &self::appended(datum)].concat();
        folder.save(&format!("datum-{number}"), &input)?;
    }
    Ok(())
}

fn volumes() -> Outcome {
    let folder = Folder::new("bitlocker_volume")?;
    let clear = appended(&clear_key_protector());
    folder.save("whole", &[2])?;
    folder.save("clear-key", &[&[2][..], &clear].concat())?;
    folder.save("cut", &[&[2][..], &patch(6, 20_000, 0, &[0])].concat())?;
    for kind in 2..=4 {
        folder.save(
            &format!("copy-{kind}"),
            &[&[2][..], &patch(kind, 0, 200, &[1])].concat(),
        )?;
    }
    for offset in [0, 0x0b, 0x1c, 0xa0, 0xb0, 0xb8, 0xc0, 0xc8] {
        for (number, value) in [[0; 8], [0xff; 8], [0, 0, 0, 0, 0, 0, 0, 0x80]]
            .iter()
            .enumerate()
        {
            let input = [&[2][..], &patch(5, 0, offset, value)].concat();
            folder.save(&format!("boot-{offset:x}-{number}"), &input)?;
        }
    }
    for (name, offset, values) in &FIELDS[..9] {
        let input = [&[2][..], &patch(0, 0, *offset, values[0])].concat();
        folder.save(name, &input)?;
    }
    Ok(())
}

fn tables() -> Outcome {
    let folder = Folder::new("partition_table")?;
    for how in [0, 2] {
        let name = |what: &str| format!("{what}-{how}");
        folder.save(&name("whole"), &[how])?;
        let sector = if how == 0 { 512 } else { 4096 };
        // Header: its size, first and last usable, where the entries are, how many and how large.
        for offset in [12, 24, 32, 40, 48, 72, 80, 84] {
            for (number, value) in [[0; 8], [0xff; 8], [1, 0, 0, 0, 0, 0, 0, 0x80]]
                .iter()
                .enumerate()
            {
                let input = [&[how][..], &patch(0, 0, sector + offset, value)].concat();
                folder.save(&name(&format!("header-{offset}-{number}")), &input)?;
            }
        }
        // Entries: first and last sector.
        for offset in [32, 40] {
            let input = [&[how][..], &patch(0, 0, 2 * sector + offset, &[0xff; 8])].concat();
            folder.save(&name(&format!("entry-{offset}")), &input)?;
        }
    }
    let mut mbr = vec![0; 4096];
    mbr[446..462].copy_from_slice(&[0, 0, 2, 0, 7, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
    mbr[510..512].copy_from_slice(&[0x55, 0xaa]);
    folder.save("mbr", &[&[1][..], &mbr].concat())?;
    mbr[450] = 5;
    folder.save("mbr-extended", &[&[1][..], &mbr].concat())?;
    mbr[3..11].copy_from_slice(b"NTFS    ");
    folder.save("bare", &[&[1][..], &mbr].concat())
}

/// What stands where in a boot sector, a record, an attribute and an index block, set to what cannot be.
fn ntfs() -> Outcome {
    for name in ["ntfs_check", "ntfs_read"] {
        let folder = Folder::new(name)?;
        for base in 0..3_u8 {
            folder.save(&format!("whole-{base}"), &[base])?;
            for offset in [0x0b, 0x0d, 0x28, 0x30, 0x38, 0x40, 0x44] {
                let input = [&[base][..], &patch(0, 0, offset, &[0xff])].concat();
                folder.save(&format!("boot-{base}-{offset:x}"), &input)?;
            }
            for place in [1, 4, 6, 7, 10, 12, 14, 20, 30, 60, 80, 90] {
                for offset in [
                    0x04, 0x06, 0x10, 0x14, 0x16, 0x18, 0x1c, 0x20, 0x3c, 0x44, 0x98,
                ] {
                    if (usize::from(place) * 7 + usize::from(offset)) % 5 == usize::from(base) {
                        let input = [&[base][..], &patch(0, place, offset, &[0x7f])].concat();
                        folder.save(&format!("place-{base}-{place}-{offset:x}"), &input)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// One byte of each place of a drive, at its start and further on.
fn drives() -> Outcome {
    let folder = Folder::new("verify")?;
    folder.save("whole", &[0])?;
    folder.save("whole-unknown", &[1])?;
    for place in 0..60 {
        for offset in [0, 0x16, 0x38, 0x98, 0x130] {
            if (usize::from(place) + usize::from(offset)) % 3 == 0 {
                let input = [&[1][..], &patch(0, place, offset, &[0x7f])].concat();
                folder.save(&format!("place-{place}-{offset:x}"), &input)?;
            }
        }
    }
    Ok(())
}

fn journals() -> Outcome {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tests/golden");
    for name in ["drive-1", "journal-1"] {
        let journal = fs::read(golden.join(format!("{name}.jrn")))?;
        let copy = redact(&journal)?;
        Folder::new("journal")?.save(&format!("redacted-{name}"), &copy)?;
        Folder::new("journal")?.save(&format!("cut-{name}"), &copy[..copy.len() / 2])?;
        let folder = Folder::new("journal_chained")?;
        folder.save(name, chained(&String::from_utf8(copy)?).as_bytes())?;
        folder.save(&format!("with-key-{name}"), &journal)?;
    }
    Ok(())
}

fn key_files() -> Outcome {
    let folder = Folder::new("key_file")?;
    let file = ExternalKeyFile {
        protector: Guid([7; 16]),
        created: 1,
        changed: 2,
        key: [9; 32],
    };
    folder.save("bek", &file.to_bytes()[..])?;
    folder.save(
        "recovery",
        b"235818-357951-253979-013365-241120-245575-342914-591910\r\n",
    )?;
    folder.save(
        "digits",
        b"720896-000011-999999-013365-241120-245575-342914-591910",
    )?;
    folder.save("clear", b"clear\n")?;
    folder.save("base64", b"ERERERERERERERERERERERERERERERERERERERERERE=")?;
    let text = "Recovery Key:\r\n\r\n\t235818-357951-253979-013365-241120-245575-342914-591910\r\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    folder.save("windows-text", &[&[0xff, 0xfe][..], &wide].concat())
}

fn patch(kind: u8, place: u16, offset: u16, bytes: &[u8]) -> Vec<u8> {
    let patch = Patch {
        kind,
        place,
        offset,
        bytes,
    };
    patch.to_bytes()
}

/// Returns patches that put `datum` behind the others.
fn appended(datum: &[u8]) -> Vec<u8> {
    let pieces = datum.chunks(16);
    pieces.flat_map(|piece| patch(1, 0, 0, piece)).collect()
}

struct Folder(PathBuf);

impl Folder {
    fn new(target: &str) -> Result<Self, std::io::Error> {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn save(&self, name: &str, bytes: &[u8]) -> Outcome {
        Ok(fs::write(self.0.join(format!("made-{name}")), bytes)?)
    }
}

/// Fields of an information area: name, offset, values. The first nine decide on places and sizes.
const FIELDS: [(&str, u16, &[&[u8]]); 18] = [
    (
        "enc-size",
        16,
        &[
            &[0; 8],
            &[0xff; 8],
            &[1, 0, 0, 0, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0, 0, 0, 0x80],
        ],
    ),
    ("convert-size", 24, &[&[1, 0, 0, 0]]),
    (
        "virtual-sectors",
        28,
        &[&[0; 4], &[0xff; 4], &[17, 0, 0, 0]],
    ),
    (
        "place-1",
        32,
        &[&[0; 8], &[0xff; 8], &[1, 0, 0, 0, 0, 0, 0, 0]],
    ),
    ("place-2", 40, &[&[0; 8], &[0xff; 8]]),
    ("place-3", 48, &[&[0; 8], &[0xff; 8]]),
    (
        "header-place",
        56,
        &[&[0; 8], &[0xff; 8], &[0, 0x10, 0, 0, 0, 0, 0, 0]],
    ),
    (
        "state",
        12,
        &[&[0, 0], &[1, 0], &[2, 0], &[5, 0], &[0xff, 0xff]],
    ),
    ("next-state", 14, &[&[0, 0], &[1, 0]]),
    (
        "info-size",
        8,
        &[&[0, 0], &[6, 0], &[0xff, 0x0f], &[0xff, 0xff]],
    ),
    ("version", 10, &[&[0, 0], &[1, 0], &[3, 0]]),
    ("dataset-size", 64, &[&[0; 4], &[47, 0, 0, 0], &[0xff; 4]]),
    ("dataset-version", 68, &[&[0; 4], &[2, 0, 0, 0]]),
    ("dataset-start", 72, &[&[0; 4], &[0xff; 4]]),
    ("dataset-end", 76, &[&[0; 4], &[0xff; 4]]),
    (
        "method",
        100,
        &[&[0, 0x80], &[3, 0x80], &[5, 0x80], &[0xff, 0xff]],
    ),
    (
        "first-datum",
        112,
        &[
            &[0, 0],
            &[7, 0],
            &[0xff, 0xff],
            &[8, 0, 3, 0],
            &[8, 0, 0x0f, 0],
        ],
    ),
    (
        "second-datum",
        134,
        &[
            &[0, 0],
            &[7, 0],
            &[0xff, 0xff],
            &[0x20, 1, 3, 0],
            &[0x20, 1, 2, 0, 9, 0],
        ],
    ),
];
