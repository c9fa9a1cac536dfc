//! The lowest layer's refusal: whatever page, command or job says, this is looked at again of the
//! very file that was opened for writing.

use std::fs::Metadata;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::confirm::Refusal;

/// Returns when a file with these facts may be opened for writing: a regular file, or a whole drive
/// that nothing uses.
///
/// # Errors
/// [`Refusal::Locked`] for a block device that is no whole drive, that is mounted, swapped to, a
/// member of something that runs, or write-protected; [`Refusal::NotADrive`] for anything else that
/// is no regular file.
pub(super) fn admit(path: &Path, facts: &Metadata) -> Result<(), Refusal> {
    let path = path.to_owned();
    if facts.is_file() {
        return Ok(());
    }
    if !facts.file_type().is_block_device() {
        return Err(Refusal::NotADrive { path });
    }
    let reasons = locks(facts);
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Locked { path, reasons })
    }
}

#[cfg(target_os = "linux")]
fn locks(facts: &Metadata) -> Vec<String> {
    use std::os::unix::fs::MetadataExt;

    use super::linux::Machine;
    let machine = Machine::this();
    match machine.by_number(facts.rdev()) {
        Ok(device) => device.locks(&machine),
        Err(why) => vec![format!("the kernel does not tell what it is: {why}")],
    }
}

#[cfg(not(target_os = "linux"))]
fn locks(_facts: &Metadata) -> Vec<String> {
    vec!["block devices are served on Linux only so far".to_owned()]
}
