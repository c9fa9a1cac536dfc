//! Sends once more what a log says did not arrive: the originals are found and compared, and only what is missing goes.

use shared::path_map::PathMap;

use super::files::OriginalFiles;
use super::originals::{Located, Originals};
use super::wanted::{Wanted, WantedFile};
use crate::blobs::Store;
use crate::ingest::{
    IngestFinding, IngestOptions, IngestReport, LogFiles, SaidThere, StateFile, send_again,
};
use crate::job_error::JobError;
use crate::pipeline::Cancel;

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairReport {
    /// What was sent.
    pub sent: IngestReport,
    /// Files that the log says did not arrive.
    pub failed: u64,
    /// Originals that were not found, or not told apart, and are not in the path map.
    pub not_found: PathMap,
}

/// What a repair needs.
pub struct Repair<'a> {
    /// What has to be sent.
    pub wanted: &'a Wanted,
    /// Where it is.
    pub originals: &'a Originals,
    /// Metadata and properties files of the plan.
    pub given: &'a [Vec<u8>],
    /// How to send it.
    pub options: IngestOptions,
    /// Ends it.
    pub cancel: &'a Cancel,
}

impl Repair<'_> {
    /// Sends what is missing. `progress` is told bytes done and all bytes.
    ///
    /// # Errors
    /// [`JobError`] when nothing can begin; what is wrong with a file is in the report.
    pub fn run(
        &self,
        store: Store,
        kept: (StateFile, LogFiles),
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<RepairReport, JobError> {
        let (mut found, mut said, mut findings) = (Vec::new(), SaidThere::new(), Vec::new());
        let mut not_found = PathMap::default();
        let mut bytes = 0_u64;
        for wanted in &self.wanted.files {
            let file = &wanted.file;
            match self.originals.locate(&file.path, file.bytes) {
                Located::Here(path) => {
                    bytes = bytes.saturating_add(file.bytes);
                    found.push((wanted.number, file.clone(), path));
                    said.insert(wanted.number, wanted.there.clone());
                }
                other => {
                    not_found.0.insert(file.path.clone(), String::new());
                    findings.push(lost(wanted, &other));
                }
            }
        }
        for (blob, why) in &self.wanted.unknown {
            findings.push(IngestFinding {
                code: "NotInManifest".to_owned(),
                message: why.clone(),
                blob: Some(blob.clone()),
                file: None,
                offset: None,
                is_error: true,
            });
        }
        if let Some(why) = &self.wanted.ended {
            findings.push(IngestFinding {
                code: "GivenUp".to_owned(),
                message: format!(
                    "{why}: what it does not list did not arrive either; argosy ingest sends the whole drive"
                ),
                blob: None,
                file: None,
                offset: None,
                is_error: true,
            });
        }
        let mut files = OriginalFiles::new(self.originals, self.given, found);
        let mut told = |done| progress(done, bytes);
        let sent = send_again(
            &mut files,
            store,
            kept,
            self.options,
            said,
            self.cancel,
            &mut told,
        );
        let mut sent = sent.map_err(|error| JobError::io(error, "", "Nothing was sent."))?;
        for finding in findings {
            sent.find(finding);
        }
        let files = self.wanted.files.len();
        let failed = files.saturating_add(self.wanted.unknown.len());
        Ok(RepairReport {
            sent,
            failed: u64::try_from(failed).unwrap_or(u64::MAX),
            not_found,
        })
    }
}

fn lost(wanted: &WantedFile, located: &Located) -> IngestFinding {
    let (code, message) = match located {
        Located::Several(paths) => {
            let paths: Vec<String> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let what = format!(
                "several files could be its original, say in the path map which: {}",
                paths.join(", ")
            );
            ("Ambiguous", what)
        }
        Located::Unreadable(path, why) => {
            ("FileAccessDenied", format!("{}: {why}", path.display()))
        }
        Located::Here(_) | Located::Nowhere => {
            let what = "its original was not found; say in the path map where it is".to_owned();
            ("FileNotFound", what)
        }
    };
    IngestFinding {
        code: code.to_owned(),
        message,
        blob: Some(wanted.file.blob.clone()),
        file: Some(wanted.file.path.clone()),
        offset: None,
        is_error: true,
    }
}
