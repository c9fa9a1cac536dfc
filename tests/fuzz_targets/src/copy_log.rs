//! Copy logs, classic and today's, as a repair reads them; and path maps.

use agent::repair::wanted;
use shared::copy_log::{read_classic, read_current};
use shared::manifest::BlobKind;
use shared::path_map::PathMap;

/// Reads a log. What a repair would send lies inside its file, in order and without overlap, and all of a block blob; every
/// part has a hash, and no blob is wanted that the log has not.
pub(crate) fn log(input: &[u8]) {
    // Either reader takes whatever it is given.
    let classic = read_classic(input);
    let current = read_current(input);
    let Ok(wanted) = wanted(input, None) else {
        return;
    };
    let entries = classic.map_or(0, |log| log.blobs.len());
    let entries = entries.max(current.map_or(0, |log| log.errored.len()));
    assert!(wanted.files.len() <= entries && wanted.unknown.len() <= entries);
    for wanted in &wanted.files {
        let file = &wanted.file;
        let mut through = 0_u64;
        let mut parts = 0_u64;
        for part in file.parts() {
            assert!(part.at >= through && (file.kind == BlobKind::Page || part.at == through));
            through = part.at.checked_add(part.bytes).expect("inside the file");
            parts = parts.saturating_add(1);
        }
        assert!(through <= file.bytes && (file.kind == BlobKind::Page || through == file.bytes));
        assert!(wanted.there.iter().all(|part| *part < parts));
        assert_eq!(u64::try_from(file.hashes.len()), Ok(parts));
    }
}

/// Reads a path map; what was read is the same when it is written.
pub(crate) fn path_map(input: &[u8]) {
    if let Ok(map) = PathMap::read(input) {
        assert_eq!(PathMap::read(map.text().as_bytes()), Ok(map));
    }
}
