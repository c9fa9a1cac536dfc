//! What a repair knows beforehand: the parts that a log says are in the store. A log is believed where blocks wait for
//! their commit and have the right length; what can be read is read and compared.

use std::collections::HashSet;
use std::sync::Arc;

use shared::copy_log::DispositionStatus;
use shared::manifest::{BlobKind, Disposition, ManifestFile, Part};

use super::blob::Way;
use super::outcome::Trouble;
use super::pages::could_be;
use super::run::Run;
use super::state_file::Progress;
use super::state_record::Begun;
use super::target::{Target, named};
use crate::blobs::{BlobFacts, BlobName, BlockId, StoredKind, md5_of};

/// Returns how far a blob is that the run before this repair left: what its log says, as far as the store agrees. Keeps
/// it.
///
/// # Errors
/// [`Trouble`].
pub(super) async fn said(
    run: &Arc<Run>,
    number: u64,
    file: &ManifestFile,
    progress: Progress,
) -> Result<Progress, Trouble> {
    let said = run.repair.as_ref().and_then(|said| said.get(&number));
    let Some(said) = said.filter(|said| !said.is_empty()) else {
        return Ok(progress);
    };
    let name = named(&file.blob)?;
    let facts = run.store().facts(&name, None).await;
    let facts = facts.map_err(|error| Trouble::of_store(&error))?;
    let (over, made, sent) = match (facts, file.kind) {
        (None, BlobKind::Block) => (None, false, said.clone()),
        (None, BlobKind::Page | BlobKind::File) => return Ok(progress),
        (Some(there), BlobKind::Page) if could_be(&there, file) => {
            let same = same_parts(run, &name, file, said, Some(&there.etag)).await?;
            if same.is_empty() {
                return Ok(progress);
            }
            (None, true, same)
        }
        // What is there gives way to it anyway, once it is whole.
        (Some(there), BlobKind::Block)
            if there.kind == StoredKind::Block && file.rule() == Disposition::Overwrite =>
        {
            (Some(there.etag), false, said.clone())
        }
        (Some(there), BlobKind::Block) if is_committed(&there, file) => {
            // Another's of the same length has the same ids, and may begin alike, as disk images and newer versions do: it
            // is the one that the log speaks of only when every block is there that the log says is.
            if !has_all(run, &name, file, said, &there.etag).await? {
                return Ok(progress);
            }
            (Some(there.etag), false, said.clone())
        }
        // Something else has its name: its rule says what becomes of it.
        (Some(_), _) => return Ok(progress),
    };
    if !run.claim(&name.to_string(), number) {
        return Ok(progress);
    }
    let disposition = match over {
        Some(_) => DispositionStatus::Overwritten,
        None => DispositionStatus::Created,
    };
    let begun = Begun {
        name: name.to_string(),
        over,
        disposition,
    };
    run.keep(|state| state.said(number, &begun, made, sent))?;
    Ok(run.progress(number))
}

fn is_committed(there: &BlobFacts, file: &ManifestFile) -> bool {
    there.kind == StoredKind::Block && there.bytes == file.bytes
}

/// Returns those of `wanted` whose bytes in the store have the hash that they must have.
async fn same_parts(
    run: &Run,
    name: &BlobName,
    file: &ManifestFile,
    wanted: &HashSet<u64>,
    etag: Option<&str>,
) -> Result<HashSet<u64>, Trouble> {
    let mut same = HashSet::new();
    let parts = (0_u64..).zip(file.parts());
    for (number, part) in parts.filter(|(number, _)| wanted.contains(number)) {
        if run.has_to_stop() {
            return Err(run.stopped());
        }
        if is_same(run, name, part, etag).await? {
            same.insert(number);
        }
    }
    Ok(same)
}

/// Returns whether all of `wanted` have the hashes in the store that they must have.
async fn has_all(
    run: &Run,
    name: &BlobName,
    file: &ManifestFile,
    wanted: &HashSet<u64>,
    etag: &str,
) -> Result<bool, Trouble> {
    let parts = (0_u64..).zip(file.parts());
    for (_, part) in parts.filter(|(number, _)| wanted.contains(number)) {
        if run.has_to_stop() {
            return Err(run.stopped());
        }
        if !is_same(run, name, part, Some(etag)).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn is_same(
    run: &Run,
    name: &BlobName,
    part: Part,
    etag: Option<&str>,
) -> Result<bool, Trouble> {
    let _permit = run.permit().await;
    let range = part.at..part.at.saturating_add(part.bytes);
    let content = run.store().read(name, None, range, etag).await;
    let content = content.map_err(|error| Trouble::of_store(&error).at(part.at))?;
    Ok(md5_of(&content) == part.hash)
}

impl Way<'_> {
    /// Returns the blocks of a committed blob that need not be sent again: they were said to be there, and are.
    ///
    /// # Errors
    /// [`Trouble`].
    pub(super) async fn committed(
        &self,
        progress: &Progress,
        target: &Target,
    ) -> Result<HashSet<u64>, Trouble> {
        let Some(there) = &target.there else {
            return Ok(HashSet::new());
        };
        if self.file.kind != BlobKind::Block || !is_committed(there, self.file) {
            return Ok(HashSet::new());
        }
        let blocks = self.run.store().committed_blocks(&target.name).await;
        let blocks = blocks.map_err(|error| Trouble::of_store(&error))?;
        let lengths = (0_u64..).zip(self.file.parts());
        let own: HashSet<(BlockId, u64)> = lengths
            .filter_map(|(number, part)| Some((BlockId::of(number)?, part.bytes)))
            .collect();
        let kept = blocks.into_iter().filter(|block| own.contains(block));
        let kept = kept.map(|(id, _)| id.number());
        let kept = kept
            .filter(|number| progress.sent.contains(number) && !self.there.contains(number))
            .collect();
        same_parts(self.run, &target.name, self.file, &kept, Some(&there.etag)).await
    }
}
