//! Copy logs on disk: written while blobs end, under their names once they are whole.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use shared::blob_name::file_name;
use shared::copy_log::{
    Category, ClassicWriter, DispositionStatus, DriveStatus, Errored, Succeeded, write_errored,
    write_succeeded, write_summary,
};
use shared::job::Moment;

use super::outcome::Outcome;

/// Which logs are written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The folder.
    pub folder: PathBuf,
    /// What their names begin with: `ingest`.
    pub of: &'static str,
    /// How much is told.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// Every blob too.
    Verbose,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The classic drive log, 2014-11-01.
    Classic,
    /// The copy log of today, 2021-08-01.
    Current,
    /// Both.
    Both,
}

/// The logs of one run. Those of a run that is killed stay behind as `.part`.
pub struct LogFiles {
    options: LogOptions,
    drive_id: String,
    stamp: String,
    classic_errors: Option<Classic>,
    classic_verbose: Option<Classic>,
    current_errors: Option<Plain>,
    current_verbose: Option<Plain>,
    blobs: u64,
    errored: BTreeMap<Category, u64>,
}

struct Classic(PathBuf, ClassicWriter<BufWriter<File>>);
struct Plain(PathBuf, BufWriter<File>);

impl LogFiles {
    /// Begins the logs of a drive, at a time.
    ///
    /// # Errors
    /// The operating system's words.
    pub fn begin(options: LogOptions, drive_id: &str, now: Moment) -> io::Result<Self> {
        std::fs::create_dir_all(&options.folder)?;
        let mut log = Self {
            drive_id: drive_id.to_owned(),
            stamp: stamp(now),
            classic_errors: None,
            classic_verbose: None,
            current_errors: None,
            current_verbose: None,
            blobs: 0,
            errored: BTreeMap::new(),
            options,
        };
        let is_verbose = log.options.level == LogLevel::Verbose;
        if log.options.format != LogFormat::Current && is_verbose {
            log.classic_verbose = Some(log.classic("verbose")?);
        }
        if log.options.format != LogFormat::Classic {
            log.current_errors = Some(log.current("CopyLog")?);
            if is_verbose {
                log.current_verbose = Some(log.current("VerboseLog")?);
            }
        }
        Ok(log)
    }

    /// Tells what became of a blob.
    pub(super) fn blob(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.blobs = self.blobs.saturating_add(1);
        if let Some(Classic(_, log)) = &mut self.classic_verbose {
            log.blob(&outcome.logged)?;
        }
        let is_error = outcome.trouble.is_some();
        // As in the service's own, a blob that got another name, or was left out, is in the error log too.
        let is_plain = outcome.logged.disposition.1 == DispositionStatus::Created && !is_error;
        if !is_plain && self.options.format != LogFormat::Current {
            if self.classic_errors.is_none() {
                self.classic_errors = Some(self.classic("error")?);
            }
            if let Some(Classic(_, log)) = &mut self.classic_errors {
                log.blob(&outcome.logged)?;
            }
        }
        self.current_blob(outcome)
    }

    fn current_blob(&mut self, outcome: &Outcome) -> io::Result<()> {
        let logged = &outcome.logged;
        if let Some(trouble) = &outcome.trouble {
            let count = self.errored.entry(trouble.category).or_default();
            *count = count.saturating_add(1);
            if let Some(Plain(_, log)) = &mut self.current_errors {
                let errored = Errored {
                    kind: logged.kind,
                    blob: logged.blob.clone(),
                    etag: None,
                    category: trouble.category,
                    code: trouble.code.clone(),
                    message: trouble.message.clone(),
                };
                write_errored(log, &errored)?;
            }
        }
        if let (Some(Plain(_, log)), Some(crc64)) = (&mut self.current_verbose, outcome.crc64) {
            let succeeded = Succeeded {
                kind: logged.kind,
                blob: logged.blob.clone(),
                etag: None,
                bytes: logged.bytes,
                crc64,
            };
            write_succeeded(log, &succeeded)?;
        }
        Ok(())
    }

    /// Ends the logs, and returns those that there are.
    ///
    /// # Errors
    /// The operating system's words.
    pub fn finish(mut self, status: DriveStatus) -> io::Result<Vec<PathBuf>> {
        let is_well = matches!(
            status,
            DriveStatus::Completed | DriveStatus::CompletedWithWarnings
        );
        let has_classic = self.options.format != LogFormat::Current;
        if has_classic && !is_well && self.classic_errors.is_none() {
            self.classic_errors = Some(self.classic("error")?);
        }
        let mut written = Vec::new();
        for Classic(path, log) in [self.classic_errors, self.classic_verbose]
            .into_iter()
            .flatten()
        {
            written.push(keep(path, log.finish(status)?)?);
        }
        if let Some(Plain(path, mut log)) = self.current_errors {
            write_summary(&mut log, &self.drive_id, status, self.blobs, &self.errored)?;
            written.push(keep(path, log)?);
        }
        if let Some(Plain(path, log)) = self.current_verbose {
            written.push(keep(path, log)?);
        }
        Ok(written)
    }

    fn classic(&self, what: &str) -> io::Result<Classic> {
        let drive = file_name(&self.drive_id);
        let name = format!("{}_{drive}_{}_{what}.xml", self.options.of, self.stamp);
        let path = self.options.folder.join(name);
        let log = ClassicWriter::new(create(&path)?, &self.drive_id)?;
        Ok(Classic(path, log))
    }

    fn current(&self, what: &str) -> io::Result<Plain> {
        let drive = file_name(&self.drive_id);
        let name = format!("{}_{drive}_{what}_{}.xml", self.options.of, self.stamp);
        let path = self.options.folder.join(name);
        let log = create(&path)?;
        Ok(Plain(path, log))
    }
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(part(path));
    Ok(BufWriter::new(file?))
}

/// Makes a log durable under its name.
fn keep(path: PathBuf, mut log: BufWriter<File>) -> io::Result<PathBuf> {
    log.flush()?;
    log.get_ref().sync_all()?;
    std::fs::rename(part(&path), &path)?;
    if let Some(folder) = path.parent() {
        crate::shelf::sync_folder(folder)?;
    }
    Ok(path)
}

/// `20130921-034307-902`, as the service stamps its logs.
fn stamp(now: Moment) -> String {
    let text = now.to_string();
    let kept = text.chars().filter(|c| !matches!(c, '/' | ':'));
    kept.map(|c| if matches!(c, ' ' | '.') { '-' } else { c })
        .collect()
}
