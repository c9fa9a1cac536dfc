//! Reading one source file, and noticing when it is not the one that was planned.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets within a file of known length; release builds stop at an overflow"
)]

use std::borrow::Cow;
use std::io::ErrorKind;

use ntfs_image::Node;
use shared::drive::NodeSource;
use shared::job::LeftOutReason;

use super::batch::index;
use super::sources::SourceRead;
use super::work::Work;
use crate::scan::OpenSourceError;

/// A part of a file that is to be read into its place in a batch.
pub(super) struct Reading<'b> {
    /// The file.
    pub file: Node,
    /// Offset in the file.
    pub from: u64,
    /// Where the bytes go; longer than the file's rest at its end.
    pub into: &'b mut [u8],
    /// The file, when an earlier part was read already or this one was asked for.
    pub held: Option<Box<dyn SourceRead>>,
    /// The file, when a later part follows; or why it is left out.
    pub outcome: Result<Option<Box<dyn SourceRead>>, LeftOutReason>,
    /// Whether it was left out before: then these are zeros.
    pub left_out: bool,
}

impl Reading<'_> {
    /// Reads. What cannot be read is zeros, and `outcome` says why.
    pub(super) fn run(&mut self, work: &Work<'_>) {
        if self.left_out {
            self.into.fill(0);
            return;
        }
        self.outcome = self.read(work);
        if self.outcome.is_err() {
            self.into.fill(0);
        }
    }

    fn read(&mut self, work: &Work<'_>) -> Result<Option<Box<dyn SourceRead>>, LeftOutReason> {
        let length = work.layout.ntfs().tree().bytes(self.file);
        let room = u64::try_from(self.into.len()).unwrap_or(u64::MAX);
        let wanted = room.min(length.saturating_sub(self.from));
        let (data, behind) = self.into.split_at_mut(index(wanted));
        behind.fill(0);
        if matches!(work.layout.source_of(self.file), NodeSource::Properties(_)) {
            // The hash stage fills it in.
            data.fill(0);
            return Ok(None);
        }
        let given =
            beside_blob(work, self.file).or_else(|| given(work, self.file).map(Cow::Borrowed));
        if let Some(content) = given {
            let content = content
                .get(index(self.from)..)
                .and_then(|content| content.get(..data.len()));
            data.copy_from_slice(content.ok_or(LeftOutReason::Changed)?);
            return Ok(None);
        }
        let is_whole = wanted == length;
        let source = match self.held.take() {
            Some(source) => source,
            None => open(work, self.file, is_whole)?,
        };
        if let Err(reason) = fill_from(source.as_ref(), self.from, data) {
            // What is another file now need not be readable.
            unchanged(work, self.file, source.as_ref())?;
            return Err(reason);
        }
        if self.from + wanted < length {
            return Ok(Some(source));
        }
        unchanged(work, self.file, source.as_ref())?;
        Ok(None)
    }
}

/// Reads a whole small file, which is held in its file record; `held` is it when it was asked for.
pub(super) fn read_small(
    work: &Work<'_>,
    file: Node,
    held: Option<Box<dyn SourceRead>>,
) -> Result<Vec<u8>, LeftOutReason> {
    let length = work.layout.ntfs().tree().bytes(file);
    let mut content = vec![0; index(length)];
    read_held(work, file, 0, &mut content, held)?;
    Ok(content)
}

/// Reads the part of a file that begins at its offset `from`, opened for it alone.
pub(super) fn read_part(
    work: &Work<'_>,
    file: Node,
    from: u64,
    into: &mut [u8],
) -> Result<(), LeftOutReason> {
    read_held(work, file, from, into, None)
}

fn read_held(
    work: &Work<'_>,
    file: Node,
    from: u64,
    into: &mut [u8],
    held: Option<Box<dyn SourceRead>>,
) -> Result<(), LeftOutReason> {
    let mut reading = Reading {
        file,
        from,
        into,
        held,
        outcome: Ok(None),
        left_out: false,
    };
    reading.read(work).map(drop)
}

/// Opens the file of which `bytes` bytes at its offset `from` are to be asked for; none where they are not of the source,
/// or it cannot be opened, which reading it says.
pub(super) fn open_to_ask(
    work: &Work<'_>,
    file: Node,
    (from, bytes): (u64, u64),
) -> Option<Box<dyn SourceRead>> {
    let is_of_source = matches!(work.layout.source_of(file), NodeSource::Entry(_));
    let is_whole = from == 0 && bytes == work.layout.ntfs().tree().bytes(file);
    is_of_source.then(|| open(work, file, is_whole).ok())?
}

/// Returns the content of a file that is not from the source tree but beside it.
fn given<'a>(work: &'a Work<'_>, file: Node) -> Option<&'a [u8]> {
    match work.layout.source_of(file) {
        NodeSource::TargetMetadata(number) => work.sources.metadata(number),
        NodeSource::TargetProperties(number) => work.sources.properties(number),
        _ => None,
    }
}

/// Returns the properties or metadata file of an exported blob.
fn beside_blob<'a>(work: &'a Work<'_>, file: Node) -> Option<Cow<'a, [u8]>> {
    let export = work.mapping.export.as_ref()?;
    let content = match work.layout.source_of(file) {
        NodeSource::BlobProperties(entry) => {
            let bytes = work.listing.entry(entry).bytes;
            export.blob(entry)?.properties_file(bytes)
        }
        NodeSource::BlobMetadata(entry) => export.blob(entry)?.metadata_file()?,
        _ => return None,
    };
    Some(Cow::Owned(content))
}

/// Opens a file and makes sure that it is the one that was planned, which is left to the look after the last byte where one
/// reading takes them all.
fn open(work: &Work<'_>, file: Node, is_whole: bool) -> Result<Box<dyn SourceRead>, LeftOutReason> {
    let entry = work.layout.entry_of(file).ok_or(LeftOutReason::Vanished)?;
    let source = work
        .sources
        .open(&work.listing.entry(entry).path.to_string())
        .map_err(|error| reason(&error))?;
    if !is_whole {
        unchanged(work, file, source.as_ref())?;
    }
    Ok(source)
}

/// A file that was opened under another identity or cannot be opened; what the plan saw is not
/// there any more.
fn reason(error: &OpenSourceError) -> LeftOutReason {
    match error {
        OpenSourceError::Escapes { .. } | OpenSourceError::NotAFile { .. } => {
            LeftOutReason::Changed
        }
        OpenSourceError::Gone { .. } => LeftOutReason::Vanished,
        OpenSourceError::Io { .. } => LeftOutReason::ReadFailed,
    }
}

/// What a failed read means: a store tells a blob that is another now from one that is gone.
fn why(error: &std::io::Error) -> LeftOutReason {
    match error.kind() {
        ErrorKind::NotFound => LeftOutReason::Vanished,
        ErrorKind::StaleNetworkFileHandle => LeftOutReason::Changed,
        ErrorKind::InvalidData => LeftOutReason::Corrupted,
        _ => LeftOutReason::ReadFailed,
    }
}

/// Compares length and time with the plan: before the first byte and after the last.
fn unchanged(work: &Work<'_>, file: Node, source: &dyn SourceRead) -> Result<(), LeftOutReason> {
    let entry = work.layout.entry_of(file).ok_or(LeftOutReason::Vanished)?;
    let planned = work.listing.entry(entry);
    let now = source.state().map_err(|error| why(&error))?;
    if now.bytes != planned.bytes || now.file_time() != planned.modified {
        return Err(LeftOutReason::Changed);
    }
    Ok(())
}

fn fill_from(source: &dyn SourceRead, from: u64, into: &mut [u8]) -> Result<(), LeftOutReason> {
    let mut done = 0;
    while done < into.len() {
        let at = from + u64::try_from(done).unwrap_or(u64::MAX);
        match source.read_at(at, &mut into[done..]) {
            Ok(0) => return Err(LeftOutReason::Changed),
            Ok(read) => done += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(why(&error)),
        }
    }
    Ok(())
}
