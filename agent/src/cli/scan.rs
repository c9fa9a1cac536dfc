//! `argosy scan`: what is in a folder, and what of it cannot go.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use shared::api::scan_head;
use shared::job::{LeftOut, LeftOutReason};
use shared::plan::share_names::share_problems;
use shared::plan::{Columns, Listing, Problem, listing_csv, mend, problems, renames_csv};

use super::scan_bar::ScanBar;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use crate::jobs::{Gathered, JobError, JobRequest, Origin, gather, scan_reply};
use crate::scan::ScanWatch;

/// Lists folders and names what of them cannot go onto a drive
#[derive(Args)]
pub(super) struct Arguments {
    /// Folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Where it would arrive: `CONTAINER/` or `CONTAINER/PREFIX/`. Names are judged with it before them
    #[arg(long, default_value = "container/", value_name = "CONTAINER/PREFIX/")]
    to: String,
    /// Also enters folders on which another file system is mounted, which are only named otherwise
    #[arg(long)]
    other_file_systems: bool,
    /// Saves the listing of the folder, for `argosy plan --listing` and for the page: as CSV, or where
    /// the name ends in `.argosy-scan`, in the form that a page plans ten million files from
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Proposes new names for what cannot go as it is called: look at them, change them, and give the
    /// file to `plan` and `prepare`
    #[arg(long, value_name = "CSV")]
    renames: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Default)]
struct Found {
    files: u64,
    bytes: u64,
    unique_bytes: u64,
    folders: u64,
    unreadable: Vec<Value>,
    left_out: Vec<Value>,
    problems: Vec<Value>,
    azure_files: Vec<Value>,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let written = arguments.out.as_ref().or(arguments.renames.as_ref());
    if let (Some(file), [_, _, ..]) = (written, arguments.paths.as_slice()) {
        let what = "a file is of one folder: its paths begin there";
        return Err(JobError::usage(what, file.display().to_string()));
    }
    let watch = ScanWatch::default();
    let stop = watch.clone();
    on_stop(move || stop.cancel());
    let mut found = Found::default();
    for path in &arguments.paths {
        let bar = ScanBar::new(screen, &watch);
        let gathered = gather(&request(arguments, path.clone(), &watch));
        drop(bar);
        let mut gathered = gathered?;
        found.add(&gathered, screen);
        for note in &gathered.notes {
            screen.line(&format!("  {note}"));
        }
        if let Some(file) = &arguments.out {
            if file.extension().is_some_and(|end| end == "argosy-scan") {
                save(file, &|out| write_scan(path, &gathered, out))?;
            } else {
                save(file, &|out| write_listing(&gathered.listing, out))?;
            }
        }
        if let Some(file) = &arguments.renames {
            let mended = mend(&gathered.listing, &mut gathered.mapping);
            let names = &gathered.mapping.renames;
            save(file, &|out| write_renames(&mended, names, out))?;
        }
    }
    found.show(screen);
    Ok(Ended::amiss_if(
        !(found.unreadable.is_empty() && found.left_out.is_empty() && found.problems.is_empty()),
    ))
}

impl Found {
    fn add(&mut self, gathered: &Gathered, screen: &Screen) {
        for (_, facts) in gathered.listing.all_facts() {
            if facts.is_folder {
                self.folders = self.folders.saturating_add(1);
            } else {
                self.files = self.files.saturating_add(1);
                self.bytes = self.bytes.saturating_add(facts.bytes);
            }
        }
        let unique = gathered.unique_bytes.unwrap_or(0);
        self.unique_bytes = self.unique_bytes.saturating_add(unique);
        for LeftOut { path, reason } in &gathered.skipped {
            screen.aside(&format!("{path}: {reason}"));
            let value = json!({"path": path, "reason": reason});
            if *reason == LeftOutReason::Unreadable {
                self.unreadable.push(value)
            } else {
                self.left_out.push(value)
            }
        }
        let (listing, mapping) = (&gathered.listing, &gathered.mapping);
        let (of_blobs, of_shares) = rayon::join(
            || problems(listing, mapping).found,
            || share_problems(listing, mapping),
        );
        for problem in of_blobs {
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
        for (path, problem) in of_shares {
            self.azure_files
                .push(json!({"path": path, "rule": problem.to_string()}));
        }
    }

    fn show(&self, screen: &Screen) {
        screen.line(&format!(
            "{}, {} in {} folders",
            show_files(self.files),
            show_size(self.bytes),
            self.folders
        ));
        if !self.azure_files.is_empty() {
            screen.line(&format!(
                "  {} names are good for Blob storage, and not for Azure Files (--json names them)",
                self.azure_files.len()
            ));
        }
        screen.object(&json!({
            "files": self.files,
            "bytes": self.bytes,
            "unique_bytes": self.unique_bytes,
            "folders": self.folders,
            "unreadable": self.unreadable,
            "left_out": self.left_out,
            "problems": self.problems,
            "azure_files": self.azure_files,
        }));
    }
}

fn request(arguments: &Arguments, path: PathBuf, watch: &ScanWatch) -> JobRequest {
    let origin = Origin::Folder {
        path,
        destination: arguments.to.clone(),
    };
    JobRequest {
        other_file_systems: arguments.other_file_systems,
        watch: watch.clone(),
        ..JobRequest::listing("scan", origin)
    }
}

type Out<'a> = &'a mut dyn Write;

fn write_listing(listing: &Listing, out: Out<'_>) -> std::io::Result<()> {
    out.write_all(listing_csv::HEADER.as_bytes())?;
    for (_, entry) in listing.iter() {
        out.write_all(listing_csv::line(&entry).as_bytes())?;
    }
    Ok(())
}

fn write_scan(path: &Path, gathered: &Gathered, out: Out<'_>) -> std::io::Result<()> {
    let mut reply = scan_reply(&path.display().to_string(), gathered);
    // How many are too many is for whoever reads it.
    reply.has_listing = true;
    out.write_all(&scan_head(&reply)?)?;
    Columns::new(&gathered.listing).try_for_each(|group| out.write_all(&group))
}

fn write_renames(
    found: &[Problem],
    names: &std::collections::BTreeMap<String, String>,
    out: Out<'_>,
) -> std::io::Result<()> {
    out.write_all(renames_csv::HEADER.as_bytes())?;
    for Problem { path, rule, .. } in found {
        let name = names.get(path).map_or("", String::as_str);
        out.write_all(renames_csv::line(path, name, &rule.to_string()).as_bytes())?;
    }
    Ok(())
}

fn save(path: &Path, write: &dyn Fn(Out<'_>) -> std::io::Result<()>) -> Result<(), JobError> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    written.map_err(|error| {
        JobError::io(
            format!("cannot write it: {error}"),
            path.display().to_string(),
            "The folder was only read.",
        )
    })
}
