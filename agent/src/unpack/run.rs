//! The whole of unpacking.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use disk::ReadAt;
use ntfs_image::FileTime;
use ntfs_image::read::{Entry, File, Volume, VolumeError};
use serde::Serialize;
use shared::manifest::ManifestFile;
use shared::plan::MANIFEST_NAME;
use shared::verify::{VerifyVerdict, find_manifest};

use super::home::{Home, HomeError, Part, is_safe_name};
use super::manifest::{DriveManifest, manifest_of};
use super::range_hasher::RangeHasher;
use crate::pipeline::Cancel;
use shared::blob_name::file_name;

/// Bytes of a file in memory at once.
const STEP: u64 = 32 << 20;
/// Findings kept; the rest is counted.
const FINDINGS_MAX: usize = 1000;
const WINDOWS_OWN: &str = "\\System Volume Information";

/// How to unpack.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    /// The destination folder.
    pub to: PathBuf,
    /// Writes nothing and reads no content: only says what would be done.
    pub dry_run: bool,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpackFinding {
    /// A stable word in kebab case.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// The file on the drive: `\a\b`.
    pub file: Option<String>,
    /// Where in the file.
    pub offset: Option<u64>,
}

/// What unpacking did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackReport {
    /// The end.
    pub verdict: VerifyVerdict,
    /// Files that are in the destination now.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether the drive has a manifest to compare with.
    pub has_manifest: bool,
    /// What is wrong.
    pub findings: Vec<UnpackFinding>,
    /// Findings beyond those.
    pub findings_left_out: u64,
}

/// Copies everything below `volume`'s root into the destination. `progress` is told files and bytes
/// done.
///
/// # Errors
/// [`HomeError`] when the destination cannot be opened at all; everything else is a finding.
pub fn unpack<R: ReadAt>(
    volume: &Volume<R>,
    options: &UnpackOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UnpackReport, HomeError> {
    let home = if options.dry_run && !options.to.exists() {
        None
    } else {
        Some(Home::open(&options.to)?)
    };
    let report = UnpackReport {
        verdict: VerifyVerdict::Verified,
        files: 0,
        bytes: 0,
        has_manifest: false,
        findings: Vec::new(),
        findings_left_out: 0,
    };
    let mut run = Run {
        volume,
        dry_run: options.dry_run,
        home,
        manifest: None,
        parents: Vec::new(),
        folders: Vec::new(),
        seen: HashSet::new(),
        buffer: Vec::new(),
        full: false,
        report,
        progress,
    };
    match manifest_of(volume) {
        Ok(manifest) => run.manifest = manifest,
        Err(what) => {
            let entry = find_manifest(volume).ok().flatten();
            let path = entry.map(|entry| format!("\\{}", entry.name));
            let what = format!("the manifest cannot be read: {what}");
            run.find("manifest", what, path.as_deref(), None);
        }
    }
    run.report.has_manifest = run.manifest.is_some();
    run.all(cancel);
    run.finish();
    Ok(run.report)
}

struct Run<'a, R> {
    volume: &'a Volume<R>,
    dry_run: bool,
    /// None in a dry run into a folder that is not there.
    home: Option<Home>,
    manifest: Option<DriveManifest>,
    /// The folders that the walk is in: path on the drive, and path below the destination.
    parents: Vec<(String, PathBuf)>,
    /// Folders made, and their times, which are set when nothing changes in them any more.
    folders: Vec<(PathBuf, FileTime)>,
    /// Files of the manifest that were found.
    seen: HashSet<String>,
    buffer: Vec<u8>,
    /// The destination has no room left: trying every other file would only say so again.
    full: bool,
    report: UnpackReport,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl<R: ReadAt> Run<'_, R> {
    fn all(&mut self, cancel: &Cancel) {
        let volume = self.volume;
        for item in volume.walk() {
            if cancel.is_cancelled() {
                self.fail("cancelled", "stopped by the person".to_owned(), None);
                return;
            }
            if self.full {
                return;
            }
            match item {
                Ok((path, entry)) => self.item(&path, &entry),
                Err(error) => self.volume_error(&error, None),
            }
        }
    }

    fn item(&mut self, path: &str, entry: &Entry) {
        if path == WINDOWS_OWN
            || path
                .strip_prefix(WINDOWS_OWN)
                .is_some_and(|rest| rest.starts_with('\\'))
        {
            return;
        }
        let Some(place) = self.place(path, entry) else {
            return;
        };
        if let Some(tag) = entry.reparse {
            let what = format!("it is a reparse point ({tag:?}), which has no content of its own");
            self.find("reparse-point", what, Some(path), None);
            return;
        }
        if entry.is_folder {
            self.folder(path, place, entry.modified);
        } else {
            self.file(path, &place, entry);
        }
    }

    /// Returns where an entry goes below the destination; none when its name, or one above it,
    /// cannot be used.
    fn place(&mut self, path: &str, entry: &Entry) -> Option<PathBuf> {
        let parent = path
            .strip_suffix(entry.name.as_str())
            .and_then(|path| path.strip_suffix('\\'))
            .unwrap_or("");
        while self
            .parents
            .last()
            .is_some_and(|(above, _)| above != parent)
        {
            self.parents.pop();
        }
        let above = match (parent, self.parents.last()) {
            ("", _) => PathBuf::new(),
            (_, Some((_, place))) => place.clone(),
            // Its folder was not made, and that was said.
            (_, None) => return None,
        };
        if !entry.lossless || !is_safe_name(&entry.name) {
            self.find(
                "unsafe-name",
                format!("the name {:?} cannot be used for a file here", entry.name),
                Some(path),
                None,
            );
            return None;
        }
        // An export's has the serial in its name already.
        let is_manifest = |manifest: &&DriveManifest| manifest.path == path;
        if entry.name == MANIFEST_NAME
            && let Some(manifest) = self.manifest.as_ref().filter(is_manifest)
        {
            return Some(PathBuf::from(format!(
                "{}.DriveManifest.xml",
                file_name(&manifest.drive_id)
            )));
        }
        Some(above.join(&entry.name))
    }

    fn folder(&mut self, path: &str, place: PathBuf, modified: FileTime) {
        if let (Some(home), false) = (&mut self.home, self.dry_run)
            && let Err(error) = home.make_folder(&place)
        {
            self.home_error(&error, path);
            return;
        }
        self.parents.push((path.to_owned(), place.clone()));
        self.folders.push((place, modified));
    }

    fn file(&mut self, path: &str, place: &Path, entry: &Entry) {
        let expected = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.files.get(path))
            .cloned();
        if expected.is_some() {
            self.seen.insert(path.to_owned());
        }
        let file = match self.volume.open_file(entry.id) {
            Ok(file) => file,
            Err(error) => return self.volume_error(&error, Some(path)),
        };
        for stream in file.streams() {
            let what = format!(
                "its alternate stream {:?} ({} bytes) is not copied",
                stream.name, stream.bytes
            );
            self.find("alternate-stream", what, Some(path), None);
        }
        if let Some(expected) = &expected
            && expected.bytes != file.bytes()
        {
            let what = format!(
                "it has {} bytes; the manifest says {}",
                file.bytes(),
                expected.bytes
            );
            self.find("length", what, Some(path), None);
        }
        let existing = match &mut self.home {
            Some(home) => home.existing(place),
            None => Ok(None),
        };
        let there = match existing {
            Ok(there) => there,
            Err(error) => return self.home_error(&error, path),
        };
        if self.dry_run {
            return self.would_do(path, place, &file, there.as_ref());
        }
        let copied = match there {
            Some(there) => self.compare(path, place, &file, &there, expected.as_ref()),
            None => self.copy(path, place, &file, expected.as_ref()),
        };
        match copied {
            Ok(true) => self.done(file.bytes()),
            Ok(false) => {}
            Err(Fault::Volume(error)) => self.volume_error(&error, Some(path)),
            Err(Fault::Home(error)) => self.home_error(&error, path),
        }
    }

    fn would_do(&mut self, path: &str, place: &Path, file: &File, there: Option<&std::fs::File>) {
        let length = there.map(|there| there.metadata().map_or(0, |metadata| metadata.len()));
        if length.is_some_and(|length| length != file.bytes()) {
            self.home_error(
                &HomeError::Exists {
                    path: place.to_owned(),
                },
                path,
            );
        } else {
            self.done(file.bytes());
        }
    }

    /// Copies one file, hashing on the way; returns whether it is in the destination.
    fn copy(
        &mut self,
        path: &str,
        place: &Path,
        file: &File,
        expected: Option<&ManifestFile>,
    ) -> Result<bool, Fault> {
        let Some(home) = &mut self.home else {
            return Ok(false);
        };
        let part = home.create(place)?;
        match self.pour(path, file, &part, expected) {
            Ok(()) => part
                .keep(file.bytes(), file.modified())
                .map(|()| true)
                .map_err(Fault::from),
            Err(fault) => {
                part.discard();
                Err(fault)
            }
        }
    }

    fn pour(
        &mut self,
        path: &str,
        file: &File,
        part: &Part,
        expected: Option<&ManifestFile>,
    ) -> Result<(), Fault> {
        let mut hasher = expected.map(|expected| RangeHasher::new(expected.parts().collect()));
        let mut at = 0;
        while at < file.bytes() {
            let bytes = self.read(file, at)?;
            part.write(at, &self.buffer)?;
            self.judge(path, at, hasher.as_mut());
            at = at.saturating_add(bytes);
        }
        Ok(())
    }

    /// Compares one file with the one that is there; returns whether they are equal.
    fn compare(
        &mut self,
        path: &str,
        place: &Path,
        file: &File,
        there: &std::fs::File,
        expected: Option<&ManifestFile>,
    ) -> Result<bool, Fault> {
        use std::os::unix::fs::FileExt;
        let exists = || HomeError::Exists {
            path: place.to_owned(),
        };
        let failed = |cause| HomeError::Io {
            path: place.to_owned(),
            cause,
        };
        if there.metadata().map_err(failed)?.len() != file.bytes() {
            return Err(exists().into());
        }
        let mut hasher = expected.map(|expected| RangeHasher::new(expected.parts().collect()));
        let mut other = Vec::new();
        let mut at = 0;
        while at < file.bytes() {
            let bytes = self.read(file, at)?;
            other.resize(self.buffer.len(), 0);
            there.read_exact_at(&mut other, at).map_err(failed)?;
            if other != self.buffer {
                return Err(exists().into());
            }
            self.judge(path, at, hasher.as_mut());
            at = at.saturating_add(bytes);
        }
        Ok(true)
    }

    /// Reads the next part of a file into the buffer; returns its length.
    fn read(&mut self, file: &File, at: u64) -> Result<u64, Fault> {
        let bytes = STEP.min(file.bytes().saturating_sub(at));
        self.buffer.resize(usize::try_from(bytes).unwrap_or(0), 0);
        self.volume.read(file, at, &mut self.buffer)?;
        Ok(bytes)
    }

    /// Compares what is in the buffer with the manifest.
    fn judge(&mut self, path: &str, at: u64, hasher: Option<&mut RangeHasher>) {
        let Some(hasher) = hasher else { return };
        for wrong in hasher.take(at, &self.buffer) {
            let what =
                format!("the block at byte {wrong} does not have the hash that the manifest says");
            self.find("content", what, Some(path), Some(wrong));
        }
    }

    /// Sets times of folders, names what the manifest has and the drive has not, and makes
    /// everything durable.
    fn finish(&mut self) {
        let missing: Vec<String> = self
            .manifest
            .iter()
            .flat_map(|manifest| manifest.files.keys())
            .cloned()
            .collect();
        for path in missing
            .into_iter()
            .filter(|path| !self.seen.contains(path))
            .collect::<Vec<_>>()
        {
            self.find(
                "missing-file",
                "it is in the manifest and not on the drive".to_owned(),
                Some(&path),
                None,
            );
        }
        if self.dry_run {
            return;
        }
        let folders = std::mem::take(&mut self.folders);
        if let Some(home) = &mut self.home {
            let timed: Result<(), HomeError> = folders
                .iter()
                .rev()
                .try_for_each(|(place, modified)| home.set_folder_time(place, *modified));
            if let Err(error) = timed.and_then(|()| home.sync()) {
                self.fail("destination", error.to_string(), None);
            }
        }
    }

    fn done(&mut self, bytes: u64) {
        self.report.files = self.report.files.saturating_add(1);
        self.report.bytes = self.report.bytes.saturating_add(bytes);
        (self.progress)(self.report.files, self.report.bytes);
    }

    fn home_error(&mut self, error: &HomeError, path: &str) {
        match error {
            HomeError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::StorageFull => {
                self.full = true;
                self.fail("destination-full", error.to_string(), Some(path));
            }
            HomeError::Io { .. } => self.fail("destination", error.to_string(), Some(path)),
            HomeError::Exists { .. } => self.find("exists", error.to_string(), Some(path), None),
            HomeError::Name { .. } => self.find("unsafe-name", error.to_string(), Some(path), None),
        }
    }

    fn volume_error(&mut self, error: &VolumeError, path: Option<&str>) {
        match error {
            VolumeError::Read(_) => self.fail("unreadable", error.to_string(), path),
            _ => self.find("unreadable", error.to_string(), path, None),
        }
    }

    fn fail(&mut self, code: &'static str, message: String, path: Option<&str>) {
        self.find(code, message, path, None);
        self.report.verdict = VerifyVerdict::Failed;
    }

    fn find(
        &mut self,
        code: &'static str,
        message: String,
        path: Option<&str>,
        offset: Option<u64>,
    ) {
        if self.report.verdict == VerifyVerdict::Verified {
            self.report.verdict = VerifyVerdict::Mismatch;
        }
        if self.report.findings.len() < FINDINGS_MAX {
            self.report.findings.push(UnpackFinding {
                code,
                message,
                file: path.map(str::to_owned),
                offset,
            });
        } else {
            self.report.findings_left_out = self.report.findings_left_out.saturating_add(1);
        }
    }
}

/// Why one file was not copied.
enum Fault {
    Volume(VolumeError),
    Home(HomeError),
}

impl From<VolumeError> for Fault {
    fn from(error: VolumeError) -> Self {
        Self::Volume(error)
    }
}

impl From<HomeError> for Fault {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}
