//! The whole of unpacking one drive.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use disk::ReadAt;
use ntfs_image::read::Volume;
use shared::api::ReceiveNames;

use super::arrive::{Arrivals, Progress};
use super::found::{Desk, Rows, UnpackReport};
use super::home::{Home, HomeError};
use super::load::Loader;
use super::log::LogProofs;
use super::plan::{Item, Listing, list};
use super::side::{Side, is_as_brought};
use super::state::Known;
use crate::pipeline::Cancel;

/// Threads that write; more than one, because making a file takes longer than reading it.
const WRITERS_MAX: usize = 4;
/// Bundles that wait for them.
const QUEUE: usize = 64;
/// Space is given out in such blocks.
const BLOCK_BYTES: u64 = 4096;

/// How to unpack.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    /// The destination folder.
    pub to: PathBuf,
    /// Writes nothing and reads no content: only says what would be done.
    pub dry_run: bool,
    /// What files are called.
    pub names: ReceiveNames,
    /// The drive's serial: in the report, and as the side folder's name.
    pub drive: String,
    /// Whether a file whose name another one has is called otherwise; else it is left out.
    pub keeps_beside: bool,
    /// Whether what is home stays known after the end.
    pub keeps_state: bool,
}

/// A drive that was listed, with everything ready to copy it.
pub struct Unpacking<'a, R> {
    volume: &'a Volume<R>,
    options: &'a UnpackOptions,
    desk: Desk<'a>,
    /// None in a dry run into a folder that is not there.
    home: Option<Home>,
    /// None in a dry run.
    side: Option<Side>,
    listing: Listing,
    has_log: bool,
    makes_folder: bool,
}

impl<'a, R: ReadAt> Unpacking<'a, R> {
    /// Lists the drive and opens the destination; no file is copied.
    ///
    /// # Errors
    /// [`HomeError`] when the destination cannot be opened at all; everything else is a finding.
    pub fn begin(
        volume: &'a Volume<R>,
        options: &'a UnpackOptions,
        log: Option<&LogProofs>,
        rows: Option<&'a dyn Rows>,
        cancel: &Cancel,
    ) -> Result<Self, HomeError> {
        let makes_folder = !options.to.exists();
        let desk = Desk::new(&options.drive, rows);
        let listing = list(volume, options.names, &options.drive, log, cancel, &desk);
        let home = if options.dry_run && makes_folder {
            None
        } else {
            Some(Home::open(&options.to)?)
        };
        let side = match &home {
            Some(home) if !options.dry_run => {
                Some(Side::open(home, &options.drive, volume.serial())?)
            }
            _ => None,
        };
        Ok(Self {
            volume,
            options,
            desk,
            home,
            side,
            listing,
            has_log: log.is_some(),
            makes_folder,
        })
    }

    /// Returns the bytes of all files.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        let items = self.listing.items.iter();
        items.fold(0, |sum, item| sum.saturating_add(item.file.bytes()))
    }

    /// Returns how many bytes the destination must have free for what is not home yet.
    #[must_use]
    pub fn needed_bytes(&self) -> u64 {
        let items = self.listing.items.iter();
        items.fold(0, |sum, item| sum.saturating_add(self.needed_for(item)))
    }

    fn needed_for(&self, item: &Item) -> u64 {
        let mut there = 0;
        if let Some(known) = self.side.as_ref().and_then(|side| side.known(&item.key())) {
            match known {
                Known::Home { place, .. } => {
                    let found = self
                        .home
                        .as_ref()
                        .and_then(|home| home.existing(place).ok()?);
                    let (bytes, modified) = (item.file.bytes(), item.file.modified());
                    if found.is_some_and(|found| is_as_brought(&found, bytes, modified)) {
                        return 0;
                    }
                }
                Known::Part { through, .. } => there = *through,
            }
        }
        let found = self.home.as_ref().filter(|_| !self.makes_folder);
        let found = found.and_then(|home| home.existing(&item.place).ok()?);
        let length = found.and_then(|found| Some(found.metadata().ok()?.len()));
        if length == Some(item.file.bytes()) {
            return 0;
        }
        let blocks = item.data_bytes().checked_next_multiple_of(BLOCK_BYTES);
        blocks.unwrap_or(u64::MAX).saturating_sub(there)
    }

    /// Takes back what [`Unpacking::begin`] made in the destination.
    pub fn withdraw(self) {
        let (Some(home), Some(side)) = (self.home, self.side) else {
            return;
        };
        if side.is_new() {
            side.close(&home, false);
        }
    }

    /// Copies everything, or in a dry run says what would be copied.
    pub fn copy(mut self, cancel: &Cancel, progress: &Progress) -> UnpackReport {
        progress.total.store(self.total_bytes(), Ordering::Relaxed);
        let has_manifest = self.listing.has_manifest;
        let (dry_run, has_log) = (self.options.dry_run, self.has_log);
        if self.listing.was_cancelled {
            self.was_stopped();
        } else if dry_run {
            self.only_say();
        } else if let (Some(home), Some(side)) = (self.home.take(), self.side.take()) {
            self.make_folders(&home);
            self.copy_all(&home, &side, cancel, progress);
            self.finish(&home, side, cancel);
        }
        let said = self.desk.into_said();
        UnpackReport::of(said, dry_run, has_manifest, has_log)
    }

    fn copy_all(&self, home: &Home, side: &Side, cancel: &Cancel, progress: &Progress) {
        let beside = self
            .options
            .keeps_beside
            .then_some(self.options.drive.as_str());
        let arrivals = Arrivals::new(home, side, &self.desk, beside, progress);
        let (bundles, to_write) = crossbeam_channel::bounded(QUEUE);
        let (whole, to_bring) = crossbeam_channel::unbounded();
        let writers = std::thread::available_parallelism().map_or(1, usize::from);
        let writers = u32::try_from(writers.min(WRITERS_MAX)).unwrap_or(1);
        let items = self.listing.items.iter().filter_map(|item| {
            let folder = item
                .folder
                .and_then(|folder| self.listing.folders.get(folder));
            let is_new = folder.is_some_and(|folder| folder.is_new);
            // That its folder could not be made was said.
            let is_there = folder.is_none_or(|folder| folder.is_made);
            is_there.then_some((item, is_new))
        });
        std::thread::scope(|scope| {
            let arrivals = &arrivals;
            scope.spawn(move || arrivals.keep(&to_bring));
            for _ in 0..writers {
                let (to_write, whole) = (to_write.clone(), whole.clone());
                scope.spawn(move || arrivals.write(&to_write, &whole, writers));
            }
            drop(whole);
            Loader::new(self.volume, arrivals, cancel, bundles).run(items);
        });
    }

    /// Makes the folders, each after the one that it is in.
    fn make_folders(&mut self, home: &Home) {
        for number in 0..self.listing.folders.len() {
            let (before, rest) = self.listing.folders.split_at_mut(number);
            let Some(folder) = rest.first_mut() else {
                continue;
            };
            let parent = folder.parent.and_then(|parent| before.get(parent));
            if parent.is_some_and(|parent| !parent.is_made) {
                continue;
            }
            if self.options.names == ReceiveNames::Blobs && self.listing.has_manifest {
                continue;
            }
            match home.make_folder(&folder.place) {
                Ok(is_new) => {
                    folder.is_made = true;
                    folder.is_new = is_new;
                }
                Err(error @ HomeError::Exists { .. }) => {
                    let text = error.to_string();
                    self.desk.find("exists", text, Some(&folder.path), None);
                }
                Err(error) => {
                    let text = error.to_string();
                    self.desk.fail("destination", text, Some(&folder.path));
                }
            }
        }
    }

    /// Sets times of folders, makes everything durable, and tidies up.
    fn finish(&self, home: &Home, side: Side, cancel: &Cancel) {
        if cancel.is_cancelled() {
            return self.was_stopped();
        }
        let made = self
            .listing
            .folders
            .iter()
            .rev()
            .filter(|folder| folder.is_made);
        let mut timed = made.map(|folder| home.set_folder_time(&folder.place, folder.modified));
        if let Err(error) = timed.try_for_each(|set| set).and_then(|()| home.sync()) {
            self.desk.fail("destination", error.to_string(), None);
        }
        if !self.desk.lock().has_failed {
            side.close(home, self.options.keeps_state);
        }
    }

    fn was_stopped(&self) {
        let what = "stopped by the person".to_owned();
        self.desk.fail("cancelled", what, None);
    }

    /// Says what would be copied.
    fn only_say(&self) {
        for item in &self.listing.items {
            let there = match &self.home {
                Some(home) => home.existing(&item.place),
                None => Ok(None),
            };
            let length = |there: std::fs::File| there.metadata().map_or(0, |facts| facts.len());
            let is_free = match there {
                Ok(None) => true,
                Ok(Some(there)) => length(there) == item.file.bytes(),
                Err(_) => false,
            };
            if !is_free && !self.options.keeps_beside {
                let what = HomeError::Exists {
                    path: item.place.clone(),
                };
                self.desk
                    .find("exists", what.to_string(), Some(&item.path), None);
                continue;
            }
            self.desk.home(&super::found::HomeFile {
                path: &item.path,
                blob: &item.blob,
                place: &item.place.to_string_lossy(),
                bytes: item.file.bytes(),
                status: "planned",
                counts: false,
            });
        }
    }
}
