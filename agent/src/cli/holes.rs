//! Which parts of a decrypted volume are worth writing.

use std::fs::File;
use std::path::Path;

use disk::ReadAt;
use ntfs_image::read::{self, Volume};
use rustix::fs::SeekFrom;

/// Sectors are never cut: data is widened to this.
const PAGE: u64 = 4096;
/// Bytes of $Bitmap in memory at once.
const BITMAP_STEP: u64 = 1 << 20;

/// Finds the parts of a volume that hold anything. What an image file never held (a hole) and the
/// file system calls free decrypts to noise and is left out. A hole that the file system uses, or
/// where there is no file system to ask, is not: it decrypts to what every other program would
/// show.
pub(super) struct Holes<R> {
    /// The image; none for a device, which has no holes.
    file: Option<File>,
    /// Byte offset of the volume in the image.
    volume_at: u64,
    free: Option<FreeClusters<R>>,
}

impl<R: ReadAt> Holes<R> {
    /// Looks for the image at `path`, whose volume, decrypted, is `volume` and lies at `volume_at`.
    pub(super) fn of(path: &Path, volume_at: u64, volume: R) -> Self {
        let file = File::open(path)
            .ok()
            .filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()));
        let free = if file.is_some() {
            FreeClusters::of(volume)
        } else {
            None
        };
        Self {
            file,
            volume_at,
            free,
        }
    }

    /// Returns the next range to write, from volume offset `at` on; `None` when there is none
    /// before `total`.
    pub(super) fn next_data(&mut self, at: u64, total: u64) -> Option<(u64, u64)> {
        let mut at = at;
        while at < total {
            let (start, end) = self.next_stored(at, total).unwrap_or((total, total));
            // Before it lies a hole.
            if let Some((used, until)) = self.next_used(at, start) {
                return Some((used, until));
            }
            if start < end {
                return Some((start, end));
            }
            at = start;
        }
        None
    }

    /// Returns the next range that the image holds; `None` when only a hole is left.
    fn next_stored(&self, at: u64, total: u64) -> Option<(u64, u64)> {
        let all = Some((at, total));
        let Some(file) = &self.file else { return all };
        let found = match rustix::fs::seek(file, SeekFrom::Data(at.saturating_add(self.volume_at)))
        {
            Ok(found) => found,
            Err(rustix::io::Errno::NXIO) => return None,
            // A file system that knows no holes.
            Err(_) => return all,
        };
        let end = rustix::fs::seek(file, SeekFrom::Hole(found)).unwrap_or(u64::MAX);
        let (found, end) = (
            found.saturating_sub(self.volume_at),
            end.saturating_sub(self.volume_at),
        );
        let start = found.saturating_sub(found % PAGE).max(at).min(total);
        let end = end
            .checked_next_multiple_of(PAGE)
            .unwrap_or(u64::MAX)
            .min(total);
        Some((start, end))
    }

    /// Returns the next range within the hole `[from, to)` that the file system uses.
    fn next_used(&mut self, from: u64, to: u64) -> Option<(u64, u64)> {
        match &mut self.free {
            Some(free) => free.next_used(from, to),
            None => (from < to).then_some((from, to)),
        }
    }
}

/// The clusters that NTFS calls free.
struct FreeClusters<R> {
    volume: Volume<R>,
    bitmap: read::File,
    cluster_bytes: u64,
    /// A part of the bitmap, and where it begins.
    part: Vec<u8>,
    part_at: u64,
}

impl<R: ReadAt> FreeClusters<R> {
    fn of(volume: R) -> Option<Self> {
        let volume = Volume::open(volume).ok()?;
        let entry = volume.find("\\$Bitmap").ok().flatten()?;
        let bitmap = volume.open_file(entry.id).ok()?;
        let cluster_bytes = volume.cluster_bytes();
        Some(Self {
            volume,
            bitmap,
            cluster_bytes,
            part: Vec::new(),
            part_at: 0,
        })
    }

    fn next_used(&mut self, from: u64, to: u64) -> Option<(u64, u64)> {
        let start = self.find(from, to, true)?;
        let end = self.find(start, to, false).unwrap_or(to);
        Some((start, end))
    }

    /// Returns where the next used (or free) cluster begins, within `[from, to)`.
    fn find(&mut self, from: u64, to: u64, used: bool) -> Option<u64> {
        let mut at = from;
        while at < to {
            let cluster = at.checked_div(self.cluster_bytes)?;
            // Whole bytes of eight clusters in the state that is not looked for are stepped over at
            // once.
            let skip = if used { 0x00 } else { 0xff };
            if cluster.is_multiple_of(8) && self.byte(cluster / 8) == skip {
                let next = cluster.saturating_add(8).saturating_mul(self.cluster_bytes);
                at = next.max(at.saturating_add(1));
                continue;
            }
            let bit = u32::try_from(cluster % 8).unwrap_or(0);
            let is_used = self.byte(cluster / 8).checked_shr(bit).unwrap_or(1) & 1 == 1;
            if is_used == used {
                return Some(at);
            }
            at = cluster.saturating_add(1).saturating_mul(self.cluster_bytes);
        }
        None
    }

    /// Returns a byte of the bitmap; what is not in it, or cannot be read, counts as used.
    fn byte(&mut self, number: u64) -> u8 {
        let part_at = number.saturating_sub(number % BITMAP_STEP);
        if self.part.is_empty() || self.part_at != part_at {
            let bytes = BITMAP_STEP.min(self.bitmap.bytes().saturating_sub(part_at));
            self.part.resize(usize::try_from(bytes).unwrap_or(0), 0);
            self.part_at = part_at;
            if self
                .volume
                .read(&self.bitmap, part_at, &mut self.part)
                .is_err()
            {
                self.part.fill(0xff);
            }
        }
        let within = usize::try_from(number.saturating_sub(part_at)).unwrap_or(usize::MAX);
        self.part.get(within).copied().unwrap_or(0xff)
    }
}
