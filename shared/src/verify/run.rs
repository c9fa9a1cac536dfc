//! The whole verification.

use std::io::BufReader;
use std::ops::ControlFlow;

use bitlocker_image::Credential;
use disk::ReadAt;
use ntfs_image::read::{FileReader, Volume};

use super::files::Files;
use super::finding::{FINDINGS_MAX, Finding, FindingCode, Findings};
use super::manifest::find_manifest;
use super::open::{OpenedDrive, open_drive};
use super::others;
use super::outer;
use super::report::{Expected, VerifyPhase, VerifyProgress, VerifyReport, VerifyVerdict};
use super::seen::Seen;
use crate::hash::upper_hex;
use crate::manifest::ManifestReader;
use crate::mhl;
use crate::plan::MANIFEST_NAME;

/// Reads a drive back and compares it with its manifest: partition table, BitLocker (the sealed
/// hash before anything else), every rule of NTFS, every block of every file in the manifest's
/// order, and that nothing else is there.
///
/// `disk` is the whole disk, or a bare volume. At most 32 MiB of file data are in memory at once,
/// and 64 MiB with what lies between. `progress` is called in order, at least once per 32 MiB of
/// files; [`ControlFlow::Break`] ends it with [`FindingCode::Cancelled`].
pub fn verify(
    disk: &dyn ReadAt,
    credential: &Credential,
    expected: &Expected,
    progress: &mut dyn FnMut(VerifyProgress) -> ControlFlow<()>,
) -> VerifyReport {
    let progress = &mut |now, _: &[Finding]| progress(now);
    report(expected, progress, |run| run.open(disk, credential))
}

/// The same of a drive that is open already; the time that opening takes is saved. `progress` is also told what was found so
/// far, so that somebody who ends it knows.
pub fn verify_opened(
    drive: &OpenedDrive<'_>,
    expected: &Expected,
    progress: Progress<'_>,
) -> VerifyReport {
    report(expected, progress, |run| run.compare(drive))
}

/// Is told how far it is and the first of what was found, and says whether to go on.
type Progress<'a> = &'a mut dyn FnMut(VerifyProgress, &[Finding]) -> ControlFlow<()>;

fn report(
    expected: &Expected,
    progress: Progress<'_>,
    go: impl FnOnce(&mut Run<'_>) -> Result<(), Stop>,
) -> VerifyReport {
    let mut run = Run {
        expected,
        progress,
        manifest: MANIFEST_NAME.to_owned(),
        findings: Findings::default(),
        now: VerifyProgress {
            phase: VerifyPhase::Unlock,
            files: 0,
            bytes: 0,
            files_total: 0,
            bytes_total: 0,
            findings: 0,
        },
    };
    let ended = go(&mut run);
    if let Err(Stop(Some(finding))) = &ended {
        run.findings.push(finding.clone());
    }
    let verdict = match ended {
        Err(_) => VerifyVerdict::Failed,
        Ok(()) if run.findings.count() > 0 => VerifyVerdict::Mismatch,
        Ok(()) => VerifyVerdict::Verified,
    };
    VerifyReport {
        verdict,
        files: run.now.files,
        bytes: run.now.bytes,
        findings: run.findings.first,
        findings_left_out: run.findings.left_out,
    }
}

struct Run<'a> {
    expected: &'a Expected,
    progress: Progress<'a>,
    /// What the manifest in the root is called.
    manifest: String,
    findings: Findings,
    now: VerifyProgress,
}

/// A verification that cannot go on; the finding says why, unless it is told already.
struct Stop(Option<Finding>);

/// What is read of the manifest at once.
const MANIFEST_CHUNK: usize = 1 << 20;

impl Run<'_> {
    fn open(&mut self, disk: &dyn ReadAt, credential: &Credential) -> Result<(), Stop> {
        self.tell(VerifyPhase::Unlock)?;
        let drive = open_drive(disk, credential)
            .map_err(|error| stop(FindingCode::Unlock, error.to_string()))?;
        self.compare(&drive)
    }

    fn compare(&mut self, drive: &OpenedDrive<'_>) -> Result<(), Stop> {
        outer::find(drive, &mut self.findings);
        self.tell(VerifyPhase::Check)?;
        let check = ntfs_image::check::check(drive, FINDINGS_MAX);
        let check = check.map_err(|error| stop(FindingCode::FileSystem, error.to_string()))?;
        for finding in check.findings {
            let message = format!(
                "{:?} at {}: expected {}, found {}",
                finding.kind, finding.place, finding.expected, finding.found
            );
            self.findings
                .push(Finding::of_drive(FindingCode::FileSystem, message));
        }
        self.findings.left_out = self
            .findings
            .left_out
            .saturating_add(check.findings_omitted);
        let volume = Volume::open(drive);
        let volume = volume.map_err(|error| stop(FindingCode::FileSystem, error.to_string()))?;
        let entry = find_manifest(&volume).map_err(|error| self.manifest_fault(&error))?;
        self.manifest = entry.map_or_else(|| MANIFEST_NAME.to_owned(), |entry| entry.name);
        self.manifest(&volume)?;
        self.files(&volume)
    }

    /// Reads the manifest once to know whether it is the right one and how much there is to do.
    fn manifest<R: ReadAt>(&mut self, volume: &Volume<R>) -> Result<(), Stop> {
        self.tell(VerifyPhase::Manifest)?;
        let mut reader = self.open_manifest(volume)?;
        if let Some(serial) = self
            .expected
            .serial
            .as_ref()
            .filter(|serial| *serial != reader.drive_id())
        {
            let message = format!(
                "the manifest is that of drive {}; expected {serial}",
                reader.drive_id()
            );
            self.findings
                .push(Finding::of_drive(FindingCode::OtherDrive, message));
        }
        let mut strangers = 0_u64;
        while let Some(file) = reader
            .next_file()
            .map_err(|error| self.manifest_fault(&error))?
        {
            self.now.files_total = self.now.files_total.saturating_add(1);
            self.now.bytes_total = self.now.bytes_total.saturating_add(file.bytes);
            let session = file.path.split('\\').nth(1);
            if self
                .expected
                .session
                .as_deref()
                .is_some_and(|expected| session != Some(expected))
            {
                strangers = strangers.saturating_add(1);
            }
            if self.now.files_total.is_multiple_of(FILES_A_LOOK) {
                self.tell(VerifyPhase::Manifest)?;
            }
        }
        let summary = reader
            .finish()
            .map_err(|error| self.manifest_fault(&error))?;
        if let Some(hash) = self
            .expected
            .manifest_hash
            .filter(|hash| *hash != summary.md5)
        {
            let message = format!(
                "its MD5 is {}; expected {}",
                upper_hex(&summary.md5),
                upper_hex(&hash)
            );
            let path = format!("\\{}", self.manifest);
            self.findings.push(Finding::of_file(
                FindingCode::ManifestHash,
                &path,
                None,
                message,
            ));
        }
        if let Some(session) = self.expected.session.as_ref().filter(|_| strangers > 0) {
            let message = format!("{strangers} files of the manifest do not lie in \\{session}");
            self.findings
                .push(Finding::of_drive(FindingCode::OtherDrive, message));
        }
        Ok(())
    }

    /// Compares every file, then looks for others.
    fn files<R: ReadAt>(&mut self, volume: &Volume<R>) -> Result<(), Stop> {
        self.tell(VerifyPhase::Files)?;
        let mut reader = self.open_manifest(volume)?;
        let mut files = Files::new(volume, self.expected);
        let mut come = 0_u64;
        while let Some(file) = reader
            .next_file()
            .map_err(|error| self.manifest_fault(&error))?
        {
            files.take(&file, &mut self.findings);
            come = come.saturating_add(1);
            while files.batch.is_full() {
                files.run(&mut self.findings);
                self.tell_done(&files)?;
            }
            if come.is_multiple_of(FILES_A_LOOK) {
                self.tell_done(&files)?;
            }
        }
        while !files.batch.is_empty() {
            files.run(&mut self.findings);
            self.tell_done(&files)?;
        }
        self.tell_done(&files)?;
        self.hash_list(volume, &files.seen);
        self.tell(VerifyPhase::Others)?;
        let (progress, mut now) = (&mut *self.progress, self.now);
        let go_on = &mut |findings: &Findings| {
            now.findings = findings.count();
            progress(now, &findings.first).is_continue()
        };
        let in_place = self.expected.in_place;
        if others::find(
            volume,
            &files.seen,
            (&self.manifest, in_place),
            &mut self.findings,
            go_on,
        ) {
            Ok(())
        } else {
            Err(cancelled())
        }
    }

    /// Compares the ASC MHL with its chain, where the drive has one that the manifest does not name.
    fn hash_list<R: ReadAt>(&mut self, volume: &Volume<R>, seen: &Seen) {
        let chain = volume.find(&format!("{}\\{}", mhl::FOLDER, mhl::CHAIN_NAME));
        if chain.is_ok_and(|entry| entry.is_some_and(|entry| seen.contains(entry.id))) {
            return;
        }
        if let Err(fault) = mhl::check_chain(volume) {
            let finding = Finding::of_file(FindingCode::Content, &fault.path, None, fault.what);
            self.findings.push(finding);
        }
    }

    fn tell_done<R: ReadAt>(&mut self, files: &Files<'_, R>) -> Result<(), Stop> {
        (self.now.files, self.now.bytes) = (files.done.files, files.done.bytes);
        self.tell(VerifyPhase::Files)
    }

    fn open_manifest<'v, R: ReadAt>(&self, volume: &'v Volume<R>) -> Result<Reader<'v, R>, Stop> {
        let entry = volume
            .find(&self.manifest)
            .map_err(|error| self.manifest_fault(&error))?;
        let none = || self.manifest_fault(&"there is none in the root of the drive");
        let entry = entry.ok_or_else(none)?;
        let file = volume
            .open_file(entry.id)
            .map_err(|error| self.manifest_fault(&error))?;
        let stream = BufReader::with_capacity(MANIFEST_CHUNK, FileReader::new(volume, file));
        ManifestReader::new(stream).map_err(|error| self.manifest_fault(&error))
    }

    fn manifest_fault(&self, error: &dyn ToString) -> Stop {
        let path = format!("\\{}", self.manifest);
        let message = error.to_string();
        Stop(Some(Finding::of_file(
            FindingCode::Manifest,
            &path,
            None,
            message,
        )))
    }

    fn tell(&mut self, phase: VerifyPhase) -> Result<(), Stop> {
        self.now.phase = phase;
        self.now.findings = self.findings.count();
        match (self.progress)(self.now, &self.findings.first) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(cancelled()),
        }
    }
}

/// How often the person is told and asked, where files take no time.
const FILES_A_LOOK: u64 = 4096;

fn cancelled() -> Stop {
    let message = "stopped before the end; what was compared so far says nothing about the rest";
    Stop(Some(Finding::of_drive(FindingCode::Cancelled, message)))
}

fn stop(code: FindingCode, error: String) -> Stop {
    Stop(Some(Finding::of_drive(code, error)))
}

type Reader<'a, R> = ManifestReader<BufReader<FileReader<'a, R>>>;
