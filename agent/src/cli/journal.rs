//! `argosy journal`: judges, redacts and hands over journals.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::journal::{JournalReport, JournalVerdict, check, redact};

use super::handoff;
use super::screen::{Ended, Screen};
use crate::jobs::{JobError, Kind};

/// Judges, redacts and hands over journals
#[derive(Subcommand)]
pub(super) enum Command {
    Check(CheckArguments),
    Redact(RedactArguments),
    Handoff(handoff::Arguments),
}

/// Judges journals, offline: whole, in order, closed, and the key opens the drive
#[derive(Args)]
pub(super) struct CheckArguments {
    /// Journals
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The drive's manifest, to be compared with the journal
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// Writes a copy without the key, which still validates, to standard output
#[derive(Args)]
pub(super) struct RedactArguments {
    /// The journal
    file: PathBuf,
}

impl Command {
    pub(super) const fn wants_json(&self) -> bool {
        match self {
            Self::Check(arguments) => arguments.json,
            Self::Redact(_) => false,
            Self::Handoff(arguments) => arguments.json,
        }
    }
}

pub(super) fn run(command: &Command, screen: &Screen) -> Result<Ended, JobError> {
    match command {
        Command::Check(arguments) => check_all(arguments, screen),
        Command::Redact(arguments) => redact_one(arguments),
        Command::Handoff(arguments) => handoff::run(arguments, screen),
    }
}

fn check_all(arguments: &CheckArguments, screen: &Screen) -> Result<Ended, JobError> {
    let mut worst = JournalVerdict::Valid;
    let mut findings = Vec::new();
    let mut journals = Vec::new();
    for path in &arguments.files {
        let report = check_one(path, arguments.manifest.as_deref())?;
        show(path, &report, screen);
        for finding in &report.findings {
            let mut value = json!(finding);
            value["file"] = json!(path);
            findings.push(value);
        }
        if rank(report.verdict) > rank(worst) {
            worst = report.verdict;
        }
        journals.push(json!({"file": path, "verdict": report.verdict, "facts": report.facts}));
    }
    screen.object(&Value::Object(
        [
            ("verdict", json!(worst)),
            ("findings", json!(findings)),
            ("journals", json!(journals)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect(),
    ));
    Ok(Ended::amiss_if(worst != JournalVerdict::Valid))
}

fn check_one(path: &Path, manifest: Option<&Path>) -> Result<JournalReport, JobError> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    let mut manifest = match manifest {
        Some(manifest) => Some(BufReader::new(
            File::open(manifest).map_err(|error| unreadable(manifest, &error))?,
        )),
        None => None,
    };
    Ok(match &mut manifest {
        Some(reader) => check(&bytes, Some(reader)),
        None => check(&bytes, None),
    })
}

fn show(path: &Path, report: &JournalReport, screen: &Screen) {
    let words = match report.verdict {
        JournalVerdict::Valid => "valid",
        JournalVerdict::Unfinished => "unfinished",
        JournalVerdict::Invalid => "invalid",
    };
    screen.line(&format!("{}: {words}", path.display()));
    if let Some(facts) = &report.facts {
        screen.line(&format!(
            "  drive {}, session {}: {}",
            facts.serial, facts.session, facts.state
        ));
        screen.line(&format!(
            "  {} files planned, {} left out, {} records",
            facts.files, facts.left_out, facts.records
        ));
    }
    for finding in &report.findings {
        screen.aside(&format!(
            "{}: {}: {}",
            path.display(),
            finding.place,
            finding.message
        ));
    }
}

const fn rank(verdict: JournalVerdict) -> u8 {
    match verdict {
        JournalVerdict::Valid => 0,
        JournalVerdict::Unfinished => 1,
        JournalVerdict::Invalid => 2,
    }
}

fn redact_one(arguments: &RedactArguments) -> Result<Ended, JobError> {
    let bytes =
        std::fs::read(&arguments.file).map_err(|error| unreadable(&arguments.file, &error))?;
    let copy = redact(&bytes).map_err(|damage| {
        let mut error = JobError::io(
            damage.to_string(),
            arguments.file.display().to_string(),
            "Nothing was written.",
        );
        error.kind = Kind::Incomplete;
        error
    })?;
    let mut out = std::io::stdout();
    out.write_all(&copy)
        .and_then(|()| out.flush())
        .map_err(|error| {
            JobError::io(
                format!("cannot write the copy: {error}"),
                "standard output",
                "The journal was left as it is.",
            )
        })?;
    Ok(Ended::WELL)
}

fn unreadable(path: &Path, error: &std::io::Error) -> JobError {
    JobError::io(
        format!("cannot read it: {error}"),
        path.display().to_string(),
        "Nothing was touched.",
    )
}
