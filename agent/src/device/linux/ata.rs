//! Asking an ATA drive itself, through whatever stands between: ATA PASS-THROUGH in a SCSI command.
//!
//! Source: T10 SAT-4, 12.2.2 and 12.2.3; linux/scsi/sg.h. Only commands that read are ever sent.

use std::ffi::{c_int, c_uint, c_void};
use std::fs::File;
use std::path::Path;
use std::ptr::null_mut;

use rustix::fs::OFlags;
use rustix::ioctl::{Opcode, Updater, ioctl};

use crate::device::identify::{Identify, PAGE_BYTES};
use crate::device::medium::open_file;

/// `SG_IO`.
const SEND: Opcode = 0x2285;
/// A drive that sleeps takes a while to answer.
const PATIENCE_MS: c_uint = 15_000;
const SENSE_BYTES: usize = 32;

/// `struct sg_io_hdr`.
#[repr(C)]
struct Request {
    interface: c_int,
    direction: c_int,
    command_bytes: u8,
    sense_bytes_max: u8,
    scattered: u16,
    data_bytes: c_uint,
    data: *mut c_void,
    command: *const u8,
    sense: *mut u8,
    patience: c_uint,
    flags: c_uint,
    number: c_int,
    user: *mut c_void,
    status: u8,
    masked_status: u8,
    message_status: u8,
    sense_bytes: u8,
    host_status: u16,
    driver_status: u16,
    missing: c_int,
    duration: c_uint,
    info: c_uint,
}
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Request>() == 88);

/// What came back.
struct Answer {
    data: [u8; PAGE_BYTES],
    sense: [u8; SENSE_BYTES],
    /// Whether the command went through without a complaint.
    is_good: bool,
}

/// Returns what the drive behind the node says of itself; `None` when it, or what stands in front of
/// it, does not understand the question.
pub(crate) fn identify(node: &Path) -> Option<Identify> {
    let file = open_file(node, OFlags::RDONLY).ok()?;
    // Some bridges know only one of the two; the longer one means nothing else to any device.
    let long = [
        0x85,
        0x08,
        0x0e,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        IDENTIFY_DEVICE,
        0,
    ];
    let short = [0xa1, 0x08, 0x0e, 0, 1, 0, 0, 0, 0, IDENTIFY_DEVICE, 0, 0];
    [long.as_slice(), short.as_slice()]
        .into_iter()
        .find_map(|command| {
            let answer = send(&file, command, FROM_DRIVE)?;
            let page = answer.is_good.then_some(answer.data)?;
            Identify::parse(&page).ok()
        })
}

/// Returns whether the drive expects to fail soon; `None` when it does not tell.
pub(crate) fn is_failing(node: &Path) -> Option<bool> {
    let file = open_file(node, OFlags::RDONLY).ok()?;
    // SMART RETURN STATUS: no data, the answer is in the registers, which are asked back.
    let command = [
        0x85, 0x06, 0x20, 0, 0xda, 0, 0, 0, 0, 0, 0x4f, 0, 0xc2, 0, 0xb0, 0,
    ];
    failing(&send(&file, &command, NO_DATA)?.sense)
}

const IDENTIFY_DEVICE: u8 = 0xec;
const NO_DATA: c_int = -1;
const FROM_DRIVE: c_int = -3;

/// Reads the registers out of a sense that holds them (SAT-4, 12.2.2.6): the cylinder registers say
/// 4F C2 as they were sent, or F4 2C when a threshold is exceeded.
fn failing(sense: &[u8; SENSE_BYTES]) -> Option<bool> {
    const DESCRIPTORS: [u8; 2] = [0x72, 0x73];
    let registers = sense.get(8..22)?;
    if !DESCRIPTORS.contains(&(sense.first()? & 0x7f)) || !registers.starts_with(&[0x09, 0x0c]) {
        return None;
    }
    match (registers.get(9)?, registers.get(11)?) {
        (0x4f, 0xc2) => Some(false),
        (0xf4, 0x2c) => Some(true),
        _ => None,
    }
}

fn send(file: &File, command: &[u8], direction: c_int) -> Option<Answer> {
    let mut data = [0; PAGE_BYTES];
    let mut sense = [0; SENSE_BYTES];
    let data_bytes = if direction == FROM_DRIVE {
        c_uint::try_from(data.len()).ok()?
    } else {
        0
    };
    let mut request = Request {
        interface: c_int::from(b'S'),
        direction,
        command_bytes: u8::try_from(command.len()).ok()?,
        sense_bytes_max: u8::try_from(sense.len()).ok()?,
        scattered: 0,
        data_bytes,
        data: data.as_mut_ptr().cast(),
        command: command.as_ptr(),
        sense: sense.as_mut_ptr(),
        patience: PATIENCE_MS,
        flags: 0,
        number: 0,
        user: null_mut(),
        status: 0,
        masked_status: 0,
        message_status: 0,
        sense_bytes: 0,
        host_status: 0,
        driver_status: 0,
        missing: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: SG_IO takes a pointer to a `sg_io_hdr`, which `Request` is (its size is asserted). The
    // kernel reads `command_bytes` bytes of `command`, writes at most `data_bytes` of `data` and
    // `sense_bytes_max` of `sense`; these are the lengths of the arrays, or less, and the arrays
    // outlive the call, which returns only when the command is over.
    #[expect(unsafe_code, reason = "no safe wrapper has this call")]
    let done = unsafe { ioctl(file, Updater::<SEND, Request>::new(&mut request)) };
    done.ok()?;
    let all_came = request.missing <= 0;
    // Driver status 8 only says that there is a sense.
    let went_through = request.host_status == 0 && request.driver_status & 0xf7 == 0;
    Some(Answer {
        data,
        sense,
        is_good: all_came && went_through && request.status == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registers_in_a_sense_tell_whether_a_drive_is_failing() {
        let mut sense = [0; SENSE_BYTES];
        let answer = [
            0x72, 0x01, 0x00, 0x1d, 0, 0, 0, 0x0e, 0x09, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0x4f, 0, 0xc2,
            0, 0x50,
        ];
        sense[..answer.len()].copy_from_slice(&answer);
        assert_eq!(failing(&sense), Some(false));
        sense[17] = 0xf4;
        sense[19] = 0x2c;
        assert_eq!(failing(&sense), Some(true));
        sense[17] = 0;
        assert_eq!(failing(&sense), None);
        assert_eq!(failing(&[0; SENSE_BYTES]), None);
    }

    #[test]
    fn a_file_is_asked_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(identify(file.path()), None);
        assert_eq!(is_failing(file.path()), None);
    }
}
