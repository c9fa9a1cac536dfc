//! Checking that a drive keeps what is written to it, where it is written, before anything is
//! copied.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "places within a drive's length; release builds stop at an overflow"
)]

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::batch::index;
use super::cancel::Cancel;
use super::error::PipelineError;
use crate::device::{AlignedBuffer, Device, outside};

/// The most places of a quick check besides the drive's end.
const PLACES: u64 = 256;
/// Bytes of a place in a quick check.
const PLACE_BYTES: u64 = 64 << 10;
/// Bytes at once in a full check.
const STEP: u64 = 8 << 20;
/// Places are multiples of this.
const ALIGN: u64 = 4096;

/// How thoroughly a drive is checked before it is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurfaceCheck {
    /// Not at all.
    None,
    /// Up to 256 places over the whole drive are written, flushed and read back: seconds. Finds
    /// most drives that pretend to be larger than they are.
    #[default]
    Quick,
    /// Every sector is written and read back.
    Full,
}

/// A drive that must not be used, or could not be checked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SurfaceError {
    /// Reading or writing failed, or the person stopped it.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// What was written there is not there.
    #[error(
        "the drive does not keep what is written at offset {at:#x}: it is worn out, or smaller than it says; do not use it"
    )]
    Forgets {
        /// Byte offset of the first place that differs.
        at: u64,
    },
}

/// Writes to places over the whole drive and, once all are flushed, reads them back. What was at
/// the places of a quick check is put back when `keep` says so, and is zeros otherwise; a full
/// check leaves its pattern. Nothing is written to `spared`, which tells the drive from others: who
/// wrote it there finds out whether it was kept.
///
/// # Errors
/// [`SurfaceError`].
pub fn check_surface(
    device: &mut dyn Device,
    how: SurfaceCheck,
    keep: bool,
    spared: &[Range<u64>],
    cancel: &Cancel,
) -> Result<(), SurfaceError> {
    let beside = |places: Vec<(u64, u64)>| {
        let ranges: Vec<_> = places.iter().map(|(at, bytes)| *at..at + bytes).collect();
        let apart = |ranges: Vec<_>, spared| outside(&ranges, spared);
        let parts = spared.iter().fold(ranges, apart).into_iter();
        parts
            .map(|part| (part.start, part.end - part.start))
            .collect::<Vec<_>>()
    };
    let bytes = device.bytes();
    match how {
        SurfaceCheck::None => Ok(()),
        SurfaceCheck::Quick => quick(device, &beside(places(bytes)), keep, cancel),
        SurfaceCheck::Full => pass(device, &beside(steps(bytes)), cancel),
    }
}

fn quick(
    device: &mut dyn Device,
    places: &[(u64, u64)],
    keep: bool,
    cancel: &Cancel,
) -> Result<(), SurfaceError> {
    let mut old = Vec::new();
    if keep {
        for (at, bytes) in places {
            let mut content = AlignedBuffer::zeroed(index(*bytes));
            device
                .read_at(*at, &mut content)
                .map_err(PipelineError::from)?;
            old.push((*at, content));
        }
    }
    let result = pass(device, places, cancel);
    // Also after a fault: nothing of the check stays behind.
    for (at, content) in &old {
        device.write_at(*at, content).map_err(PipelineError::from)?;
    }
    if !keep {
        for (at, bytes) in places {
            device.zero(*at, *bytes).map_err(PipelineError::from)?;
        }
    }
    device.flush().map_err(PipelineError::from)?;
    result
}

/// Writes all places, flushes, and reads all of them back.
fn pass(
    device: &mut dyn Device,
    places: &[(u64, u64)],
    cancel: &Cancel,
) -> Result<(), SurfaceError> {
    let largest = places.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
    let mut pattern = AlignedBuffer::zeroed(index(largest));
    let mut found = AlignedBuffer::zeroed(index(largest));
    let go_on = || {
        if cancel.is_cancelled() {
            Err(PipelineError::Cancelled)
        } else {
            Ok(())
        }
    };
    for (at, bytes) in places {
        go_on()?;
        pattern.set_length(index(*bytes));
        draw(*at, &mut pattern);
        device
            .write_at(*at, &pattern)
            .map_err(PipelineError::from)?;
    }
    device.flush().map_err(PipelineError::from)?;
    for (at, bytes) in places {
        go_on()?;
        pattern.set_length(index(*bytes));
        found.set_length(index(*bytes));
        draw(*at, &mut pattern);
        device
            .read_at(*at, &mut found)
            .map_err(PipelineError::from)?;
        if *pattern != *found {
            return Err(SurfaceError::Forgets { at: *at });
        }
    }
    Ok(())
}

/// Returns the places of a quick check, offset and length: a grid of a power of two, and the
/// drive's end. A drive that is smaller than it says and wraps around at any multiple of the grid,
/// as those do whose true size is a power of two, overwrites one place with another; one that drops
/// what lies behind its end keeps none of the places there.
fn places(disk_bytes: u64) -> Vec<(u64, u64)> {
    let grid = (disk_bytes / PLACES).next_power_of_two().max(PLACE_BYTES);
    let last = disk_bytes.saturating_sub(PLACE_BYTES);
    let last = last - last % ALIGN;
    let starts = (0..disk_bytes).step_by(index(grid));
    let before = starts.take_while(|at| at + PLACE_BYTES <= last);
    let mut places: Vec<(u64, u64)> = before.map(|at| (at, PLACE_BYTES)).collect();
    places.push((last, disk_bytes - last));
    places
}

/// Returns the whole drive in steps.
fn steps(disk_bytes: u64) -> Vec<(u64, u64)> {
    let starts = (0..disk_bytes).step_by(index(STEP));
    starts.map(|at| (at, STEP.min(disk_bytes - at))).collect()
}

/// Returns whether a sector of 512 bytes at disk offset `at` holds what a check writes there.
#[must_use]
pub fn is_check_pattern(at: u64, sector: &[u8]) -> bool {
    let mut drawn = [0; SECTOR];
    draw(at, &mut drawn);
    sector == drawn
}

/// Fills `into` with bytes that no other place on the drive has, every 512 bytes from their own
/// offset (splitmix64).
fn draw(at: u64, into: &mut [u8]) {
    for (at, sector) in (at..).step_by(SECTOR).zip(into.chunks_mut(SECTOR)) {
        let mut place = at ^ 0x4172_676f_7379_2121;
        for word in sector.chunks_mut(8) {
            place = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = place;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            word.copy_from_slice(&mixed.to_le_bytes()[..word.len()]);
        }
    }
}

/// What drives write at once, at the least.
const SECTOR: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use disk::{MemDisk, ReadAt, ReadError, SectorSize, WriteAt, WriteError};

    /// A drive of `true_bytes` that says it has `bytes` and wraps around, as false flash drives do;
    /// and one place that takes bytes without keeping them.
    struct Liar {
        disk: MemDisk,
        bytes: u64,
        forgets_at: u64,
    }

    impl Liar {
        fn new(bytes: u64, true_bytes: u64) -> Self {
            Self {
                disk: MemDisk::new(true_bytes),
                bytes,
                forgets_at: u64::MAX,
            }
        }
    }

    impl ReadAt for Liar {
        fn bytes(&self) -> u64 {
            self.bytes
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
            self.disk.read_at(at % self.disk.bytes(), into)
        }
    }

    impl WriteAt for Liar {
        fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
            let end = at + u64::try_from(bytes.len()).expect("short");
            if (at..end).contains(&self.forgets_at) {
                return Ok(());
            }
            self.disk.write_at(at % self.disk.bytes(), bytes)
        }
        fn flush(&mut self) -> Result<(), WriteError> {
            Ok(())
        }
    }

    impl Device for Liar {
        fn sector(&self) -> SectorSize {
            SectorSize::B512
        }
        fn zero(&mut self, at: u64, bytes: u64) -> Result<(), WriteError> {
            self.write_at(at, &vec![0; index(bytes)])
        }
        fn discard(&mut self, _: u64, _: u64) -> Result<bool, WriteError> {
            Ok(false)
        }
    }

    const BYTES: u64 = 64 << 20;

    fn check(drive: &mut Liar, how: SurfaceCheck, keep: bool) -> Result<(), SurfaceError> {
        check_surface(drive, how, keep, &[], &Cancel::default())
    }

    #[test]
    fn an_honest_drive_passes_and_is_left_as_zeros_or_as_it_was() {
        for keep in [true, false] {
            let mut drive = Liar::new(BYTES + 512, BYTES + 512);
            drive.disk.write_at(BYTES, &[7; 512]).expect("in bounds");
            check(&mut drive, SurfaceCheck::Quick, keep).expect("honest");
            let mut all = vec![0; index(BYTES + 512)];
            drive.disk.read_at(0, &mut all).expect("in bounds");
            let kept = all.iter().filter(|byte| **byte == 7).count();
            assert_eq!(kept, if keep { 512 } else { 0 });
            assert_eq!(all.iter().filter(|byte| **byte != 0).count(), kept);
            check(&mut drive, SurfaceCheck::Full, false).expect("honest");
        }
    }

    #[test]
    fn nothing_is_ever_written_to_what_a_check_keeps_apart_from() {
        let apart_from = [0..2 << 20, (32 << 20) + 4096..33 << 20, BYTES - 4096..BYTES];
        for how in [SurfaceCheck::Quick, SurfaceCheck::Full] {
            let mut drive = Liar::new(BYTES, BYTES);
            drive
                .disk
                .write_at(0, &vec![7; index(BYTES)])
                .expect("in bounds");
            check_surface(&mut drive, how, false, &apart_from, &Cancel::default()).expect("honest");
            let mut found = vec![0; index(BYTES)];
            drive.disk.read_at(0, &mut found).expect("in bounds");
            assert!(found.iter().any(|byte| *byte != 7), "{how:?}");
            for range in &apart_from {
                let kept = &found[index(range.start)..index(range.end)];
                assert!(kept.iter().all(|byte| *byte == 7), "{how:?}, {range:?}");
            }
        }
    }

    #[test]
    fn a_drive_that_is_smaller_than_it_says_is_found() {
        for true_bytes in [BYTES / 2, BYTES / 4 * 3] {
            for how in [SurfaceCheck::Quick, SurfaceCheck::Full] {
                let mut drive = Liar::new(BYTES, true_bytes);
                assert!(
                    matches!(
                        check(&mut drive, how, false),
                        Err(SurfaceError::Forgets { .. })
                    ),
                    "{true_bytes} {how:?}"
                );
            }
        }
    }

    #[test]
    fn a_place_that_keeps_nothing_is_named() {
        let mut drive = Liar::new(BYTES, BYTES);
        drive.forgets_at = 33 << 20;
        let found = check(&mut drive, SurfaceCheck::Full, false);
        assert!(
            matches!(found, Err(SurfaceError::Forgets { at }) if at == 32 << 20),
            "{found:?}"
        );
    }

    #[test]
    fn places_reach_both_ends_and_never_overlap() {
        for disk_bytes in [BYTES, BYTES + 512, 8_000_000_000_000, 999_999_488] {
            let places = places(disk_bytes);
            assert_eq!(places.first().map(|(at, _)| *at), Some(0));
            assert_eq!(
                places.last().map(|(at, bytes)| at + bytes),
                Some(disk_bytes)
            );
            assert!(
                places
                    .windows(2)
                    .all(|pair| pair[0].0 + pair[0].1 <= pair[1].0)
            );
        }
    }
}
