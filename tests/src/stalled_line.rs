//! A line between an export and its store whose reads stop after so many, until they may go on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::argosy::{binary, text};
use crate::azurite::ACCOUNT;
use crate::export_bench::ExportBench;
use crate::faulty_line::FaultyLine;

/// How long the first read that stops may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long what was read by then is on its way to the drives.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// The line.
pub struct StalledLine {
    line: FaultyLine,
    stands: Arc<AtomicBool>,
    may_go_on: Arc<AtomicBool>,
}

impl StalledLine {
    /// Makes one on which the reads of what `path` is part of stop after `reads` of them.
    ///
    /// # Errors
    /// When no port is free.
    pub fn new(bench: &ExportBench, path: &str, reads: usize) -> Result<Self> {
        let (stands, may_go_on) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (path, asked) = (path.to_owned(), AtomicUsize::new(0));
        let (says, waits) = (Arc::clone(&stands), Arc::<AtomicBool>::clone(&may_go_on));
        let fault = move |_: usize, line: &str, _: usize| {
            let is_read =
                line.starts_with("GET") && line.contains(&path) && !line.contains("comp=");
            if is_read && asked.fetch_add(1, Ordering::AcqRel) >= reads {
                says.store(true, Ordering::Release);
                while !waits.load(Ordering::Acquire) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            None
        };
        Ok(Self {
            line: FaultyLine::between(bench.azurite.port(), fault)?,
            stands,
            may_go_on,
        })
    }

    /// Returns the store's address at this line.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.line.port())
    }

    /// Begins an export of what `list` chooses, and returns when its reads stand still and what was read is on the drives.
    ///
    /// # Errors
    /// When they do not.
    pub fn export(
        &self,
        bench: &ExportBench,
        list: &Path,
        session: &str,
        drives: &[&Path],
        more: &[&str],
    ) -> Result<Child> {
        let (url, journals): (String, PathBuf) = (self.url(), bench.path("journals"));
        let mut arguments = bench.store("export", &url);
        arguments.extend(["--blob-list", text(list), "--session", session]);
        arguments.extend(["--journal-dir", text(&journals), "--drive"]);
        arguments.extend(drives.iter().map(|drive| text(drive)));
        let child = Command::new(binary()?)
            .args(arguments)
            .args(["--json", "--show-keys"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let begun = Instant::now();
        while !self.stands.load(Ordering::Acquire) {
            ensure!(begun.elapsed() < PATIENCE, "nothing is read");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(ON_ITS_WAY);
        Ok(child)
    }

    /// Lets the reads go on.
    pub fn go_on(&self) {
        self.may_go_on.store(true, Ordering::Release);
    }
}
