//! Source files in memory, some of which fail.

use std::io;

use agent::pipeline::{SourceFiles, SourceRead};
use agent::scan::{OpenSourceError, SourceState};
use ntfs_image::FileTime;
use shared::plan::Listing;

use crate::schedule::{SourceFault, SourceFaultKind};

/// The files of a listing, each with bytes that follow from its number.
pub(crate) struct MemSources<'a> {
    listing: &'a Listing,
    faults: Vec<SourceFault>,
}

impl<'a> MemSources<'a> {
    /// Returns the sources as they are in attempt `attempt`.
    pub(crate) fn new(listing: &'a Listing, faults: &[SourceFault], attempt: usize) -> Self {
        let now = faults.iter().filter(|fault| fault.from_attempt <= attempt);
        Self {
            listing,
            faults: now.copied().collect(),
        }
    }
}

impl SourceFiles for MemSources<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError> {
        let found = self.listing.iter().find(|(_, entry)| entry.path == path);
        let path = path.to_owned();
        let Some((number, entry)) = found else {
            return Err(OpenSourceError::Gone { path });
        };
        let fault = self.faults.iter().find(|fault| fault.file == number);
        if fault.is_some_and(|fault| fault.kind == SourceFaultKind::Vanishes) {
            return Err(OpenSourceError::Gone { path });
        }
        Ok(Box::new(MemFile {
            number,
            bytes: entry.bytes,
            modified: entry.modified,
            fault: fault.map(|fault| fault.kind),
            was_read: std::cell::Cell::new(false),
        }))
    }

    fn metadata(&self, _number: u32) -> Option<&[u8]> {
        None
    }

    fn properties(&self, _number: u32) -> Option<&[u8]> {
        None
    }
}

struct MemFile {
    number: u32,
    bytes: u64,
    modified: FileTime,
    fault: Option<SourceFaultKind>,
    was_read: std::cell::Cell<bool>,
}

impl SourceRead for MemFile {
    fn state(&self) -> io::Result<SourceState> {
        let (seconds, nanoseconds) = self.modified.to_unix();
        let bytes = match self.fault {
            Some(SourceFaultKind::Shrinks) => self.bytes.saturating_sub(1),
            Some(SourceFaultKind::Grows) => self.bytes.saturating_add(1),
            _ => self.bytes,
        };
        let touched = self.fault == Some(SourceFaultKind::Touched) && self.was_read.get();
        Ok(SourceState {
            bytes,
            modified_seconds: seconds.saturating_add(i64::from(touched)),
            modified_nanoseconds: nanoseconds,
        })
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.was_read.set(true);
        let left = usize::try_from(self.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let count = left.min(into.len());
        if count == left && self.fault == Some(SourceFaultKind::Breaks) {
            return Err(io::Error::other("input/output error"));
        }
        for (place, byte) in (at..).zip(&mut into[..count]) {
            let mixed = place
                .wrapping_mul(0x9e37_79b9)
                .wrapping_add(u64::from(self.number).wrapping_mul(0x85eb_ca6b));
            *byte = mixed.to_le_bytes()[2];
        }
        Ok(count)
    }
}
