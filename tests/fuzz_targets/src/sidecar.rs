//! `PATH.drive.json`, which says which drive an image file stands for.

use agent::device::Sidecar;
use shared::journal::journal_file_name;

/// Reads the file. What is accepted comes back when it is written again, and names a journal that lies in no other folder.
pub(crate) fn run(input: &[u8]) {
    let Ok((sidecar, sector)) = Sidecar::parse(input) else {
        return;
    };
    assert_eq!(sidecar.sector_bytes, sector.bytes());
    assert!(!sidecar.model.is_empty());
    let name = journal_file_name(&sidecar.serial);
    assert!(
        name.ends_with(".jrn") && !name.starts_with("..") && !name.contains(['/', '\\', '\0']),
        "{name:?}"
    );
    let text = serde_json::to_vec(&sidecar).expect("plain data");
    let (again, _) = Sidecar::parse(&text).expect("our own text");
    assert_eq!(again, sidecar);
}
