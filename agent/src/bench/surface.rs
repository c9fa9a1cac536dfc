//! How fast a drive reads and takes bytes, from its beginning to its end.

use disk::{ReadAt, ReadError, WriteError};
use serde::Serialize;
use shared::journal::Marks;

use super::budget::{Budget, rate};
use crate::device::{AlignedBuffer, Device};

/// Places that are measured: a disk turns as fast at its rim as at its hub, and holds less there.
const PLACES: u64 = 12;
/// Bytes of one call.
const STEP: usize = 8 << 20;
const STEP_BYTES: u64 = 8 << 20;
/// Places are multiples of this.
const ALIGN: u64 = 1 << 20;

/// How fast one stretch of a drive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Where it begins.
    pub at: u64,
    /// Bytes that were read or written.
    pub bytes: u64,
    /// Bytes a second.
    pub rate: u64,
}

/// How fast a drive is, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Surface {
    /// Length of the drive.
    pub bytes: u64,
    /// Stretches that were measured, ascending; each stands for an equal part of the drive.
    pub stretches: Vec<Stretch>,
}

impl Surface {
    /// Returns the speed at the beginning.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.stretches.first().map_or(0, |stretch| stretch.rate)
    }

    /// Returns the speed at the end.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.stretches.last().map_or(0, |stretch| stretch.rate)
    }

    /// Returns the seconds that a pass over the whole drive takes when nothing is faster than `others`.
    #[must_use]
    pub fn seconds(&self, others: u64) -> u64 {
        let count = u64::try_from(self.stretches.len()).unwrap_or(0);
        let share = u128::from(self.bytes.checked_div(count).unwrap_or(0));
        let millis = self.stretches.iter().map(|stretch| {
            let rate = u128::from(stretch.rate.min(others));
            let millis = share.saturating_mul(1000).checked_div(rate);
            millis.unwrap_or(0)
        });
        let seconds = millis.sum::<u128>() / 1000;
        u64::try_from(seconds).unwrap_or(u64::MAX)
    }
}

/// Reads stretches over the whole drive, an equal part of the budget each.
///
/// # Errors
/// [`ReadError`]: the drive's word.
pub fn read_surface(
    disk: &dyn ReadAt,
    budget: &Budget,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Surface, ReadError> {
    let mut buffer = AlignedBuffer::zeroed(STEP);
    measure(disk.bytes(), budget, tell, &mut |act| match act {
        Act::Move(at, bytes) => {
            buffer.set_length(bytes);
            disk.read_at(at, &mut buffer)
        }
        Act::Settle => Ok(()),
    })
}

/// Writes bytes that cannot be compressed to stretches over the whole drive, an equal part of half the budget
/// each, and zeros over them afterwards. Whatever was there is lost.
///
/// # Errors
/// [`WriteError`]: the drive's word.
pub fn write_surface(
    device: &mut dyn Device,
    budget: &Budget,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Surface, WriteError> {
    let mut buffer = AlignedBuffer::zeroed(STEP);
    draw(&mut buffer);
    let length = device.bytes();
    let surface = measure(length, &budget.part(50), tell, &mut |act| match act {
        Act::Move(at, bytes) => {
            buffer.set_length(bytes);
            device.write_at(at, &buffer)
        }
        Act::Settle => device.flush(),
    })?;
    for stretch in &surface.stretches {
        device.zero(stretch.at, stretch.bytes)?;
    }
    device.flush()?;
    Ok(surface)
}

/// What is done to a drive.
enum Act {
    /// So many bytes are moved from or to there.
    Move(u64, usize),
    /// What a drive has in its cache it has not written yet: as often as a job does it.
    Settle,
}

/// Does `act` at places over the whole drive. What comes first at each, while the heads move there, counts only when
/// there is no more.
fn measure<E>(
    length: u64,
    budget: &Budget,
    tell: &mut dyn FnMut(u64, u64),
    act: &mut dyn FnMut(Act) -> Result<(), E>,
) -> Result<Surface, E> {
    let places = places(length);
    let total = u64::try_from(places.len()).unwrap_or(0);
    let mut stretches = Vec::with_capacity(places.len());
    let share = Budget {
        time: budget
            .time
            .checked_div(u32::try_from(total).unwrap_or(1))
            .unwrap_or_default(),
        cancel: budget.cancel.clone(),
    };
    for (number, (at, bytes)) in (1..).zip(places) {
        if budget.cancel.is_cancelled() {
            break;
        }
        let marks = Marks::new(length, at);
        stretches.push(stretch(at, bytes, marks, &share, act)?);
        tell(number, total);
    }
    Ok(Surface {
        bytes: length,
        stretches,
    })
}

fn stretch<E>(
    at: u64,
    length: u64,
    mut marks: Marks,
    budget: &Budget,
    act: &mut dyn FnMut(Act) -> Result<(), E>,
) -> Result<Stretch, E> {
    let whole = budget.begin();
    let mut counted = (0, budget.begin());
    let mut done = 0;
    while done < length {
        let bytes = length.saturating_sub(done).min(STEP_BYTES);
        act(Act::Move(
            at.saturating_add(done),
            usize::try_from(bytes).unwrap_or(STEP),
        ))?;
        let is_first = done == 0;
        done = done.saturating_add(bytes);
        if whole.is_over() {
            break;
        }
        let through = at.saturating_add(done);
        if is_first && done < length {
            act(Act::Settle)?;
            counted = (done, budget.begin());
        } else if marks.is_due(through) {
            act(Act::Settle)?;
            marks.set(through);
        }
    }
    act(Act::Settle)?;
    let (before, begun) = counted;
    Ok(Stretch {
        at,
        bytes: done,
        rate: rate(done.saturating_sub(before), begun.elapsed()),
    })
}

/// Returns the places, offset and length, the last at the drive's very end: each as long as its part of the drive.
fn places(length: u64) -> Vec<(u64, u64)> {
    let count = (length / STEP_BYTES).clamp(1, PLACES);
    let share = length.checked_div(count).unwrap_or(length);
    let whole = share.saturating_sub(share % ALIGN);
    if whole == 0 {
        return vec![(0, length)];
    }
    let at = |number: u64| {
        let at = share.saturating_mul(number);
        at.saturating_sub(at % ALIGN)
    };
    (0..count).map(|number| (at(number), whole)).collect()
}

/// Fills a buffer with bytes that nothing compresses (splitmix64).
fn draw(into: &mut [u8]) {
    let mut state: u64 = 0x4172_676f_7379;
    for word in into.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bytes = mixed.to_le_bytes();
        word.copy_from_slice(bytes.get(..word.len()).unwrap_or(&bytes));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use disk::MemDisk;

    use super::*;
    use crate::pipeline::Cancel;

    fn budget(millis: u64) -> Budget {
        Budget {
            time: Duration::from_millis(millis),
            cancel: Cancel::default(),
        }
    }

    #[test]
    fn places_lie_on_the_drive_and_reach_from_its_beginning_to_its_end() {
        for length in [512, 5 << 20, (1 << 30) + 512, 8_001_563_222_016] {
            let places = places(length);
            let (last, bytes) = places[places.len() - 1];
            assert_eq!(places[0].0, 0, "{length}");
            assert!(
                last + bytes <= length && length - (last + bytes) <= 2 * ALIGN,
                "{length}"
            );
            assert!(
                places
                    .windows(2)
                    .all(|pair| pair[0].0 + pair[0].1 <= pair[1].0),
                "{length}"
            );
        }
    }

    #[test]
    fn a_drive_that_gets_slower_towards_its_end_takes_as_long_as_its_parts() {
        let stretch = |rate| Stretch {
            at: 0,
            bytes: 1,
            rate,
        };
        let surface = Surface {
            bytes: 4_000,
            stretches: vec![stretch(200), stretch(100)],
        };
        assert_eq!((surface.first(), surface.last()), (200, 100));
        assert_eq!(surface.seconds(u64::MAX), 10 + 20);
        assert_eq!(surface.seconds(50), 80);
    }

    #[test]
    fn every_stretch_is_read_at_least_once_however_little_time_there_is() {
        let disk = MemDisk::new(256 << 20);
        let surface = read_surface(&disk, &budget(0), &mut |_, _| {}).expect("in memory");
        assert_eq!(surface.stretches.len(), 12);
        assert!(
            surface
                .stretches
                .iter()
                .all(|stretch| stretch.bytes == STEP_BYTES && stretch.rate > 0)
        );
    }
}
