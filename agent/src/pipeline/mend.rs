//! The mend phase: the file system without the files that were left out, and with the manifest's
//! final length.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of our own layout; release builds stop at an overflow"
)]

use shared::drive::{Mend, MendWhat};

use super::batch::index;
use super::error::PipelineError;
use super::work::Work;
use crate::device::{AlignedBuffer, Device};

/// Bytes rewritten at once.
const STEP: u64 = 4 << 20;

/// Rewrites every range of `mend`, ascending, and flushes. Doing it again changes nothing.
///
/// # Errors
/// [`PipelineError`] when the drive fails.
pub fn mend(
    work: &Work<'_>,
    device: &mut dyn Device,
    mend: &Mend<'_>,
) -> Result<(), PipelineError> {
    let mut buffer = AlignedBuffer::zeroed(index(STEP));
    for range in mend.ranges() {
        let (mut at, end) = (range.at, range.at + range.bytes);
        while at < end {
            let bytes = STEP.min(end - at);
            buffer.set_length(index(bytes));
            match range.what {
                MendWhat::Patch => {
                    device.read_at(at, &mut buffer)?;
                    work.decrypt(at, &mut buffer);
                    mend.patch(at, &mut buffer);
                }
                MendWhat::Zeros => buffer.fill(0),
            }
            work.encrypt(at, &mut buffer);
            device.write_at(at, &buffer)?;
            at += bytes;
        }
    }
    device.flush()?;
    Ok(())
}
