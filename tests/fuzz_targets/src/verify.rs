//! A drive that somebody changed, given to the verification: it must never call verified what is not.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use bitlocker_image::Credential;
use ntfs_image::read::Volume;
use shared::verify::{Expected, VerifyVerdict, open_drive, verify};

use crate::drive::{Drive, SERIAL, SESSION};
use crate::overlay::{Overlay, long};
use crate::patch::patches;

static DRIVE: LazyLock<Drive> = LazyLock::new(Drive::new);

/// The first byte: bit 0 = the manifest's hash is not known. The rest are patches: kind 0 = at `offset` from place number
/// `place`, others = at `place` times 1024, and `offset`.
///
/// What is verified has every file, under its name, with its bytes.
pub(crate) fn run(input: &[u8]) {
    let Some((&how, rest)) = input.split_first() else {
        return;
    };
    let drive = &*DRIVE;
    let mut disk = Overlay::new(&drive.disk, 8);
    for patch in patches(rest) {
        let number = usize::from(patch.place).checked_rem(drive.places.len());
        let start = match (patch.kind, number) {
            (0, Some(number)) => drive.places[number],
            _ => u64::from(patch.place).saturating_mul(1024),
        };
        disk.put(start.saturating_add(u64::from(patch.offset)), patch.bytes);
    }
    let expected = Expected {
        manifest_hash: (how & 1 == 0).then_some(drive.manifest_hash),
        serial: Some(SERIAL.to_owned()),
        session: Some(SESSION.to_owned()),
        in_place: false,
        proven_bytes: 0,
    };
    let report = verify(&disk, &Credential::Clear, &expected, &mut |_| {
        ControlFlow::Continue(())
    });
    if report.verdict == VerifyVerdict::Verified {
        assert!(report.findings.is_empty());
        assert_eq!(report.files, long(drive.files.len()));
        holds_everything(&disk, drive);
    }
}

/// Reads all files by the path that leads to them.
fn holds_everything(disk: &Overlay<'_>, drive: &Drive) {
    let opened = open_drive(disk, &Credential::Clear).expect("it was opened before");
    let volume = Volume::open(&opened).expect("it was opened before");
    for (path, content) in &drive.files {
        let entry = volume.find(path).expect("readable");
        let file = volume
            .open_file(entry.expect("it is there").id)
            .expect("readable");
        assert_eq!(file.bytes(), long(content.len()), "{path}");
        let mut found = vec![0; content.len()];
        volume.read(&file, 0, &mut found).expect("readable");
        assert!(&found == content, "{path} was called verified and is not");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drive_that_is_changed_is_verified_when_it_is_not() {
        let disk = Overlay::new(&DRIVE.disk, 8);
        let report = verify(&disk, &Credential::Clear, &Expected::default(), &mut |_| {
            ControlFlow::Continue(())
        });
        assert_eq!(report.findings, []);
        assert_eq!(report.verdict, VerifyVerdict::Verified);
        holds_everything(&disk, &DRIVE);
    }
}
