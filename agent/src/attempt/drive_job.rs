//! One drive that is to be filled.

use bitlocker_image::Cipher;
use shared::api::FreeSpace;
use shared::drive::Kept;
use shared::job::{DriveIdentity, LeftOut};
use shared::journal::{KeyRecord, Session};
use shared::plan::{Onto, PlannedDrive};

use super::common::Common;
use super::keys::DriveKeys;
use crate::device::{Contents, Edges};

/// One drive that is to be filled.
#[derive(Debug)]
pub struct DriveJob {
    /// What it is recognised by.
    pub identity: DriveIdentity,
    /// What goes onto it.
    pub planned: PlannedDrive,
    /// What becomes of its free space.
    pub free_space: FreeSpace,
    /// What is on it now, so that all of it is destroyed.
    pub contents: Contents,
    /// Its first and last MiB as they were when it was confirmed.
    pub edges: Edges,
    /// The volume on it whose keys stay; `None` for a new one.
    pub kept: Option<Kept>,
    /// Whether the person named it once more for the attempt that goes on.
    pub named_again: bool,
    /// Its keys.
    pub keys: DriveKeys,
    /// What the plan left out and this drive's journal counts, each with its length.
    pub planned_out: Vec<(LeftOut, u64)>,
}

impl DriveJob {
    /// Returns the journal's second record.
    #[must_use]
    pub fn session(&self, common: &Common<'_>) -> Session {
        let (files, bytes) = self.content(common);
        let before = self.onto().map_or((0, 0), |onto| (onto.files, onto.bytes));
        let (files, bytes) = (
            files.saturating_add(before.0),
            bytes.saturating_add(before.1),
        );
        Session {
            session: common.mapping.session.clone(),
            plan_hash: common.plan_hash,
            exported: common.mapping.export.is_some(),
            started: common.started,
            tool: super::common::tool(),
            drive: self.identity.clone(),
            cipher: self.cipher(common),
            free_space: self.free_space,
            kept_bytes: match self.free_space {
                FreeSpace::Keep => self.kept_bytes(),
                FreeSpace::Blank | FreeSpace::Wipe => 0,
            },
            files,
            bytes,
        }
    }

    /// Returns how the drive's sectors are encrypted: a volume that is kept has its own way.
    #[must_use]
    pub fn cipher(&self, common: &Common<'_>) -> Cipher {
        let kept = self.kept.as_ref();
        kept.map_or(common.cipher, |kept| kept.volume.cipher)
    }

    /// Returns the journal's third record.
    #[must_use]
    pub fn key_record(&self) -> KeyRecord {
        KeyRecord {
            recovery_password: self.keys.recovery_password.clone(),
            salt: self.keys.salt,
            sealed: self.keys.information_area.clone(),
        }
    }

    /// Returns what is on the drive and stays; `None` for one that gets a new file system.
    #[must_use]
    pub fn onto(&self) -> Option<&Onto> {
        self.kept.as_ref()?.volume.onto.as_ref()
    }

    /// Returns the bytes of the volume that nothing is written to.
    fn kept_bytes(&self) -> u64 {
        if self.onto().is_some() {
            let planned = &self.planned;
            return planned.capacity_bytes.saturating_sub(planned.used_bytes);
        }
        let volume_bytes = self.planned.space().map_or(0, |space| space.volume_bytes());
        volume_bytes.saturating_sub(self.planned.used_bytes)
    }

    /// Returns how many files go onto the drive, and their bytes.
    fn content(&self, common: &Common<'_>) -> (u64, u64) {
        let entries = self
            .planned
            .entries
            .iter()
            .map(|entry| common.listing.entry(*entry));
        entries.filter(|entry| !entry.is_folder).fold(
            (0, 0),
            |(files, bytes): (u64, u64), entry| {
                (files.saturating_add(1), bytes.saturating_add(entry.bytes))
            },
        )
    }
}
