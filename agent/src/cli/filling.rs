//! How drives are filled, as a person chooses it: shared by `prepare` and `export`.

use std::path::PathBuf;

use bitlocker_image::Cipher;
use clap::{Args, ValueEnum};
use shared::api::FreeSpace;

use crate::jobs::JobRequest;
use crate::pipeline::SurfaceCheck;

#[derive(Args)]
#[group(skip)]
pub(super) struct Filling {
    /// Where the journals go. They hold the drives' keys: name a second folder and each gets a copy
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    pub(super) journal_dir: Vec<PathBuf>,
    /// How the drives are encrypted: xts-aes-128, xts-aes-256, cbc-aes-128, cbc-aes-256
    #[arg(long, default_value_t = Cipher::XtsAes128, value_name = "NAME")]
    cipher: Cipher,
    /// Checks the drive for errors before copying
    #[arg(long, value_enum, default_value_t = Check::Quick)]
    check: Check,
    /// Erases the drive of this serial, whatever is on it
    #[arg(long, num_args = 1.., value_name = "SERIAL")]
    pub(super) erase: Vec<String>,
    /// Overwrites space that no file takes
    #[arg(long, conflicts_with = "keep_free_space")]
    wipe: bool,
    /// Leaves old data readable in space that no file takes
    #[arg(long)]
    keep_free_space: bool,
    /// Drives written at the same time; all when not given
    #[arg(long, value_name = "N")]
    parallel: Option<usize>,
    /// Does not read the drives back
    #[arg(long)]
    no_verify: bool,
    /// Shows the recovery passwords at the end
    #[arg(long)]
    pub(super) show_keys: bool,
}

/// How thoroughly a drive is checked before it is filled.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// Not at all: reading back after writing finds a bad drive too, only later
    None,
    /// Places over the whole drive: seconds
    Quick,
    /// Every sector: as long as filling and reading back the whole drive
    Full,
}

impl Filling {
    /// Returns what becomes of space that no file takes.
    pub(super) const fn free_space(&self) -> FreeSpace {
        match (self.wipe, self.keep_free_space) {
            (true, _) => FreeSpace::Wipe,
            (_, true) => FreeSpace::Keep,
            _ => FreeSpace::Blank,
        }
    }

    /// Returns a request of what is to be done so.
    pub(super) fn of(&self, request: JobRequest) -> JobRequest {
        JobRequest {
            journal_dirs: self.journal_dir.clone(),
            cipher: self.cipher,
            parallel: self.parallel,
            check: match self.check {
                Check::None => SurfaceCheck::None,
                Check::Quick => SurfaceCheck::Quick,
                Check::Full => SurfaceCheck::Full,
            },
            verify: !self.no_verify,
            ..request
        }
    }
}
