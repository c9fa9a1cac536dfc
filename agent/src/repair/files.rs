//! Originals in place of a drive: what a repair sends.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use lanes::Md5State;
use shared::manifest::{Attached, ManifestFile};

use super::originals::Originals;
use crate::blobs::md5_of;
use crate::ingest::{DriveFailed, DriveFile, Files, Place};
use crate::pipeline::content_md5_file;

/// Files that a repair sends, each with its original.
pub(super) struct OriginalFiles<'a> {
    originals: &'a Originals,
    /// Metadata and properties files of the plan.
    given: &'a [Vec<u8>],
    next: VecDeque<(u64, ManifestFile)>,
    /// Originals by their paths on the drive.
    found: HashMap<String, PathBuf>,
    /// Metadata and properties files: their hashes, and the path of the first file that has them.
    attached: HashMap<String, ([u8; 16], String)>,
}

/// A metadata or properties file is never longer.
const ATTACHED_BYTES_MAX: u64 = 1 << 20;
/// Bytes that are read at once to hash a whole file.
const STEP: usize = 4 << 20;

impl<'a> OriginalFiles<'a> {
    pub(super) fn new(
        originals: &'a Originals,
        given: &'a [Vec<u8>],
        files: Vec<(u64, ManifestFile, PathBuf)>,
    ) -> Self {
        let (mut next, mut found, mut attached) = (VecDeque::new(), HashMap::new(), HashMap::new());
        for (number, file, original) in files {
            for Attached { path, hash } in [&file.metadata, &file.properties].into_iter().flatten()
            {
                let owner = || (*hash, file.path.clone());
                attached.entry(path.clone()).or_insert_with(owner);
            }
            found.insert(file.path.clone(), original);
            next.push_back((number, file));
        }
        Self {
            originals,
            given,
            next,
            found,
            attached,
        }
    }

    /// Returns a metadata or properties file: from the plan, made again, or found like an original.
    fn attached(&self, path: &str, hash: [u8; 16], owner: &str) -> Option<Vec<u8>> {
        let of_plan = self.given.iter().find(|bytes| md5_of(bytes) == hash);
        if let Some(bytes) = of_plan {
            return Some(bytes.clone());
        }
        let whole = self
            .found
            .get(owner)
            .and_then(|path| md5_of_file(path.as_path()));
        let made = whole.map(|md5| content_md5_file(&md5));
        if let Some(made) = made.filter(|made| md5_of(made) == hash) {
            return Some(made);
        }
        let found = self.originals.locate_any(path)?;
        let mut bytes = Vec::new();
        let file = File::open(found).ok()?;
        file.take(ATTACHED_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        (md5_of(&bytes) == hash).then_some(bytes)
    }
}

impl Files for OriginalFiles<'_> {
    fn next(&mut self) -> Result<Option<(u64, ManifestFile)>, DriveFailed> {
        Ok(self.next.pop_front())
    }

    fn find(&mut self, path: &str) -> Result<Option<DriveFile>, DriveFailed> {
        if let Some(original) = self.found.get(path) {
            let failed = |error: std::io::Error| {
                let place = original.display();
                DriveFailed(format!("{place}: {error}"))
            };
            let file = File::open(original).map_err(failed)?;
            let bytes = file.metadata().map_err(failed)?.len();
            return Ok(Some(DriveFile::new(bytes, Place::Here(Arc::new(file)))));
        }
        let Some((hash, owner)) = self.attached.get(path) else {
            return Ok(None);
        };
        let bytes = self.attached(path, *hash, owner);
        Ok(bytes.map(|bytes| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            DriveFile::new(length, Place::Memory(Bytes::from(bytes)))
        }))
    }

    fn read(&mut self, file: &DriveFile, at: u64, into: &mut [u8]) -> Result<(), DriveFailed> {
        match file.place() {
            Place::Here(file) => {
                let read = crate::repair::read_at(file, at, into);
                read.map_err(|error| DriveFailed(error.to_string()))
            }
            Place::Memory(bytes) => {
                let from = usize::try_from(at).ok();
                let piece = from
                    .and_then(|from| bytes.get(from..from.checked_add(into.len())?))
                    .ok_or_else(|| DriveFailed("it is shorter than that".to_owned()))?;
                into.copy_from_slice(piece);
                Ok(())
            }
            Place::Drive(_) => Err(DriveFailed("it is on a drive".to_owned())),
        }
    }
}

fn md5_of_file(path: &Path) -> Option<[u8; 16]> {
    let mut file = File::open(path).ok()?;
    let mut state = Md5State::new();
    let mut piece = vec![0; STEP];
    loop {
        let count = file.read(&mut piece).ok()?;
        if count == 0 {
            return Some(state.finish());
        }
        state.update(piece.get(..count)?);
    }
}
