//! The logs of an export, in the service's words of today (azure-import-export.md, 5.5): one copy log a drive, and a
//! verbose log when it is wanted.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;
use shared::copy_log::{
    Category, DriveStatus, Errored, Succeeded, write_errored, write_succeeded, write_summary,
};
use shared::job::LeftOutReason;
use shared::plan::Listing;
use shared::plan::export::{Export, ExportBlob};

use super::left_on_the_way::left_on_the_way;
use super::session_plans::plans;
use crate::export::Sums;
use crate::job_error::JobError;
use crate::shelf::replace_file;

/// Writes the logs of the drives `serials` of an export beside the first journals, and returns their paths. With
/// `sums`, the verbose log of every blob that they have a checksum of.
///
/// # Errors
/// [`JobError`] when they cannot be written; the drives are as their journals say.
pub fn copy_logs(
    folders: &[PathBuf],
    session: &str,
    serials: &[String],
    sums: Option<&Sums>,
) -> Result<Vec<PathBuf>, JobError> {
    let mut written = Vec::new();
    let Some(folder) = folders.first() else {
        return Ok(written);
    };
    for (plan, _) in plans(folders, session)? {
        let Some(export) = &plan.gathered.mapping.export else {
            continue;
        };
        for (drive, entries) in plan.head.drives.iter().zip(&plan.entries) {
            let serial = &drive.identity.serial;
            if !serials.contains(serial) {
                continue;
            }
            let told = Told {
                listing: &plan.gathered.listing,
                export,
                entries,
                left_out: left_on_the_way(folders, serial)?,
            };
            let name = |what: &str| {
                let name = format!("{}_{}_{what}.xml", file_name(session), file_name(serial));
                folder.join(name)
            };
            let mut logs = vec![(name("CopyLog"), told.copy_log(serial))];
            logs.extend(sums.map(|sums| (name("VerboseLog"), told.verbose_log(sums))));
            for (path, content) in logs {
                put(&path, content)?;
                written.push(path);
            }
        }
    }
    Ok(written)
}

fn put(path: &Path, content: std::io::Result<Vec<u8>>) -> Result<(), JobError> {
    let put = content.and_then(|content| replace_file(path, &content));
    put.map_err(|error| {
        let what = format!("cannot write the log: {error}");
        let place = path.display().to_string();
        JobError::io(what, place, "The drives are as their journals say.")
    })
}

/// One drive.
struct Told<'a> {
    listing: &'a Listing,
    export: &'a Export,
    entries: &'a [u32],
    left_out: HashMap<String, LeftOutReason>,
}

impl Told<'_> {
    fn copy_log(&self, serial: &str) -> std::io::Result<Vec<u8>> {
        let (mut log, mut errors, mut blobs) = (Vec::new(), BTreeMap::new(), 0_u64);
        for (number, blob) in self.blobs() {
            blobs = blobs.saturating_add(1);
            let entry = self.listing.entry(number);
            let place = entry.path.to_string();
            let Some(reason) = self.left_out.get(&place) else {
                continue;
            };
            let (category, code) = error_of(*reason);
            let count: &mut u64 = errors.entry(category).or_default();
            *count = count.saturating_add(1);
            let errored = Errored {
                kind: blob.kind.in_manifest(),
                blob: blob.path.as_deref().map_or(place, str::to_owned),
                etag: Some(etag(blob)),
                category,
                code: code.to_owned(),
                message: reason.text().to_owned(),
            };
            write_errored(&mut log, &errored)?;
        }
        let status = if errors.is_empty() {
            DriveStatus::Completed
        } else {
            DriveStatus::CompletedWithErrors
        };
        write_summary(&mut log, serial, status, blobs, &errors)?;
        Ok(log)
    }

    fn verbose_log(&self, sums: &Sums) -> std::io::Result<Vec<u8>> {
        let mut log = Vec::new();
        for (number, blob) in self.blobs() {
            let entry = self.listing.entry(number);
            let place = entry.path.to_string();
            if self.left_out.contains_key(&place) {
                continue;
            }
            // An empty blob is never read, and its checksum is 0.
            let crc64 = sums.of(number).or((entry.bytes == 0).then_some(0));
            let Some(crc64) = crc64 else { continue };
            let succeeded = Succeeded {
                kind: blob.kind.in_manifest(),
                blob: blob.path.as_deref().map_or(place, str::to_owned),
                etag: Some(etag(blob)),
                bytes: entry.bytes,
                crc64,
            };
            write_succeeded(&mut log, &succeeded)?;
        }
        Ok(log)
    }

    fn blobs(&self) -> impl Iterator<Item = (u32, &ExportBlob)> {
        let entries = self.entries.iter();
        entries.filter_map(|number| Some((*number, self.export.blob(*number)?)))
    }
}

/// Returns the version without its quotes, as the service's logs have it.
fn etag(blob: &ExportBlob) -> String {
    blob.etag.trim_matches('"').to_owned()
}

/// Returns the service's category and number of a reason.
const fn error_of(reason: LeftOutReason) -> (Category, &'static str) {
    match reason {
        LeftOutReason::Changed => (Category::ExportCloudHttp, "412"),
        LeftOutReason::Vanished => (Category::ExportCloudHttp, "404"),
        LeftOutReason::Corrupted => (Category::DataValidation, "Content-MD5"),
        LeftOutReason::ReadFailed => (Category::ExportCloudHttp, ""),
        _ => (Category::UnknownType, ""),
    }
}
