//! A workbench for imports into file shares: sources, drives that Argosy fills from them, and a Samba of its own.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::argosy::{binary, json, new_drive, text};
use crate::samba::{Demands, SHARE, Samba};
use crate::source::written;

/// A folder with sources, drives, journals and logs, and a server of shares.
pub struct ShareBench {
    folder: tempfile::TempDir,
    /// The server.
    pub samba: Samba,
}

impl ShareBench {
    /// Makes one; `None` where what it takes is not installed and need not be.
    ///
    /// # Errors
    /// When something must be there and is not, or does not start.
    pub fn new() -> Result<Option<Self>> {
        Self::with(Demands::Azure)
    }

    /// Makes one whose server demands something.
    ///
    /// # Errors
    /// When something must be there and is not, or does not start.
    pub fn with(demands: Demands) -> Result<Option<Self>> {
        let Some(samba) = Samba::start_as(demands)? else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        for name in ["source", "journals", "logs"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Some(Self { folder, samba }))
    }

    /// Returns a path of the bench.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the source, and returns its SHA-256.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<String> {
        written(&self.path("source"), name, content)
    }

    /// Makes an image file and fills it with what `rows` of a data set name; `@` stands for the source folder.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn prepare(&self, serial: &str, size: &str, rows: &[&str]) -> Result<()> {
        let source = format!("{}/", self.path("source").display());
        let mut dataset = String::from(
            "BasePath,DstItemPathOrPrefix,ItemType,Disposition,MetadataFile,PropertiesFile\n",
        );
        for row in rows {
            dataset.push_str(&row.replace('@', &source));
            dataset.push('\n');
        }
        let listing = self.path("dataset.csv");
        fs::write(&listing, dataset)?;
        self.fill(serial, size, &["--dataset", text(&listing)])
    }

    /// Makes an image file and fills it with the folder `tree` of the source, for one destination.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn prepare_to(&self, serial: &str, size: &str, to: &str) -> Result<()> {
        let source = self.path("source").join("tree");
        self.fill(serial, size, &["--source", text(&source), "--to", to])
    }

    fn fill(&self, serial: &str, size: &str, what: &[&str]) -> Result<()> {
        let journals = self.path("journals");
        let image = self.image(serial);
        new_drive(&image, size, serial, &[])?;
        let session = format!("s-{serial}");
        let words = [
            "prepare",
            "--session",
            &session,
            "--journal-dir",
            text(&journals),
        ];
        let drive = ["--drive", text(&image)];
        let (code, report) = json(&[&words[..], &drive, what].concat())?;
        ensure!(code == 0, "{report}");
        Ok(())
    }

    /// Returns a drive.
    #[must_use]
    pub fn image(&self, serial: &str) -> PathBuf {
        self.path(&format!("{serial}.img"))
    }

    /// Flips a bit of a drive.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn flip(&self, serial: &str, at: u64) -> Result<()> {
        let image = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.image(serial))?;
        let mut byte = [0];
        image.read_exact_at(&mut byte, at)?;
        image.write_all_at(&[byte[0] ^ 1], at)?;
        Ok(())
    }

    /// Returns the words that send a drive; its shares are those of `more`.
    #[must_use]
    pub fn arguments(&self, serial: &str, more: &[&str]) -> Vec<String> {
        let (image, logs) = (self.image(serial), self.path("logs"));
        let journal = self.path("journals").join(format!("{serial}.jrn"));
        let words = [
            ["--drive", text(&image)],
            ["--journal", text(&journal)],
            ["--log-dir", text(&logs)],
            ["--log-level", "verbose"],
        ];
        let words = words
            .iter()
            .flatten()
            .chain(more)
            .map(|word| (*word).to_owned());
        std::iter::once("ingest".to_owned()).chain(words).collect()
    }

    /// Returns the words that name the server, and who opens it.
    #[must_use]
    pub fn share(&self) -> Vec<String> {
        let server = format!("{}/{SHARE}", self.samba.server());
        let key = self.samba.key_file();
        let words = [
            ["--share", &server],
            ["--share-key-file", text(&key)],
            ["--share-user", self.samba.user()],
        ];
        words
            .iter()
            .flatten()
            .map(|word| (*word).to_owned())
            .collect()
    }

    /// Sends a drive into its share.
    ///
    /// # Errors
    /// When there is no report.
    pub fn ingest(&self, serial: &str, more: &[&str]) -> Result<(i32, Value)> {
        let share = self.share();
        let words: Vec<&str> = share
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        self.ingest_as(serial, &words)
    }

    /// Sends a drive to where `words` say.
    ///
    /// # Errors
    /// When there is no report.
    pub fn ingest_as(&self, serial: &str, words: &[&str]) -> Result<(i32, Value)> {
        let arguments = self.arguments(serial, words);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        json(&arguments)
    }

    /// Starts sending a drive into its share, and does not wait.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn begin(&self, serial: &str, more: &[&str]) -> Result<Child> {
        let child = Command::new(binary()?)
            .args(self.arguments(serial, more))
            .args(self.share())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(child)
    }

    /// Waits until so many bytes of unfinished files are on the server's disk.
    ///
    /// # Errors
    /// When they are not within four minutes: a build that is not optimised enciphers slowly.
    pub fn wait_for_partial(&self, folder: &str, bytes: u64) -> Result<()> {
        let begun = Instant::now();
        let folder = self.samba.disk().join(folder);
        while begun.elapsed() < Duration::from_secs(240) {
            let mut there = 0_u64;
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(".argosy") {
                    let length = entry.metadata().map_or(0, |facts| facts.len());
                    there = there.saturating_add(length);
                }
            }
            if there >= bytes {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!("not so many bytes arrived")
    }

    /// Returns the one log of a report whose name has `word` in it.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn log(&self, report: &Value, word: &str) -> Result<Vec<u8>> {
        let logs = report["logs"].as_array().context("logs")?;
        let mut found = logs.iter().filter_map(Value::as_str);
        let path = found.find(|log| log.contains(word));
        Ok(fs::read(
            path.with_context(|| format!("no {word} log in {report}"))?,
        )?)
    }
}
