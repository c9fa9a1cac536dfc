//! `argosy confirm`: is everything that was prepared in storage, and is anything in a shipment's way?

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::show_size;
use super::store::StoreArguments;
use crate::confirm::{Asked, Evidence, Finding, Findings, Found, Verdict, confirm, in_the_way};
use crate::jobs::{JobError, KeptManifest, kept_manifest};
use crate::pipeline::Cancel;
use crate::repair::Originals;

/// Compares everything that drives were prepared with, by their journals, with what is in storage: one verdict for the
/// whole job. Nothing is changed anywhere
#[derive(Args)]
pub(super) struct Arguments {
    /// The journals of the job's drives; their plans and side files lie beside them
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    journal: Vec<PathBuf>,
    /// Manifests of drives whose journals have lost what lay beside them
    #[arg(long, num_args = 1.., value_name = "FILE")]
    manifest: Vec<PathBuf>,
    #[command(flatten)]
    store: StoreArguments,
    /// The service's logs of these drives: verbose logs, copy logs, error logs, classic or today's
    #[arg(long, num_args = 1.., value_name = "FILE")]
    copy_log: Vec<PathBuf>,
    /// Folders of the originals: they are read where a log has a CRC-64 and nothing else proves a file
    #[arg(long, num_args = 1.., value_name = "FOLDER")]
    dir: Vec<PathBuf>,
    /// Reads back from storage what nothing else proves
    #[arg(long)]
    read_back: bool,
    /// Before the drives travel: lists the blobs that are already where they go, which today's service overwrites
    #[arg(long, conflicts_with_all = ["copy_log", "dir", "read_back"])]
    before_shipping: bool,
    /// Writes every finding into a CSV file
    #[arg(long, value_name = "CSV")]
    report: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let drives = arguments.journal.iter();
    let drives = drives.map(|journal| kept_manifest(journal, &arguments.manifest));
    let drives: Vec<KeptManifest> = drives.collect::<Result<_, _>>()?;
    let mut evidence = Evidence::default();
    for path in &arguments.copy_log {
        let place = path.display().to_string();
        let xml = std::fs::read(path)
            .map_err(|error| JobError::usage(format!("cannot read it: {error}"), &place))?;
        evidence
            .add(&xml)
            .map_err(|error| JobError::usage(error.to_string(), place))?;
    }
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let reach = arguments.store.reach(screen, &cancel)?;
    let originals = Originals::new(arguments.dir.clone(), HashMap::new());
    let asked = Asked {
        drives: &drives,
        evidence: &evidence,
        originals: &originals,
        read_back: arguments.read_back,
        cancel: &cancel,
    };
    let csv = arguments.report.as_deref().map(|path| {
        let made = std::fs::File::create_new(path);
        made.map_err(|error| failed(path, &error))
    });
    let mut told = Findings::new(Ok(csv.transpose()?));
    let mut progress = |_| {};
    let (report, verdict, sentence) = if arguments.before_shipping {
        let report = in_the_way(&asked, &reach, &mut |found| told.take(found), &mut progress)?;
        let (verdict, sentence) = (report.shipment_verdict(), report.shipment_sentence());
        (report, verdict, sentence)
    } else {
        let report = confirm(&asked, &reach, &mut |found| told.take(found), &mut progress)?;
        let (verdict, sentence) = (report.verdict(), report.sentence());
        (report, verdict, sentence)
    };
    let Found {
        shown: findings,
        more,
        csv,
    } = told.finish();
    let written = csv.and_then(|file| file.map_or(Ok(()), |file| file.sync_all()));
    if let (Err(error), Some(path)) = (written, &arguments.report) {
        return Err(failed(path, &error));
    }
    show(&findings, more, screen);
    screen.line(&sentence);
    if verdict == Verdict::Unproven && report.unproven > 0 {
        screen.line(
            "What would prove them: the service's verbose log (--copy-log), and the originals where it has CRC-64s \
             (--dir); or --read-back, which reads them from storage.",
        );
    }
    screen.object(&json!({
        "verdict": verdict,
        "sentence": sentence,
        "files": report.files,
        "bytes": report.bytes,
        "by_md5": report.by_md5,
        "by_log": report.by_log,
        "by_reading": report.by_reading,
        "unproven": report.unproven,
        "elsewhere": report.elsewhere,
        "missing": report.missing,
        "different": report.different,
        "twice": report.twice,
        "left_out": report.left_out,
        "not_prepared": report.not_prepared,
        "other_drives": report.other_drives,
        "taken": report.taken,
        "stopped": report.is_stopped,
        "findings": findings,
        "findings_left_out": more,
    }));
    Ok(Ended::amiss_if(!matches!(
        verdict,
        Verdict::Confirmed | Verdict::Free
    )))
}

fn show(findings: &[Finding], more: u64, screen: &Screen) {
    for finding in findings {
        let subject = match (&finding.blob, &finding.drive) {
            (blob, _) if !blob.is_empty() => blob.as_str(),
            (_, Some(drive)) => drive.as_str(),
            _ => "",
        };
        let size = if finding.code.is_of_a_file() {
            format!(" ({})", show_size(finding.bytes))
        } else {
            String::new()
        };
        screen.aside(&format!("argosy: {subject}{size}: {}", finding.message));
    }
    if more > 0 {
        screen.aside(&format!(
            "argosy: and {more} more; --report FILE.csv takes all"
        ));
    }
}

fn failed(path: &Path, error: &std::io::Error) -> JobError {
    let what = format!("cannot write the report: {error}");
    JobError::io(
        what,
        path.display().to_string(),
        "Nothing was changed anywhere.",
    )
}
