//! One drive to be filled, and everything that says with what.
#![expect(clippy::arithmetic_side_effects, reason = "a sector is never 0 bytes")]

use bitlocker_image::SectorCipher;
use ntfs_image::Node;
use shared::drive::{DriveLayout, NodeSource};
use shared::manifest::{self, BLOCK_BYTES, BlobKind};
use shared::plan::{Listing, Mapping};

use super::sources::SourceFiles;

/// One drive to be filled.
pub struct Work<'a> {
    /// Every byte of the drive.
    pub layout: DriveLayout,
    /// What the layout's entries are.
    pub listing: &'a Listing,
    /// How entries are called on the drive and in Blob storage.
    pub mapping: &'a Mapping,
    /// Where the files are.
    pub sources: &'a dyn SourceFiles,
    /// Encrypts the partition's sectors.
    pub cipher: SectorCipher,
    /// Whether free space is overwritten with ciphertext.
    pub wipe: bool,
    /// Bytes of a buffer, a multiple of 4096: [`LEG_BYTES`](super::LEG_BYTES), or less where a small
    /// drive is to have many.
    pub leg_bytes: u64,
}

impl Work<'_> {
    /// Returns the length of the blocks or page ranges by which a file is hashed.
    #[must_use]
    pub fn block_bytes(&self, file: Node) -> u64 {
        let bytes = self.layout.ntfs().tree().bytes(file);
        // A file of one block has the same one whatever its kind; most are, and their names need no
        // look.
        if bytes <= BLOCK_BYTES {
            return BLOCK_BYTES;
        }
        let kind = match self.layout.source_of(file) {
            NodeSource::Entry(entry) => self
                .mapping
                .naming(self.listing, entry)
                .map(|naming| naming.kind),
            _ => Ok(BlobKind::Block),
        };
        match kind {
            Ok(BlobKind::Page | BlobKind::File) => BLOCK_BYTES,
            Ok(BlobKind::Block) | Err(_) => manifest::block_bytes(bytes),
        }
    }

    /// Encrypts `bytes` as the sectors at disk offset `at`, in place.
    pub fn encrypt(&self, at: u64, bytes: &mut [u8]) {
        self.cipher.encrypt(self.first_sector(at), bytes);
    }

    /// Decrypts `bytes` as the sectors at disk offset `at`, in place.
    pub fn decrypt(&self, at: u64, bytes: &mut [u8]) {
        self.cipher.decrypt(self.first_sector(at), bytes);
    }

    fn first_sector(&self, at: u64) -> u64 {
        let within = at
            .checked_sub(self.layout.partition().start)
            .expect("only the partition is encrypted");
        within / self.layout.spec().sector.bytes()
    }
}
