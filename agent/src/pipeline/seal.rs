//! The seal phase: what makes a written drive recognisable, last.

use shared::drive::SealParts;

use super::error::PipelineError;
use crate::device::Device;

/// Writes the BitLocker areas and boot sector, then the backup partition table, then the primary
/// one; a flush before each group and after the last, so that the drive can be recognised only when
/// all of it is there.
///
/// # Errors
/// [`PipelineError`] when the drive fails.
pub fn seal(device: &mut dyn Device, parts: &SealParts) -> Result<(), PipelineError> {
    device.flush()?;
    for (at, bytes) in &parts.bitlocker {
        device.write_at(*at, bytes)?;
    }
    device.flush()?;
    for (at, bytes) in &parts.tables {
        device.write_at(*at, bytes)?;
        device.flush()?;
    }
    Ok(())
}
