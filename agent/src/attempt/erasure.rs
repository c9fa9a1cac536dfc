//! How a drive loses what it was, and how it is known until the first mark is durable.
//!
//! ```text
//! as it was confirmed -> its marker, flushed -> zeros around the marker, flushed -> Erased -> a check around the marker
//! ```
//! So zeros where something was, or where a check wrote, are believed only beside the marker.

use std::ops::Range;

use bitlocker_image::HEADER_BYTES;
use disk::{ReadAt, ReadError};
use shared::drive::Kept;
use shared::job::SerialSource;

use super::drive_job::DriveJob;
use super::marker::{Found, Marker};
use crate::device::{self, Device, Edges, Emptiness, EraseError, Thoroughness};
use crate::pipeline::{SurfaceError, Work, is_check_pattern};

/// Erasing one drive.
pub(super) struct Erasure<'a> {
    drive: &'a DriveJob,
    marker: Marker,
    areas: Vec<Range<u64>>,
}

/// Whether a drive is the one that a journal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// It is.
    Same,
    /// Something else is on it.
    Another,
    /// It is as empty as the one that was confirmed, and nothing tells it from any other that is.
    Untold,
}

impl<'a> Erasure<'a> {
    /// Returns what will be done to `drive`.
    pub(super) fn new(work: &Work<'_>, plan_hash: &[u8; 32], drive: &'a DriveJob) -> Self {
        let partition = work.layout.partition();
        let marker = Marker::new(partition.start, plan_hash, &drive.planned.serial);
        let areas = match &drive.kept {
            // What makes it a volume: everything else that is kept was never ours.
            Some(kept) => {
                let start = kept.volume.partition.start;
                let boot = start..start.saturating_add(HEADER_BYTES);
                std::iter::once(boot).collect()
            }
            None => {
                let disk_bytes = work.layout.spec().disk_bytes;
                device::erase_areas(disk_bytes, partition, &drive.contents)
            }
        };
        Self {
            areas: device::outside(&areas, &marker.place()),
            marker,
            drive,
        }
    }

    /// Writes the marker and, once that is durable, destroys what says what the drive was.
    ///
    /// # Errors
    /// [`EraseError`].
    pub(super) fn perform(&self, device: &mut dyn Device) -> Result<(), EraseError> {
        self.marker.write(device)?;
        device::erase(device, &self.areas)
    }

    /// Returns where nothing is written until the seal.
    pub(super) const fn marker_place(&self) -> Range<u64> {
        self.marker.place()
    }

    /// Zeroes again what a check wrote, and makes sure that the drive kept its marker meanwhile.
    ///
    /// # Errors
    /// [`EraseError`]; or [`SurfaceError`] when it did not.
    pub(super) fn repeat(&self, device: &mut dyn Device) -> Result<(), RepeatError> {
        device::erase(device, &self.areas)?;
        if self.marker.found(device).map_err(EraseError::from)? == Found::Whole {
            return Ok(());
        }
        let at = self.marker.place().start;
        Err(SurfaceError::Forgets { at }.into())
    }

    /// Returns whether `disk` is the drive, when the journal does not say that it was erased.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(super) fn before(&self, disk: &dyn ReadAt) -> Result<Likeness, ReadError> {
        if let Some(kept) = &self.drive.kept {
            return self.before_kept(disk, kept);
        }
        if self.marker.found(disk)? == Found::Nothing {
            let drive = self.drive;
            let source = drive.identity.serial_source;
            return untouched(disk, &drive.edges, source, drive.named_again);
        }
        Ok(match self.drive.edges.admit(disk)? {
            true => Likeness::Same,
            false => Likeness::Another,
        })
    }

    /// The same for a volume that is kept, whose key areas and partition tables were compared: its boot
    /// sector is as it was, or the marker was begun there.
    fn before_kept(&self, disk: &dyn ReadAt, kept: &Kept) -> Result<Likeness, ReadError> {
        let mut boot = vec![0; kept.boot.len()];
        disk.read_at(kept.volume.partition.start, &mut boot)?;
        let is_it = boot == kept.boot || self.marker.found(disk)? != Found::Nothing;
        Ok(if is_it {
            Likeness::Same
        } else {
            Likeness::Another
        })
    }

    /// Returns whether `disk` is the drive, once it was erased and a check may have begun.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(super) fn after(&self, disk: &dyn ReadAt) -> Result<Likeness, ReadError> {
        // Around a volume that is kept nothing was erased.
        let is_empty = self.drive.kept.is_some() || Edges::erased(disk, &is_check_pattern)?;
        let is_it = is_empty && self.marker.found(disk)? == Found::Whole;
        Ok(if is_it {
            Likeness::Same
        } else {
            Likeness::Another
        })
    }
}

/// A drive that could not be erased once more.
#[derive(Debug, thiserror::Error)]
pub(super) enum RepeatError {
    /// See there.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// It lost its marker.
    #[error(transparent)]
    Forgets(#[from] SurfaceError),
}

/// Returns whether `disk` is a drive that was confirmed and not written to yet: it is as it was, with
/// `edges`. When it was empty then, only its own word (`source`) or the person's (`named_again`) tells
/// it from another empty one; an image file that holds nothing but zeros needs neither.
///
/// # Errors
/// [`ReadError`].
pub fn untouched(
    disk: &dyn ReadAt,
    edges: &Edges,
    source: SerialSource,
    named_again: bool,
) -> Result<Likeness, ReadError> {
    if !edges.are_on(disk)? {
        return Ok(Likeness::Another);
    }
    let is_told = !edges.are_empty()
        || named_again
        || match source {
            SerialSource::Drive => true,
            SerialSource::Image => {
                device::blank(disk, Thoroughness::Exhaustive)? == Emptiness::ProvenZeros
            }
            // A dock has one serial for every drive that is put into it.
            SerialSource::Bridge | SerialSource::Label => false,
        };
    Ok(if is_told {
        Likeness::Same
    } else {
        Likeness::Untold
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::{MemDisk, WriteAt};

    #[test]
    fn an_empty_drive_is_believed_to_be_untouched_only_on_its_own_word_or_the_persons() {
        let empty = MemDisk::new(8 << 20);
        let edges = Edges::read(&empty).expect("memory");
        let likeness = |source, named| untouched(&empty, &edges, source, named).expect("memory");
        for source in [SerialSource::Label, SerialSource::Bridge] {
            assert_eq!(likeness(source, false), Likeness::Untold);
            assert_eq!(likeness(source, true), Likeness::Same);
        }
        assert_eq!(likeness(SerialSource::Drive, false), Likeness::Same);
        assert_eq!(likeness(SerialSource::Image, false), Likeness::Same);
    }

    #[test]
    fn an_image_file_with_empty_ends_and_something_between_could_be_any() {
        let mut disk = MemDisk::new(8 << 20);
        disk.write_at(4 << 20, &[1; 512]).expect("in bounds");
        let edges = Edges::read(&disk).expect("memory");
        let found = untouched(&disk, &edges, SerialSource::Image, false);
        assert_eq!(found, Ok(Likeness::Untold));
    }

    #[test]
    fn a_drive_with_zeros_where_something_was_is_another_one_when_nothing_was_written_yet() {
        let mut disk = MemDisk::new(8 << 20);
        disk.write_at(0, &[1; 1024]).expect("in bounds");
        let edges = Edges::read(&disk).expect("memory");
        let found = |disk: &MemDisk| untouched(disk, &edges, SerialSource::Label, false);
        assert_eq!(found(&disk), Ok(Likeness::Same));
        disk.write_at(0, &[0; 512]).expect("in bounds");
        assert_eq!(found(&disk), Ok(Likeness::Another));
    }
}
