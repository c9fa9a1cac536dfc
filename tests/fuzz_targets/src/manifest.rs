//! DriveManifest.xml, as strangers' drives hold it, and the XML around it: copy logs, blob lists, metadata and properties.

use std::io::Read;

use shared::copy_log::{read_classic, read_current};
use shared::manifest::{AttachedKind, BlobList, ManifestFile, ManifestReader, ManifestWriter};

/// Reads a manifest to its end or its first fault; and the same bytes as if they were the XML around it.
pub(crate) fn raw(input: &[u8]) {
    _ = read(input);
    _ = read_classic(input);
    _ = read_current(input);
    _ = BlobList::read(input);
    for kind in [AttachedKind::Metadata, AttachedKind::Properties] {
        _ = kind.values(input);
    }
}

/// Reads a manifest as it would come from a slow disk, byte by byte: the answer must not depend on that. What of it
/// our own writer takes, it must write so that it reads the same again.
pub(crate) fn accepted(input: &[u8]) {
    let whole = read(input);
    let single = read_from(ByteByByte(input));
    match (&whole, &single) {
        (Ok(whole), Ok(single)) => assert_eq!(whole, single),
        (Err(whole), Err(single)) => assert_eq!(whole, single),
        _ => panic!("in one piece {whole:?}, byte by byte {single:?}"),
    }
    let Ok(files) = whole else {
        return;
    };
    let mut writer = ManifestWriter::new(Vec::new(), "WD-1", "s-1").expect("good names");
    let taken: Vec<_> = files
        .into_iter()
        .filter(|file| writer.file(file).is_ok())
        .collect();
    let written = writer.finish().expect("a vector takes all").inner;
    let again = read(&written).expect("our own writer's manifest");
    let facts = |file: &ManifestFile| {
        (
            file.path.clone(),
            file.blob.clone(),
            file.bytes,
            file.hashes.clone(),
        )
    };
    assert!(taken.iter().map(facts).eq(again.iter().map(facts)));
}

fn read(input: &[u8]) -> Result<Vec<ManifestFile>, String> {
    read_from(input)
}

fn read_from(input: impl Read) -> Result<Vec<ManifestFile>, String> {
    let mut reader = ManifestReader::new(input).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    while let Some(file) = reader.next_file().map_err(|error| error.to_string())? {
        files.push(file);
    }
    reader.finish().map_err(|error| error.to_string())?;
    Ok(files)
}

struct ByteByByte<'a>(&'a [u8]);

impl Read for ByteByByte<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(1);
        let (into, _) = into.split_at_mut(count);
        self.0.read(into)
    }
}
