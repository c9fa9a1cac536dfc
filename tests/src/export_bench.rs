//! A workbench for exports: a store that the official SDK fills, and drives that other people's programs read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use crate::argosy::{json, new_drive, text};
use crate::azurite::Azurite;
use crate::oracle;

const MIB: u64 = 1 << 20;

/// An emulator, the SDK that fills it, and a folder to work in.
pub struct ExportBench {
    /// The store.
    pub azurite: Azurite,
    python: PathBuf,
    folder: tempfile::TempDir,
    /// A file with a signature for it.
    pub signature: PathBuf,
}

impl ExportBench {
    /// Makes one; `None` where a judge is missing and need not be there.
    ///
    /// # Errors
    /// When something must be there and is not, or does not start.
    pub fn new() -> Result<Option<Self>> {
        let (Some(python), Some(azurite)) = (oracle::python()?, Azurite::start()?) else {
            return Ok(None);
        };
        let signature = azurite.signature_file()?;
        Ok(Some(Self {
            azurite,
            python,
            folder: tempfile::tempdir()?,
            signature,
        }))
    }

    /// Returns the Python that has other people's programs.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// Returns a path of the bench.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has the SDK do something with the store.
    ///
    /// # Errors
    /// When it fails.
    pub fn sdk(&self, arguments: &[&str]) -> Result<String> {
        let script = oracle::repository().join("tests/readers/blobs.py");
        let connection = self.azurite.connection_string();
        let mut all = vec![text(&script), &connection];
        all.extend(arguments);
        oracle::run(text(&self.python), &all)
    }

    /// Puts a blob of so many bytes.
    ///
    /// # Errors
    /// When the store does not take it.
    pub fn put(&self, blob: &str, bytes: u64) -> Result<()> {
        self.sdk(&["overwrite", blob, &bytes.to_string()]).map(drop)
    }

    /// Makes an image file of so many bytes.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn drive(&self, serial: &str, bytes: u64) -> Result<PathBuf> {
        let image = self.path(&format!("{serial}.img"));
        new_drive(&image, &bytes.to_string(), serial, &[])?;
        Ok(image)
    }

    /// Writes a blob list of such elements.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn list(&self, lines: &[(&str, &str)]) -> Result<PathBuf> {
        let path = self.path("list.xml");
        let line = |(tag, text): &(&str, &str)| format!("<{tag}>{text}</{tag}>\n");
        let lines: String = lines.iter().map(line).collect();
        fs::write(
            &path,
            format!("<?xml version=\"1.0\"?>\n<BlobList>\n{lines}</BlobList>\n"),
        )?;
        Ok(path)
    }

    /// Returns the arguments that every command about the store begins with.
    #[must_use]
    pub fn store<'a>(&'a self, command: &'a str, url: &'a str) -> Vec<&'a str> {
        vec![command, "--store", url, "--sas-file", text(&self.signature)]
    }

    /// Exports what a list chooses; returns exit code and object.
    ///
    /// # Errors
    /// When nothing answers.
    pub fn export(
        &self,
        session: &str,
        list: &Path,
        images: &[&Path],
        more: &[&str],
    ) -> Result<(i32, Value)> {
        self.export_of(session, &["--blob-list", text(list)], images, more)
    }

    /// Exports what such arguments choose; returns exit code and object.
    ///
    /// # Errors
    /// When nothing answers.
    pub fn export_of(
        &self,
        session: &str,
        list: &[&str],
        images: &[&Path],
        more: &[&str],
    ) -> Result<(i32, Value)> {
        self.export_over(&self.azurite.url(), session, list, images, more)
    }

    /// The same, from the store under another address of it.
    ///
    /// # Errors
    /// When nothing answers.
    pub fn export_over(
        &self,
        url: &str,
        session: &str,
        list: &[&str],
        images: &[&Path],
        more: &[&str],
    ) -> Result<(i32, Value)> {
        let journals = self.path("journals");
        let mut arguments = self.store("export", url);
        arguments.extend(list);
        arguments.extend(["--session", session]);
        arguments.extend(["--journal-dir", text(&journals), "--show-keys", "--drive"]);
        arguments.extend(images.iter().map(|image| text(image)));
        arguments.extend(more);
        json(&arguments)
    }

    /// Returns where a drive's journal is.
    #[must_use]
    pub fn journal(&self, serial: &str) -> PathBuf {
        self.path("journals").join(format!("{serial}.jrn"))
    }

    /// Returns where the list is of what a session put on no drive.
    #[must_use]
    pub fn not_exported(&self, session: &str) -> PathBuf {
        self.path("journals")
            .join(format!("{session}.not-exported.xml"))
    }

    /// Unpacks a drive and returns what an XML reader of somebody else's finds in its manifest.
    ///
    /// # Errors
    /// When it is not whole, or cannot be read.
    pub fn unpacked(&self, serial: &str, password: &str) -> Result<Map<String, Value>> {
        let (key, to) = (
            self.path("key.txt"),
            self.path(&format!("{serial} unpacked")),
        );
        fs::write(&key, password)?;
        let image = self.path(&format!("{serial}.img"));
        let (code, said) = json(&[
            "unpack",
            "--drive",
            text(&image),
            "--key-file",
            text(&key),
            "--to",
            text(&to),
        ])?;
        ensure!(code == 0 && said["verdict"] == "verified", "{said}");
        let script = oracle::repository().join("tests/readers/exported.py");
        let said = oracle::run(text(&self.python), &[text(&script), text(&to), serial])?;
        let said: Value = serde_json::from_str(&said)?;
        said.as_object().cloned().context("no object")
    }

    /// Returns SHA-256 of every file by path, as dissect reads the drive; none of large ones.
    ///
    /// # Errors
    /// When it cannot read the drive.
    pub fn dissected(
        &self,
        image: &Path,
        bytes: u64,
        password: &str,
    ) -> Result<Map<String, Value>> {
        let script = oracle::repository().join("tests/readers/readers.py");
        let partition = bytes.saturating_sub(2 * MIB).to_string();
        // It deciphers a megabyte a second.
        let (offset, most) = (MIB.to_string(), (10 * MIB).to_string());
        let place = [text(&script), text(image), &offset, &partition];
        let said = oracle::run(
            text(&self.python),
            &[&place[..], &[password, &most]].concat(),
        )?;
        let said: Value = serde_json::from_str(&said)?;
        said["files"].as_object().cloned().context("no files")
    }
}
