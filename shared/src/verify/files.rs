//! From the manifest's files to blocks that are hashed.

use std::rc::Rc;

use disk::ReadAt;
use ntfs_image::read::Volume;

use super::batch::{Batch, Block, Done, OpenFile};
use super::finding::{Finding, FindingCode, Findings};
use super::report::Expected;
use super::seen::Seen;
use crate::manifest::{Attached, ManifestFile, Ranges};

/// Compares the manifest's files, one after the other.
pub(super) struct Files<'a, R> {
    pub(super) volume: &'a Volume<R>,
    pub(super) seen: Seen,
    pub(super) batch: Batch,
    pub(super) done: Done,
    /// Whether files may have further streams.
    in_place: bool,
    /// Bytes, in the manifest's order, that need not be read again.
    proven_bytes: u64,
    /// Bytes of the files that came so far.
    come_bytes: u64,
}

impl<'a, R: ReadAt> Files<'a, R> {
    pub(super) fn new(volume: &'a Volume<R>, expected: &Expected) -> Self {
        Self {
            volume,
            seen: Seen::default(),
            batch: Batch::default(),
            done: Done::default(),
            in_place: expected.in_place,
            proven_bytes: expected.proven_bytes,
            come_bytes: 0,
        }
    }

    /// Takes the next file of the manifest: looks it up, and puts its blocks and attached files
    /// into the batch.
    pub(super) fn take(&mut self, manifest: &ManifestFile, findings: &mut Findings) {
        let start = self.come_bytes;
        self.come_bytes = start.saturating_add(manifest.bytes);
        let missed = Done {
            files: 1,
            bytes: manifest.bytes,
        };
        let Some(file) = self.open(&manifest.path, findings) else {
            self.done.add(missed);
            return;
        };
        if file.file.bytes() != manifest.bytes {
            let message = format!(
                "{} bytes long; the manifest says {}",
                file.file.bytes(),
                manifest.bytes
            );
            findings.push(Finding::of_file(
                FindingCode::Length,
                &file.path,
                None,
                message,
            ));
            self.done.add(missed);
        } else {
            check_coverage(manifest, findings);
            self.push_blocks(&file, manifest, start);
        }
        for attached in [&manifest.metadata, &manifest.properties]
            .into_iter()
            .flatten()
        {
            self.take_attached(attached, findings);
        }
    }

    /// Reads and hashes what is in the batch.
    pub(super) fn run(&mut self, findings: &mut Findings) {
        let done = self.batch.run(self.volume, findings);
        self.done.add(done);
    }

    fn open(&mut self, path: &str, findings: &mut Findings) -> Option<Rc<OpenFile>> {
        let missing =
            |message: &str| Finding::of_file(FindingCode::MissingFile, path, None, message);
        let unreadable = |error| Finding::of_file(FindingCode::Unreadable, path, None, error);
        let entry = match self.volume.find(path) {
            Ok(Some(entry)) if !entry.is_folder => entry,
            Ok(Some(_)) => {
                findings.push(missing("the manifest says a file, and it is a folder"));
                return None;
            }
            Ok(None) => {
                findings.push(missing("the manifest names it, and it is not on the drive"));
                return None;
            }
            Err(error) => {
                findings.push(unreadable(error));
                return None;
            }
        };
        self.seen.insert(entry.id);
        let file = match self.volume.open_file(entry.id) {
            Ok(file) => file,
            Err(error) => {
                findings.push(unreadable(error));
                return None;
            }
        };
        let streams = file.streams().iter().filter(|_| !self.in_place);
        for stream in streams {
            let message = format!(
                "a further stream, {}, of {} bytes that the manifest does not name",
                stream.name, stream.bytes
            );
            findings.push(Finding::of_file(
                FindingCode::UnexpectedFile,
                path,
                None,
                message,
            ));
        }
        let path = path.to_owned();
        Some(Rc::new(OpenFile { path, file }))
    }

    fn push_blocks(&mut self, file: &Rc<OpenFile>, manifest: &ManifestFile, start: u64) {
        let mut before = 0;
        let mut parts = manifest
            .parts()
            .filter(|part| {
                part.at
                    .checked_add(part.bytes)
                    .is_some_and(|end| end <= manifest.bytes)
            })
            .peekable();
        while let Some(part) = parts.next() {
            let end = part.at.saturating_add(part.bytes);
            let is_last = parts.peek().is_none();
            let upto = if is_last { manifest.bytes } else { end };
            let done = Done {
                files: u64::from(is_last),
                bytes: upto.saturating_sub(before),
            };
            before = before.max(upto);
            if start.saturating_add(upto) <= self.proven_bytes {
                self.done.add(done);
                continue;
            }
            self.batch.push(Block {
                file: Rc::clone(file),
                at: part.at,
                bytes: part.bytes,
                hash: part.hash,
                done,
            });
        }
        if before == 0 {
            // An empty file has no block; what has blocks but none inside the file was told by
            // check_coverage.
            self.done.add(Done {
                files: 1,
                bytes: manifest.bytes,
            });
        }
    }

    fn take_attached(&mut self, attached: &Attached, findings: &mut Findings) {
        let is_proven = self.come_bytes <= self.proven_bytes;
        let known = is_proven.then(|| self.volume.find(&attached.path).ok().flatten());
        if let Some(entry) = known.flatten() {
            self.seen.insert(entry.id);
            return;
        }
        let Some(file) = self.open(&attached.path, findings) else {
            return;
        };
        let bytes = file.file.bytes();
        self.batch.push(Block {
            file,
            at: 0,
            bytes,
            hash: attached.hash,
            done: Done::default(),
        });
    }
}

/// Blocks must cover the file once, without gap or overlap; page ranges of other tools may leave
/// gaps, whose content is then nobody's.
fn check_coverage(manifest: &ManifestFile, findings: &mut Findings) {
    let mut covered = 0;
    let mut wrong = None;
    for part in manifest.parts() {
        let end = part
            .at
            .checked_add(part.bytes)
            .filter(|end| *end <= manifest.bytes);
        if part.at != covered || end.is_none() {
            wrong = Some(covered);
            break;
        }
        covered = end.unwrap_or(covered);
    }
    let listed = match &manifest.ranges {
        Ranges::Rule => None,
        Ranges::Listed(ranges) => Some(ranges.len()),
    };
    let hashes_differ = listed.is_some_and(|listed| listed != manifest.hashes.len());
    if wrong.is_some() || covered != manifest.bytes || hashes_differ {
        let message = format!(
            "its blocks end at byte {covered} of {}, or overlap, or leave a gap there",
            manifest.bytes
        );
        let offset = Some(wrong.unwrap_or(covered));
        findings.push(Finding::of_file(
            FindingCode::Coverage,
            &manifest.path,
            offset,
            message,
        ));
    }
}
