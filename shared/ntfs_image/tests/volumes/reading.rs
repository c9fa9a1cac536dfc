//! What reading gives, and what it refuses, on a volume of ours with one structure changed.

use std::cell::RefCell;

use disk::{ReadAt, ReadError, SectorSize};
use ntfs_image::attribute::kind::{DATA, FILE_NAME, STANDARD_INFORMATION};
use ntfs_image::read::{Entry, FileId, OpenError, Place, Volume, VolumeError};

use crate::editor::{Editor, attribute, put, size, u16_at, u32_at};
use crate::sample;

fn editor() -> Editor {
    Editor::new(sample::ours(SectorSize::B512))
}

fn found(volume: &Volume<&[u8]>, path: &str) -> Entry {
    volume.find(path).expect("sound").expect("there")
}

/// Fills the data of `\one` with numbers.
fn fill_one(e: &mut Editor) {
    let at = e.place(e.find("\\one"), DATA, "", 0);
    for (byte, number) in e.bytes[at..][..20_000].iter_mut().zip((1..=250_u8).cycle()) {
        *byte = number;
    }
}

#[test]
fn what_was_never_written_reads_as_zeros() {
    let mut e = editor();
    fill_one(&mut e);
    let record = e.find("\\one");
    e.attribute(record, DATA, "", |a| put(a, 56, &5000_u64.to_le_bytes()));
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let file = volume.open_file(found(&volume, "one").id).expect("a file");
    let places: Vec<bool> = file
        .extents()
        .iter()
        .map(|x| x.place == Place::BeyondInitialised)
        .collect();
    assert_eq!(places, [false, true]);
    let mut content = vec![9; 20_000];
    volume.read(&file, 0, &mut content).expect("readable");
    assert!(content[..5000].iter().all(|byte| *byte != 0));
    assert!(content[5000..].iter().all(|byte| *byte == 0));
}

#[test]
fn an_encrypted_file_is_refused() {
    for by_attribute in [true, false] {
        let mut e = editor();
        let record = e.find("\\one");
        if by_attribute {
            e.attribute(record, DATA, "", |a| a[13] |= 0x40);
        } else {
            e.value(record, STANDARD_INFORMATION, "", |v| v[33] |= 0x40);
        }
        let volume = Volume::open(e.bytes.as_slice()).expect("sound");
        let id = found(&volume, "one").id;
        assert_eq!(
            volume.open_file(id).err(),
            Some(VolumeError::Encrypted { id })
        );
    }
}

#[test]
fn a_reference_to_an_earlier_use_or_a_free_record_is_stale() {
    let e = editor();
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let id = found(&volume, "one").id;
    let earlier = FileId {
        sequence: id.sequence + 1,
        ..id
    };
    let free = FileId {
        record: 20,
        sequence: 0,
    };
    for stale in [earlier, free] {
        assert!(matches!(
            volume.open_file(stale),
            Err(VolumeError::Stale { .. })
        ));
        assert!(matches!(
            volume.entries(stale),
            Err(VolumeError::Stale { .. })
        ));
    }
    let nowhere = FileId {
        record: 1 << 40,
        sequence: 1,
    };
    assert!(matches!(
        volume.open_file(nowhere),
        Err(VolumeError::NoSuchRecord { .. })
    ));
}

#[test]
fn a_file_is_no_folder_and_a_folder_no_file() {
    let e = editor();
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let (file, folder) = (found(&volume, "one").id, found(&volume, "outer").id);
    assert_eq!(
        volume.entries(file).err(),
        Some(VolumeError::NotAFolder { id: file })
    );
    assert_eq!(
        volume.open_file(folder).err(),
        Some(VolumeError::NotAFile { id: folder })
    );
}

#[test]
fn a_folder_inside_itself_ends_the_walk_there() {
    let mut e = editor();
    let (outer, inner, deep) = (
        e.find("\\outer"),
        e.find("\\outer\\inner"),
        e.find("\\outer\\inner\\deep"),
    );
    e.entry(inner, deep, |entry| {
        put(
            entry,
            0,
            &u32::try_from(outer).expect("small").to_le_bytes(),
        );
        entry[16 + 59] = 0x10;
    });
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let errors: Vec<VolumeError> = volume.walk().filter_map(Result::err).collect();
    assert!(
        matches!(errors.as_slice(), [VolumeError::FolderTwice { .. }]),
        "{errors:?}"
    );
    assert_eq!(volume.walk().flatten().count(), e.path_count());
}

#[test]
fn a_folder_that_cannot_be_read_does_not_end_the_walk() {
    let mut e = editor();
    e.block(e.find("\\large"), 1, |block| block[16] ^= 1);
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let paths: Vec<String> = volume.walk().flatten().map(|(path, _)| path).collect();
    assert_eq!(volume.walk().filter(Result::is_err).count(), 1);
    assert!(paths.iter().any(|path| path == "\\two"));
}

#[test]
fn half_a_surrogate_in_a_name_is_told() {
    let mut e = editor();
    let (large, file) = (
        e.find("\\large"),
        e.find("\\large\\Name 0299 in some folder"),
    );
    e.entry(large, file, |entry| put(entry, 16 + 90, &[0, 0xd8]));
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let folder = found(&volume, "large").id;
    let entries = volume.entries(folder).expect("sound");
    let odd: Vec<&Entry> = entries.iter().filter(|entry| !entry.lossless).collect();
    assert!(matches!(odd.as_slice(), [entry] if entry.name.contains('\u{fffd}')));
}

#[test]
fn a_short_name_is_not_listed_but_finds_its_file() {
    let mut e = editor();
    let name = "\\large\\Name 0299 in some folder";
    let (large, file) = (e.find("\\large"), e.find(name));
    e.entry(large, file, |entry| entry[16 + 65] = 2);
    e.attribute(file, FILE_NAME, "", |a| a[24 + 65] = 2);
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let entries = volume.entries(found(&volume, "large").id).expect("sound");
    assert_eq!(entries.len(), size(u64::from(sample::LARGE)) - 1);
    assert_eq!(
        found(&volume, name).id.record,
        u64::try_from(file).expect("small")
    );
}

#[test]
fn entries_come_in_collation_order() {
    let e = editor();
    let volume = Volume::open(e.bytes.as_slice()).expect("sound");
    let entries = volume.entries(found(&volume, "large").id).expect("sound");
    assert!(entries.is_sorted_by_key(|entry| entry.name.to_uppercase()));
    let root = volume
        .entries(volume.root().expect("a root"))
        .expect("sound");
    let system: Vec<&str> = root
        .iter()
        .filter(|entry| entry.id.is_system())
        .map(|entry| entry.name.as_str())
        .collect();
    let expected = [
        "$AttrDef", "$BadClus", "$Bitmap", "$Boot", "$Extend", "$LogFile", "$MFT", "$MFTMirr",
        "$Secure", "$UpCase", "$Volume",
    ];
    assert_eq!(system, expected);
}

/// Writes down what is read.
struct Log<'a>(&'a [u8], RefCell<Vec<(u64, usize)>>);

impl ReadAt for Log<'_> {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.1.borrow_mut().push((at, into.len()));
        self.0.read_at(at, into)
    }
}

#[test]
fn a_run_is_read_in_one_piece_straight_into_the_callers_buffer() {
    let e = editor();
    let volume = Volume::open(Log(&e.bytes, RefCell::default())).expect("sound");
    let entry = volume.find("one").expect("sound").expect("there");
    let file = volume.open_file(entry.id).expect("a file");
    volume.disk().1.borrow_mut().clear();
    volume
        .read(&file, 4096, &mut [0; 12_288])
        .expect("readable");
    let place = u64::try_from(e.place(e.find("\\one"), DATA, "", 4096)).expect("small");
    assert_eq!(*volume.disk().1.borrow(), [(place, 12_288)]);
}

#[test]
fn a_file_table_longer_than_the_volume_is_refused() {
    let mut e = editor();
    let hole = [0x03, 0xff, 0xff, 0x7f, 0];
    e.record(0, |r| {
        let data = attribute(r, DATA, "");
        let at = data.start + u16_at(&r[data.clone()], 32);
        // A hole of 32 GiB in place of the runs' end.
        let first = usize::from(r[at] & 15) + usize::from(r[at] >> 4) + 1;
        let clusters = u64::try_from(u32_at(r, data.start + 24)).expect("small") + 0x7f_ffff;
        let end = data.end.min(at + first + hole.len());
        put(r, at + first, &hole[..end - at - first]);
        put(r, data.start + 24, &clusters.to_le_bytes());
        for field in [40, 48, 56] {
            put(
                r,
                data.start + field,
                &((clusters + 1) * 4096).to_le_bytes(),
            );
        }
    });
    let error = Volume::open(e.bytes.as_slice()).expect_err("too long");
    assert!(
        matches!(error, OpenError::Mft(VolumeError::MftLength { .. })),
        "{error}"
    );
}
