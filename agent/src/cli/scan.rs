//! `argosy scan`: what is in a folder, and what of it cannot go.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use shared::job::{LeftOut, LeftOutReason};
use shared::plan::problems;

use super::screen::{Ended, Screen};
use super::size::{show_files, show_size};
use crate::jobs::{Gathered, JobError, JobRequest, Origin, gather};

/// Lists folders and names what of them cannot go onto a drive
#[derive(Args)]
pub(super) struct Arguments {
    /// Folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Default)]
struct Found {
    files: u64,
    bytes: u64,
    folders: u64,
    unreadable: Vec<Value>,
    left_out: Vec<Value>,
    problems: Vec<Value>,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let mut found = Found::default();
    for path in &arguments.paths {
        let gathered = gather(&request(path.clone()))?;
        found.add(&gathered, screen);
        for note in &gathered.notes {
            screen.line(&format!("  {note}"));
        }
    }
    screen.line(&format!(
        "{}, {} in {} folders",
        show_files(found.files),
        show_size(found.bytes),
        found.folders
    ));
    screen.object(&json!({
        "files": found.files,
        "bytes": found.bytes,
        "folders": found.folders,
        "unreadable": found.unreadable,
        "left_out": found.left_out,
        "problems": found.problems,
    }));
    Ok(Ended::amiss_if(
        !(found.unreadable.is_empty() && found.left_out.is_empty() && found.problems.is_empty()),
    ))
}

impl Found {
    fn add(&mut self, gathered: &Gathered, screen: &Screen) {
        for (_, entry) in gathered.listing.iter() {
            if entry.is_folder {
                self.folders = self.folders.saturating_add(1);
            } else {
                self.files = self.files.saturating_add(1);
                self.bytes = self.bytes.saturating_add(entry.bytes);
            }
        }
        for LeftOut { path, reason } in &gathered.skipped {
            screen.aside(&format!("{path}: {reason}"));
            let value = json!({"path": path, "reason": reason});
            if *reason == LeftOutReason::Unreadable {
                self.unreadable.push(value)
            } else {
                self.left_out.push(value)
            }
        }
        for problem in problems(&gathered.listing, &gathered.mapping).found {
            let mend = problem.proposal.unwrap_or_default();
            let proposal = if mend.is_empty() {
                String::new()
            } else {
                format!("; {mend:?} would do")
            };
            screen.aside(&format!("{}: {}{proposal}", problem.path, problem.rule));
            self.problems.push(
                json!({"path": problem.path, "rule": problem.rule.to_string(), "mend": mend}),
            );
        }
    }
}

/// A request that only lists: session and destination are the shortest there are, for names to be
/// judged by.
fn request(path: PathBuf) -> JobRequest {
    let origin = Origin::Folder {
        path,
        destination: "container/".to_owned(),
    };
    JobRequest::listing("scan", origin)
}
