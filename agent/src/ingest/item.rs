//! One file, from the drive into a share.
//!
//! ```text
//! done before? -> find file -> name (or that of the run before) -> state: began -> folders
//!      -> under another name: ranges read, compared, written -> times, durable -> its name -> state: done
//! ```
//!
//! A file has its name only when all of it is there and durable.

use std::sync::Arc;

use shared::copy_log::{BlobStatus, Category, Crc64, PartStatus};
use shared::hash::upper_hex;
use shared::manifest::{ManifestFile, Part};

use super::blob::{Failed, find};
use super::blocks::read_part;
use super::drive_files::DriveFile;
use super::item_target::{Aim, choose, place_of};
use super::outcome::{Hung, Outcome, Parts, Trouble};
use super::run::Run;
use super::state_file::Progress;
use super::state_record::Done;
use crate::blobs::md5_of;
use crate::shares::{ItemFacts, Share, ShareError, SharePath, Writing};

/// Bytes between two points from which a run that broke off goes on.
const CHECKPOINT: u64 = 64 << 20;

/// A file on its way into a share.
struct Item<'a> {
    run: &'a Arc<Run>,
    share: &'a Share,
    /// Its number in the manifest.
    number: u64,
    file: &'a ManifestFile,
    found: DriveFile,
}

/// Where an earlier run of this file stands.
enum Before {
    Nothing,
    /// Its name stands, and so many of its ranges are there.
    Begun(Aim, usize),
    /// It is there, and only that was not kept.
    Arrived(Aim),
}

/// How much of a file is durable on the server.
#[derive(Clone)]
struct Mark {
    ranges: usize,
    /// Their bytes.
    bytes: u64,
    /// The checksum through them.
    crc: Crc64,
}

/// Why writing ended.
enum Stop {
    /// The line broke: another connection may go on.
    Line(ShareError),
    Failed(Box<Failed>),
}

/// Brings a file into its share, or says why not.
pub(super) async fn bring_file(
    run: &Arc<Run>,
    share: &Share,
    number: u64,
    file: &ManifestFile,
) -> Result<Outcome, Box<Failed>> {
    let before = |trouble| Failed::before(file, trouble);
    let progress = run.progress(number);
    if let Some(done) = &progress.done {
        return finished(run, share, file, done).await.map_err(before);
    }
    let place = place_of(&file.blob).map_err(before)?;
    let found = find(run, file).await?;
    let item = Item {
        run,
        share,
        number,
        file,
        found,
    };
    let (aim, ranges) = match item.before_now(&progress).await.map_err(before)? {
        Before::Arrived(aim) => return item.arrived_before(&aim).await,
        Before::Begun(aim, ranges) => (aim, ranges),
        Before::Nothing => {
            let chosen = choose(run, share, number, file, &place).await;
            let Some(aim) = chosen.map_err(before)? else {
                run.add_bytes(file.bytes);
                return Ok(Outcome::skipped(file));
            };
            let kept = run.keep(|state| state.began(number, &aim.begun));
            kept.map_err(before)?;
            (aim, 0)
        }
    };
    // Long files one after the other: the drive reads straight on.
    let _long = run.one_long(file).await;
    let folders = share.make_folders(&aim.place).await;
    folders.map_err(|error| before(Trouble::of_share(&error)))?;
    let partial = aim.place.beside(&run.partial_name(number));
    let crc64 = item.fill(&partial, ranges).await?;
    item.give_name(&partial, &aim).await.map_err(before)?;
    item.done(&aim, crc64).await
}

/// Looks whether what an earlier run put there is still there.
async fn finished(
    run: &Run,
    share: &Share,
    file: &ManifestFile,
    done: &Done,
) -> Result<Outcome, Trouble> {
    let place = place_of(done.in_log())?;
    let facts = share.facts(&place).await;
    let facts = facts.map_err(|error| Trouble::of_share(&error))?;
    run.add_bytes(file.bytes);
    if facts.is_some_and(|facts| facts.version() == done.etag) {
        return Ok(Outcome::arrived(file, done, true));
    }
    let what = format!(
        "an earlier run put it there as {place}; it was changed or deleted since, and was left as it is"
    );
    Err(changed(what))
}

impl Default for Mark {
    fn default() -> Self {
        Self {
            ranges: 0,
            bytes: 0,
            crc: Crc64::new(),
        }
    }
}

impl Mark {
    fn take(&mut self, part: Part, content: &[u8]) {
        self.crc.update(content);
        self.ranges = self.ranges.saturating_add(1);
        self.bytes = part.at.saturating_add(part.bytes);
    }
}

fn changed(what: String) -> Trouble {
    let status = BlobStatus::BlobUnexpectedChange;
    Trouble::new(status, Category::CloudHttp, "Changed", what)
}

impl Item<'_> {
    fn before(&self, trouble: Trouble) -> Box<Failed> {
        Failed::before(self.file, trouble)
    }

    /// Returns where an earlier run stands, by its state and by what is in the share.
    async fn before_now(&self, progress: &Progress) -> Result<Before, Trouble> {
        let Some(begun) = &progress.begun else {
            return Ok(Before::Nothing);
        };
        let aim = Aim::of(begun)?;
        let there = self.facts(&aim.place).await?;
        let sent = progress.sent.iter().max();
        let ranges = sent.map_or(0, |last| last.saturating_add(1));
        let ranges = usize::try_from(ranges).unwrap_or(0);
        match there {
            None => Ok(Before::Begun(aim, ranges)),
            Some(there) if begun.over.as_ref() == Some(&there.version()) => {
                Ok(Before::Begun(aim, ranges))
            }
            Some(there) if self.is_ours(&aim.place, &there).await? => Ok(Before::Arrived(aim)),
            Some(_) => Ok(Before::Nothing),
        }
    }

    async fn facts(&self, place: &SharePath) -> Result<Option<ItemFacts>, Trouble> {
        let facts = self.share.facts(place).await;
        facts.map_err(|error| Trouble::of_share(&error))
    }

    /// Returns whether what is there is this file, by its length, its time and its content.
    async fn is_ours(&self, place: &SharePath, there: &ItemFacts) -> Result<bool, Trouble> {
        let could_be = !there.is_folder
            && there.bytes == self.file.bytes
            && there.modified == self.found.times().modified;
        if !could_be {
            return Ok(false);
        }
        for part in self.file.parts() {
            let _permit = self.run.permit().await;
            let content = self.share.read(place, part.at, part.bytes).await;
            let content = content.map_err(|error| Trouble::of_share(&error))?;
            if md5_of(&content) != part.hash {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps that a file arrived which an earlier run had no time to keep.
    async fn arrived_before(&self, aim: &Aim) -> Result<Outcome, Box<Failed>> {
        let mark = self.compared(self.file.hashes.len()).await?;
        self.run.add_bytes(mark.bytes);
        self.done(aim, mark.crc.finish()).await
    }

    /// Reads and compares the first ranges without sending them.
    async fn compared(&self, ranges: usize) -> Result<Mark, Box<Failed>> {
        let mut mark = Mark::default();
        for (number, part) in self.file.parts().enumerate().take(ranges) {
            let _permit = self.run.permit().await;
            match read_part(self.run, self.file, &self.found, part).await {
                Ok(content) => mark.take(part, &content),
                Err((status, trouble)) => {
                    return Err(self.wrong(number, status, trouble).await);
                }
            }
        }
        Ok(mark)
    }

    /// Writes the file under another name until all of it is there and durable; returns its checksum.
    async fn fill(&self, partial: &SharePath, ranges: usize) -> Result<u64, Box<Failed>> {
        let mut mark = match self.compared(ranges).await {
            Ok(mark) => mark,
            Err(failed) => {
                // What was sent of a file that rotted meanwhile is of no use.
                self.give_up(partial).await;
                return Err(failed);
            }
        };
        self.run.add_bytes(mark.bytes);
        let mut attempt = 1;
        loop {
            let before = mark.ranges;
            let error = match self.pass(partial, &mut mark).await {
                Ok(crc64) => return Ok(crc64),
                Err(Stop::Failed(failed)) => return Err(failed),
                Err(Stop::Line(error)) => error,
            };
            if mark.ranges > before {
                attempt = 1;
            }
            self.share.let_go().await;
            let paused = self.share.pause(attempt, error).await;
            paused.map_err(|error| self.before(Trouble::of_share(&error)))?;
            attempt = attempt.saturating_add(1);
        }
    }

    /// Writes what is behind the mark, and moves it.
    async fn pass(&self, partial: &SharePath, mark: &mut Mark) -> Result<u64, Stop> {
        let stop = |error: ShareError| self.stop(error);
        if mark.ranges > 0 {
            let there = self.share.facts(partial).await.map_err(stop)?;
            // What is gone is sent again; a hole in its place would be a file that is not this one.
            if there.is_none_or(|there| there.bytes < mark.bytes) {
                self.run.take_bytes(mark.bytes);
                *mark = Mark::default();
            }
        }
        let mut writing = self.share.write(partial, mark.bytes).await.map_err(stop)?;
        let mut through = mark.clone();
        let written = self.write(&mut writing, mark, &mut through).await;
        match written {
            Ok(()) => {
                let finished = writing.finish(self.found.times()).await;
                finished.map_err(|error| self.back(mark, &through, stop(error)))?;
                Ok(through.crc.finish())
            }
            Err(Stop::Failed(failed)) => {
                if failed.trouble.code == "Cancelled" && writing.checkpoint().await.is_ok() {
                    self.move_mark(mark, &through)?;
                }
                writing.abandon().await;
                if failed.trouble.category == Category::DataValidation {
                    self.share.remove(partial).await.map_err(stop)?;
                }
                Err(self.back(mark, &through, Stop::Failed(failed)))
            }
            Err(line) => Err(self.back(mark, &through, line)),
        }
    }

    async fn write(
        &self,
        writing: &mut Writing,
        mark: &mut Mark,
        through: &mut Mark,
    ) -> Result<(), Stop> {
        for (number, part) in self.file.parts().enumerate().skip(mark.ranges) {
            if self.run.has_to_stop() {
                return Err(Stop::Failed(self.before(self.run.stopped())));
            }
            let _permit = self.run.permit().await;
            let content = match read_part(self.run, self.file, &self.found, part).await {
                Ok(content) => content,
                Err((status, trouble)) => {
                    let failed = self.wrong(number, status, trouble).await;
                    return Err(Stop::Failed(failed));
                }
            };
            let written = writing.write(&content).await;
            written.map_err(|error| self.stop(error))?;
            through.take(part, &content);
            self.run.add_bytes(part.bytes);
            let since = through.bytes.saturating_sub(mark.bytes);
            if since >= CHECKPOINT {
                let kept = writing.checkpoint().await;
                kept.map_err(|error| self.stop(error))?;
                self.move_mark(mark, through)?;
            }
        }
        Ok(())
    }

    /// Keeps that all of this is durable.
    fn move_mark(&self, mark: &mut Mark, through: &Mark) -> Result<(), Stop> {
        let Some(last) = through.ranges.checked_sub(1) else {
            return Ok(());
        };
        let last = u64::try_from(last).unwrap_or(u64::MAX);
        let kept = self.run.keep(|state| state.sent(self.number, last));
        kept.map_err(|trouble| Stop::Failed(self.before(trouble)))?;
        mark.clone_from(through);
        Ok(())
    }

    /// Takes back what is behind the mark, and will be sent again.
    fn back(&self, mark: &Mark, through: &Mark, stop: Stop) -> Stop {
        self.run
            .take_bytes(through.bytes.saturating_sub(mark.bytes));
        stop
    }

    fn stop(&self, error: ShareError) -> Stop {
        if error.is_broken_line() {
            Stop::Line(error)
        } else {
            Stop::Failed(self.before(Trouble::of_share(&error)))
        }
    }

    /// A file of which one range is not as the manifest says: every other that is not is found too.
    async fn wrong(&self, first: usize, status: PartStatus, trouble: Trouble) -> Box<Failed> {
        let mut parts = Parts::all(self.file, PartStatus::Cancelled);
        parts.set(first, status);
        let behind = first.saturating_add(1);
        for (number, part) in self.file.parts().enumerate().skip(behind) {
            if trouble.category != Category::DataValidation || self.run.has_to_stop() {
                break;
            }
            let _permit = self.run.permit().await;
            let read = read_part(self.run, self.file, &self.found, part).await;
            if let Err((status, _)) = read {
                parts.set(number, status);
            }
        }
        Box::new(Failed {
            trouble,
            parts,
            hung: Hung::CANCELLED,
        })
    }

    /// Gives a file that is whole and durable its name.
    async fn give_name(&self, partial: &SharePath, aim: &Aim) -> Result<(), Trouble> {
        let over = aim.begun.over.as_ref();
        if let (Some(over), Some(there)) = (over, self.facts(&aim.place).await?)
            && there.version() != *over
        {
            let what = format!("{} was changed while this was on its way", aim.place);
            self.give_up(partial).await;
            return Err(changed(what));
        }
        let renamed = self.share.rename(partial, &aim.place, over.is_some());
        let Err(error) = renamed.await else {
            return Ok(());
        };
        // An attempt before the one that was answered may have been carried out.
        if error.is_missing()
            && let Some(there) = self.facts(&aim.place).await?
            && self.is_ours(&aim.place, &there).await?
        {
            return Ok(());
        }
        if error.is_taken() {
            let what = format!("somebody put {} there meanwhile", aim.place);
            self.give_up(partial).await;
            return Err(changed(what));
        }
        Err(Trouble::of_share(&error))
    }

    /// Takes away what will not get its name.
    async fn give_up(&self, partial: &SharePath) {
        // Should it stay, the next run of this file writes over it.
        drop(self.share.remove(partial).await);
    }

    async fn done(&self, aim: &Aim, crc64: u64) -> Result<Outcome, Box<Failed>> {
        let there = self.facts(&aim.place).await;
        let there = there.map_err(|trouble| self.before(trouble))?;
        let there = there.filter(|there| there.bytes == self.file.bytes);
        let there = there.ok_or_else(|| {
            let what = format!("{} was changed or deleted at once", aim.place);
            self.before(changed(what))
        })?;
        let done = Done {
            name: aim.begun.name.clone(),
            etag: there.version(),
            crc64,
            disposition: aim.begun.disposition,
        };
        let kept = self.run.keep(|state| state.done(self.number, &done));
        kept.map_err(|trouble| self.before(trouble))?;
        Ok(Outcome::arrived(self.file, &done, false))
    }
}

/// The name under which a file is written before it is whole: the same in every run of one manifest, another in any other.
pub(super) fn partial_name(manifest: &[u8; 16], number: u64) -> String {
    let manifest = upper_hex(manifest);
    format!(
        ".{}-{number}.argosy",
        manifest.get(..16).unwrap_or(&manifest)
    )
}
