//! What a copy log says went wrong: the files that have to be sent once more, and with which hashes.

use std::collections::{HashMap, HashSet};

use shared::copy_log::{
    BlobStatus, DispositionStatus, DriveStatus, LogError, LoggedAttached, LoggedBlob, PartStatus,
    is_classic, read_classic, read_current,
};
use shared::manifest::{Attached, BlobKind, ManifestFile, Ranges};

use crate::job_error::JobError;
use crate::jobs::KeptManifest;

/// All that a log says went wrong.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The drive that the log is of; empty where it does not say.
    pub drive: String,
    /// Blobs in the log that went well.
    pub well: u64,
    /// Files that can be sent.
    pub files: Vec<WantedFile>,
    /// Blobs of which nothing says what has to be in them, and why not.
    pub unknown: Vec<(String, String)>,
    /// How the drive ended, where that was before all of it was tried: the log does not list the rest.
    pub ended: Option<String>,
}

/// A file that has to be sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Its number in the log, from 0.
    pub number: u64,
    /// What it is, as the drive's manifest has it.
    pub file: ManifestFile,
    /// Parts that the log says are in the store.
    pub there: HashSet<u64>,
    /// What the log says became of the blob.
    pub why: String,
}

/// A log and manifest that say nothing together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WantedError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] JobError),
}

/// Reads a log, classic or today's. `manifest` is asked where the log itself does not say what has to be in a blob, as
/// today's never does.
///
/// # Errors
/// [`WantedError`].
pub fn wanted(xml: &[u8], manifest: Option<&KeptManifest>) -> Result<Wanted, WantedError> {
    let (mut wanted, open) = if is_classic(xml) {
        of_classic(xml)?
    } else {
        of_current(xml)?
    };
    fill(&mut wanted, open, manifest)?;
    wanted.files.sort_by_key(|file| file.number);
    Ok(wanted)
}

/// Something of which the log does not say enough.
struct Open {
    number: u64,
    blob: String,
    /// The file on the drive; empty where the log does not say.
    path: String,
    why: String,
    there: HashSet<u64>,
}

fn of_classic(xml: &[u8]) -> Result<(Wanted, Vec<Open>), LogError> {
    let log = read_classic(xml)?;
    let mut wanted = Wanted {
        drive: log.drive_id,
        ended: ended(log.status),
        ..Wanted::default()
    };
    let mut open = Vec::new();
    for (number, blob) in (0_u64..).zip(log.blobs) {
        if blob.status == BlobStatus::Completed {
            wanted.well = wanted.well.saturating_add(1);
            continue;
        }
        let (there, why) = (there(&blob), blob.status.to_string());
        match file(&blob) {
            Some(file) => wanted.files.push(WantedFile {
                number,
                file,
                there,
                why,
            }),
            None => open.push(Open {
                number,
                blob: blob.blob,
                path: blob.file,
                why,
                there,
            }),
        }
    }
    Ok((wanted, open))
}

fn of_current(xml: &[u8]) -> Result<(Wanted, Vec<Open>), LogError> {
    let log = read_current(xml)?;
    let wanted = Wanted {
        drive: log.drive_id.unwrap_or_default(),
        well: u64::try_from(log.succeeded.len()).unwrap_or(u64::MAX),
        ..Wanted::default()
    };
    let open = (0_u64..).zip(log.errored).map(|(number, blob)| Open {
        number,
        blob: blob.blob.replacen('\\', "/", 1),
        path: String::new(),
        why: format!("{}, {}: {}", blob.category, blob.code, blob.message),
        there: HashSet::new(),
    });
    Ok((wanted, open.collect()))
}

/// Returns how a drive ended that was given up, in words.
fn ended(status: DriveStatus) -> Option<String> {
    let is_whole = matches!(
        status,
        DriveStatus::Completed
            | DriveStatus::CompletedWithWarnings
            | DriveStatus::CompletedWithErrors
    );
    (!is_whole).then(|| format!("the log says that the drive was given up, {status}"))
}

/// Asks the manifest.
fn fill(
    wanted: &mut Wanted,
    open: Vec<Open>,
    manifest: Option<&KeptManifest>,
) -> Result<(), JobError> {
    if open.is_empty() {
        return Ok(());
    }
    let Some(manifest) = manifest else {
        let why = "the log does not say what has to be in it: name the drive's journal or manifest (--journal, --manifest)";
        let unknown = open.into_iter().map(|open| (open.blob, why.to_owned()));
        wanted.unknown.extend(unknown);
        return Ok(());
    };
    if wanted.drive.is_empty() {
        wanted.drive.clone_from(&manifest.serial);
    }
    let key = |open: &Open| match open.path.as_str() {
        "" => open.blob.clone(),
        path => path.to_owned(),
    };
    let mut open: HashMap<String, Open> = open.into_iter().map(|open| (key(&open), open)).collect();
    let mut reader = manifest.reader()?;
    let failed = |error: shared::manifest::ManifestError| {
        JobError::io(error.to_string(), manifest.serial.as_str(), SAFE)
    };
    while let Some(file) = reader.next_file().map_err(failed)? {
        let found = open.remove(&file.path).or_else(|| open.remove(&file.blob));
        let Some(Open {
            number, there, why, ..
        }) = found
        else {
            continue;
        };
        wanted.files.push(WantedFile {
            number,
            file,
            there,
            why,
        });
    }
    let why = "it is in the log and not in the drive's manifest";
    let mut lost: Vec<Open> = open.into_values().collect();
    lost.sort_by_key(|open| open.number);
    let lost = lost.into_iter().map(|open| (open.blob, why.to_owned()));
    wanted.unknown.extend(lost);
    Ok(())
}

/// Returns the parts of a blob that are in the store by the log's word. What was left out by its rule has none.
fn there(blob: &LoggedBlob) -> HashSet<u64> {
    let is_there = |status| {
        matches!(
            status,
            PartStatus::Completed | PartStatus::Committed | PartStatus::Uncommitted
        )
    };
    if blob.disposition.1 == DispositionStatus::Skipped {
        return HashSet::new();
    }
    let parts = (0_u64..).zip(&blob.parts);
    let parts = parts.filter(|(_, part)| is_there(part.status));
    parts.map(|(number, _)| number).collect()
}

/// Returns what has to be in a blob, where the log says all of it: a hash for every part, and blocks for every byte.
fn file(blob: &LoggedBlob) -> Option<ManifestFile> {
    let (mut hashes, mut ranges, mut through) = (Vec::new(), Vec::new(), 0_u64);
    for part in &blob.parts {
        let is_next = match blob.kind {
            BlobKind::Block | BlobKind::File => part.at == through,
            BlobKind::Page => part.at >= through,
        };
        through = part.at.checked_add(part.bytes).filter(|_| is_next)?;
        ranges.push((part.at, part.bytes));
        hashes.push(part.hash?);
    }
    let is_whole = match blob.kind {
        BlobKind::Block | BlobKind::File => through == blob.bytes,
        BlobKind::Page => through <= blob.bytes && (through > 0 || blob.bytes == 0),
    };
    if !is_whole || blob.file.is_empty() || blob.blob.is_empty() {
        return None;
    }
    let (path, name) = (blob.file.clone(), blob.blob.clone());
    let mut file = ManifestFile::new(path, name, blob.bytes, blob.kind, hashes);
    file.ranges = Ranges::Listed(ranges);
    file.disposition = Some(blob.disposition.0);
    file.metadata = blob.metadata.as_ref().and_then(attached);
    file.properties = blob.properties.as_ref().and_then(attached);
    Some(file)
}

fn attached(logged: &LoggedAttached) -> Option<Attached> {
    (!logged.path.is_empty()).then(|| Attached {
        path: logged.path.clone(),
        hash: logged.hash,
    })
}

const SAFE: &str = "Nothing was sent.";

#[cfg(test)]
mod tests {
    use super::*;

    fn log(status: &str, list: &str) -> String {
        format!(
            "<DriveLog Version=\"2014-11-01\"><DriveId>WD-1</DriveId><Blob Status=\"{status}\"><BlobPath>c/a</BlobPath>\
             <FilePath>\\s\\a</FilePath><Length>5</Length><ImportDisposition Status=\"Created\">rename</ImportDisposition>\
             <BlockList>{list}</BlockList></Blob><Status>CompletedWithErrors</Status></DriveLog>"
        )
    }

    const HASH: &str = "700CE7E21ED55525965DFEBDAA9E546B";

    #[test]
    fn a_log_that_says_everything_needs_no_manifest() {
        let list = format!(
            "<Block Offset=\"0\" Length=\"3\" Hash=\"{HASH}\" Status=\"Uncommitted\"/>\
             <Block Offset=\"3\" Length=\"2\" Hash=\"{HASH}\" Status=\"Corrupted\"/>"
        );
        let wanted = wanted(log("CompletedWithErrors", &list).as_bytes(), None).expect("a log");
        let file = wanted.files.first().expect("a file");
        assert_eq!(file.there, HashSet::from([0]));
        assert_eq!(
            file.file.parts().map(|part| part.at).collect::<Vec<_>>(),
            [0, 3]
        );
        assert!(wanted.unknown.is_empty() && wanted.drive == "WD-1");
    }

    #[test]
    fn what_went_well_is_not_sent_again() {
        let wanted = wanted(log("Completed", "").as_bytes(), None).expect("a log");
        assert!(wanted.files.is_empty() && wanted.unknown.is_empty());
        assert_eq!(wanted.well, 1);
    }

    #[test]
    fn the_log_of_a_drive_that_was_given_up_says_so() {
        let whole = log("Completed", "");
        assert_eq!(wanted(whole.as_bytes(), None).expect("a log").ended, None);
        let given_up = whole.replace("CompletedWithErrors", "BitLockerUnlockVolumeFailed");
        let ended = wanted(given_up.as_bytes(), None).expect("a log").ended;
        assert!(ended.is_some_and(|why| why.contains("BitLockerUnlockVolumeFailed")));
    }

    #[test]
    fn a_log_without_hashes_or_with_a_gap_says_too_little() {
        for list in [
            "<Block Offset=\"0\" Length=\"5\" Status=\"Corrupted\"/>".to_owned(),
            format!("<Block Offset=\"0\" Length=\"4\" Hash=\"{HASH}\" Status=\"Corrupted\"/>"),
            format!("<Block Offset=\"1\" Length=\"4\" Hash=\"{HASH}\" Status=\"Corrupted\"/>"),
            String::new(),
        ] {
            let wanted = wanted(log("Failed", &list).as_bytes(), None).expect("a log");
            assert!(wanted.files.is_empty(), "{list}");
            assert_eq!(wanted.unknown.len(), 1);
        }
    }
}
