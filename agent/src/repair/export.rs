//! Gets once more what an export did not bring home whole: into the folder that the drive was copied to.
//!
//! ```text
//! manifest: every file -.- its copy -> each range compared -> what differs is read from the store, compared, written -> flushed
//! log: its failures ----'      '- none: a new file beside it, which gets its name when it is whole
//! ```

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use serde::Serialize;
use shared::manifest::{ManifestFile, Part};

use super::mend::{Blob, Mended, differing, mend, whole};
use super::wanted::Wanted;
use crate::blobs::{BlobName, StoreError};
use crate::export::Reach;
use crate::ingest::StateFile;
use crate::job_error::JobError;
use crate::jobs::KeptManifest;
use crate::pipeline::Cancel;
use crate::unpack::{SIDE, fitting, is_safe_name, place_of_blob};

/// What a repair of an export needs.
pub struct ExportRepair<'a> {
    /// The folder that the drive was copied to.
    pub home: &'a Path,
    /// What a log says went wrong.
    pub wanted: &'a Wanted,
    /// What must be at home, where that is known.
    pub manifest: Option<&'a KeptManifest>,
    /// The store that it came from.
    pub reach: &'a Reach,
    /// Ends it.
    pub cancel: &'a Cancel,
}

/// What it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportRepairReport {
    /// Files that were compared, or are in the log.
    pub files: u64,
    /// Files that are at home and proven.
    pub whole: u64,
    /// Files among them that were mended or got anew by this run.
    pub mended: u64,
    /// Bytes that were read from the store.
    pub bytes: u64,
    /// Files that were got anew, and that nothing proves.
    pub unproven: u64,
    /// What is wrong.
    pub findings: Vec<HomeFinding>,
    /// Whether the person stopped it.
    pub is_stopped: bool,
}

/// A file that is not at home whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HomeFinding {
    /// A stable word.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// The blob.
    pub blob: String,
}

impl ExportRepair<'_> {
    /// Mends everything. `state` has what earlier runs mended. `progress` is told bytes that were compared.
    ///
    /// # Errors
    /// [`JobError`] when the store does not answer, or what was done cannot be kept. What was mended stays mended.
    pub fn run(
        &self,
        state: &mut StateFile,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ExportRepairReport, JobError> {
        let mut report = ExportRepairReport::default();
        let mut done = 0_u64;
        if let Some(manifest) = self.manifest {
            let mut reader = manifest.reader()?;
            let broken = |error: shared::manifest::ManifestError| {
                JobError::io(error.to_string(), manifest.serial.as_str(), SAFE)
            };
            let mut number = 0_u64;
            while let Some(file) = reader.next_file().map_err(broken)? {
                if self.one(state, number, &file, &mut report)? {
                    return Ok(report);
                }
                number = number.saturating_add(1);
                done = done.saturating_add(file.bytes);
                progress(done);
            }
        } else {
            for wanted in &self.wanted.files {
                if self.one(state, wanted.number, &wanted.file, &mut report)? {
                    return Ok(report);
                }
                done = done.saturating_add(wanted.file.bytes);
                progress(done);
            }
        }
        if self.manifest.is_none()
            && let Some(why) = &self.wanted.ended
        {
            report.findings.push(HomeFinding {
                code: "log",
                message: format!(
                    "{why}: what it does not list is not known to be at home; give the drive's manifest (--manifest)"
                ),
                blob: String::new(),
            });
        }
        for (number, (blob, _)) in (UNKNOWN_FROM..).zip(&self.wanted.unknown) {
            if self.stops(&mut report) {
                return Ok(report);
            }
            self.unknown(state, number, blob, &mut report)?;
        }
        state.close().map_err(|error| kept(&error))?;
        Ok(report)
    }

    fn stops(&self, report: &mut ExportRepairReport) -> bool {
        report.is_stopped |= self.cancel.is_cancelled();
        report.is_stopped
    }

    /// Mends one file; returns whether the person stopped it.
    fn one(
        &self,
        state: &mut StateFile,
        number: u64,
        file: &ManifestFile,
        report: &mut ExportRepairReport,
    ) -> Result<bool, JobError> {
        if self.stops(report) {
            return Ok(true);
        }
        report.files = report.files.saturating_add(1);
        if state.is_done(number) && self.is_at_home(file) {
            report.whole = report.whole.saturating_add(1);
            return Ok(false);
        }
        match self.mended(file, report) {
            Ok(()) => {
                report.whole = report.whole.saturating_add(1);
                let finished = state.finished(number, &file.blob);
                finished.map_err(|error| kept(&error))?;
            }
            Err(Trouble::Store(error)) if error.is_stopped() => {
                report.is_stopped = true;
                return Ok(true);
            }
            Err(Trouble::Store(error)) if error.is_general() || error.is_forbidden() => {
                return Err(failed(&error));
            }
            Err(trouble) => report.findings.push(trouble.finding(&file.blob)),
        }
        Ok(false)
    }

    fn mended(&self, file: &ManifestFile, report: &mut ExportRepairReport) -> Result<(), Trouble> {
        let target = self.place(file)?;
        let wrong: Vec<Part> = match &target {
            Target::Here(path) => differing(path, file).map_err(Trouble::home)?,
            Target::New(_) => file.parts().collect(),
        };
        let is_right_length = match &target {
            Target::Here(path) => {
                let facts = std::fs::metadata(path).map_err(Trouble::home)?;
                facts.len() == file.bytes
            }
            Target::New(_) => false,
        };
        if wrong.is_empty() && is_right_length {
            return Ok(());
        }
        let blob = Blob::find(self.reach, &file.blob, file.snapshot.as_deref());
        let blob = blob.map_err(Trouble::Store)?;
        let blob = blob.ok_or_else(|| {
            Trouble::changed("it is not in the store any more, so what is at home stays as it is")
        })?;
        if blob.bytes != file.bytes {
            let what = format!(
                "the blob has {} bytes now; {} were exported: what is at home stays as it is",
                blob.bytes, file.bytes
            );
            return Err(Trouble::changed(what));
        }
        let (path, out) = match &target {
            Target::Here(path) => (path.clone(), OpenOptions::new().write(true).open(path)),
            Target::New(path) => {
                let part = part_of(path);
                (part.clone(), begun(&part))
            }
        };
        let out = out.map_err(Trouble::home)?;
        match mend(self.reach, &blob, &out, &wrong) {
            Ok(Mended::Whole) => {}
            Ok(Mended::Changed(at)) => {
                let what = format!(
                    "the blob is not any more what was exported (its bytes from {at} on differ from the hash of then)"
                );
                return Err(Trouble::changed(what));
            }
            Err(trouble) => return Err(trouble),
        }
        // Only now: a copy that is too long keeps its end while it cannot be mended.
        out.set_len(file.bytes).map_err(Trouble::home)?;
        out.sync_all().map_err(Trouble::home)?;
        if let Target::New(name) = &target {
            named(&path, name).map_err(Trouble::home)?;
        }
        let bytes = wrong.iter().map(|part| part.bytes);
        report.bytes = bytes.fold(report.bytes, u64::saturating_add);
        report.mended = report.mended.saturating_add(1);
        Ok(())
    }

    /// Gets a blob that the log names and nobody has hashes of. One that is at home stays as it is.
    fn unknown(
        &self,
        state: &mut StateFile,
        number: u64,
        path: &str,
        report: &mut ExportRepairReport,
    ) -> Result<(), JobError> {
        report.files = report.files.saturating_add(1);
        if state.is_done(number) && self.home.join(place_of_blob(path).0).is_file() {
            report.unproven = report.unproven.saturating_add(1);
            return Ok(());
        }
        let got = self.got(path, report);
        match got {
            Ok(true) => report.whole = report.whole.saturating_add(1),
            Ok(false) => report.unproven = report.unproven.saturating_add(1),
            Err(Trouble::Store(error)) if error.is_stopped() => {
                report.is_stopped = true;
                return Ok(());
            }
            Err(Trouble::Store(error)) if error.is_general() || error.is_forbidden() => {
                return Err(failed(&error));
            }
            Err(trouble) => {
                report.findings.push(trouble.finding(path));
                return Ok(());
            }
        }
        let finished = state.finished(number, path);
        finished.map_err(|error| kept(&error))
    }

    /// Returns whether the blob's own MD5 proves what came.
    fn got(&self, path: &str, report: &mut ExportRepairReport) -> Result<bool, Trouble> {
        let (place, is_changed) = place_of_blob(path);
        if is_changed {
            return Err(Trouble::name());
        }
        let target = self.home.join(place);
        if target.exists() {
            let what = "nothing says what has to be in it, and it is at home: give the drive's manifest (--manifest)";
            return Err(Trouble::Other("unproven", what.to_owned()));
        }
        let blob = Blob::find(self.reach, path, None).map_err(Trouble::Store)?;
        let blob = blob.ok_or_else(|| Trouble::changed("it is not in the store any more"))?;
        let part = part_of(&target);
        let out = begun(&part).map_err(Trouble::home)?;
        let is_proven = whole(self.reach, &blob, &out)?;
        if is_proven == Some(false) {
            let what = "what came is not what its own Content-MD5 says";
            return Err(Trouble::changed(what));
        }
        out.sync_all().map_err(Trouble::home)?;
        named(&part, &target).map_err(Trouble::home)?;
        report.bytes = report.bytes.saturating_add(blob.bytes);
        report.mended = report.mended.saturating_add(1);
        Ok(is_proven == Some(true))
    }

    /// Returns whether a file that an earlier run found whole is still there, as long as it must be.
    fn is_at_home(&self, file: &ManifestFile) -> bool {
        let Ok(Target::Here(path)) = self.place(file) else {
            return false;
        };
        std::fs::metadata(path).is_ok_and(|facts| facts.len() == file.bytes)
    }

    /// Returns where a file is at home: by its blob's name, as `receive` puts it, or by its path on the drive, as `unpack`
    /// does.
    fn place(&self, file: &ManifestFile) -> Result<Target, Trouble> {
        let by_drive = below(self.home, file.path.split('\\').skip(1));
        let by_blob = self.home.join(place_of_blob(&file.blob).0);
        // A snapshot has its blob's name, and not its content.
        let by_blob = Some(by_blob).filter(|_| file.snapshot.is_none());
        let mut places = [by_drive.clone(), by_blob.clone()].into_iter().flatten();
        if let Some(here) = places.find(|path| path.is_file()) {
            return Ok(Target::Here(here));
        }
        let new = by_blob.or(by_drive);
        new.map(Target::New).ok_or_else(Trouble::name)
    }
}

enum Target {
    Here(PathBuf),
    New(PathBuf),
}

/// What stops the mending of a file.
pub(super) enum Trouble {
    Store(StoreError),
    Home(std::io::Error),
    Other(&'static str, String),
}

impl Trouble {
    pub(super) const fn home(error: std::io::Error) -> Self {
        Self::Home(error)
    }

    fn changed(what: impl Into<String>) -> Self {
        Self::Other("changed", what.into())
    }

    fn name() -> Self {
        let what = "no file here can have its name";
        Self::Other("name", what.to_owned())
    }

    fn finding(self, blob: &str) -> HomeFinding {
        let (code, message) = match self {
            Self::Store(error) => ("store", format!("{error}. {}", error.next())),
            Self::Home(error) => ("home", error.to_string()),
            Self::Other(code, what) => (code, what),
        };
        HomeFinding {
            code,
            message,
            blob: blob.to_owned(),
        }
    }
}

/// Returns a path of the drive below a folder, as `unpack` puts it; `None` for one that would lead out of it.
fn below<'a>(folder: &Path, mut parts: impl Iterator<Item = &'a str>) -> Option<PathBuf> {
    parts.try_fold(folder.to_owned(), |path, part| {
        let is_name = is_safe_name(part) && part != SIDE;
        is_name.then(|| path.join(&*fitting(part)))
    })
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".argosy-part");
    PathBuf::from(name)
}

fn begun(part: &Path) -> std::io::Result<File> {
    if let Some(folder) = part.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .read(true)
        .create(true)
        .truncate(true)
        .open(part)
}

/// Gives a file that is whole its name.
fn named(part: &Path, name: &Path) -> std::io::Result<()> {
    std::fs::rename(part, name)?;
    name.parent().map_or(Ok(()), crate::shelf::sync_folder)
}

/// Returns how a repair ends that the store stopped.
fn failed(error: &StoreError) -> JobError {
    let mut failed = JobError::io(error.to_string(), error.subject.as_str(), SAFE);
    error.next().clone_into(&mut failed.error.next);
    failed
}

fn kept(error: &dyn std::fmt::Display) -> JobError {
    JobError::io(format!("what was done cannot be kept: {error}"), "", SAFE)
}

/// Blobs of which nothing is known are counted from here on; no log or manifest has as many entries.
const UNKNOWN_FROM: u64 = 1 << 62;
const SAFE: &str = "What was mended is whole; run the same again to go on.";

/// Reads a blob's name.
pub(super) fn name_of(path: &str) -> Option<BlobName> {
    BlobName::parse(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let home = Path::new("/home");
        for name in [
            r"c\..\x",
            r"..\x",
            r"c\\x",
            r"c\.",
            r"c\a/b",
            r"c\.argosy\x",
        ] {
            assert_eq!(below(home, name.split('\\')), None, "{name}");
        }
        let found = below(home, r"c\a b".split('\\'));
        assert_eq!(found, Some("/home/c/a b".into()));
    }

    #[test]
    fn a_name_too_long_for_a_file_here_is_the_one_that_unpack_gives() {
        let long = "撮".repeat(200);
        let found = below(Path::new("/home"), std::iter::once(long.as_str()));
        assert_eq!(found, Some(Path::new("/home").join(&*fitting(&long))));
    }
}
