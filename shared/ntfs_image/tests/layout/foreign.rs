//! A volume as the `ntfs` crate reads it.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use disk::ReadAt;
use ntfs::indexes::NtfsFileNameIndex;
use ntfs::{Ntfs, NtfsFile, NtfsIndexEntry, NtfsReadSeek};

use crate::sample::Listing;

/// A disk with a position.
pub(crate) struct Seeking<R> {
    disk: R,
    at: u64,
}

impl<R: ReadAt> Read for Seeking<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.disk.bytes().saturating_sub(self.at)).unwrap();
        let count = into.len().min(left);
        self.disk
            .read_at(self.at, &mut into[..count])
            .map_err(std::io::Error::other)?;
        self.at += u64::try_from(count).unwrap();
        Ok(count)
    }
}

impl<R: ReadAt> Seek for Seeking<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.disk.bytes().checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

/// What the crate finds, but NTFS's own files, with all content; every name was looked up by itself too.
pub(crate) fn walk(disk: impl ReadAt) -> (Listing, BTreeMap<String, Vec<u8>>) {
    let mut disk = Seeking { disk, at: 0 };
    let mut ntfs = Ntfs::new(&mut disk).expect("a volume");
    ntfs.read_upcase_table(&mut disk).expect("upper case");
    let root = ntfs.root_directory(&mut disk).expect("a root");
    let mut found = (Listing::new(), BTreeMap::new());
    folder(&ntfs, &mut disk, &root, "", &mut found);
    found
}

fn folder<T: Read + Seek>(
    ntfs: &Ntfs,
    disk: &mut T,
    file: &NtfsFile<'_>,
    path: &str,
    found: &mut (Listing, BTreeMap<String, Vec<u8>>),
) {
    let index = file.directory_index(disk).expect("an index");
    let mut entries = index.entries();
    while let Some(entry) = entries.next(disk) {
        let entry = entry.expect("an entry");
        let key = entry.key().expect("a key").expect("a good key");
        let name = key.name().to_string().expect("no lone surrogates");
        if path.is_empty() && entry.file_reference().file_record_number() < 64 {
            continue;
        }
        let mut finder = index.finder();
        let same = NtfsFileNameIndex::find(&mut finder, ntfs, disk, &name)
            .unwrap_or_else(|| panic!("{name} is found"))
            .expect("an entry");
        let number = |entry: &NtfsIndexEntry<'_, NtfsFileNameIndex>| {
            entry.file_reference().file_record_number()
        };
        assert_eq!(number(&same), number(&entry), "{name}");
        let below = entry.to_file(ntfs, disk).expect("a record");
        let path = format!("{path}{name}");
        if key.is_directory() {
            found.0.insert(path.clone(), None);
            folder(ntfs, disk, &below, &format!("{path}/"), found);
        } else {
            found.0.insert(path.clone(), Some(key.data_size()));
            let data = below.data(disk, "").expect("data").expect("good data");
            let attribute = data.to_attribute().expect("an attribute");
            let mut value = attribute.value(disk).expect("a value");
            let mut bytes = vec![0; usize::try_from(value.len()).unwrap()];
            value.read_exact(disk, &mut bytes).expect("all of it");
            found.1.insert(path, bytes);
        }
    }
}
