//! `argosy check-drive`: partition table, BitLocker metadata and every rule of NTFS.

use std::path::PathBuf;

use bitlocker_image::{Credential, is_bitlocker};
use clap::Args;
use disk::ReadAt;
use serde_json::json;
use shared::verify::open_drive;

use super::key::KeyArguments;
use super::opened::open_reader;
use super::screen::{Ended, Screen};
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::reading_ahead;

const FINDINGS_MAX: usize = 1000;

/// Checks partition table, BitLocker metadata and, with the key, every rule of the file system
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume
    pub(super) path: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// One thing that is wrong, in the words of whoever found it.
struct Found {
    kind: String,
    place: String,
    message: String,
}

#[derive(Default)]
struct Report {
    findings: Vec<Found>,
    notes: Vec<String>,
    unreadable: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let credential = arguments.key.credential(screen)?;
    let reader = open_reader(drives, &arguments.path, false)?;
    let report = reading_ahead(&reader, |disk| check(disk, credential));
    for note in &report.notes {
        screen.line(note);
    }
    for found in &report.findings {
        screen.aside(&format!(
            "{}: {}: {}",
            found.kind, found.place, found.message
        ));
    }
    let (verdict, kind) = match (report.unreadable, report.findings.is_empty()) {
        (true, _) => ("unreadable", Some(Kind::Io)),
        (false, false) => ("violations", Some(Kind::Incomplete)),
        (false, true) => ("clean", None),
    };
    screen.line(verdict);
    let findings = report
        .findings
        .iter()
        .map(|found| json!({"kind": found.kind, "where": found.place, "message": found.message}));
    screen.object(&json!({
        "verdict": verdict,
        "findings": findings.collect::<Vec<_>>(),
        "notes": report.notes,
    }));
    Ok(Ended(kind))
}

fn check(disk: &dyn ReadAt, credential: Option<Credential>) -> Report {
    let mut report = Report::default();
    // Without a key, a volume that is not encrypted still opens.
    let given = credential.is_some();
    let opened = match open_drive(disk, &credential.unwrap_or(Credential::Clear)) {
        Ok(opened) => opened,
        Err(error) => {
            match gpt_image::read(disk) {
                Ok(table) => {
                    report.table(&table);
                    if !given && locked(disk, &table) {
                        report.notes.push(
                            "A BitLocker volume; without its key (--key-file) only the partition table was checked.".to_owned(),
                        );
                        return report;
                    }
                    report.found("Volume", "", &error.to_string());
                }
                Err(table) => report.found("PartitionTable", "", &table.to_string()),
            }
            report.unreadable = true;
            return report;
        }
    };
    report.table(&opened.table);
    if let Some(volume) = opened.bitlocker() {
        for (number, copy) in volume.copies().iter().enumerate() {
            match copy {
                bitlocker_image::CopyState::Good => {}
                bitlocker_image::CopyState::Differs => {
                    report.found(
                        "InformationArea",
                        &format!("copy {number}"),
                        "it differs from the one in use",
                    );
                }
                bitlocker_image::CopyState::Fault(fault) => {
                    report.found(
                        "InformationArea",
                        &format!("copy {number}"),
                        &fault.to_string(),
                    );
                }
            }
        }
    }
    report.file_system(&opened);
    report
}

/// Returns whether any partition begins with a BitLocker boot sector.
fn locked(disk: &dyn ReadAt, table: &gpt_image::PartitionTable) -> bool {
    table.partitions.iter().any(|partition| {
        let mut sector = vec![0; 512];
        disk.read_at(partition.at, &mut sector).is_ok() && is_bitlocker(&sector)
    })
}

impl Report {
    fn found(&mut self, kind: &str, place: &str, message: &str) {
        self.findings.push(Found {
            kind: kind.to_owned(),
            place: place.to_owned(),
            message: message.to_owned(),
        });
    }

    fn table(&mut self, table: &gpt_image::PartitionTable) {
        for finding in &table.findings {
            self.found("PartitionTable", "", &finding.to_string());
        }
    }

    fn file_system(&mut self, volume: &dyn ReadAt) {
        match ntfs_image::check::check(volume, FINDINGS_MAX) {
            Ok(checked) => {
                for finding in &checked.findings {
                    let message = format!("expected {}, found {}", finding.expected, finding.found);
                    self.found(&format!("{:?}", finding.kind), &finding.place, &message);
                }
                if checked.findings_omitted > 0 {
                    let message = format!("{} more violations", checked.findings_omitted);
                    self.found("More", "", &message);
                }
                self.notes
                    .extend(checked.notes.iter().map(|note| format!("note: {note}")));
                self.notes.push(format!(
                    "{} files and {} folders",
                    checked.files, checked.folders
                ));
            }
            Err(error) => {
                self.found("FileSystem", "", &error.to_string());
                self.unreadable = true;
            }
        }
    }
}
