//! What changes on a drive when files could not be copied.

use std::cmp::Ordering;
use std::ops::Range;

use disk::ReadAt;
use ntfs_image::read::Volume;
use ntfs_image::{AmendError, Change, Node, NtfsLayout};

use super::layout::{DriveLayout, DriveLayoutError};
use crate::plan::{MANIFEST_NAME, NodeSource};

/// The drive as it must be after some files were left out and the manifest got its final length.
#[derive(Debug)]
pub struct Mend<'a> {
    planned: &'a DriveLayout,
    mended: NtfsLayout,
}

/// A range of the disk that has to be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MendRange {
    /// Byte offset on the disk.
    pub at: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// How.
    pub what: MendWhat,
}

/// How a range is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MendWhat {
    /// Read, decrypted, passed through [`Mend::patch`], encrypted and written back.
    Patch,
    /// Overwritten with encrypted zeros: the data of a file that is not there any more.
    Zeros,
}

impl<'a> Mend<'a> {
    pub(super) fn new(
        planned: &'a DriveLayout,
        left_out: &dyn Fn(Node) -> bool,
        manifest_bytes: u64,
    ) -> Result<Self, DriveLayoutError> {
        if manifest_bytes > planned.manifest_bytes() {
            let (found, planned) = (manifest_bytes, planned.manifest_bytes());
            return Err(DriveLayoutError::ManifestTooLong { found, planned });
        }
        let goes = |node: Node| match planned.source_of(node) {
            NodeSource::Entry(_) => left_out(node),
            NodeSource::Properties(entry)
            | NodeSource::BlobProperties(entry)
            | NodeSource::BlobMetadata(entry) => planned.node_of(entry).is_some_and(left_out),
            _ => false,
        };
        let tree = planned.ntfs().tree();
        let files = (0..tree.node_count())
            .map(Node)
            .filter(|node| !tree.is_folder(*node));
        let left_out: Vec<Node> = files.filter(|node| goes(*node)).collect();
        let is_out = |node: Node| left_out.binary_search(&node).is_ok();
        let resized = (manifest_bytes < planned.manifest_bytes())
            .then_some((planned.manifest(), manifest_bytes));
        let mended = planned
            .ntfs()
            .without(&is_out, resized)
            .map_err(DriveLayoutError::Ntfs)?;
        Ok(Self { planned, mended })
    }

    /// Returns the ranges to rewrite, ascending, no overlap. Empty when nothing changed.
    pub fn ranges(&self) -> impl Iterator<Item = MendRange> + '_ {
        let range = |range: Range<u64>, what| MendRange {
            at: self.planned.disk_at(range.start),
            bytes: range.end.saturating_sub(range.start),
            what,
        };
        let patches = self.planned.ntfs().differences(&self.mended);
        let mut patches = patches
            .map(move |found| range(found, MendWhat::Patch))
            .peekable();
        let zeros = self
            .planned
            .ntfs()
            .freed(&self.mended)
            .filter(|freed| !freed.is_empty());
        let mut zeros = zeros
            .map(move |found| range(found, MendWhat::Zeros))
            .peekable();
        std::iter::from_fn(move || match (patches.peek(), zeros.peek()) {
            (Some(patch), Some(zero)) if patch.at.cmp(&zero.at) == Ordering::Greater => {
                zeros.next()
            }
            (Some(_), _) => patches.next(),
            (None, _) => zeros.next(),
        })
    }

    /// Returns what has to change of a drive that held sessions before, for this one to be part of it; everything
    /// that [`DriveLayout::segments`] names must be written. `volume` is the drive's volume as it was. Disk offsets,
    /// plaintext.
    ///
    /// # Errors
    /// [`AmendError`]; nothing was written.
    pub fn amendment<R: ReadAt>(&self, volume: &Volume<R>) -> Result<Vec<Change>, AmendError> {
        let changes = self.mended.amendment(volume, &[MANIFEST_NAME])?;
        let on_disk = |change: Change| Change {
            at: self.planned.disk_at(change.at),
            ..change
        };
        Ok(changes.into_iter().map(on_disk).collect())
    }

    /// Turns the decrypted bytes of (part of) a [`MendWhat::Patch`] range, as planned or already
    /// mended, into what they must be. `at` and the length are multiples of 4096.
    ///
    /// Small files that live in the same blocks keep their content, which nobody else knows any more: all
    /// other bytes are known, and written whatever is there. So it does not matter how often this is done, or
    /// where a power cut stopped it (half a CBC sector of it decrypts to nonsense at the seam); and nothing has
    /// to be read from the source again, where it may have changed.
    pub fn patch(&self, at: u64, bytes: &mut [u8]) {
        let at = self.planned.volume_at(at);
        // Rendered with two contents, only what small files hold differs.
        let after = |mark: u8| {
            let mut rendered = vec![0; bytes.len()];
            let mut fill = |_, slot: &mut [u8]| slot.fill(mark);
            self.mended.render(at, &mut rendered, &mut fill);
            rendered
        };
        let (one, other) = (after(0x55), after(0xaa));
        for ((byte, one), other) in bytes.iter_mut().zip(one).zip(other) {
            if one == other {
                *byte = one;
            }
        }
    }
}
