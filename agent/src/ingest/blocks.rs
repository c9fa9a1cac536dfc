//! Reads a file part by part, compares each with the manifest, and hands on what is right.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use lanes::digest_many;
use shared::copy_log::{BlobStatus, Category, Crc64, PartStatus};
use shared::manifest::{BlobKind, ManifestFile, Part};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::drive_files::DriveFile;
use super::outcome::{Parts, Trouble};
use super::run::Run;
use crate::blobs::{BlobName, BlockId, md5_of};

/// Where the parts go.
#[derive(Clone)]
pub(super) enum Sink {
    /// Nowhere: they are only compared.
    Nowhere,
    /// They wait as blocks for the blob's commit.
    Blocks(BlobName),
    /// They are pages of the blob.
    Pages(BlobName),
}

/// One blob's file on its way.
pub(super) struct Pour<'a> {
    pub(super) run: &'a Arc<Run>,
    /// The blob's number in the manifest.
    pub(super) blob: u64,
    pub(super) file: &'a ManifestFile,
    pub(super) found: &'a DriveFile,
    pub(super) sink: Sink,
    /// Parts that are in the store already.
    pub(super) there: &'a HashSet<u64>,
}

type Sending = JoinSet<(usize, Result<(), Trouble>)>;

/// Longest piece of zeros that a gap between page ranges is reckoned by.
const ZEROS: [u8; 4096] = [0; 4096];

impl Pour<'_> {
    /// Sends all parts, or none after the first that is wrong; every wrong one is found. Returns the CRC-64 of the whole.
    ///
    /// # Errors
    /// The first trouble, and what became of every part.
    pub(super) async fn run(&self) -> Result<u64, Box<(Trouble, Parts)>> {
        let mut parts = Parts::all(self.file, PartStatus::Cancelled);
        let mut trouble = None;
        let mut sending = Sending::new();
        let mut crc = Crc64::new();
        let mut through = 0;
        let mut rest = self.file.parts().enumerate();
        loop {
            while let Some(sent) = sending.try_join_next() {
                self.note(sent, &mut parts, &mut trouble);
            }
            let is_over = trouble
                .as_ref()
                .is_some_and(|trouble: &Trouble| trouble.category != Category::DataValidation);
            if is_over {
                break;
            }
            let next: Vec<(usize, Part)> = rest.by_ref().take(self.run.together()).collect();
            if next.is_empty() {
                break;
            }
            if self.run.has_to_stop() {
                trouble = trouble.or_else(|| Some(self.run.stopped()));
                break;
            }
            let mut permits = self.run.permits(next.len()).await;
            let wanted = next.iter().map(|(_, part)| *part);
            let read = read_parts(self.run, self.file, self.found, wanted).await;
            for ((number, part), read) in next.into_iter().zip(read) {
                let permit = permits.split(1);
                match read {
                    Ok(content) => {
                        zeros(&mut crc, part.at.saturating_sub(through));
                        crc.update(&content);
                        through = part.at.saturating_add(part.bytes);
                        if trouble.is_none() {
                            parts.set(number, self.kept());
                            self.send(number, part, content, permit, &mut sending);
                        }
                    }
                    Err((status, wrong)) => {
                        parts.set(number, status);
                        trouble = trouble.or(Some(wrong));
                    }
                }
            }
        }
        while let Some(sent) = sending.join_next().await {
            self.note(sent, &mut parts, &mut trouble);
        }
        zeros(&mut crc, self.file.bytes.saturating_sub(through));
        match trouble {
            None => Ok(crc.finish()),
            Some(trouble) => Err(Box::new((trouble, parts))),
        }
    }

    /// What a part is called that is in the store while its blob is not whole.
    const fn kept(&self) -> PartStatus {
        match self.sink {
            Sink::Nowhere => PartStatus::Cancelled,
            Sink::Blocks(_) => PartStatus::Uncommitted,
            Sink::Pages(_) => PartStatus::Completed,
        }
    }

    fn send(
        &self,
        number: usize,
        part: Part,
        content: Bytes,
        permit: Option<OwnedSemaphorePermit>,
        sending: &mut Sending,
    ) {
        let id = u64::try_from(number).unwrap_or(u64::MAX);
        if matches!(self.sink, Sink::Nowhere) {
            return;
        }
        if self.there.contains(&id) {
            self.run.add_bytes(part.bytes);
            return;
        }
        let (run, sink, blob) = (Arc::clone(self.run), self.sink.clone(), self.blob);
        sending.spawn(async move {
            let sent = put(&run, &sink, id, part, content).await;
            let kept = sent.and_then(|()| run.keep(|state| state.sent(blob, id)));
            if kept.is_ok() {
                run.add_bytes(part.bytes);
            }
            drop(permit);
            (number, kept)
        });
    }

    fn note(
        &self,
        sent: Result<(usize, Result<(), Trouble>), tokio::task::JoinError>,
        parts: &mut Parts,
        trouble: &mut Option<Trouble>,
    ) {
        match sent {
            Ok((_, Ok(()))) => {}
            Ok((number, Err(wrong))) => {
                parts.set(number, PartStatus::BlobRequestFailed);
                trouble.get_or_insert(wrong);
            }
            Err(error) => {
                let status = BlobStatus::Failed;
                let what = format!("a sender ended by itself: {error}");
                let wrong = Trouble::new(status, Category::UnknownType, "Failed", what);
                trouble.get_or_insert(wrong);
            }
        }
    }
}

/// A part's content, or what is wrong with it.
type Read = Result<Bytes, (PartStatus, Trouble)>;

/// Reads a part of a file from the drive and compares it with the manifest.
///
/// # Errors
/// What is wrong with it.
pub(super) async fn read_part(
    run: &Run,
    file: &ManifestFile,
    found: &DriveFile,
    part: Part,
) -> Read {
    let content = content_of(run, found, part).await?;
    let hash = md5_of(&content);
    compared(file, part, content, hash)
}

/// Reads parts of a file from the drive, up to the first that cannot be read, and compares them with the manifest; their
/// hashes are made side by side, which takes a fraction of what one after the other does.
async fn read_parts(
    run: &Run,
    file: &ManifestFile,
    found: &DriveFile,
    parts: impl Iterator<Item = Part>,
) -> Vec<Read> {
    let mut read = Vec::new();
    for part in parts {
        let content = content_of(run, found, part).await;
        let is_over = content.is_err();
        read.push((part, content));
        if is_over {
            break;
        }
    }
    let contents = read
        .iter()
        .filter_map(|(_, content)| content.as_deref().ok());
    let mut hashes = digest_many(&contents.collect::<Vec<_>>()).into_iter();
    let each = read.into_iter().map(|(part, content)| {
        let content = content?;
        let hash = hashes.next().unwrap_or_default();
        compared(file, part, content, hash)
    });
    each.collect()
}

async fn content_of(run: &Run, found: &DriveFile, part: Part) -> Read {
    let content = run.files.read(found, part.at, part.bytes).await;
    content.map_err(|error| {
        let trouble = Trouble::of_drive(&error).at(part.at);
        (PartStatus::IOFailed, trouble)
    })
}

/// Returns the content of a part when it has the hash that the manifest says.
fn compared(file: &ManifestFile, part: Part, content: Bytes, hash: [u8; 16]) -> Read {
    if hash == part.hash {
        return Ok(content);
    }
    let (what, left) = match file.kind {
        BlobKind::File => ("range", "the file was not put into its share"),
        BlobKind::Block | BlobKind::Page => ("block", "the blob was not committed"),
    };
    let what = format!(
        "the {what} at byte {} does not have the hash that the manifest says; {left}",
        part.at
    );
    let status = BlobStatus::CompletedWithErrors;
    let trouble = Trouble::new(status, Category::DataValidation, "Corrupted", what);
    Err((PartStatus::Corrupted, trouble.at(part.at)))
}

async fn put(run: &Run, sink: &Sink, id: u64, part: Part, content: Bytes) -> Result<(), Trouble> {
    let sent = match sink {
        Sink::Nowhere => return Ok(()),
        Sink::Blocks(name) => {
            let Some(id) = BlockId::of(id) else {
                let what = "a blob has at most 50,000 blocks".to_owned();
                let status = BlobStatus::BlobRequestFailed;
                return Err(Trouble::new(status, Category::CloudHttp, "Blocks", what));
            };
            run.store().stage_block(name, id, content, part.hash).await
        }
        Sink::Pages(name) => {
            let put = run.store().put_pages(name, part.at, content, part.hash);
            put.await
        }
    };
    sent.map_err(|error| Trouble::of_store(&error).at(part.at))
}

/// Takes the zeros of a gap, as the store reads it.
fn zeros(crc: &mut Crc64, mut bytes: u64) {
    while bytes > 0 {
        let length = usize::try_from(bytes)
            .unwrap_or(usize::MAX)
            .min(ZEROS.len());
        crc.update(ZEROS.get(..length).unwrap_or_default());
        bytes = bytes.saturating_sub(u64::try_from(length).unwrap_or(bytes));
    }
}
