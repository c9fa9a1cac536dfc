//! A workbench for imports: sources, drives that Argosy fills from them, and a store of its own.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::argosy::{binary, json, new_drive, text};
use crate::azurite::Azurite;
use crate::oracle;
use crate::source::written;

/// A folder with sources, drives, journals and logs, and a store of its own.
pub struct Bench {
    folder: tempfile::TempDir,
    /// The store.
    pub azurite: Azurite,
    /// A file with a signature for it.
    pub signature: PathBuf,
}

impl Bench {
    /// Makes one; `None` where what it takes is not installed and need not be.
    ///
    /// # Errors
    /// When something must be there and is not, or does not start.
    pub fn new() -> Result<Option<Self>> {
        if oracle::python()?.is_none() || !oracle::have(&["xmllint"])? {
            return Ok(None);
        }
        let Some(azurite) = Azurite::start()? else {
            return Ok(None);
        };
        let signature = azurite.signature_file()?;
        let folder = tempfile::tempdir()?;
        for name in ["source", "journals", "logs"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Some(Self {
            folder,
            azurite,
            signature,
        }))
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

    /// Makes image files and fills them with what `rows` of a data set name; `@` stands for the source folder.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn prepare(&self, serials: &[&str], size: &str, rows: &[&str]) -> Result<()> {
        self.prepare_with(serials, size, rows, &[])
    }

    /// Does the same with further arguments.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn prepare_with(
        &self,
        serials: &[&str],
        size: &str,
        rows: &[&str],
        more: &[&str],
    ) -> Result<()> {
        let source = format!("{}/", self.path("source").display());
        let mut dataset = String::from(
            "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n",
        );
        for row in rows {
            dataset.push_str(&row.replace('@', &source));
            dataset.push('\n');
        }
        fs::write(self.path("dataset.csv"), dataset)?;
        let mut drives = Vec::new();
        for serial in serials {
            let image = self.image(serial);
            new_drive(&image, size, serial, &[])?;
            drives.push(image);
        }
        let (journals, dataset) = (self.path("journals"), self.path("dataset.csv"));
        let mut arguments = vec![
            "prepare",
            "--session",
            "reel-1",
            "--journal-dir",
            text(&journals),
        ];
        arguments.extend(["--dataset", text(&dataset), "--drive"]);
        arguments.extend(drives.iter().map(|drive| text(drive)));
        arguments.extend(more);
        let (code, report) = json(&arguments)?;
        ensure!(code == 0, "{report}");
        Ok(())
    }

    /// Returns a drive.
    #[must_use]
    pub fn image(&self, serial: &str) -> PathBuf {
        self.path(&format!("{serial}.img"))
    }

    /// Returns its journal.
    #[must_use]
    pub fn journal(&self, serial: &str) -> PathBuf {
        self.path("journals").join(format!("{serial}.jrn"))
    }

    /// Returns the arguments that send a drive.
    #[must_use]
    pub fn arguments(&self, serial: &str, url: &str) -> Vec<String> {
        let (image, journal, logs) = (self.image(serial), self.journal(serial), self.path("logs"));
        let words = [
            ["--drive", text(&image)],
            ["--journal", text(&journal)],
            ["--store", url],
            ["--sas-file", text(&self.signature)],
            ["--log-dir", text(&logs)],
            ["--log-level", "verbose"],
        ];
        let words = words.iter().flatten().map(|word| (*word).to_owned());
        std::iter::once("ingest".to_owned()).chain(words).collect()
    }

    /// Sends a drive into the store.
    ///
    /// # Errors
    /// When there is no report.
    pub fn ingest(&self, serial: &str, more: &[&str]) -> Result<(i32, Value)> {
        self.ingest_into(serial, &self.azurite.url(), more)
    }

    /// Sends a drive into the store, under another address of it.
    ///
    /// # Errors
    /// When there is no report.
    pub fn ingest_into(&self, serial: &str, url: &str, more: &[&str]) -> Result<(i32, Value)> {
        let arguments = self.arguments(serial, url);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(more);
        json(&arguments)
    }

    /// Sends a drive into a store that a token opens, for somebody who trusts nobody but whom this certificate is of; returns
    /// the exit code and all that was said.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn ingest_by_token(
        &self,
        serial: &str,
        url: &str,
        token: &str,
        trusted: Option<&Path>,
    ) -> Result<(Option<i32>, String)> {
        let file = self.path("token");
        fs::write(&file, token)?;
        let (image, journal, logs) = (self.image(serial), self.journal(serial), self.path("logs"));
        let words = [
            ["--drive", text(&image)],
            ["--journal", text(&journal)],
            ["--store", url],
            ["--token-file", text(&file)],
            ["--log-dir", text(&logs)],
        ];
        let mut argosy = Command::new(binary()?);
        argosy.arg("ingest").args(words.iter().flatten());
        argosy.envs(trusted.map(|trusted| ("SSL_CERT_FILE", trusted)));
        let output = argosy.output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.code(), said))
    }

    /// Returns all findings that the command line writes down of a comparison with the store.
    ///
    /// # Errors
    /// When there are none.
    pub fn findings(&self, journal: &Path, more: &[&str]) -> Result<String> {
        let csv = self.path("report.csv");
        let words = [
            "confirm",
            "--journal",
            text(journal),
            "--report",
            text(&csv),
        ];
        self.of_store(&[&words[..], more].concat())?;
        let report = fs::read_to_string(&csv)?;
        fs::remove_file(&csv)?;
        Ok(report)
    }

    /// Returns the store as arguments.
    #[must_use]
    pub fn store(&self) -> [String; 4] {
        let file = text(&self.signature).to_owned();
        let url = self.azurite.url();
        ["--store".to_owned(), url, "--sas-file".to_owned(), file]
    }

    /// Runs a command of the store; returns its exit code and its one object.
    ///
    /// # Errors
    /// When there is no object.
    pub fn of_store(&self, words: &[&str]) -> Result<(i32, Value)> {
        let store = self.store();
        let store = store.iter().map(String::as_str);
        json(&words.iter().copied().chain(store).collect::<Vec<_>>())
    }

    /// Starts sending a drive, and does not wait.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn begin(&self, serial: &str, more: &[&str]) -> Result<Child> {
        let child = Command::new(binary()?)
            .args(self.arguments(serial, &self.azurite.url()))
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(child)
    }

    /// Returns what the service's own SDK finds in the store.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn seen(&self) -> Result<Value> {
        let python = oracle::python()?.context("no python")?;
        let script = oracle::repository().join("tests/readers/store.py");
        let connection = self.azurite.connection_string();
        let said = oracle::run(text(&python), &[text(&script), &connection])?;
        Ok(serde_json::from_str(&said)?)
    }

    /// Returns the names of what is in the store, in order.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn names(&self) -> Result<Vec<String>> {
        let seen = self.seen()?;
        Ok(seen.as_object().context("blobs")?.keys().cloned().collect())
    }

    /// Puts what must be there before the drive comes, by the service's own SDK.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn put(&self, blobs: &[(&str, &str)]) -> Result<()> {
        self.put_with(&[], blobs)
    }

    /// Puts what takes the place of blobs that are there, by the service's own SDK.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn put_over(&self, blobs: &[(&str, &str)]) -> Result<()> {
        self.put_with(&["--over"], blobs)
    }

    fn put_with(&self, options: &[&str], blobs: &[(&str, &str)]) -> Result<()> {
        let python = oracle::python()?.context("no python")?;
        let script = oracle::repository().join("tests/readers/store_put.py");
        let connection = self.azurite.connection_string();
        let mut arguments = vec![text(&script), &connection];
        arguments.extend(options);
        arguments.extend(blobs.iter().flat_map(|(name, content)| [*name, *content]));
        oracle::run(text(&python), &arguments).map(drop)
    }

    /// Takes every note of these words out of a drive's state, as if a crash had come before it.
    ///
    /// # Errors
    /// When there was none, or it cannot be done.
    pub fn forget(&self, serial: &str, words: &[&str]) -> Result<()> {
        let state = self.path("logs").join(format!("{serial}.ingest"));
        let notes = fs::read_to_string(&state)?;
        let is_of = |line: &str, word: &str| line.starts_with(&format!("{{\"{word}\""));
        for word in words {
            ensure!(
                notes.lines().any(|line| is_of(line, word)),
                "no {word}: {notes}"
            );
        }
        let kept = notes
            .lines()
            .filter(|line| !words.iter().any(|word| is_of(line, word)));
        fs::write(
            state,
            kept.map(|line| format!("{line}\n")).collect::<String>(),
        )?;
        Ok(())
    }

    /// Returns the one log of a report whose name has `word` in it.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn log(&self, report: &Value, word: &str) -> Result<Vec<u8>> {
        let logs = report["logs"].as_array().context("logs")?;
        let mut found = logs
            .iter()
            .filter_map(Value::as_str)
            .filter(|log| log.contains(word));
        let path = found
            .next()
            .with_context(|| format!("no {word} log in {report}"))?;
        ensure!(found.next().is_none(), "several {word} logs");
        Ok(fs::read(path)?)
    }

    /// Returns how often each block was put: by blob and block id.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn puts(&self) -> Result<HashMap<String, u64>> {
        self.requests("comp=block&")
    }

    /// Returns how often each address with these words in it was put to.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn requests(&self, words: &str) -> Result<HashMap<String, u64>> {
        let mut puts = HashMap::new();
        for line in self.azurite.log()?.lines() {
            let Some(at) = line.find("RequestMethod=PUT RequestURL=") else {
                continue;
            };
            let url = line.get(at..).unwrap_or_default().split_whitespace().nth(1);
            let url = url.unwrap_or_default();
            if !url.contains(words) {
                continue;
            }
            let block = url.split("&sv=").next().unwrap_or(url).to_owned();
            *puts.entry(block).or_default() += 1;
        }
        Ok(puts)
    }

    /// Waits until so many blocks were put.
    ///
    /// # Errors
    /// When they are not within a minute.
    pub fn wait_for_puts(&self, number: usize) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if self.puts()?.len() >= number {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("only {} blocks were put", self.puts()?.len())
    }
}
