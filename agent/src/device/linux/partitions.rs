//! Telling the kernel to forget a drive's partitions.

use std::ffi::{c_char, c_int, c_longlong, c_void};
use std::fs::File;
use std::io::Result;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::ioctl::{Setter, ioctl, opcode};

use super::machine::{Machine, names};

/// `BLKPG`. Source: linux/blkpg.h.
const CHANGE_PARTITION: rustix::ioctl::Opcode = opcode::none(0x12, 105);
/// `BLKPG_DEL_PARTITION`.
const DELETE: c_int = 2;

/// `struct blkpg_ioctl_arg`.
#[repr(C)]
struct Change {
    operation: c_int,
    flags: c_int,
    partition_bytes: c_int,
    partition: *mut c_void,
}

/// `struct blkpg_partition`.
#[repr(C)]
struct Partition {
    start: c_longlong,
    length: c_longlong,
    number: c_int,
    device_name: [c_char; 64],
    volume_name: [c_char; 64],
}

/// Drops the kernel's idea of the partitions of an open block device; the drive itself is not
/// touched.
///
/// # Errors
/// What the operating system says, for example that one of them is in use.
pub(crate) fn forget_partitions(machine: &Machine, device: &File) -> Result<()> {
    let device_number = device.metadata()?.rdev();
    let name = format!(
        "{}:{}",
        rustix::fs::major(device_number),
        rustix::fs::minor(device_number)
    );
    let folder = machine.sys.join("dev/block").join(name);
    for number in names(&folder)
        .iter()
        .filter_map(|name| partition_number(&folder.join(name)))
    {
        forget(device, number)?;
    }
    Ok(())
}

fn partition_number(folder: &Path) -> Option<c_int> {
    std::fs::read_to_string(folder.join("partition"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

fn forget(device: &File, number: c_int) -> Result<()> {
    let mut partition = Partition {
        start: 0,
        length: 0,
        number,
        device_name: [0; 64],
        volume_name: [0; 64],
    };
    let change = Change {
        operation: DELETE,
        flags: 0,
        partition_bytes: c_int::try_from(size_of::<Partition>()).unwrap_or(0),
        partition: (&raw mut partition).cast(),
    };
    // SAFETY: BLKPG takes a pointer to a `blkpg_ioctl_arg`, which `Change` is, holding a pointer to
    // a `blkpg_partition` of the length given, which `partition` is and which outlives the call;
    // the kernel copies both in and writes nothing.
    #[expect(unsafe_code, reason = "no safe wrapper has this call")]
    let done = unsafe { ioctl(device, Setter::<CHANGE_PARTITION, Change>::new(change)) };
    match done {
        // It is gone already.
        Ok(()) | Err(Errno::NXIO) => Ok(()),
        Err(why) => Err(why.into()),
    }
}
