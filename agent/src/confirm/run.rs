//! Asks the store for lists, and compares.

use shared::manifest::ManifestFile;

use super::compare::{Compared, against_original, read_back};
use super::evidence::{Evidence, Said};
use super::expected::{Expected, State};
use super::report::ConfirmReport;
use super::{Code, Finding};
use crate::blobs::{BlobName, Include, ListedBlob, StoreError};
use crate::export::Reach;
use crate::job_error::JobError;
use crate::jobs::KeptManifest;
use crate::pipeline::Cancel;
use crate::repair::Originals;

/// What is asked.
pub struct Asked<'a> {
    /// What must be there.
    pub drives: &'a [KeptManifest],
    /// What the service's logs say.
    pub evidence: &'a Evidence,
    /// Where originals are, to be compared with the logs.
    pub originals: &'a Originals,
    /// Whether what nothing else proves is read back from the store.
    pub read_back: bool,
    /// Ends it.
    pub cancel: &'a Cancel,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many blobs were listed.
    Listed(u64),
    /// So many bytes were read, back from the store or of originals.
    Read(u64),
}

/// Compares everything that was prepared with what is in the store. Each finding is told as it is found, and how far it is.
///
/// # Errors
/// [`JobError`] when a manifest cannot be read, or the store does not answer.
pub fn confirm(
    asked: &Asked<'_>,
    reach: &Reach,
    find: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(Progress),
) -> Result<ConfirmReport, JobError> {
    let mut report = ConfirmReport::default();
    let expected = looked_up(asked, reach, &mut report, find, progress, Expected::compare)?;
    (report.files, report.bytes) = (expected.files, expected.bytes);
    rest(asked, reach, &expected, &mut report, find, progress)?;
    whole(asked.drives, &mut report, find);
    report.is_stopped = asked.cancel.is_cancelled();
    Ok(report)
}

/// Finds what stands where a shipment's blobs go.
///
/// # Errors
/// [`JobError`] as [`confirm`].
pub fn in_the_way(
    asked: &Asked<'_>,
    reach: &Reach,
    find: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(Progress),
) -> Result<ConfirmReport, JobError> {
    let mut report = ConfirmReport::default();
    let expected = looked_up(asked, reach, &mut report, find, progress, Expected::taken)?;
    (report.files, report.bytes) = (expected.files, expected.bytes);
    report.is_stopped = asked.cancel.is_cancelled();
    Ok(report)
}

/// Reads what must be there, and has `look` say something of each blob that is; what it says is counted and told.
fn looked_up(
    asked: &Asked<'_>,
    reach: &Reach,
    report: &mut ConfirmReport,
    find: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(Progress),
    look: fn(&mut Expected, &str, &ListedBlob) -> Option<Finding>,
) -> Result<Expected, JobError> {
    let mut counted = |finding: Finding| {
        report.count(finding.code);
        find(finding);
    };
    let mut expected = Expected::of(asked.drives, asked.evidence, &mut counted)?;
    let prefixes = expected.containers.clone();
    let mut each = |blob: &str, item: &ListedBlob| {
        if let Some(finding) = look(&mut expected, blob, item) {
            counted(finding);
        }
    };
    listed(&prefixes, reach, asked.cancel, progress, &mut each)?;
    Ok(expected)
}

/// Lists what there is in each container below what all names in it begin with. A container that is not there has nothing.
fn listed(
    prefixes: &std::collections::BTreeMap<String, String>,
    reach: &Reach,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(&str, &ListedBlob),
) -> Result<(), JobError> {
    let mut seen = 0_u64;
    for (container, prefix) in prefixes {
        let mut next = None;
        loop {
            if cancel.is_cancelled() {
                return Ok(());
            }
            let include = Include::default();
            let page = reach
                .store()
                .page_of_blobs(container, prefix, next, include);
            let page = match reach.wait(page) {
                Ok(page) => page,
                Err(error) if error.is_missing() => break,
                Err(error) if error.is_stopped() => return Ok(()),
                Err(error) => return Err(failed(&error)),
            };
            for item in &page.blobs {
                each(&format!("{container}/{}", item.name), item);
            }
            seen = seen.saturating_add(u64::try_from(page.blobs.len()).unwrap_or(u64::MAX));
            progress(Progress::Listed(seen));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(())
}

/// Goes through all files once more, for what the lists left open.
fn rest(
    asked: &Asked<'_>,
    reach: &Reach,
    expected: &Expected,
    report: &mut ConfirmReport,
    find: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(Progress),
) -> Result<(), JobError> {
    let mut read = 0_u64;
    for drive in asked.drives {
        let mut reader = drive.reader()?;
        let broken = |error: shared::manifest::ManifestError| {
            JobError::io(error.to_string(), drive.serial.as_str(), SAFE)
        };
        while let Some(file) = reader.next_file().map_err(broken)? {
            if asked.cancel.is_cancelled() {
                return Ok(());
            }
            let renamed = asked.evidence.renamed(&drive.serial, &file.path);
            let blob = renamed.unwrap_or(&file.blob).to_owned();
            let found = match expected.state(&blob) {
                Some(State::SameMd5) => {
                    report.by_md5 = report.by_md5.saturating_add(1);
                    None
                }
                Some(State::There) => {
                    let before = read;
                    let of = (drive.serial.as_str(), &file, blob.as_str());
                    let proven = proven(asked, reach, of, report, &mut read)?;
                    if read > before {
                        progress(Progress::Read(read));
                    }
                    proven
                }
                Some(State::Missing) => Some((Code::Missing, missing(asked, drive, &file, &blob))),
                // It was told when it was seen.
                Some(State::Other) | None => None,
            };
            if let Some((code, what)) = found {
                report.count(code);
                find(Finding {
                    file: Some(file.path.clone()),
                    drive: Some(drive.serial.clone()),
                    ..Finding::new(code, blob, file.bytes, what)
                });
            }
        }
    }
    Ok(())
}

fn missing(asked: &Asked<'_>, drive: &KeptManifest, file: &ManifestFile, blob: &str) -> String {
    match asked.evidence.of(&drive.serial, file, blob) {
        Said::Wrong(why) => format!("it is not there; {why}"),
        Said::Right | Said::Crc64(_) => {
            "it is not there, though the log says that it arrived".to_owned()
        }
        Said::Nothing => "it is not there".to_owned(),
    }
}

/// Returns what is wrong with a blob of the right name and size, or not proven; counts what is, and what was read for it.
fn proven(
    asked: &Asked<'_>,
    reach: &Reach,
    (drive, file, blob): (&str, &ManifestFile, &str),
    report: &mut ConfirmReport,
    read: &mut u64,
) -> Result<Option<(Code, String)>, JobError> {
    let said = asked.evidence.of(drive, file, blob);
    // What the log proves block by block need not come over the line once more.
    if asked.read_back && said != Said::Right {
        let name = BlobName::parse(blob);
        let name = name.map_err(|error| JobError::usage(error.to_string(), blob))?;
        *read = read.saturating_add(file.bytes);
        return match reach.wait(read_back(reach.store(), &name, file)) {
            Ok(Compared::Same) => {
                report.by_reading = report.by_reading.saturating_add(1);
                Ok(None)
            }
            Ok(Compared::Other(what)) => Ok(Some((Code::Content, what))),
            // The caller sees it too, and says nothing of the rest.
            Err(error) if error.is_stopped() => Ok(None),
            Err(error) if error.is_missing() => {
                let what = "it was in the list, and was gone when it was read".to_owned();
                Ok(Some((Code::Missing, what)))
            }
            Err(error) => Err(failed(&error)),
        };
    }
    Ok(match said {
        Said::Right => {
            report.by_log = report.by_log.saturating_add(1);
            None
        }
        Said::Wrong(what) => Some((Code::Content, what)),
        Said::Crc64(crc64) if !asked.originals.is_empty() => {
            let compared = against_original(asked.originals, file, crc64, asked.cancel);
            if compared.is_ok() {
                *read = read.saturating_add(file.bytes);
            }
            match compared {
                Ok(Compared::Same) => {
                    report.by_log = report.by_log.saturating_add(1);
                    None
                }
                Ok(Compared::Other(what)) => Some((Code::Content, what)),
                // The caller sees it too, and says nothing of the rest.
                Err(_) if asked.cancel.is_cancelled() => None,
                Err(why) => Some((Code::Unproven, why)),
            }
        }
        Said::Crc64(crc64) => Some((
            Code::Unproven,
            format!(
                "it is there by name and size, and the log has its CRC-64 ({crc64}); nothing here has one to compare with"
            ),
        )),
        Said::Nothing => Some((
            Code::Unproven,
            "it is there by name and size; its content was not compared".to_owned(),
        )),
    })
}

/// Says what the drives that were asked about are not all of.
fn whole(drives: &[KeptManifest], report: &mut ConfirmReport, find: &mut dyn FnMut(Finding)) {
    for drive in drives {
        report.left_out = report.left_out.saturating_add(drive.left_out);
        report.not_prepared = report.not_prepared.saturating_add(drive.missing);
        if drive.left_out > 0 {
            let what = format!(
                "{} files of session {} never went onto a drive: {}",
                drive.left_out,
                drive.session,
                drive.left_out_csv.display()
            );
            find(Finding {
                drive: Some(drive.serial.clone()),
                ..Finding::new(Code::LeftOut, "", 0, what)
            });
        }
    }
    let given = |session: &str, serial: &str| {
        let mut drives = drives.iter();
        drives.any(|drive| drive.session == session && drive.serial == serial)
    };
    let mut others = std::collections::BTreeSet::new();
    let mut unknown = std::collections::BTreeMap::new();
    for drive in drives {
        let siblings = drive.siblings.iter();
        let siblings = siblings.filter(|serial| !given(&drive.session, serial));
        others.extend(siblings.map(|serial| (drive.session.clone(), serial.clone())));
        unknown.insert(drive.session.as_str(), drive.unknown_siblings);
    }
    for (session, serial) in &others {
        let what = format!("drive {serial} of session {session} is not among these journals");
        find(Finding {
            drive: Some(serial.clone()),
            ..Finding::new(Code::OtherDrive, "", 0, what)
        });
    }
    for (session, count) in unknown.iter().filter(|(_, count)| **count > 0) {
        let what = format!("{count} more drives of session {session} have no plan here");
        find(Finding::new(Code::OtherDrive, "", 0, what));
    }
    let known = u64::try_from(others.len()).unwrap_or(u64::MAX);
    report.other_drives = unknown
        .values()
        .fold(known, |all, one| all.saturating_add(*one));
}

fn failed(error: &StoreError) -> JobError {
    let mut failed = JobError::io(error.to_string(), error.subject.as_str(), SAFE);
    error.next().clone_into(&mut failed.error.next);
    failed
}

const SAFE: &str = "Nothing was changed anywhere.";
