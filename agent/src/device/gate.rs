//! The lowest layer's refusal: nothing but regular files, and loop devices over them, is ever
//! opened for writing.

use std::fs::Metadata;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::confirm::Refusal;

/// Returns when a file with these facts may be opened for writing.
///
/// There is no option that changes this: real drives are not enabled yet.
///
/// # Errors
/// [`Refusal::RealDrive`] for every block device that is not a loop device over a regular file;
/// [`Refusal::NotADrive`] for anything else that is no regular file.
pub(super) fn admit(path: &Path, facts: &Metadata) -> Result<(), Refusal> {
    let path = path.to_owned();
    if facts.is_file() {
        Ok(())
    } else if !facts.file_type().is_block_device() {
        Err(Refusal::NotADrive { path })
    } else if is_loop_over_file(facts) {
        Ok(())
    } else {
        Err(Refusal::RealDrive { path })
    }
}

#[cfg(target_os = "linux")]
fn is_loop_over_file(facts: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    use super::linux::{Backing, Machine};
    let machine = Machine::this();
    let device = machine.by_number(facts.rdev());
    device.is_ok_and(|device| {
        device.is_loop
            && !device.is_partition
            && matches!(device.backing(&machine), Backing::File(_))
    })
}

#[cfg(not(target_os = "linux"))]
fn is_loop_over_file(_facts: &Metadata) -> bool {
    false
}
