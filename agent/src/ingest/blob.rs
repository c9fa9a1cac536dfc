//! One blob, from the drive into the store.
//!
//! ```text
//! done before? -> find file -> metadata, properties -> container -> name (or that of the run before) -> state: began
//!      -> parts: read, compared, sent -> commit -> state: done
//! ```

use std::collections::HashSet;
use std::sync::Arc;

use shared::copy_log::{BlobStatus, Category, PartStatus};
use shared::manifest::{BlobKind, ManifestFile};

use super::attached::{Given, given};
use super::blocks::{Pour, Sink};
use super::drive_files::DriveFile;
use super::item::bring_file;
use super::outcome::{Hung, Outcome, Parts, Trouble};
use super::pages::could_be;
use super::repair::said;
use super::run::Run;
use super::state_file::Progress;
use super::state_record::{Begun, Done};
use super::target::{Choice, Target, choose, named};
use crate::blobs::{BlobFacts, BlobName, BlockId, Condition, StoreError, StoredKind, md5_of};

/// A blob that did not arrive.
pub(super) struct Failed {
    pub(super) trouble: Trouble,
    pub(super) parts: Parts,
    pub(super) hung: Hung,
}

/// A blob's file, found and on its way.
pub(super) struct Way<'a> {
    pub(super) run: &'a Arc<Run>,
    /// The blob's number in the manifest.
    pub(super) number: u64,
    pub(super) file: &'a ManifestFile,
    found: DriveFile,
    /// Parts that an earlier run sent.
    pub(super) there: HashSet<u64>,
}

/// Where an earlier run of this blob stands.
enum Before {
    /// It did not begin, or what it began came to nothing.
    Nothing,
    /// Its name stands, and parts of it may be there.
    Begun(Box<Target>),
    /// Its page blob is there.
    Made(Box<Target>),
    /// It is there, and only that was not kept.
    Arrived(BlobName, Box<BlobFacts>),
}

/// Brings a blob into the store, or a file into its share, or says why not.
pub(super) async fn bring(run: &Arc<Run>, number: u64, mut file: ManifestFile) -> Outcome {
    if let Some(rule) = run.disposition {
        file.disposition = Some(rule);
    }
    let brought = match (file.kind, &run.goals.share) {
        (BlobKind::File, Some(share)) => bring_file(run, share, number, &file).await,
        _ => attempt(run, number, &file).await,
    };
    match brought {
        Ok(outcome) => outcome,
        Err(failed) => Outcome::failed(&file, failed.trouble, &failed.parts, failed.hung),
    }
}

async fn attempt(run: &Arc<Run>, number: u64, file: &ManifestFile) -> Result<Outcome, Box<Failed>> {
    let before = |trouble| Failed::before(file, trouble);
    let mut progress = run.progress(number);
    if progress.begun.is_none() && progress.done.is_none() {
        progress = said(run, number, file, progress).await.map_err(before)?;
    }
    if let Some(done) = &progress.done {
        return finished(run, file, done).await.map_err(before);
    }
    let found = find(run, file).await?;
    let given = given(&run.files, file).await.map_err(|wrong| {
        let (trouble, hung) = *wrong;
        let failed = *Failed::before(file, trouble);
        Box::new(Failed { hung, ..failed })
    })?;
    let name = named(&file.blob).map_err(before)?;
    run.container(name.container()).await.map_err(before)?;
    let mut way = Way {
        run,
        number,
        file,
        found,
        there: HashSet::new(),
    };
    if run.repair.is_some() {
        // Originals change: nothing is sent of one before all of it was compared.
        way.pour(Sink::Nowhere).await?;
    }
    let (target, is_made) = match way.before_now(&progress).await.map_err(before)? {
        Before::Arrived(name, facts) => {
            return way.arrived_before(&progress, &name, *facts).await;
        }
        Before::Begun(target) => {
            way.there = way.still_there(&progress, &target.name).await;
            if run.repair.is_some() && target.there.is_some() {
                let committed = way.committed(&progress, &target).await.map_err(before)?;
                way.there.extend(committed);
            }
            (target, false)
        }
        Before::Made(target) => {
            way.there = progress.sent.clone();
            (target, true)
        }
        Before::Nothing => match choose(run, number, file).await.map_err(before)? {
            Choice::Skip => {
                run.add_bytes(file.bytes);
                return Ok(Outcome::skipped(file));
            }
            Choice::Send(target) => {
                let kept = run.keep(|state| state.began(number, &target.begun));
                kept.map_err(before)?;
                (target, false)
            }
        },
    };
    // Long files one after the other: each has all the senders, and the drive reads straight on.
    let _long = run.one_long(file).await;
    let (etag, crc64) = match file.kind {
        BlobKind::Block => way.blocks(&target, &given).await?,
        BlobKind::Page | BlobKind::File => way.pages(&target, &given, is_made).await?,
    };
    way.done(&target.begun, etag, crc64)
}

/// Looks whether what an earlier run put there is still there.
async fn finished(run: &Run, file: &ManifestFile, done: &Done) -> Result<Outcome, Trouble> {
    let name = named(&done.name)?;
    let facts = run.store().facts(&name, None).await;
    let facts = facts.map_err(|error| Trouble::of_store(&error))?;
    run.add_bytes(file.bytes);
    if facts.is_some_and(|facts| facts.etag == done.etag) {
        return Ok(Outcome::arrived(file, done, true));
    }
    let what = format!(
        "an earlier run put it there as {}; it was changed or deleted since, and was left as it is",
        done.name
    );
    let status = BlobStatus::BlobUnexpectedChange;
    Err(Trouble::new(status, Category::CloudHttp, "Changed", what))
}

pub(super) async fn find(run: &Run, file: &ManifestFile) -> Result<DriveFile, Box<Failed>> {
    let before = |trouble| Failed::before(file, trouble);
    let found = run.files.find(&file.path).await;
    let found = found.map_err(|error| before(Trouble::of_drive(&error)))?;
    let found = found.ok_or_else(|| {
        let what = "the manifest has this file, and the drive has not";
        let status = BlobStatus::FileNotFound;
        before(Trouble::new(status, Category::Win32, "FileNotFound", what))
    })?;
    if found.bytes() == file.bytes {
        return Ok(found);
    }
    let what = format!(
        "the file has {} bytes; the manifest says {}",
        found.bytes(),
        file.bytes
    );
    let status = BlobStatus::CompletedWithErrors;
    let trouble = Trouble::new(status, Category::DataValidation, "Length", what);
    let mut failed = Failed::before(file, trouble);
    for (number, part) in file.parts().enumerate() {
        if part.at.saturating_add(part.bytes) > found.bytes() {
            failed.parts.set(number, PartStatus::FileUnexpectedEnd);
        }
    }
    Err(failed)
}

impl Failed {
    /// A blob of which nothing was sent.
    pub(super) fn before(file: &ManifestFile, trouble: Trouble) -> Box<Self> {
        Box::new(Self {
            trouble,
            parts: Parts::all(file, PartStatus::Cancelled),
            hung: Hung::CANCELLED,
        })
    }
}

impl Way<'_> {
    pub(super) fn before(&self, trouble: Trouble) -> Box<Failed> {
        Failed::before(self.file, trouble)
    }

    /// Reads and compares the whole file, and sends what is not there yet.
    pub(super) async fn pour(&self, sink: Sink) -> Result<u64, Box<Failed>> {
        self.pour_beside(sink, &self.there).await
    }

    /// Reads and compares the whole file, and sends all of it.
    async fn pour_anew(&self, sink: Sink) -> Result<u64, Box<Failed>> {
        self.pour_beside(sink, &HashSet::new()).await
    }

    async fn pour_beside(&self, sink: Sink, there: &HashSet<u64>) -> Result<u64, Box<Failed>> {
        let pour = Pour {
            run: self.run,
            blob: self.number,
            file: self.file,
            found: &self.found,
            sink,
            there,
        };
        pour.run().await.map_err(|wrong| {
            let (trouble, parts) = *wrong;
            Box::new(Failed {
                trouble,
                parts,
                hung: Hung::CANCELLED,
            })
        })
    }

    /// Puts the file as a block blob; returns version and CRC-64.
    async fn blocks(&self, target: &Target, given: &Given) -> Result<(String, u64), Box<Failed>> {
        let condition = self.make_room(target).await?;
        let sink = Sink::Blocks(target.name.clone());
        let mut crc64 = self.pour(sink.clone()).await?;
        let mut committed = self.commit(target, given, &condition).await;
        // A store forgets blocks that wait for too long.
        if let Err(error) = &committed
            && error.code() == "InvalidBlockList"
        {
            self.run.take_bytes(self.file.bytes);
            crc64 = self.pour_anew(sink).await?;
            committed = self.commit(target, given, &condition).await;
        }
        let error = match committed {
            Ok(etag) => return Ok((etag, crc64)),
            Err(error) => error,
        };
        // An attempt before the one that was answered may have been carried out.
        if error.is_conflict() && error.unanswered {
            let there = self.run.store().facts(&target.name, None).await;
            let there = there.map_err(|error| self.of_store(&error))?;
            if let Some(there) = there
                && self.is_ours(&target.name, &there).await.unwrap_or(false)
            {
                return Ok((there.etag, crc64));
            }
        }
        let mut failed = self.of_store(&error);
        failed.parts = Parts::all(self.file, PartStatus::Uncommitted);
        Err(failed)
    }

    async fn commit(
        &self,
        target: &Target,
        given: &Given,
        condition: &Condition,
    ) -> Result<String, StoreError> {
        let ids = (0_u64..).zip(&self.file.hashes);
        let ids: Vec<BlockId> = ids.filter_map(|(number, _)| BlockId::of(number)).collect();
        let (headers, metadata) = (&given.headers, &given.metadata);
        let store = self.run.store();
        let committed = store.commit(&target.name, &ids, headers, metadata, condition);
        committed.await
    }

    /// Takes a blob of another kind away, which is to be replaced: blocks cannot be put beside it. Only when the file is
    /// known to be good. Returns what must hold at the commit.
    async fn make_room(&self, target: &Target) -> Result<Condition, Box<Failed>> {
        let condition = target.condition();
        let is_other = |there: &BlobFacts| there.kind != StoredKind::Block;
        if !target.there.as_ref().is_some_and(is_other) {
            return Ok(condition);
        }
        self.pour(Sink::Nowhere).await?;
        let (headers, metadata) = Default::default();
        let put = self.run.store().put(
            &target.name,
            bytes::Bytes::new(),
            &headers,
            &metadata,
            &condition,
        );
        let etag = put.await.map_err(|error| self.of_store(&error))?;
        let begun = Begun {
            over: Some(etag.clone()),
            ..target.begun.clone()
        };
        let kept = self.run.keep(|state| state.began(self.number, &begun));
        kept.map_err(|trouble| self.before(trouble))?;
        Ok(Condition::Is(etag))
    }

    fn of_store(&self, error: &StoreError) -> Box<Failed> {
        self.before(Trouble::of_store(error))
    }

    /// Returns where an earlier run of this blob stands, by its state and by what is in the store.
    async fn before_now(&self, progress: &Progress) -> Result<Before, Trouble> {
        let Some(begun) = &progress.begun else {
            return Ok(Before::Nothing);
        };
        let name = named(&begun.name)?;
        let facts = self.run.store().facts(&name, None).await;
        let there = facts.map_err(|error| Trouble::of_store(&error))?;
        let target = |there| {
            Box::new(Target {
                name: name.clone(),
                begun: begun.clone(),
                there,
            })
        };
        let Some(facts) = there else {
            let is_as_before = begun.over.is_none();
            return Ok(if is_as_before {
                Before::Begun(target(None))
            } else {
                Before::Nothing
            });
        };
        if begun.over.as_ref() == Some(&facts.etag) {
            return Ok(Before::Begun(target(Some(facts))));
        }
        if self.file.kind == BlobKind::Page && could_be(&facts, self.file) {
            if progress.made || self.is_made(&name, &facts).await? {
                return Ok(Before::Made(target(Some(facts))));
            }
            return Ok(Before::Nothing);
        }
        let is_ours = self.is_ours(&name, &facts).await;
        if is_ours.map_err(|error| Trouble::of_store(&error))? {
            return Ok(Before::Arrived(name, Box::new(facts)));
        }
        Ok(Before::Nothing)
    }

    /// Returns whether a block blob that is there now, and was not before, is the one that this file makes: kind, length,
    /// id and length of every block, and their content. Another's of the same length has the same ids.
    async fn is_ours(&self, name: &BlobName, there: &BlobFacts) -> Result<bool, StoreError> {
        let could_be = self.file.kind == BlobKind::Block
            && there.kind == StoredKind::Block
            && there.bytes == self.file.bytes;
        if !could_be {
            return Ok(false);
        }
        let blocks = self.run.store().committed_blocks(name).await?;
        let own = (0_u64..).zip(self.file.parts());
        let own = own.filter_map(|(number, part)| Some((BlockId::of(number)?, part.bytes)));
        if !blocks.into_iter().eq(own) {
            return Ok(false);
        }
        for part in self.file.parts() {
            let _permit = self.run.permit().await;
            let range = part.at..part.at.saturating_add(part.bytes);
            let store = self.run.store();
            let content = store.read(name, None, range, Some(&there.etag)).await?;
            if md5_of(&content) != part.hash {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the blocks that an earlier run sent, and that the store still has.
    async fn still_there(&self, progress: &Progress, name: &BlobName) -> HashSet<u64> {
        if progress.sent.is_empty() || self.file.kind == BlobKind::Page {
            return HashSet::new();
        }
        // One that cannot be told is sent again: no harm.
        let staged = self
            .run
            .store()
            .staged_blocks(name)
            .await
            .unwrap_or_default();
        let lengths: Vec<u64> = self.file.parts().map(|part| part.bytes).collect();
        let is_whole = |(id, bytes): &(BlockId, u64)| {
            let number = usize::try_from(id.number()).unwrap_or(usize::MAX);
            lengths.get(number) == Some(bytes)
        };
        let staged = staged.into_iter().filter(is_whole);
        let staged = staged.map(|(id, _)| id.number());
        staged.filter(|id| progress.sent.contains(id)).collect()
    }

    /// Keeps that a blob arrived which an earlier run had no time to keep.
    async fn arrived_before(
        &self,
        progress: &Progress,
        name: &BlobName,
        facts: BlobFacts,
    ) -> Result<Outcome, Box<Failed>> {
        let crc64 = self.pour(Sink::Nowhere).await?;
        self.run.add_bytes(self.file.bytes);
        let begun = progress.begun.clone().unwrap_or_else(|| Begun {
            name: name.to_string(),
            over: None,
            disposition: shared::copy_log::DispositionStatus::Created,
        });
        self.done(&begun, facts.etag, crc64)
    }

    fn done(&self, begun: &Begun, etag: String, crc64: u64) -> Result<Outcome, Box<Failed>> {
        let done = Done {
            name: begun.name.clone(),
            etag,
            crc64,
            disposition: begun.disposition,
        };
        let kept = self.run.keep(|state| state.done(self.number, &done));
        kept.map_err(|trouble| self.before(trouble))?;
        Ok(Outcome::arrived(self.file, &done, false))
    }
}
